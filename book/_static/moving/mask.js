// Mask painter: who may look at whom in one layer, and who hears from whom after several.
Moving.figure("mask", (stage) => {
  "use strict";
  const { masks } = stage.data, names = Object.keys(masks), LENGTH = masks[names[0]].length;
  const { blue, green, vermilion } = Moving.COLOURS;
  const CELL = 34, TOP = 62, LEFT = 36, RIGHT = 308, all = [...Array(LENGTH).keys()];
  let mask = masks.causal.map((row) => [...row]), layers = 1, from = null;

  // A layer adds to its input, so everyone hears from himself; then once more for each layer.
  const reach = () => {
    const step = all.map((i) => all.map((j) => i === j || mask[i][j] === 1));
    let found = all.map((i) => all.map((j) => i === j));
    for (let layer = 0; layer < layers; layer += 1) {
      found = all.map((i) => all.map((j) => all.some((k) => step[i][k] && found[k][j])));
    }
    return found;
  };

  const grid = (left, title, across, down) => {
    stage.draw("text", { x: left + 3 * CELL, y: 18, "text-anchor": "middle", "font-weight": 600 }, stage.svg, title);
    const axes = stage.draw("g", { "font-size": 13, "text-anchor": "middle" });
    stage.draw("text", { x: left + 3 * CELL, y: 38 }, axes, across);
    const turn = `translate(${left - 21} ${TOP + 3 * CELL}) rotate(-90)`;
    stage.draw("text", { transform: turn }, axes, down);
    for (const i of all) {
      stage.draw("text", { x: left + CELL * (i + 0.5), y: TOP - 6 }, axes, String(i + 1));
      stage.draw("text", { x: left - 12, y: TOP + CELL * (i + 0.5) + 5 }, axes, String(i + 1));
    }
    return all.map((i) => all.map((j) => stage.draw("rect", {
      x: left + CELL * j + 2, y: TOP + CELL * i + 2, width: CELL - 4, height: CELL - 4, rx: 3,
      stroke: Moving.INK, fill: "none", "pointer-events": "all",
    })));
  };
  stage.height(TOP + LENGTH * CELL + 34);
  const seen = grid(LEFT, "one layer: may look", "key (1 is the oldest)", "query");
  const heard = grid(RIGHT, "after 1 layer: hears from", "input", "output");
  const title = [...stage.svg.querySelectorAll("text")].find((t) => t.textContent.startsWith("after"));
  const signs = all.map((i) => all.map((j) => stage.draw("text", {
    x: RIGHT + CELL * (j + 0.5), y: TOP + CELL * (i + 0.5) + 6, "text-anchor": "middle",
    "font-weight": 700, "font-size": 18, fill: "#ffffff", "pointer-events": "none",
  }, stage.svg, "")));
  const note = { x: RIGHT + 3 * CELL, y: TOP + LENGTH * CELL + 24, "text-anchor": "middle", "font-size": 13 };
  const foot = stage.draw("text", note, stage.svg, "");

  const places = (row) => row.flatMap((on, j) => (on ? [j + 1] : [])).join(", ") || "none";
  const refresh = () => {
    const found = reach(), leaks = [];
    for (const i of all) {
      for (const j of all) {
        const leak = found[i][j] && j > i;
        stage.set(seen[i][j], { fill: mask[i][j] ? blue : "none" });
        stage.set(heard[i][j], { fill: leak ? vermilion : found[i][j] ? green : "none" });
        signs[i][j].textContent = leak ? "!" : "";
        if (leak) leaks.push([i + 1, j + 1]);
        states[i][j](mask[i][j] === 1);
      }
    }
    const layer = layers === 1 ? "1 layer" : `${layers} layers`;
    title.textContent = `after ${layer}: hears from`;
    foot.textContent = leaks.length ? `! leak: ${leaks.length}` : "no leak";
    const pairs = found.flat().filter(Boolean).length;
    const oldest = found[LENGTH - 1][0] ? "hears" : "does not hear";
    const told = leaks.length
      ? `Leak: ${leaks.length} of them come from a later position, first of all output ${leaks[0][0]} from input ${leaks[0][1]}.`
      : "No leak: nobody hears from a later position.";
    stage.say(`After ${layer}, ${pairs} of ${LENGTH * LENGTH} pairs are connected. ${told} The newest ${oldest} from the oldest.`);
    stage.table(["position", "may look at", "hears from", "later ones among them"], all.map((i) => [
      String(i + 1), places(mask[i]), places(found[i]), places(found[i].map((on, j) => on && j > i)),
    ]));
  };

  const paint = (i, j, value) => {
    mask[i][j] = value;
    refresh();
  };
  const states = all.map((i) => all.map((j) => {
    const cell = seen[i][j];
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    cell.addEventListener("pointerdown", () => { from = { i, j, value: 1 - mask[i][j] }; });
    cell.addEventListener("pointerenter", (event) => { // painting on with the button held
      if (event.buttons !== 1 || !from) return;
      paint(from.i, from.j, from.value);
      paint(i, j, from.value);
    });
    return stage.press(cell, {
      label: `query ${i + 1} may look at key ${j + 1}`, on: mask[i][j] === 1, first: i + j === 0,
      press: () => paint(i, j, 1 - mask[i][j]),
      neighbour: (key) => seen[i + steps[key][0]]?.[j + steps[key][1]] ?? null,
    });
  }));
  stage.choice({
    label: "start from", options: names, value: "causal",
    change: (name) => { mask = masks[name].map((row) => [...row]); refresh(); },
  });
  stage.slider({
    label: "layers", min: 1, max: 4, step: 1, value: 1, show: String, change: (n) => { layers = n; refresh(); },
  });
  refresh();
});
