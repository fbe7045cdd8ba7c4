// What the table shows as CSV or LaTeX, made here and saved by the browser: nothing is sent.
"use strict";

mgld.export = (() => {
  const { tableModel: model } = mgld;
  const FORMULA = /^[=+\-@\t\r]/; // What a spreadsheet would run.
  const LITERAL = {
    "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", $: "\\$", "&": "\\&", "#": "\\#", "%": "\\%", _: "\\_", "^": "\\textasciicircum{}",
    "~": "\\textasciitilde{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}", '"': "\\textquotedbl{}", "–": "--", "∞": "$\\infty$",
    "±": "$\\pm$", "×": "$\\times$", "↑": "$\\uparrow$", "↓": "$\\downarrow$", "≈": "$\\approx$", "≠": "$\\neq$", "▲": "$\\blacktriangle$", "▼": "$\\blacktriangledown$",
  };
  const ACCENTS = { "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u030c": "v", "\u0327": "c", "\u030a": "r" };

  const literal = (text) => Array.from(text.replace(/\s+/g, " "), character).join("");

  function character(one) {
    if (Object.hasOwn(LITERAL, one)) return LITERAL[one];
    if (one >= " " && one <= "~") return one;
    const parts = one.normalize("NFD");
    if (parts.length === 2 && parts[0] <= "~" && ACCENTS[parts[1]]) return `\\${ACCENTS[parts[1]]}{${parts[0]}}`;
    return `[U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`;
  }

  function field(value) {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";
    const text = FORMULA.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  // A line per dataset and metric, whatever the layout: what a script or spreadsheet wants. Full precision.
  function csv() {
    const state = mgld.state.get();
    const methods = model.methods(state);
    const titles = methods.map((method) => mgld.data("report").methods[method].title);
    const ends = state.show !== "ranks" && state.intervals !== "off";
    const what = { "": "value", differences: `difference to ${mgld.data("report").methods[model.baseline(state)].title}`, ranks: "place" }[state.show];
    const head = ["Dataset", "Metric", "Better", "Shown", ...titles.flatMap((title) => (ends ? [title, `${title}: low`, `${title}: high`] : [title]))];
    const body = model.lines(state).map((line) => [
      line.heading, line.metric, line.direction, what,
      ...methods.flatMap((method) => {
        const shown = model.cell(line, method, state);
        // The baseline has no difference to itself; the table shows its value there, which no column of differences may hold.
        if (shown.mark === "base") return ends ? [null, null, null] : [null];
        return ends ? [shown.number, ...(shown.ends ?? line.cells[method].ends)] : [shown.number];
      }),
    ]);
    return [head, ...body].map((row) => row.map(field).join(",")).join("\n") + "\n";
  }

  function tex() {
    const state = mgld.state.get();
    const [lines, methods] = [model.lines(state), model.methods(state)];
    const grid = model.methodsAsRows(state) ? byMethod(lines, methods, state) : byLine(lines, methods, state);
    const rows = grid.map((row) => (typeof row === "string" ? row : `${row.join(" & ")} \\\\`));
    const columns = grid[0].length;
    const left = model.methodsAsRows(state) ? 1 : 2;
    return [
      "% \\usepackage{booktabs}; \\usepackage{amssymb} for the triangles",
      `\\begin{tabular}{${"l".repeat(left)}${"r".repeat(columns - left)}}`, "\\toprule", ...rows, "\\bottomrule", "\\end{tabular}", "",
    ].join("\n");
  }

  const method = (place) => literal(mgld.data("report").methods[place].title);
  const metric = (line) => `${literal(model.name("metrics", line.metric))} ${LITERAL[line.direction === "higher" ? "↑" : "↓"]}`;

  function byLine(lines, methods, state) {
    const grid = [["Dataset", "Metric", ...methods.map(method)]];
    lines.forEach((line, place) => {
      const first = !place || lines[place - 1].heading !== line.heading;
      if (first) grid.push("\\midrule");
      grid.push([first ? literal(line.heading) : "", metric(line), ...methods.map((one) => number(line, one, state))]);
    });
    return grid;
  }

  function byMethod(lines, methods, state) {
    const datasets = lines.map((line, place) => (place && lines[place - 1].heading === line.heading ? "" : literal(line.heading)));
    return [["", ...datasets], ["Method", ...lines.map(metric)], "\\midrule", ...methods.map((one) => [method(one), ...lines.map((line) => number(line, one, state))])];
  }

  // A hyphen before a digit is a minus.
  const figures = (text) => literal(text).replace(/-(?=\d)/g, () => "$-$");

  function number(line, place, state) {
    const shown = model.cell(line, place, state);
    const text = figures(shown.text);
    const set = { best: `\\textbf{${text}}`, second: `\\underline{${text}}` }[shown.mark] ?? text;
    const sign = shown.sign ? literal(shown.sign) : "";
    const below = shown.below && state.intervals !== "off" ? ` {\\scriptsize ${figures(shown.below)}}` : "";
    return `${set}${sign}${below}`;
  }

  function save(text, type, ending) {
    const link = mgld.element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: `${mgld.data("report").name}.${ending}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  function start() {
    const { csv: first, tex: second } = document.getElementById("table-tools").elements;
    first.addEventListener("click", () => save(csv(), "text/csv", "csv"));
    second.addEventListener("click", () => save(tex(), "application/x-tex", "tex"));
  }

  return { start };
})();
