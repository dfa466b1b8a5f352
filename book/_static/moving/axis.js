// Axis picker: one softmax, four choices of the axis, and the sums that tell them apart.
Moving.figure("axis", (stage) => {
  "use strict";
  const { users, goods, scores } = stage.data;
  const names = Object.keys(users), COLOURS = Object.values(Moving.COLOURS);
  const LEFT = 108, CELL = 74, HIGH = 30;
  const READINGS = {
    2: "over the keys: each click shares one unit among the goods. This is attention.",
    1: "over the queries: the clicks of a user compete for each good.",
    0: "over the batch: Mia and Ravi compete, and the weights of one depend on the other.",
    all: "over everything: one unit for the whole batch, and less for each as the batch grows.",
  };
  let axis = "2", one = false;

  const place = (b, q, k) => ({ 2: `${b} ${q}`, 1: `${b} ${k}`, 0: `${q} ${k}`, all: "" })[axis];
  const sum = (list) => list.reduce((total, x) => total + x, 0);
  const queries = (b) => (one ? [2] : [0, 1, 2]).map((q) => ({ q, name: users[names[b]][q] }));

  // The softmax in groups: places that agree on every axis but the normalised one compete.
  const normalise = () => {
    const groups = new Map();
    names.forEach((_, b) => queries(b).forEach(({ q }) => goods.forEach((__, k) => {
      const key = place(b, q, k);
      groups.set(key, [...(groups.get(key) ?? []), [b, q, k]]);
    })));
    const weights = scores.map((block) => block.map((row) => row.map(() => 0)));
    const group = scores.map((block) => block.map((row) => row.map(() => 0)));
    [...groups.values()].forEach((cells, number) => {
      const e = cells.map(([b, q, k]) => Math.exp(scores[b][q][k]));
      cells.forEach(([b, q, k], i) => {
        weights[b][q][k] = e[i] / sum(e);
        group[b][q][k] = number;
      });
    });
    return { weights, group, groups };
  };

  const isOne = (x) => Math.abs(x - 1) < 1e-9;
  const flag = (x) => `${isOne(x) ? "✓" : "✗"} ${Moving.number(x)}`;
  const text = (x, y, words, more = {}) => stage.draw("text", { x, y, ...more }, stage.svg, words);

  const refresh = () => {
    const { weights, group, groups } = normalise();
    const rows = [], columns = [], batch = [];
    stage.clear();
    let y = 20;
    const head = (title) => {
      text(0, y, title, { "font-weight": 600 });
      goods.forEach((name, k) => text(LEFT + CELL * (k + 0.5), y, name, {
        "text-anchor": "middle", "font-size": 13,
      }));
      y += 10;
    };
    names.forEach((user, b) => {
      head(user);
      if (b === 0) text(LEFT + 4 * CELL + 12, 20, "sum", { "font-weight": 600 });
      for (const { q, name } of queries(b)) {
        text(0, y + 20, name);
        goods.forEach((_, k) => {
          const colour = COLOURS[group[b][q][k] % COLOURS.length];
          const letter = String.fromCharCode(65 + group[b][q][k]);
          const x = LEFT + CELL * k;
          stage.draw("rect", {
            x: x + 2, y: y + 2, width: CELL - 4, height: HIGH - 4, rx: 4,
            fill: colour, "fill-opacity": 0.15, stroke: colour, "stroke-width": 2.5,
          });
          text(x + 9, y + 20, letter, { "font-size": 13 });
          text(x + CELL - 9, y + 20, Moving.number(weights[b][q][k]), { "text-anchor": "end" });
        });
        rows.push(sum(weights[b][q]));
        text(LEFT + 4 * CELL + 12, y + 20, flag(rows.at(-1)));
        y += HIGH;
      }
      text(0, y + 18, "sum", { "font-weight": 600 });
      goods.forEach((_, k) => {
        columns.push(sum(queries(b).map(({ q }) => weights[b][q][k])));
        text(LEFT + CELL * (k + 0.5), y + 18, flag(columns.at(-1)), { "text-anchor": "middle" });
      });
      y += 52;
    });
    head("sum of both");
    queries(0).forEach(({ q }) => {
      text(0, y + 18, `click ${q + 1}`);
      goods.forEach((_, k) => {
        batch.push(sum(names.map((__, b) => weights[b][q][k])));
        text(LEFT + CELL * (k + 0.5), y + 18, flag(batch.at(-1)), { "text-anchor": "middle" });
      });
      y += 24;
    });
    text(0, y + 26, "Cells of one letter compete. ✓ sums to 1, ✗ does not.", { "font-size": 13 });
    stage.height(y + 36);

    const count = (list) => `${list.filter(isOne).length} of ${list.length}`;
    const total = sum(rows);
    stage.say(
      `Softmax ${READINGS[axis]} Groups: ${groups.size}. Sums that are 1: along the keys ` +
      `${count(rows)}, along the queries ${count(columns)}, along the batch ${count(batch)}. ` +
      `All weights together: ${Moving.number(total)}.`
    );
    stage.table(["who asks", ...goods, "sum"], names.flatMap((user, b) => queries(b).map(
      ({ q, name }) => [
        `${user}: ${name}`, ...weights[b][q].map((w) => Moving.number(w, 3)), Moving.number(sum(weights[b][q]), 3),
      ],
    )));
  };

  stage.choice({
    label: "normalise over", value: axis, change: (value) => { axis = value; refresh(); },
    options: [["2", "axis 2, keys"], ["1", "axis 1, queries"], ["0", "axis 0, batch"], ["all", "all axes"]],
  });
  stage.toggle({
    label: "only the newest click asks", value: one, change: (on) => { one = on; refresh(); },
  });
  refresh();
});
