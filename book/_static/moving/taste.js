// The taste plane (chapter 12): purchases and goods on a circle, K interests by attention, the page.
Moving.figure("taste", (stage) => {
  "use strict";
  const { goods, bought, queries, length } = stage.data;
  const { blue, orange, green, pink } = Moving.COLOURS;
  const R = 270, X = 46, Y = 352; // radius and origin of the plane in the drawing
  const WAYS = [[orange, "none"], [green, "9 4"], [pink, "3 4"]];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
  const on = (degrees) => [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180)];
  const at = ([x, y], far = 1) => [X + R * far * x, Y - R * far * y];
  const degrees = ([x, y]) => Math.atan2(y, x) * 180 / Math.PI;
  const vectors = goods.map(([, angle]) => on(angle));
  const names = Object.keys(bought);
  let angles = [...bought[names[0]]], K = "1", chosen = 0;

  // Equation (12.2) without positions, its matrix the unit matrix: each question weighs the past.
  const interest = (query, history) => {
    const scores = history.map((h) => dot(query, h.map(Math.tanh)));
    const high = Math.max(...scores);
    const e = scores.map((s) => Math.exp(s - high));
    const sum = e.reduce((a, b) => a + b);
    return [0, 1].map((i) => history.reduce((v, h, j) => v + e[j] / sum * h[i], 0));
  };

  // Every good by its best interest, equation (7.10), best first.
  const rank = () => {
    const interests = queries[K].map((query) => interest(query, angles.map(on)));
    const all = vectors.map((e) => interests.map((v) => dot(v, e)));
    const scores = all.map((s) => Math.max(...s));
    const by = all.map((s, i) => s.indexOf(scores[i]));
    const order = scores.map((_, i) => i).sort((i, j) => scores[j] - scores[i] || i - j);
    return { interests, scores, by, order };
  };

  const plane = stage.draw("g", { fill: "none", stroke: Moving.INK });
  stage.draw("path", { d: `M${X} ${Y - R - 20}V${Y}H${X + R + 20}`, "stroke-width": 1.2 }, plane);
  stage.draw("path", { d: `M${X + R} ${Y}A${R} ${R} 0 0 0 ${X} ${Y - R}`, "stroke-dasharray": "2 5" }, plane);
  stage.height(384);
  stage.draw("text", { x: X + R + 20, y: Y + 22, "text-anchor": "end" }, stage.svg, "gardening");
  const up = { "text-anchor": "end", transform: `translate(${X - 14} ${Y - R - 10}) rotate(-90)` };
  stage.draw("text", up, stage.svg, "cycling");
  const layer = stage.draw("g");
  const diamonds = angles.map(() => {
    const grip = stage.draw("g", { stroke: Moving.INK, "stroke-width": 2 });
    stage.draw("circle", { r: 15, fill: "none", stroke: "none", "pointer-events": "all" }, grip); // for fingers
    stage.draw("path", { d: "M0 -8L8 0L0 8L-8 0Z" }, grip);
    return grip;
  });

  const arrow = (v, k, parent) => {
    const [colour, dashes] = WAYS[k], [x, y] = at(v), turn = -degrees(v);
    const label = K === "1" ? "one vector" : `interest ${k + 1}`;
    const [lx, ly] = at(v, (K === "1" ? 0.5 : [0.35, 0.6, 0.48][k]) / Math.hypot(...v));
    const line = { x1: X, y1: Y, x2: x, y2: y, stroke: colour, "stroke-width": 3, "stroke-dasharray": dashes };
    stage.draw("line", line, parent);
    const head = { d: "M2 0L-11 -5V5Z", transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${turn.toFixed(1)})` };
    stage.draw("path", { ...head, fill: colour }, parent);
    const words = { "font-weight": 600, "text-anchor": "middle" };
    const place = `translate(${lx.toFixed(1)} ${ly.toFixed(1)}) rotate(${turn.toFixed(1)})`;
    stage.draw("text", { ...words, transform: place, dy: k === 2 ? 18 : -6 }, parent, label);
  };

  // What scores more than `cut` with v lies beyond a line across the arrow; here within the circle.
  const border = (v, cut, parent) => {
    const near = cut / Math.hypot(...v);
    if (near >= 1) return;
    const half = Math.acos(near) * 180 / Math.PI, middle = degrees(v);
    const [[x1, y1], [x2, y2]] = [middle - half, middle + half].map((a) => at(on(a)));
    stage.draw("line", { x1, y1, x2, y2, stroke: Moving.INK, "stroke-width": 1.4, "stroke-dasharray": "7 5" }, parent);
  };

  const good = (i, place, parent) => {
    const [name, angle] = goods[i], [x, y] = at(vectors[i]);
    const listed = place < length;
    const text = listed ? `${place + 1}. ${name}` : name;
    const style = listed ? { "font-weight": 600 } : {};
    stage.draw("circle", { cx: x, cy: y, r: listed ? 7 : 4, fill: blue }, parent);
    if (angle < 62) { // beside it; further up the names stand in rows, each on a stalk
      stage.draw("text", { x: x + 13, y: y + 5, ...style }, parent, text);
      return;
    }
    const row = 14 + 23 * goods.slice(i + 1).length; // the leftmost highest: no stalk crosses a name
    stage.draw("path", { d: `M${x.toFixed(1)} ${(y - 9).toFixed(1)}V${row}H${(x + 7).toFixed(1)}`, fill: "none", stroke: Moving.INK }, parent);
    stage.draw("text", { x: x + 12, y: row + 5, ...style }, parent, text);
  };

  const render = () => {
    const { interests, scores, by, order } = rank();
    const cut = (scores[order[length - 1]] + scores[order[length]]) / 2;
    stage.clear(layer);
    interests.forEach((v) => border(v, cut, layer));
    interests.forEach((v, k) => arrow(v, k, layer));
    goods.forEach((_, i) => good(i, order.indexOf(i), layer));
    diamonds.forEach((diamond, j) => {
      const [x, y] = at(on(angles[j]), 0.93); // within the circle, to keep them off the goods
      const mine = j === chosen;
      stage.set(diamond, { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, fill: mine ? Moving.INK : "none" });
    });
    const page = order.slice(0, length);
    const between = page.filter((i) => goods[i][2]).length;
    const told = interests.map((v, k) => `${interests.length > 1 ? `${k + 1}: ` : ""}${degrees(v).toFixed(0)}°, length ${Moving.number(Math.hypot(...v))}`);
    stage.say(
      `On the page: ${page.map((i) => goods[i][0]).join(", ")}. ${between} of ${length} lie between gardening and cycling. `
      + `${interests.length > 1 ? "Interests" : "The one vector"}: ${told.join("; ")}.`);
    const header = ["good", "from gardening", "score", "place"];
    if (interests.length > 1) header.push("interest that speaks");
    stage.table(header, goods.map(([name, angle], i) => {
      const row = [name, `${angle}°`, scores[i].toFixed(3), String(order.indexOf(i) + 1)];
      return interests.length > 1 ? [...row, String(by[i] + 1)] : row;
    }));
  };

  const choose = (j) => {
    chosen = j;
    which.set(String(j + 1));
    where.set(angles[j]);
  };
  const move = (angle) => {
    angles[chosen] = Math.round(Math.min(90, Math.max(0, angle)));
    where.set(angles[chosen]);
    render();
  };
  stage.choice({
    label: "Interests", value: K, options: [["1", "one"], ["2", "two"], ["3", "three"]],
    change: (value) => { K = value; render(); },
  });
  stage.choice({
    label: "Ravi bought", value: names[0], options: names,
    change: (name) => { angles = [...bought[name]]; choose(chosen); render(); },
  });
  stage.group("Move a purchase");
  const which = stage.choice({
    label: "Number", value: "1", options: angles.map((_, j) => String(j + 1)),
    change: (number) => { choose(Number(number) - 1); render(); },
  });
  const where = stage.slider({
    label: "lies at", min: 0, max: 90, step: 1, value: angles[0],
    show: (angle) => `${angle}°`, change: move,
  });
  diamonds.forEach((diamond, j) => stage.drag(diamond, ({ x, y }) => {
    if (j !== chosen) choose(j);
    move(degrees([x - X, Y - y]));
  }));
  render();
});
