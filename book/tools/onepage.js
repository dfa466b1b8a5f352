// Solutions fold, the theme follows the reader's system, and paper is light with every box open.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = (name) => {
    document.documentElement.dataset.theme = name;
    document.documentElement.dataset.mode = name;
  };
  const follow = () => theme(dark.matches ? "dark" : "light");
  for (const box of document.querySelectorAll("div.admonition.dropdown")) {
    const folded = document.createElement("details");
    folded.className = box.className;
    folded.id = box.id;
    folded.append(...box.childNodes);
    const title = folded.querySelector(".admonition-title");
    const summary = document.createElement("summary");
    summary.className = "admonition-title";
    summary.textContent = title.textContent; // a link inside of a switch cannot be told from it
    title.replaceWith(summary);
    folded.prepend(summary);
    box.replaceWith(folded);
  }
  const room = () => {
    for (const box of document.querySelectorAll("div.math, .pst-scrollable-table-container, .cell_output > div, pre")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; // what scrolls is reachable by keyboard
    }
  };
  let closed = [];
  follow();
  dark.addEventListener("change", follow);
  addEventListener("load", room);
  addEventListener("beforeprint", () => {
    theme("light");
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const box of closed) box.open = true;
  });
  addEventListener("afterprint", () => {
    follow();
    for (const box of closed) box.open = false;
  });
})();
