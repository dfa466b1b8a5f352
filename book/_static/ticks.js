// Ticks for chapters that were read. They stay in this browser: no request is made.
"use strict";
(() => {
  const KEY = "attnrec-read";
  let memory = []; // where the browser refuses storage: private windows, some file:// pages
  let refused = false;

  // What is kept may be anything: another program's, half written, edited by hand.
  const read = () => {
    if (refused) return memory;
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept.filter((name) => typeof name === "string") : [];
    } catch (problem) {
      refused = !(problem instanceof SyntaxError);
      return memory;
    }
  };
  const write = (names) => {
    memory = [...new Set(names)];
    try {
      if (memory.length) localStorage.setItem(KEY, JSON.stringify(memory));
      else localStorage.removeItem(KEY);
    } catch {
      refused = true;
    }
  };

  const chapterOf = (link) => {
    const address = new URL(link.href.baseVal ?? link.href, location.href);
    return address.pathname.split("/").pop().replace(/\.html$/, "");
  };
  const box = document.querySelector(".tick input");
  const count = document.querySelector(".ticks-all [role=status]");
  const links = document.querySelectorAll(
    "nav.bd-links a.reference" + (count ? ", article a.reference.internal[href$='.html']" : ""),
  );
  const shapes = document.querySelectorAll(".chapter-map .links a");

  // A tick is drawn by the style sheet without taking room; what it means is said in words.
  const mark = (link, on) => {
    const old = link.querySelector(".read");
    if (on && !old) {
      const said = document.createElement("span");
      said.className = "read";
      said.append(Object.assign(document.createElement("span"), { textContent: ", read" }));
      link.append(said);
    } else if (!on && old) old.remove();
  };
  const markShape = (link, on) => {
    link.dataset.name ??= link.getAttribute("aria-label");
    link.setAttribute("aria-label", link.dataset.name + (on ? ", read" : ""));
    const old = link.querySelector("text");
    if (on && !old) {
      const sign = document.createElementNS("http://www.w3.org/2000/svg", "text");
      const { x, y, width } = link.querySelector("rect");
      sign.setAttribute("x", x.baseVal.value + width.baseVal.value - 14);
      sign.setAttribute("y", y.baseVal.value + 17);
      sign.textContent = "✓";
      link.append(sign);
    } else if (!on && old) old.remove();
  };

  const draw = () => {
    const names = new Set(read());
    for (const link of links) mark(link, names.has(chapterOf(link)));
    for (const link of shapes) markShape(link, names.has(chapterOf(link)));
    if (box) box.checked = names.has(box.name);
    if (count) {
      const all = count.dataset.chapters.split(" ");
      const done = all.filter((name) => names.has(name)).length;
      count.textContent = `${done} of ${all.length} chapters read.`;
    }
    if (refused) {
      for (const note of document.querySelectorAll(".tick-note")) {
        note.textContent = "This browser keeps nothing: the tick ends with this page.";
      }
    }
  };

  box?.addEventListener("change", () => {
    const others = read().filter((name) => name !== box.name);
    write(box.checked ? [...others, box.name] : others);
    draw();
  });
  document.querySelector(".ticks-all button")?.addEventListener("click", () => {
    write([]);
    draw();
  });
  addEventListener("storage", draw); // another tab
  addEventListener("pageshow", draw); // back to a page that the browser had kept
  draw();
  document.documentElement.classList.add("ticks");
})();
