(() => {
  const apply = {
    "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b,
    "**": (a, b) => a ** b, neg: (a) => -a, exp: Math.exp, log: Math.log, sqrt: Math.sqrt,
    tanh: Math.tanh, max: Math.max, min: Math.min,
  };
  const isAll = (text, x) => Math.abs(Number(text) - x) <= 1e-12 * Math.abs(x);
  const number = (x) => {
    if (!Number.isFinite(x)) return "undefined";
    if (x === 0) return "0";
    const plain = Math.abs(x) >= 1e-3 && Math.abs(x) < 1e7;
    const [digits, power] = (plain ? x.toFixed(4) : x.toExponential(3)).split("e");
    const end = power ? `e${Number(power)}` : "";
    return (isAll(digits + end, x) ? digits.replace(/\.?0+$/, "") : digits) + end;
  };
  const result = (x) => {
    const text = number(x);
    return Number.isFinite(x) ? `${isAll(text, x) ? "=" : "≈"} ${text}` : text;
  };
  for (const page of document.querySelectorAll("div.working:not([data-live])")) {
    page.dataset.live = "";
    const boxes = [...page.querySelectorAll("input")], rows = page.querySelectorAll("tbody tr");
    const evaluate = (tree, values) => {
      if (!Array.isArray(tree)) return typeof tree === "string" ? values.get(tree) : tree;
      const parts = tree.slice(1).map((part) => evaluate(part, values));
      const found = parts.every(Number.isFinite) ? apply[tree[0]](...parts) : NaN;
      return Number.isFinite(found) ? found : NaN;
    };
    const work = () => {
      const values = new Map(boxes.map((box) => [box.name, box.valueAsNumber]));
      JSON.parse(page.dataset.lines).forEach(([name, tree], place) => {
        values.set(name, evaluate(tree, values));
        rows[place].querySelector("[data-result]").textContent = result(values.get(name));
      });
      for (const span of page.querySelectorAll("[data-of]")) {
        const x = values.get(span.dataset.of);
        span.textContent = x < 0 && "wrap" in span.dataset ? `(${number(x)})` : number(x);
      }
    };
    if (boxes.length === 0) continue;
    const reset = document.createElement("button");
    Object.assign(reset, { type: "button", textContent: "Reset" });
    reset.addEventListener("click", () => {
      for (const box of boxes) box.value = box.defaultValue;
      work();
    });
    for (const box of boxes) {
      box.readOnly = false;
      box.addEventListener("input", work);
    }
    boxes[0].closest("fieldset").append(reset);
    rows[rows.length - 1]?.querySelector("[data-result]").setAttribute("aria-live", "polite");
  }
})();
