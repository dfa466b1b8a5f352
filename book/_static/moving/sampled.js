// Sampled metrics (chapter 8): what two models are expected to earn against m drawn goods, exactly.
Moving.figure("sampled", (stage) => {
  "use strict";
  const { n, k, far, drawn } = stage.data;
  const { blue, orange } = Moving.COLOURS;
  const LEFT = 46, RIGHT = 500, TOP = 44, BOTTOM = 290, LEAST = 10, MOST = n - 1;
  let { place, share } = stage.data, metric = "HR", m = 100;

  const log = [0]; // log[x] is the logarithm of x!
  for (let x = 1; x <= n; x += 1) log.push(log[x - 1] + Math.log(x));
  const choose = (a, b) => (b < 0 || b > a ? -Infinity : log[a] - log[b] - log[a - b]);

  // Equation (8.13) term by term: x of the drawn goods are better, and the target comes next.
  const earns = (at, many) => {
    let sum = 0;
    for (let x = 0; x < k; x += 1) {
      const chance = Math.exp(choose(at - 1, x) + choose(n - at, many - x) - choose(n - 1, many));
      sum += metric === "HR" ? chance : chance / Math.log2(x + 2);
    }
    return sum;
  };
  const ofA = (many) => earns(place, many);
  const ofB = (many) => share * earns(1, many) + (1 - share) * earns(far, many);
  // From how many drawn goods on B leads for good: A never hits when all are there.
  const turn = () => {
    let many = MOST;
    while (many > LEAST && ofA(many - 1) < ofB(many - 1)) many -= 1;
    return many;
  };

  const x = (many) => LEFT + (RIGHT - LEFT) * Math.log(many / LEAST) / Math.log(MOST / LEAST);
  const y = (value) => BOTTOM - (BOTTOM - TOP) * value;
  const thousands = (value) => value.toLocaleString("en-US");
  stage.height(340);
  const axes = stage.draw("g", { "font-size": 14 });
  const frame = { d: `M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}`, fill: "none", stroke: Moving.INK };
  stage.draw("path", frame, axes);
  for (const value of [0, 0.5, 1]) {
    stage.draw("text", { x: LEFT - 8, y: y(value) + 5, "text-anchor": "end" }, axes, String(value));
  }
  for (const many of [10, 100, 1000, MOST]) {
    stage.draw("line", { x1: x(many), x2: x(many), y1: BOTTOM, y2: BOTTOM + 5, stroke: Moving.INK }, axes);
    stage.draw("text", { x: x(many), y: BOTTOM + 21, "text-anchor": "middle" }, axes, thousands(many));
  }
  const middle = { x: (LEFT + RIGHT) / 2, y: BOTTOM + 43, "text-anchor": "middle" };
  stage.draw("text", middle, axes, "goods that the target competes with");
  const layer = stage.draw("g");
  const grid = [...Array(121).keys()].map((i) => LEAST * (MOST / LEAST) ** (i / 120)).map(Math.round);

  const render = () => {
    const from = turn(), [a, b] = [ofA(m), ofB(m)];
    stage.clear(layer);
    const lines = [[ofA, blue, "none", "A"], [ofB, orange, "8 5", "B"]];
    const edge = { y1: TOP - 6, y2: BOTTOM, stroke: Moving.INK };
    stage.draw("line", { x1: x(from), x2: x(from), ...edge }, layer);
    const right = x(from) > 400; // the number stands on the side with room
    stage.draw("text", { x: x(from) + (right ? -6 : 6), y: y(0.75), "text-anchor": right ? "end" : "start" }, layer, `B leads from ${thousands(from)}`);
    stage.draw("line", { x1: x(m), x2: x(m), ...edge, "stroke-width": 2, "stroke-dasharray": "2 4" }, layer);
    for (const [of, colour, dashes] of lines) {
      const d = grid.map((many, i) => `${i ? "L" : "M"}${x(many).toFixed(1)} ${y(of(many)).toFixed(1)}`).join("");
      stage.draw("path", { d, fill: "none", stroke: colour, "stroke-width": 2.5, "stroke-dasharray": dashes }, layer);
    }
    stage.draw("circle", { cx: x(m), cy: y(a), r: 7, fill: blue }, layer);
    stage.draw("path", { d: `M${x(m).toFixed(1)} ${(y(b) - 8).toFixed(1)}l8 8l-8 8l-8 -8Z`, fill: orange }, layer);
    stage.draw("circle", { cx: LEFT + 7, cy: 13, r: 7, fill: blue }, layer);
    stage.draw("path", { d: "M292 5l8 8l-8 8l-8 -8Z", fill: orange }, layer);
    const bold = { y: 18, "font-weight": 600 };
    stage.draw("text", { x: LEFT + 20, ...bold }, layer, `A, place ${place}: ${a.toFixed(3)}`);
    stage.draw("text", { x: 306, ...bold }, layer, `B, first for ${(100 * share).toFixed(0)} %: ${b.toFixed(3)}`);
    const leads = a.toFixed(3) === b.toFixed(3) ? "they are level" : `${a > b ? "A" : "B"} leads`;
    stage.say(
      `Against ${thousands(m)} drawn goods: expected ${metric}@10 of A ${a.toFixed(3)}, of B ${b.toFixed(3)}; ${leads}. `
      + `B leads from ${thousands(from)} on, and among all ${thousands(MOST)} by ${(ofB(MOST) - ofA(MOST)).toFixed(3)}.`);
  };
  const list = () => {
    const header = ["goods drawn", "HR@10 of A", "HR@10 of B", "NDCG@10 of A", "NDCG@10 of B"];
    const shown = metric;
    stage.table(header, drawn.map((many) => {
      const row = [thousands(many)];
      for (metric of ["HR", "NDCG"]) row.push(ofA(many).toFixed(3), ofB(many).toFixed(3));
      return row;
    }));
    metric = shown;
  };

  // The slider goes by equal factors: a thousand steps from 10 to all.
  const STEPS = 1000, ratio = MOST / LEAST;
  const many = (step) => Math.round(LEAST * ratio ** (step / STEPS));
  stage.slider({
    label: "Goods drawn", min: 0, max: STEPS, step: 1,
    value: Math.round(STEPS * Math.log(m / LEAST) / Math.log(ratio)),
    show: (step) => thousands(many(step)), change: (step) => { m = many(step); render(); },
  });
  stage.choice({
    label: "Metric", value: metric, options: [["HR", "HR@10"], ["NDCG", "NDCG@10"]],
    change: (value) => { metric = value; render(); },
  });
  stage.slider({
    label: "A's place", min: k + 1, max: 500, step: 1, value: place,
    show: String, change: (value) => { place = value; render(); list(); },
  });
  stage.slider({
    label: "B is first for", min: 1, max: 50, step: 1, value: Math.round(100 * share),
    show: (value) => `${value} %`, change: (value) => { share = value / 100; render(); list(); },
  });
  render();
});
