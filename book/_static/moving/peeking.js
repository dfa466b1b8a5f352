// Peeking (chapter 9): a thousand tests of nothing, drawn here, and three ways to read each of them.
(() => {
  "use strict";

  // mulberry32, a small generator with a seed: the same numbers in every browser, and in
  // book/moving/peeking.py. Returns a function that draws from [0, 1).
  const generator = (seed) => {
    let a = Math.imul(seed, 0x27d4eb2f);
    return () => {
      a = (a + 0x6d2b79f5) | 0;
      let t = Math.imul(a ^ (a >>> 15), a | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  };

  // Sums of `step` customers each, normal with variance `step` (Box and Muller), test after test.
  const blocks = (seed, { tests, fine, step }) => {
    const next = generator(seed), drawn = new Float64Array(tests * fine);
    for (let i = 0; i < drawn.length; i += 2) {
      const radius = Math.sqrt(-2 * step * Math.log(1 - next())), angle = 2 * Math.PI * next();
      drawn[i] = radius * Math.cos(angle);
      drawn[i + 1] = radius * Math.sin(angle);
    }
    return drawn;
  };

  Moving.figure("peeking", (stage) => {
    const { tests, fine, step, tau, alpha, edge, looks: ways, first } = stage.data;
    const { orange, green, blue } = Moving.COLOURS;
    const N = fine * step, PATHS = 24, HIGH = 4.5;
    const LEFT = 46, RIGHT = 498, TOP = 12, BOTTOM = 252;
    let { seed } = stage.data, looks = first, stop = true, z;

    // |z| at which the mixture test of equation (9.9) reaches 1 / alpha, after n customers.
    const mixture = (n) => {
      const wide = 1 + n * tau ** 2;
      return Math.sqrt(2 * wide / (n * tau ** 2) * Math.log(Math.sqrt(wide) / alpha));
    };
    const bound = Array.from({ length: fine }, (_, i) => mixture((i + 1) * step));

    const draw = () => {
      const drawn = blocks(seed, stage.data);
      stage.figure.drawn = drawn; // for whoever wants to count with other tools
      z = [];
      for (let t = 0; t < tests; t += 1) {
        const path = new Float64Array(fine);
        for (let i = 0, sum = 0; i < fine; i += 1) {
          sum += drawn[t * fine + i];
          path[i] = sum / Math.sqrt((i + 1) * step);
        }
        z.push(path);
      }
    };
    const kept = (many) => Array.from({ length: many }, (_, i) => (i + 1) * fine / many - 1);
    // How many tests are called: at the end only, at the first |z| above 1.96, by the mixture test.
    const count = (many) => {
      const at = kept(many), called = [0, 0, 0];
      for (const path of z) {
        called[0] += Math.abs(path[fine - 1]) > edge;
        called[1] += at.some((i) => Math.abs(path[i]) > edge);
        called[2] += at.some((i) => Math.abs(path[i]) >= bound[i]);
      }
      return called;
    };

    const x = (i) => LEFT + (RIGHT - LEFT) * (i + 1) / fine;
    const y = (value) => (TOP + BOTTOM) / 2 - (BOTTOM - TOP) / 2 * Math.max(-1, Math.min(1, value / HIGH));
    const line = (values) => values.map(([i, v], j) => `${j ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("");
    const text = (words, at, more = {}) => stage.draw("text", { x: at[0], y: at[1], "font-size": 14, ...more }, more.parent ?? stage.svg, words);
    stage.height(408);
    stage.draw("path", { d: `M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}`, fill: "none", stroke: Moving.INK });
    for (const v of [-4, 0, 4]) text(Moving.number(v, 0), [LEFT - 8, y(v) + 5], { "text-anchor": "end" });
    text("z", [LEFT - 30, y(0) + 5]);
    for (const n of [500, 1000, 1500, 2000]) text(n.toLocaleString("en-US"), [x(n / step - 1), BOTTOM + 18], { "text-anchor": "middle" });
    text("customers", [LEFT + 6, BOTTOM + 18]);
    const layer = stage.draw("g");
    for (const sign of [-1, 1]) {
      stage.draw("path", { d: line([[-1, sign * edge], [fine - 1, sign * edge]]), fill: "none", stroke: Moving.INK, "stroke-width": 2, "stroke-dasharray": "7 5" });
      const curve = bound.map((b, i) => [i, sign * b]).filter(([, b]) => Math.abs(b) < HIGH);
      stage.draw("path", { d: line(curve), fill: "none", stroke: green, "stroke-width": 2.5 });
    }
    text("mixture test", [RIGHT, y(bound[fine - 1]) - 7], { "text-anchor": "end", "font-weight": 600 });
    text("|z| = 1.96", [RIGHT, y(-edge) + 17], { "text-anchor": "end", "font-weight": 600 });
    const rates = stage.draw("g");

    const path = (values, at) => {
      const seen = at.map((i) => [i, values[i]]);
      const alarm = stop ? seen.findIndex(([, v]) => Math.abs(v) > edge) : seen.length - 1;
      const called = alarm >= 0 && Math.abs(seen[alarm][1]) > edge;
      const shown = called ? seen.slice(0, alarm + 1) : seen;
      const colour = called ? orange : Moving.INK;
      stage.draw("path", { d: line(shown), fill: "none", stroke: colour, "stroke-width": 1.2, opacity: called ? 0.9 : 0.45 }, layer);
      const [i, v] = shown[shown.length - 1];
      if (called) stage.draw("circle", { cx: x(i), cy: y(v), r: 5, fill: orange }, layer);
      else if (shown.length === 1) stage.draw("circle", { cx: x(i), cy: y(v), r: 2.5, opacity: 0.6 }, layer);
    };

    const bars = (called) => {
      const names = ["at the end only", "at the first |z| > 1.96", "mixture test"];
      const LONG = 190, WIDE = 230 / 0.45; // a bar of 45 % would be 230 wide
      called.forEach((number, i) => {
        const top = 292 + 32 * i, colour = [blue, orange, green][i];
        const share = number / tests;
        text(names[i], [LONG - 8, top + 16], { "text-anchor": "end", parent: rates });
        stage.draw("rect", { x: LONG, y: top, width: WIDE * share, height: 21, fill: colour }, rates);
        text(`${(100 * share).toFixed(1)} %`, [LONG + WIDE * Math.max(share, 0.05) + 8, top + 16], { parent: rates });
      });
      const promise = LONG + WIDE * alpha;
      stage.draw("line", { x1: promise, x2: promise, y1: 284, y2: 382, stroke: Moving.INK, "stroke-width": 2, "stroke-dasharray": "3 3" }, rates);
      text("5 %, as promised", [promise, 399], { "text-anchor": "middle", parent: rates });
    };

    const render = () => {
      const at = kept(looks), called = count(looks);
      stage.clear(layer);
      stage.clear(rates);
      z.slice(0, PATHS).forEach((values) => path(values, at));
      bars(called);
      const back = z.filter((p) => Math.abs(p[fine - 1]) <= edge && at.some((i) => Math.abs(p[i]) > edge)).length;
      const often = looks === 1 ? "one look" : `${looks} looks`;
      stage.say(
        `Draw ${seed}, ${often}. False alarms in ${tests.toLocaleString("en-US")} tests of nothing: ${called[0]} at the end only, `
        + `${called[1]} at the first |z| > 1.96, ${called[2]} by the mixture test. ${back} had left the band at a look and were back at the end.`);
    };
    const list = () => stage.table(
      ["looks", "at the end only", "at the first |z| > 1.96", "mixture test"],
      ways.map((many) => [many, ...count(many)].map(String)));

    stage.slider({
      label: "Looks", min: 0, max: ways.length - 1, step: 1, value: ways.indexOf(looks),
      show: (i) => String(ways[i]), change: (i) => { looks = ways[i]; render(); },
    });
    stage.toggle({
      label: "stop at the first |z| > 1.96", value: stop, change: (on) => { stop = on; render(); },
    });
    stage.button({ label: "Draw again", press: () => { seed += 1; draw(); render(); list(); } });
    draw();
    render();
  });
})();
