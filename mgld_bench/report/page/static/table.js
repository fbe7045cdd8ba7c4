// The table of the overview: filtered, sorted, as values, differences or ranks. Arrow keys move in it, Enter opens a cell.
"use strict";

mgld.table = (() => {
  const { element, tableModel: model } = mgld;
  const view = document.getElementById("table-view");
  const tools = document.getElementById("table-tools");
  const SHOWN_BY = ["show", "baseline", "sort", "metrics", "methods", "rows", "intervals", "dataset"];
  const KEYS = {
    "": document.getElementById("table-key").textContent, // As it was written into the page: published values are explained too.
    differences: "Mean over clips of the difference to the baseline, clip by clip, and its 95% interval. ▲ better, ▼ worse, ≈ the interval contains 0: it may be chance (each comparison by itself).",
    ranks: "Place among the methods with every clip; numbers that print alike share a place, however uncertain they are: see the differences.",
  };

  function draw() {
    const state = mgld.state.get();
    const { place: focused = null, sort } = view.contains(document.activeElement) ? document.activeElement.dataset : {};
    const [lines, methods] = [model.lines(state), model.methods(state)];
    const table = lines.length && methods.length
      ? element("table", { class: model.methodsAsRows(state) ? "scores by-method" : "scores", role: "grid" }, model.methodsAsRows(state) ? byMethod(lines, methods, state) : byLine(lines, methods, state))
      : element("p", { class: "quiet" }, "Nothing matches these filters.");
    view.replaceChildren(table);
    document.getElementById("table-key").textContent = KEYS[state.show] ?? "";
    choose(view.querySelector(focused ? `[data-place="${CSS.escape(focused)}"]` : "td"), focused !== null);
    if (sort) view.querySelector(`[data-sort="${CSS.escape(sort)}"]`)?.focus();
    mark(state);
  }

  function byLine(lines, methods, state) {
    const head = element("thead", {}, element("tr", {}, columnHead("Dataset"), columnHead("Metric"), methods.map((method) => methodHead(method, "col"))));
    const bodies = groups(lines).map((group) =>
      element("tbody", {}, group.map((line, place) =>
        element("tr", {},
          place ? null : element("th", { scope: "rowgroup", rowspan: group.length, class: "dataset" }, line.heading),
          lineHead(line, "row", state),
          methods.map((method) => numberCell(line, method, state)),
        ))));
    return [head, ...bodies];
  }

  function byMethod(lines, methods, state) {
    const { attributes } = mgld.data("report");
    const head = element("thead", {},
      element("tr", { class: "group" }, element("td", { colspan: 1 + attributes.length }), groups(lines).map((group) => element("th", { scope: "colgroup", colspan: group.length }, group[0].heading))),
      element("tr", {}, columnHead("Method"), attributes.map(columnHead), lines.map((line) => lineHead(line, "col", state))));
    const rows = methods.map((method) => element("tr", {}, methodHead(method, "row"), mgld.data("report").methods[method].attributes.map((text) => element("td", { class: "attribute" }, text)), lines.map((line) => numberCell(line, method, state))));
    return [head, element("tbody", {}, rows)];
  }

  // Neighbours of the same dataset.
  function groups(lines) {
    const found = [];
    for (const line of lines) {
      if (found.length && found.at(-1)[0].heading === line.heading) found.at(-1).push(line);
      else found.push([line]);
    }
    return found;
  }

  const columnHead = (text) => element("th", { scope: "col", class: "row-title" }, text);

  function methodHead(method, scope) {
    const { title, own } = mgld.data("report").methods[method];
    return element("th", { scope, class: own ? "method own" : "method", title: own ? "Your own method" : null }, mgld.swatch(method), element("span", {}, title));
  }

  function lineHead(line, scope, state) {
    const metric = mgld.data("report").metrics.find((one) => one.name === line.metric);
    const [sorted, way] = model.sorting(state);
    const here = sorted === model.key(line);
    const next = !here ? "best" : way === "best" ? "worst" : "";
    const arrow = line.direction === "higher" ? "↑" : "↓";
    return element("th", { scope, class: "metric", "aria-sort": here ? (way === "best") === (line.direction === "higher") ? "descending" : "ascending" : "none" },
      element("button", {
        type: "button", "data-sort": model.key(line), class: here ? `sort ${way}` : "sort",
        title: `${metric.name}: ${line.direction} is better${metric.agreement ? `; ${metric.agreement.sentence}` : ""}. Sort methods by it: ${next ? `${next} first` : "as in the report"}`,
        onclick: () => mgld.state.set({ sort: next ? `${model.key(line)}/${next}` : "" }),
      }, metric.title, " ", element("span", { "aria-hidden": "true" }, arrow), element("span", { class: "hidden" }, `(${line.direction} is better)`)),
      metric.agreement ? element("span", { class: "agrees", title: metric.agreement.sentence }, `agrees ${metric.agreement.percent} %`) : null);
  }

  function numberCell(line, method, state) {
    const shown = model.cell(line, method, state);
    const { name, own, title } = mgld.data("report").methods[method];
    const known = line.cells[method];
    const classes = [shown.mark, own && "own", known.scored < known.expected && "partial"].filter(Boolean).join(" ");
    return element("td", {
      class: classes || null, tabindex: -1, "data-place": `${model.key(line)}/${name}`, "data-line": model.key(line), "data-method": name,
      title: line.dataset === "" ? `${title}, ${model.name("metrics", line.metric)}` : `${title}, ${model.name("metrics", line.metric)} on ${line.heading}: ${known.scored} of ${known.expected} clips${known.frames ? `, ${known.frames} frames` : ""}${known.gap ? `; ${known.gap}` : ""}`,
    },
      spoken(shown.mark), element("span", { class: "number" }, shown.text),
      shown.sign && element("span", { class: "sign", "aria-hidden": "true" }, shown.sign),
      shown.marks.length ? element("sup", {}, shown.marks.join(",")) : null,
      shown.below && state.intervals !== "off" ? element("span", { class: "below" }, shown.below) : null,
      shown.published ? element("span", { class: "below" }, element("span", { class: "hidden" }, "published "), shown.published) : null);
  }

  function spoken(mark) {
    const words = { best: "best: ", second: "second best: ", tied: "not told apart from the best: ", alike: "may be chance: ", better: "better: ", worse: "worse: ", base: "baseline: " };
    return words[mark] ? element("span", { class: "hidden" }, words[mark]) : null;
  }

  // Only one cell is reached by the Tab key; arrow keys go on from there.
  function choose(cell, focus) {
    if (!cell) return;
    for (const before of view.querySelectorAll('td[tabindex="0"]')) before.tabIndex = -1;
    cell.tabIndex = 0;
    if (focus) cell.focus();
  }

  function mark(state) {
    for (const cell of view.querySelectorAll("td[data-line]")) {
      cell.setAttribute("aria-selected", cell.dataset.line === state.line && cell.dataset.method === state.method ? "true" : "false");
    }
  }

  function open(cell) {
    choose(cell, true);
    mgld.state.set({ line: cell.dataset.line, method: cell.dataset.method });
    document.getElementById("cell").scrollIntoView({ block: "nearest" }); // Below the table on narrow screens.
  }

  function onKey(event) {
    const cell = event.target.closest("td[data-line]");
    if (!cell || event.altKey || event.ctrlKey || event.metaKey) return;
    const row = cell.parentElement;
    const cells = [...row.querySelectorAll("td[data-line]")];
    const rows = [...view.querySelectorAll("tbody tr")];
    const [x, y] = [cells.indexOf(cell), rows.indexOf(row)];
    const targets = { ArrowLeft: [x - 1, y], ArrowRight: [x + 1, y], ArrowUp: [x, y - 1], ArrowDown: [x, y + 1], Home: [0, y], End: [cells.length - 1, y] };
    if (event.key === "Enter" || event.key === " ") open(cell);
    else if (targets[event.key]) choose(rows[targets[event.key][1]]?.querySelectorAll("td[data-line]")[targets[event.key][0]], true);
    else return;
    event.preventDefault();
  }

  function showTools(state) {
    for (const radio of tools.elements.show) radio.checked = radio.value === state.show;
    tools.elements.baseline.value = mgld.data("report").methods[model.baseline(state)].name;
    tools.elements.dataset.value = state.dataset;
    tools.elements.intervals.checked = state.intervals !== "off";
    tools.elements.rows.checked = model.methodsAsRows(state);
    document.getElementById("baseline-label").classList.toggle("off", state.show !== "differences");
    for (const picker of tools.querySelectorAll(".picker")) {
      const boxes = [...picker.querySelectorAll("input")];
      const chosen = state[picker.dataset.key];
      for (const box of boxes) box.checked = !chosen.length || chosen.includes(box.value);
      picker.querySelector(".count").textContent = chosen.length ? ` ${chosen.length} of ${boxes.length}` : "";
    }
  }

  function onTools(event) {
    const { name, value, checked } = event.target;
    const picker = event.target.closest(".picker");
    if (picker) {
      const boxes = [...picker.querySelectorAll("input")];
      const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
      mgld.state.set({ [picker.dataset.key]: chosen.length === boxes.length ? [] : chosen });
      if (!chosen.length) showTools(mgld.state.get()); // None means all.
    } else if (name === "intervals") mgld.state.set({ intervals: checked ? "" : "off" });
    else if (name === "rows") mgld.state.set({ rows: checked === mgld.data("report").rows ? "" : checked ? "methods" : "lines" });
    else if (["show", "baseline", "dataset"].includes(name)) mgld.state.set({ [name]: value });
  }

  function start() {
    tools.addEventListener("change", onTools);
    tools.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("click", (event) => {
      for (const picker of tools.querySelectorAll(".picker[open]")) if (!picker.contains(event.target)) picker.open = false;
    });
    view.addEventListener("click", (event) => {
      const cell = event.target.closest("td[data-line]");
      if (cell && !event.target.closest("a")) open(cell);
    });
    view.addEventListener("keydown", onKey);
    mgld.state.on((state, changed) => {
      if (changed.some((key) => SHOWN_BY.includes(key))) {
        showTools(state);
        draw();
      }
      if (changed.includes("line") || changed.includes("method")) mark(state);
    });
    showTools(mgld.state.get());
    draw();
  }

  return { start };
})();
