// Softmax playground: five scores, one temperature, the width of the vectors, and a mask.
Moving.figure("softmax", (stage) => {
  "use strict";
  const { goods, widths, temperatures } = stage.data;
  const { blue, orange } = Moving.COLOURS;
  const TOP = 52, ROW = 42, MIDDLE = 176, UNIT = 26, WEIGHT = 318, FULL = 140;
  const state = {
    scores: [...stage.data.scores], real: [...stage.data.real], temperature: 1, width: 1, divide: false,
  };

  // Equation (2.6): shifted by the largest real score, zeros where nothing is real.
  const maskedSoftmax = (scores, real) => {
    const top = Math.max(...scores.filter((_, i) => real[i]));
    const e = scores.map((s, i) => (real[i] ? Math.exp(s - top) : 0));
    const total = e.reduce((sum, x) => sum + x, 0);
    return e.map((x) => (total > 0 ? x / total : 0));
  };
  const entropy = (weights) => -weights.reduce((sum, a) => sum + (a > 0 ? a * Math.log(a) : 0), 0);
  // The length of the matrix of derivatives (2.13), of the weights by the scores.
  const slope = (a) => Math.hypot(...a.flatMap((x, i) => a.map((y, j) => x * ((i === j) - y))));

  const compute = () => {
    const factor = state.divide ? 1 : Math.sqrt(state.width);
    const scores = state.scores.map((s) => s * factor);
    const weights = maskedSoftmax(scores.map((s) => s / state.temperature), state.real);
    return { scores, weights };
  };

  stage.height(TOP + ROW * goods.length + 8);
  stage.draw("text", { x: MIDDLE, y: 20, "text-anchor": "middle", "font-weight": 600 }, stage.svg, "score");
  stage.draw("text", { x: WEIGHT, y: 20, "font-weight": 600 }, stage.svg, "weight");
  const bottom = TOP + ROW * goods.length - 6;
  stage.draw("path", { d: `M${MIDDLE} 30V${bottom}`, stroke: Moving.INK });
  stage.draw("path", { d: `M${WEIGHT} 30V${bottom}`, stroke: Moving.INK });

  const rows = goods.map((name, i) => {
    const y = TOP + ROW * i;
    stage.draw("text", { x: 0, y: y + 5 }, stage.svg, name);
    const score = stage.draw("rect", { y: y - 11, height: 22, fill: orange });
    const weight = stage.draw("rect", { x: WEIGHT, y: y - 11, height: 22, fill: blue });
    const grip = stage.draw("circle", { cy: y, r: 9, fill: orange });
    const shownScore = stage.draw("text", { x: 300, y: y + 5, "text-anchor": "end" });
    const shownWeight = stage.draw("text", { y: y + 5 });
    return { score, weight, grip, shownScore, shownWeight };
  });

  const refresh = () => {
    const { scores, weights } = compute();
    rows.forEach((row, i) => {
      const end = MIDDLE + UNIT * state.scores[i], real = state.real[i];
      stage.set(row.score, {
        x: Math.min(MIDDLE, end), width: Math.abs(end - MIDDLE), opacity: real ? 1 : 0.35,
      });
      stage.set(row.grip, { cx: end, opacity: real ? 1 : 0.35 });
      stage.set(row.weight, { width: FULL * weights[i] });
      stage.set(row.shownWeight, { x: WEIGHT + FULL * weights[i] + 6 });
      row.shownScore.textContent = Moving.number(scores[i]);
      row.shownWeight.textContent = real ? Moving.number(weights[i], 3) : "0, masked";
    });
    const count = state.real.filter(Boolean).length, largest = Math.max(...weights);
    if (count === 0) {
      stage.say("Nothing is real: every weight is 0, and so is their sum.");
    } else if (count === 1) {
      stage.say("One item alone: its weight is 1.000, whatever its score. Entropy 0.000 nats.");
    } else {
      const h = entropy(weights), length = slope(weights);
      const told = length < 1e-3 ? "below 0.001: the row is dead" : Moving.number(length, 3);
      stage.say(
        `Entropy ${Moving.number(h, 3)} nats: ${Moving.number(Math.exp(h))} items are really looked at. ` +
        `Largest weight ${Moving.number(largest, 3)}. Length of J ${told}.`
      );
    }
    stage.table(["good", "score", "weight"], goods.map((name, i) => [
      name, Moving.number(scores[i]), state.real[i] ? Moving.number(weights[i], 3) : "0 (masked)",
    ]));
  };

  stage.group("Scores");
  const sliders = goods.map((name, i) => {
    const slider = stage.slider({
      label: name, min: -3, max: 3, step: 0.1, value: state.scores[i],
      change: (x) => { state.scores[i] = x; refresh(); },
    });
    stage.drag(rows[i].grip, ({ x }) => {
      const score = Math.round(Math.min(3, Math.max(-3, (x - MIDDLE) / UNIT)) * 10) / 10;
      state.scores[i] = score;
      slider.set(score);
      refresh();
    });
    return slider;
  });
  stage.group("Masked");
  const masks = goods.map((name, i) => stage.toggle({
    label: name, value: !state.real[i], change: (on) => { state.real[i] = !on; refresh(); },
  }));
  stage.group("All scores");
  const temperature = stage.slider({
    label: "temperature τ", min: 0, max: temperatures.length - 1, step: 1, value: temperatures.indexOf(1),
    show: (i) => String(temperatures[i]), change: (i) => { state.temperature = temperatures[i]; refresh(); },
  });
  const width = stage.slider({
    label: "width d, scores grow like √d", min: 0, max: widths.length - 1, step: 1, value: 0,
    show: (i) => String(widths[i]), change: (i) => { state.width = widths[i]; refresh(); },
  });
  const divide = stage.toggle({
    label: "divide by √d", value: false, change: (on) => { state.divide = on; refresh(); },
  });
  const start = (real) => {
    Object.assign(state, { scores: [...stage.data.scores], real, temperature: 1, width: 1, divide: false });
    sliders.forEach((slider, i) => slider.set(state.scores[i]));
    masks.forEach((mask, i) => mask.set(!real[i]));
    temperature.set(temperatures.indexOf(1));
    width.set(0);
    divide.set(false);
    refresh();
  };
  stage.group("Start from");
  stage.button({ label: "the shelf", press: () => start([...stage.data.real]) });
  stage.button({ label: "one item alone", press: () => start(goods.map((_, i) => i === 0)) });
  stage.button({ label: "nothing real", press: () => start(goods.map(() => false)) });
  refresh();
});
