// What is too wide scrolls by itself, and what scrolls is reachable by keyboard.
(() => {
  const boxes = "div.math, .pst-scrollable-table-container, .cell_output > div, div.highlight pre, mjx-container[display]";
  const mark = () => {
    for (const formula of document.querySelectorAll("mjx-container:not([display])")) {
      formula.classList.remove("wide");
      const room = formula.closest("p, li, td, th, dd, div").clientWidth;
      formula.classList.toggle("wide", formula.getBoundingClientRect().width > room);
    }
    for (const box of document.querySelectorAll(`${boxes}, mjx-container.wide`)) {
      if (box.scrollWidth > box.clientWidth) {
        box.tabIndex = 0;
      } else if (box.getAttribute("tabindex") === "0") {
        box.removeAttribute("tabindex");
      }
    }
  };
  addEventListener("load", async () => {
    if (window.MathJax?.startup) await MathJax.startup.promise;
    mark();
    addEventListener("resize", mark);
    // What was folded has no width until it opens.
    document.addEventListener("toggle", mark, true);
    document.addEventListener("click", (event) => {
      if (event.target.closest(".toggle-button, .toggle > .admonition-title")) mark();
    });
  });
})();
