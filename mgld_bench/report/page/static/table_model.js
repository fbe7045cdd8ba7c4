// What the table shows for a state: lines, methods in order, and each cell as texts. Shown by table.js, saved by export.js.
"use strict";

mgld.tableModel = (() => {
  const SIGNS = { better: "▲", worse: "▼", alike: "≈" };
  mgld.state.declare({ show: "", baseline: "", sort: "", metrics: [], methods: [], rows: "", intervals: "", line: "", method: "" });

  const report = () => mgld.data("report");
  const key = (line) => [line.dataset, line.metric, line.category].filter(Boolean).join("/");

  function name(kind, wanted) {
    const found = report()[kind].find((one) => one.name === wanted);
    return found ? found.title : wanted;
  }

  // What one method has more than another in a line: {mean, low, high, clips}, or null.
  function difference(line, method, other) {
    if (method === other) return null;
    const [later, earlier] = method > other ? [method, other] : [other, method];
    const found = line.differences[later][earlier];
    if (!found) return null;
    const [mean, low, high, clips] = found;
    if (method > other) return { mean, low, high, clips };
    return { mean: -mean, low: high === null ? null : -high, high: low === null ? null : -low, clips };
  }

  // Whether a difference is an improvement: better, worse, alike (its interval contains 0) or "" (too few clips).
  function verdict(line, found) {
    if (!found || found.low === null) return "";
    if (found.low <= 0 && found.high >= 0) return "alike";
    return found.mean > 0 === (line.direction === "higher") ? "better" : "worse";
  }

  function signed(value, digits) {
    const text = mgld.format(value, digits);
    return value > 0 && /[1-9∞]/.test(text) ? `+${text}` : text;
  }

  function range(low, high, digits) {
    return `[${signed(low, digits)}, ${signed(high, digits)}]`;
  }

  // One cell as it is shown: text, below (smaller), sign, mark (class), published, marks of footnotes, a title in words.
  function cell(line, method, state) {
    const own = line.cells[method];
    const shown = { text: own.text, below: own.interval, sign: "", mark: own.rank, published: own.published, marks: own.marks, number: own.value };
    if (state.show === "ranks") {
      return { ...shown, text: own.place === null ? "–" : String(own.place), below: "", published: "", mark: { 1: "best", 2: "second" }[own.place] ?? "", number: own.place };
    }
    if (state.show === "differences") return { ...shown, ...compared(line, method, baseline(state)), published: "" };
    if (own.tied) Object.assign(shown, { sign: SIGNS.alike, mark: shown.mark || "tied" });
    return shown;
  }

  function compared(line, method, other) {
    if (method === other) return { mark: "base", sign: "" };
    const found = difference(line, method, other);
    if (!found) return { text: "–", below: "", mark: "", number: null, sign: "" };
    const judged = verdict(line, found);
    const below = found.low === null ? "" : range(found.low, found.high, line.digits);
    return { text: signed(found.mean, line.digits), below, mark: judged, sign: SIGNS[judged] ?? "", number: found.mean, ends: [found.low, found.high] };
  }

  function baseline(state) {
    const place = report().methods.findIndex((method) => method.name === state.baseline);
    const usual = report().methods.findIndex((method) => method.name === report().baseline);
    return place >= 0 ? place : Math.max(usual, 0);
  }

  function lines(state) {
    return report().lines.filter(
      (line) => (!state.dataset || line.dataset === state.dataset) && (!state.metrics.length || state.metrics.includes(line.metric)),
    );
  }

  // The methods' numbers, in the order in which they are shown.
  function methods(state) {
    const all = report().methods.map((_, place) => place).filter((place) => !state.methods.length || state.methods.includes(report().methods[place].name));
    const [place, way] = sorting(state);
    const line = report().lines.find((one) => key(one) === place);
    if (!line) return all;
    const number = (method) => cell(line, method, state).number ?? NaN;
    const rising = (line.direction === "lower" || state.show === "ranks") === (way === "best");
    return all.sort((one, other) => {
      const [a, b] = [number(one), number(other)];
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
      return a === b ? one - other : (a < b) === rising ? -1 : 1;
    });
  }

  // The line by which methods are sorted, and whether best or worst comes first.
  function sorting(state) {
    const cut = state.sort.lastIndexOf("/");
    return cut < 0 ? ["", ""] : [state.sort.slice(0, cut), state.sort.slice(cut + 1)];
  }

  const methodsAsRows = (state) => (state.rows ? state.rows === "methods" : report().rows);

  return { cell, lines, methods, methodsAsRows, difference, verdict, signed, range, baseline, sorting, key, name, SIGNS };
})();
