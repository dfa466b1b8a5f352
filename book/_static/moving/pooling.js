// Mia's history, pooled for a teapot: scores as they are, and shares of a softmax, side by side.
Moving.figure("pooling", (stage) => {
  "use strict";
  const { goods, vectors, scores } = stage.data;
  const { number, COLOURS, INK } = Moving;
  const MOST = 8; // of one good
  const counts = goods.map(() => 1);
  const POOLS = [
    { name: "no normaliser", x: 166, width: 145, top: 2 * MOST, colour: COLOURS.blue },
    { name: "softmax", x: 366, width: 95, top: 1, colour: COLOURS.orange },
  ];
  const ROWS = [...goods, "all weights", "length of z"];
  const Y = (row) => 72 + 38 * row + (row >= goods.length ? 16 : 0);

  stage.height(282);
  POOLS.forEach((pool) => {
    stage.draw("text", { x: pool.x, y: 22, "font-weight": 600, fill: INK }, stage.svg, pool.name);
    stage.draw("text", { x: pool.x, y: 42 }, stage.svg, pool.top === 1 ? "shares" : "the scores");
    stage.draw("line", { x1: pool.x, x2: pool.x, y1: 52, y2: Y(4) + 18, stroke: INK });
  });
  const lines = ROWS.map((name, row) => {
    const label = stage.draw("text", { x: 156, y: Y(row) + 5, "text-anchor": "end" }, stage.svg, name);
    const bars = POOLS.map((pool) => ({
      bar: stage.draw("rect", {
        x: pool.x, y: Y(row) - 10, width: 0, height: 20,
        fill: pool.colour, "fill-opacity": row < goods.length ? 1 : 0.55,
      }),
      text: stage.draw("text", { y: Y(row) + 5 }),
    }));
    return { label, bars };
  });
  stage.draw("line", { x1: 20, x2: 500, y1: Y(3) - 27, y2: Y(3) - 27, stroke: INK, "stroke-opacity": 0.4 });

  // What each good weighs, all its copies together; an empty history weighs nothing.
  const pool = (own, total) => {
    const weights = goods.map((_, j) => (total ? (counts[j] * own(j)) / total : 0));
    const z = [0, 1].map((axis) => weights.reduce((sum, a, j) => sum + a * vectors[j][axis], 0));
    const all = weights.reduce((sum, a) => sum + a, 0);
    return { weights, all, z, length: Math.hypot(...z) };
  };
  const both = () => {
    const exps = goods.reduce((sum, _, j) => sum + counts[j] * Math.exp(scores[j]), 0);
    return [pool((j) => scores[j], 1), pool((j) => Math.exp(scores[j]), exps)];
  };
  const vector = (z) => `(${number(z[0])}, ${number(z[1])})`;

  const update = () => {
    const found = both();
    const size = counts.reduce((sum, n) => sum + n, 0);
    lines.forEach(({ label, bars }, row) => {
      if (row < goods.length) label.textContent = `${goods[row]} ×${counts[row]}`;
      bars.forEach(({ bar, text }, side) => {
        const { weights, all, length } = found[side];
        const value = [...weights, all, length][row];
        const { x, width, top } = POOLS[side];
        stage.set(bar, { width: (width * value) / top });
        stage.set(text, { x: x + (width * value) / top + 6 });
        text.textContent = number(value);
      });
    });
    const [sum, shares] = found;
    stage.say(
      `${size} ${size === 1 ? "item" : "items"}: without a normaliser the context is ` +
      `${vector(sum.z)}, with a softmax ${vector(shares.z)}. ` +
      `The scores add up to ${number(sum.all)}, the shares to ${number(shares.all)}.`,
    );
    const rows = goods.map((good, j) => [
      good, String(counts[j]), number(scores[j]), ...found.map((p) => number(p.weights[j])),
    ]);
    const last = (name, say) => [name, String(size), "", ...found.map(say)];
    stage.table(["good", "times", "score", "no normaliser", "softmax"], [
      ...rows,
      last("all weights", (p) => number(p.all)),
      last("context", (p) => vector(p.z)),
      last("length of the context", (p) => number(p.length)),
    ]);
    twice.enable(size > 0 && Math.max(...counts) <= MOST / 2);
    more.enable(counts[0] < MOST);
  };
  const put = (given) => {
    given.forEach((n, j) => {
      counts[j] = n;
      sliders[j].set(n);
    });
    update();
  };

  const sliders = goods.map((good, j) => stage.slider({
    label: `${good}s`, min: 0, max: MOST, step: 1, value: counts[j],
    show: (n) => String(n),
    change: (n) => {
      counts[j] = n;
      update();
    },
  }));
  const more = stage.button({
    label: `One more ${goods[0]}`,
    press: () => put(counts.map((n, j) => n + (j === 0 ? 1 : 0))),
  });
  const twice = stage.button({
    label: "The whole history twice", press: () => put(counts.map((n) => 2 * n)),
  });
  stage.button({ label: "Start again", press: () => put(goods.map(() => 1)) });
  update();
});
