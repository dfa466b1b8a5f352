// A viewer's films, what each recommendation looks at among them, and what it loses without each.
// Every history that is left when films are taken away is worked out here, from the model's parts.
Moving.figure("xray", (stage) => {
  "use strict";
  const { ago, others, viewers } = stage.data;
  const { number, COLOURS, INK } = Moving;
  const SHOWN = 5;
  const FILMS = ago.length;
  const ALL = 2 ** FILMS - 1;
  let viewer = viewers[0];
  let state = ALL; // bit j: film j is kept, the newest is film 0
  let chosen = 0; // a candidate

  // Softmax of loudness over what is kept; how long ago is counted among what is kept.
  const look = (c, kept) => {
    const scores = kept.map((j, step) => viewer.loud[c][j] + ago[step]);
    const top = Math.max(...scores);
    const exps = scores.map((s) => Math.exp(s - top));
    const sum = exps.reduce((a, b) => a + b, 0);
    return exps.map((e) => e / sum);
  };
  const films = (bits) => ago.map((_, j) => j).filter((j) => (bits >> j) & 1);
  const score = (c, bits) => {
    const kept = films(bits);
    const weights = look(c, kept);
    return kept.reduce((sum, j, i) => sum + weights[i] * viewer.says[c][j], viewer.start[c]);
  };
  // How far a film stands above the mean of all others.
  const margin = (c, bits) => ((score(c, bits) - viewer.means[bits]) * (others + 1)) / others;
  const best = (bits) => {
    const scores = viewer.candidates.map((_, c) => score(c, bits));
    return scores.map((_, c) => c).sort((a, b) => scores[b] - scores[a] || a - b).slice(0, SHOWN);
  };
  const account = (c) => {
    const kept = films(state);
    const weights = look(c, kept);
    const here = margin(c, state);
    return kept.map((film, i) => ({
      film, weight: weights[i], effect: here - margin(c, state & ~(1 << film)),
    }));
  };

  // Rank correlation, ties sharing their ranks.
  const ranks = (x) => x.map((a) => x.filter((b) => b < a).length + x.filter((b) => b === a).length / 2);
  const agreement = (x, y) => {
    const [r, q] = [ranks(x), ranks(y)];
    const mean = x.length / 2;
    const cov = (u, v) => u.reduce((sum, a, i) => sum + (a - mean) * (v[i] - mean), 0);
    return cov(r, q) / Math.sqrt(cov(r, r) * cov(q, q));
  };

  const short = (title, most) => (title.length > most ? `${title.slice(0, most - 1).trim()}…` : title);
  const LIST = (k) => 46 + 25 * k;
  const ROW = (j) => 232 + 27 * j;
  const WEIGHT = { x: 218, width: 80, top: 0.5 };
  const EFFECT = { x: 412, width: 50 };
  stage.height(450);
  const text = (x, y, words, more = {}) => stage.draw("text", { x, y, "font-size": 14, ...more }, stage.svg, words);
  text(8, 20, "recommended", { "font-weight": 600 });
  text(512, 20, "margin", { "text-anchor": "end" });
  text(8, 206, "seen, newest first", { "font-weight": 600 });
  text(WEIGHT.x, 190, "looked at:");
  text(WEIGHT.x, 208, "weight");
  text(EFFECT.x, 190, "taken away:", { "text-anchor": "middle" });
  text(EFFECT.x, 208, "margin lost", { "text-anchor": "middle" });
  const list = Array.from({ length: SHOWN }, (_, k) => {
    const row = stage.draw("g");
    const ground = stage.draw("rect", { x: 2, y: LIST(k) - 17, width: 516, height: 24, rx: 4, fill: INK }, row);
    const name = stage.draw("text", { x: 8, y: LIST(k), "font-size": 14 }, row);
    const value = stage.draw("text", { x: 512, y: LIST(k), "font-size": 14, "text-anchor": "end" }, row);
    row.setAttribute("class", "moving-press");
    row.addEventListener("click", () => choose(k));
    return { ground, name, value };
  });
  stage.draw("line", { x1: WEIGHT.x, x2: WEIGHT.x, y1: 216, y2: 442, stroke: INK });
  stage.draw("line", { x1: EFFECT.x, x2: EFFECT.x, y1: 216, y2: 442, stroke: INK });
  const rows = ago.map((_, j) => ({
    name: text(8, ROW(j) + 5, ""),
    weight: stage.draw("rect", { x: WEIGHT.x, y: ROW(j) - 9, height: 18, fill: COLOURS.blue }),
    share: text(0, ROW(j) + 5, ""),
    effect: stage.draw("rect", { y: ROW(j) - 9, height: 18 }),
    lost: text(512, ROW(j) + 5, "", { "text-anchor": "end" }),
  }));

  const update = () => {
    const shown = best(state);
    if (!shown.includes(chosen)) [chosen] = shown;
    const before = best(ALL);
    list.forEach(({ ground, name, value }, k) => {
      const c = shown[k];
      const title = viewer.candidates[c];
      const on = c === chosen;
      stage.set(ground, { "fill-opacity": on ? 0.25 : 0 });
      stage.set(name, { "font-weight": on ? 700 : 400 });
      const mark = before.includes(c) ? "" : " (new)";
      name.textContent = `${on ? "▸ " : ""}${k + 1}. ${short(title, 44)}${mark}`;
      value.textContent = number(margin(c, state));
      recommendation.input.options[k].textContent = `${k + 1}. ${title}`;
    });
    recommendation.set(String(shown.indexOf(chosen)));

    const found = account(chosen);
    const widest = Math.max(1, ...found.map(({ effect }) => Math.abs(effect)));
    rows.forEach((row, j) => {
      const one = found.find(({ film }) => film === j);
      const [weight, effect] = one ? [one.weight, one.effect] : [0, 0];
      const long = WEIGHT.width * Math.min(1, weight / WEIGHT.top);
      const wide = (EFFECT.width * Math.abs(effect)) / widest;
      row.name.textContent = short(viewer.films[j], 28);
      stage.set(row.name, { "text-decoration": one ? "none" : "line-through" });
      stage.set(row.weight, { width: long });
      stage.set(row.share, { x: WEIGHT.x + long + 5 });
      row.share.textContent = one ? number(weight) : "taken away";
      stage.set(row.effect, {
        x: effect < 0 ? EFFECT.x - wide : EFFECT.x, width: wide,
        fill: effect < 0 ? COLOURS.vermilion : COLOURS.green,
      });
      row.lost.textContent = one ? number(effect) : "";
    });
    tell(shown, before, found);
    stage.table(
      ["film, newest first", "weight", "margin lost"],
      found.map(({ film, weight, effect }) => [viewer.films[film], number(weight), number(effect)]),
    );
  };

  const tell = (shown, before, found) => {
    const names = (some) => some.map((c) => viewer.candidates[c]).join(", ");
    const gone = before.filter((c) => !shown.includes(c));
    const come = shown.filter((c) => !before.includes(c));
    const away = FILMS - found.length;
    const change = gone.length ? `${names(gone)} left the list, ${names(come)} came. ` : "The same five films. ";
    let words = away ? `${away} taken away: ${change}` : "";
    words += `${viewer.candidates[chosen]}: `;
    if (found.length) {
      const most = (key) => found.reduce((a, b) => (b[key] > a[key] ? b : a));
      const [seen, missed] = [most("weight"), most("effect")];
      words += `looked at most is ${viewer.films[seen.film]} (${number(seen.weight)}), ` +
        `the margin loses most without ${viewer.films[missed.film]} (${number(missed.effect)}).`;
    } else {
      words += "nothing to look at, so everybody gets these.";
    }
    const rho = agreement(found.map((f) => f.weight), found.map((f) => f.effect));
    if (Number.isFinite(rho)) words += ` The two orders agree by ${number(rho)}.`;
    stage.say(words);
  };

  const choose = (k) => {
    chosen = best(state)[k];
    update();
  };
  const back = () => {
    state = ALL;
    toggles.forEach((toggle, j) => {
      toggle.set(true);
      toggle.input.nextElementSibling.textContent = viewer.films[j];
    });
    [chosen] = best(state);
    update();
  };

  stage.choice({
    label: "Viewer", value: "0",
    options: viewers.map(({ films: seen }, i) => [String(i), `${i + 1}, last seen ${short(seen[0], 24)}`]),
    change: (i) => {
      viewer = viewers[i];
      back();
    },
  });
  const recommendation = stage.choice({
    label: "Recommendation", options: list.map((_, k) => [String(k), ""]), value: "0",
    change: (k) => choose(Number(k)),
  });
  stage.group("Films of the history");
  const toggles = ago.map((_, j) => stage.toggle({
    label: viewer.films[j], value: true,
    change: (on) => {
      state = on ? state | (1 << j) : state & ~(1 << j);
      update();
    },
  }));
  stage.ungroup();
  stage.button({ label: "All films back", press: back });
  back();
});
