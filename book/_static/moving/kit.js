// What every moving figure shares: a drawing in the place of its still, labelled controls under it,
// one line that says the result, and the table of numbers. Nothing here moves by itself.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const INK = "#7b818a"; // plot.INK: readable on white and on the dark ground
  // plot.COLOURS, by what people call them
  const COLOURS = {
    blue: "#0173b2", orange: "#de8f05", green: "#029e73", vermilion: "#d55e00", pink: "#cc78bc",
    brown: "#ca9161", rose: "#fbafe4", grey: "#949494", yellow: "#ece133", sky: "#56b4e9",
  };
  const FONT = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif";
  let count = 0;

  // Text of a number with a true minus sign and no "-0.00".
  const number = (x, digits = 2) => {
    const text = x.toFixed(digits);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
  };

  const make = (tag, properties = {}, parent = null) => {
    const element = Object.assign(document.createElement(tag), properties);
    if (parent) parent.append(element);
    return element;
  };

  class Stage {
    constructor(figure, script) {
      this.figure = figure;
      this.data = JSON.parse(script.textContent);
      this.still = figure.querySelector("img");
      this.details = figure.querySelector("details.moving-numbers");
      this.controls = make("div", { className: "moving-controls" });
      this.row = this.controls; // where the next control goes: see group
      this.line = make("p", { className: "moving-says" });
      this.svg = document.createElementNS(SVG, "svg");
      const attributes = {
        class: "moving-svg", role: "img", "aria-label": this.still.alt,
        "font-family": FONT, "font-size": 15, fill: INK,
      };
      for (const [name, value] of Object.entries(attributes)) this.svg.setAttribute(name, value);
      this.height(300);
    }

    // The drawing is 520 units wide and `height` units high.
    height(height) {
      this.svg.setAttribute("viewBox", `0 0 520 ${height}`);
    }

    // Makes an SVG element; numbers are kept to two decimals, so that the still is stable.
    draw(tag, attributes = {}, parent = this.svg, text = null) {
      const element = document.createElementNS(SVG, tag);
      this.set(element, attributes);
      if (text !== null) element.textContent = text;
      parent.append(element);
      return element;
    }

    // Changes attributes of an element that `draw` made.
    set(element, attributes) {
      for (const [name, value] of Object.entries(attributes)) {
        const number = typeof value === "number";
        element.setAttribute(name, number ? String(Math.round(value * 100) / 100) : value);
      }
    }

    // Removes everything drawn (inside `parent`), to draw anew.
    clear(parent = this.svg) {
      parent.replaceChildren();
    }

    // The controls made from here on stand together under a legend.
    group(legend) {
      const box = make("fieldset", {}, this.controls);
      make("legend", { textContent: legend }, box);
      this.row = box;
    }

    // The controls made from here on stand outside of any group.
    ungroup() {
      this.row = this.controls;
    }

    control(label, tag, properties) {
      const box = make("div", { className: "moving-control" }, this.row);
      const id = `moving-${(count += 1)}`;
      const name = make("label", { textContent: label, htmlFor: id });
      // "off": no browser brings old settings back on a reload, when the drawing starts anew.
      const input = make(tag, { id, autocomplete: "off", ...properties });
      box.append(...(input.type === "checkbox" ? [input, name] : [name, input]));
      return { box, input };
    }

    // A number. Returns { input, value, set(x), enable(on) }; `set` does not call `change`.
    slider({ label, min, max, step, value, show = (x) => number(x), change }) {
      const { box, input } = this.control(label, "input", { type: "range", min, max, step });
      const shown = make("span", { className: "moving-value" }, box);
      shown.setAttribute("aria-hidden", "true"); // the slider itself says it
      const tell = () => {
        shown.textContent = show(input.valueAsNumber);
        input.setAttribute("aria-valuetext", shown.textContent);
      };
      const set = (x) => {
        input.value = x;
        tell();
      };
      set(value);
      input.addEventListener("input", () => {
        tell();
        change(input.valueAsNumber);
      });
      return {
        input, set,
        get value() { return input.valueAsNumber; },
        enable: (on) => { input.disabled = !on; },
      };
    }

    // One of several. `options`: texts, or [value, text] pairs; `change` gets the value.
    choice({ label, options, value, change }) {
      const { input } = this.control(label, "select", {});
      for (const option of options) {
        const [key, text] = Array.isArray(option) ? option : [option, option];
        make("option", { value: key, textContent: text }, input);
      }
      input.value = value;
      input.addEventListener("change", () => change(input.value));
      return {
        input,
        set: (x) => { input.value = x; },
        get value() { return input.value; },
        enable: (on) => { input.disabled = !on; },
      };
    }

    // Yes or no; `change` gets a boolean.
    toggle({ label, value, change }) {
      const { input } = this.control(label, "input", { type: "checkbox" });
      input.checked = value;
      input.addEventListener("change", () => change(input.checked));
      return {
        input,
        set: (on) => { input.checked = on; },
        get value() { return input.checked; },
        enable: (on) => { input.disabled = !on; },
      };
    }

    button({ label, press }) {
      const input = make("button", { type: "button", textContent: label }, this.row);
      input.addEventListener("click", press);
      return { input, enable: (on) => { input.disabled = !on; } };
    }

    // Where a pointer is, in units of the drawing.
    place(event) {
      const point = new DOMPoint(event.clientX, event.clientY);
      return point.matrixTransform(this.svg.getScreenCTM().inverse());
    }

    // Lets a pointer drag an element: move({ x, y }). Give the same by keyboard, with a slider.
    drag(element, move) {
      element.classList.add("moving-grip");
      element.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        element.setPointerCapture(event.pointerId);
        move(this.place(event));
      });
      element.addEventListener("pointermove", (event) => {
        if (element.hasPointerCapture(event.pointerId)) move(this.place(event));
      });
    }

    // Makes an element a button that is on or off, for pointer, Enter and space. Arrow keys go to
    // `neighbour(key)`, if given: the element to focus. Returns a function that sets the state.
    press(element, { label, on, press, neighbour = () => null, first = true }) {
      this.svg.setAttribute("role", "group"); // a picture may not hold buttons
      element.classList.add("moving-press");
      element.setAttribute("role", "button");
      element.setAttribute("aria-label", label);
      element.setAttribute("aria-pressed", String(on));
      element.setAttribute("tabindex", first ? "0" : "-1");
      element.addEventListener("click", () => press());
      element.addEventListener("keydown", (event) => {
        const next = event.key.startsWith("Arrow") ? neighbour(event.key) : null;
        if (next) {
          element.setAttribute("tabindex", "-1");
          next.setAttribute("tabindex", "0");
          next.focus();
        } else if (event.key === "Enter" || event.key === " ") {
          press();
        } else {
          return;
        }
        event.preventDefault();
      });
      return (state) => element.setAttribute("aria-pressed", String(state));
    }

    // The result in a sentence, read out when it changes.
    say(text) {
      if (this.line.textContent !== text) this.line.textContent = text;
    }

    // Refreshes the table of numbers; cells are texts, the first of a row names it.
    table(header, rows) {
      const table = make("table");
      const line = (cells, parent, head) => {
        const row = make("tr", {}, parent);
        cells.forEach((cell, i) => {
          const named = head || i === 0;
          const made = make(named ? "th" : "td", { textContent: cell }, row);
          if (named) made.scope = head ? "col" : "row";
        });
      };
      line(header, make("thead", {}, table), true);
      const body = make("tbody", {}, table);
      for (const row of rows) line(row, body, false);
      this.details.querySelector("table").replaceWith(table);
    }

    show() {
      this.still.replaceWith(this.svg);
      this.svg.after(this.controls, this.line);
      this.line.setAttribute("aria-live", "polite"); // only now: the first line is not announced
      this.figure.dataset.moving = "ready";
      // What scrolls must be reachable by keyboard: scroll.js looks again at what has opened.
      this.details.addEventListener("toggle", () => dispatchEvent(new Event("resize")));
    }
  }

  window.Moving = {
    INK, COLOURS, number,
    still: matchMedia("(prefers-reduced-motion: reduce)").matches,
    // Draws a figure; where that fails the still stays.
    figure(name, draw) {
      for (const script of document.querySelectorAll(`script[data-moving="${name}"]`)) {
        const stage = new Stage(script.closest("figure"), script);
        draw(stage);
        stage.show();
      }
    },
  };
})();
