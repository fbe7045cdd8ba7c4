// The clips behind a number of the table: as dots beside those of the other methods, and as a list, worst first.
"use strict";

mgld.cell = (() => {
  const { element, tableModel: model } = mgld;
  const panel = document.getElementById("cell");
  const WIDTH = 440, ROW = 22, RIGHT = 12, FOOT = 22;
  const LONGEST = 22; // Letters of a name beside its dots.
  const LISTED = 10;

  function svg(name, attributes = {}, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // The line and method of the state; where there are none, the first line and the reader's own or the best method.
  function chosen(state) {
    const { lines, methods } = mgld.data("report");
    const shown = model.lines(state);
    const line = lines.find((one) => model.key(one) === state.line) ?? shown[0] ?? lines[0];
    const named = methods.findIndex((one) => one.name === state.method);
    const own = methods.findIndex((one) => one.own);
    const best = line.cells.findIndex((one) => one.rank === "best");
    return { line, method: [named, own, best, 0].find((place) => place >= 0) };
  }

  function draw() {
    const state = mgld.state.get();
    const { line, method } = chosen(state);
    const { title } = mgld.data("report").methods[method];
    const cell = line.cells[method];
    const metric = mgld.data("report").metrics.find((one) => one.name === line.metric);
    if (!line.dataset) {
      panel.replaceChildren(...cost(line, method, metric));
      return;
    }
    panel.replaceChildren(
      element("h2", {}, mgld.swatch(method), `${title}: ${metric.title} on ${line.heading}`),
      element("p", { class: "small" }, element("strong", { class: "number" }, cell.text), cell.interval ? ` ${cell.interval}` : "", ` · ${cell.scored} of ${cell.expected} clips${cell.frames ? ` · ${cell.frames} frames` : ""} · ${line.direction} is better`),
      element("p", { class: "small" }, compared(line, method)),
      ...cell.marks.map((mark) => element("p", { class: "small quiet" }, element("sup", {}, mark), " ", mgld.data("report").footnotes[mark])),
      cell.gap ? element("p", { class: "small quiet" }, `Missing: ${cell.gap}.`) : "",
      element("div", { class: "halves" }, element("figure", { class: "dots" }, dots(line, method), element("figcaption", { class: "small quiet" }, `A dot per clip${meaning(line, method).of && `: its ${meaning(line, method).of}`}; the line is the mean. Choose a dot to see its clip.`)), element("div", {}, list(line, method))),
      element("p", { class: "small" }, element("a", { href: mgld.state.address({ tab: "made", clip: worstFirst(line, method)[0]?.clip ?? "", line: model.key(line), method: mgld.data("report").methods[method].name }) }, "Where this number comes from")),
    );
  }

  // What a method costs: a number of no clip.
  function cost(line, method, metric) {
    const cell = line.cells[method];
    return [
      element("h2", {}, mgld.swatch(method), `${mgld.data("report").methods[method].title}: ${metric.title}`),
      element("p", { class: "small" }, element("strong", { class: "number" }, cell.text), ` · ${line.heading}`),
      element("p", { class: "small" }, `${metric.definition}.`),
      cell.measured ? element("p", { class: "small quiet" }, `Measured on ${cell.measured}.`) : "",
      ...cell.marks.map((mark) => element("p", { class: "small quiet" }, element("sup", {}, mark), " ", mgld.data("report").footnotes[mark])),
    ];
  }

  // In words: how the method stands to the best one, or the best to the next; where differences are shown, to the baseline.
  function compared(line, method) {
    const { methods } = mgld.data("report");
    const base = model.baseline(mgld.state.get());
    if (mgld.state.get().show === "differences" && method !== base) return inWords(line, method, base, "");
    const best = line.cells.findIndex((one) => one.rank === "best");
    if (best < 0) return "";
    const other = best === method ? line.cells.findIndex((one, place) => place !== method && (one.rank === "second" || one.rank === "best")) : best;
    return other < 0 ? "" : inWords(line, method, other, other === best ? " (best)" : "");
  }

  function inWords(line, method, other, note) {
    const found = model.difference(line, method, other);
    if (!found) return "";
    const words = { better: "better", worse: "worse", alike: "not told apart: the interval contains 0", "": "too few clips for an interval" }[model.verdict(line, found)];
    const range = found.low === null ? "" : ` ${model.range(found.low, found.high, line.digits)}`;
    return `To ${mgld.data("report").methods[other].title}${note}: ${model.signed(found.mean, line.digits)}${range} over ${found.clips} clips, ${words}.`;
  }

  // What the number is the mean of, clip by clip: scores, or differences to the baseline where the table shows these.
  function behind(line, method) {
    const state = mgld.state.get();
    const other = model.baseline(state);
    if (state.show !== "differences" || method === other) return line.scores[method];
    return line.scores[method].map((score, clip) => (score === null || line.scores[other][clip] === null ? null : score - line.scores[other][clip]));
  }

  // What the number is, and how it is written.
  function meaning(line, method) {
    const state = mgld.state.get();
    const other = model.baseline(state);
    if (state.show !== "differences" || method === other) return { of: "", format: mgld.format, mean: line.cells[method].value };
    return { of: `difference to ${mgld.data("report").methods[other].title}`, format: model.signed, mean: model.difference(line, method, other)?.mean ?? null };
  }

  function worstFirst(line, method) {
    const values = behind(line, method);
    const sign = line.direction === "higher" ? 1 : -1;
    return line.clips
      .map((clip, place) => ({ clip, value: values[place], place }))
      .filter((one) => one.value !== null)
      .sort((a, b) => sign * (a.value - b.value) || a.place - b.place);
  }

  const address = (clip, line, method) =>
    mgld.state.address({ tab: "clips", clip, frame: 0, line: model.key(line), metric: line.metric, method: mgld.data("report").methods[method].name });

  function dots(line, method) {
    const { methods } = mgld.data("report");
    const order = model.methods(mgld.state.get());
    const differences = Boolean(meaning(line, method).of);
    const rows = (order.includes(method) ? order : [method, ...order]).filter((row) => !differences || meaning(line, row).of);
    const { format } = meaning(line, method);
    const left = 16 + 7 * Math.max(...rows.map((row) => short(methods[row].title).length)); // Room for the longest name.
    const values = rows.flatMap((row) => behind(line, row)).filter((value) => value !== null && Number.isFinite(value));
    const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
    const x = (value) => (Number.isFinite(value) ? left + ((value - low) / (high - low || 1)) * (WIDTH - left - RIGHT) : WIDTH - RIGHT);
    const height = rows.length * ROW + FOOT;
    const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": "Scores of each clip, a row per method; the list below has those of the chosen one" });
    rows.forEach((row, place) => {
      const y = place * ROW + ROW / 2;
      const group = svg("g", { class: row === method ? "row chosen" : "row" });
      const label = svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" });
      label.textContent = short(methods[row].title);
      group.append(svg("rect", { x: 0, y: place * ROW, width: WIDTH, height: ROW, class: "band" }), label);
      behind(line, row).forEach((value, clip) => {
        if (value === null) return;
        const dot = svg("circle", { cx: x(value), cy: y, r: 4, fill: mgld.colour(row), "data-clip": line.clips[clip], "data-method": row });
        dot.append(svg("title"));
        dot.firstChild.textContent = `${clipName(line.clips[clip])}: ${format(value, line.digits)}`;
        group.append(dot);
      });
      const { mean } = meaning(line, row);
      if (mean !== null) group.append(svg("line", { x1: x(mean), x2: x(mean), y1: place * ROW + 3, y2: place * ROW + ROW - 3, class: "mean" }));
      picture.append(group);
    });
    if (differences && low < 0 && high > 0) picture.append(svg("line", { x1: x(0), x2: x(0), y1: 0, y2: height - FOOT, class: "zero" }));
    for (const [value, anchor, at] of [[low, "start", left], [high, "end", WIDTH - RIGHT]]) {
      const text = svg("text", { x: at, y: height - 6, "text-anchor": anchor, class: "axis" });
      text.textContent = format(value, line.digits);
      picture.append(text);
    }
    picture.addEventListener("click", (event) => {
      const dot = event.target.closest("circle");
      if (dot) location.hash = address(dot.dataset.clip, line, Number(dot.dataset.method));
    });
    return picture;
  }

  function list(line, method) {
    const found = worstFirst(line, method);
    const items = found.map(({ clip, value }, place) =>
      element("li", { hidden: place >= LISTED }, element("a", { href: address(clip, line, method) }, clipName(clip)), element("span", { class: "number" }, meaning(line, method).format(value, line.digits))));
    const more = element("button", { type: "button", class: "small", onclick: () => { for (const item of items) item.hidden = false; more.remove(); } }, `all ${items.length} clips`);
    return [element("h3", {}, meaning(line, method).of ? `Clips by ${meaning(line, method).of}, worst first` : "Clips, worst first"), element("ol", { class: "ranking" }, items), items.length > LISTED ? more : ""];
  }

  const clipName = (id) => mgld.clips.entry(id)?.clip ?? id;
  const short = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

  function start() {
    draw();
    mgld.state.on((state, changed) => {
      if (changed.some((key) => ["line", "method", "dataset", "metrics", "methods", "sort", "show", "baseline"].includes(key))) draw();
    });
    addEventListener("mgld-theme", draw);
  }

  return { start, chosen, worstFirst };
})();
