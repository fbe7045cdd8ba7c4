// Scores per frame of the clip that is shown, as curves: any metrics, methods and further clips. A click sets the frame.
"use strict";

mgld.curves = (() => {
  const { element } = mgld;
  const root = document.getElementById("curves");
  const HEIGHT = 210;
  const DASHES = { "-": [], "--": [7, 4], ":": [2, 3], "-.": [8, 3, 2, 3] };
  mgld.state.declare({ curves: [], hidden: [], with: [] });
  let clip = null;
  let plots = [];
  let asked = 0;
  const frameMetrics = () => mgld.data("report").metrics.filter((metric) => metric.per_frame && mgld.data("report").lines.some((line) => line.metric === metric.name));

  // The metrics whose curves are shown: those asked for, else that of the chosen number, else the first.
  function metrics(state) {
    const known = frameMetrics().map((metric) => metric.name);
    const asked = state.curves.filter((name) => known.includes(name));
    const chosen = mgld.cell.chosen(state).line.metric;
    return asked.length ? asked : known.includes(chosen) ? [chosen] : known.slice(0, 1);
  }

  const further = (state) => state.with.map((id) => mgld.clips.entry(id)).filter((one) => one && one !== clip);

  async function show(next) {
    clip = next;
    await draw();
  }

  async function draw() {
    const mine = ++asked;
    for (const plot of plots) plot.chart.destroy();
    plots = [];
    if (!clip) return root.replaceChildren();
    const state = mgld.state.get();
    const wanted = [clip, ...further(state)];
    root.classList.add("waiting");
    let loaded;
    try {
      loaded = await Promise.all(wanted.map((one) => mgld.loadClip(one.id)));
    } catch (error) {
      if (mine === asked) root.replaceChildren(element("p", { class: "warning" }, String(error.message)));
      return;
    }
    if (mine !== asked) return; // Something else is shown by now.
    root.classList.remove("waiting");
    const charts = metrics(state).filter((metric) => loaded.some((one) => one.scores[metric]));
    root.replaceChildren(tools(state), ...(charts.length ? [] : [element("p", { class: "quiet" }, "No metric has scores of single frames of this clip.")]));
    for (const metric of charts) plots.push(chart(metric, wanted, loaded, state));
    setFrame(state.frame);
  }

  function tools(state) {
    const { methods } = mgld.data("report");
    const shown = metrics(state);
    const boxes = frameMetrics().map((metric) => check(metric.title, shown.includes(metric.name), (on) => mgld.state.set({ curves: on ? [...shown, metric.name] : shown.filter((name) => name !== metric.name) }), null, metric.name));
    const names = methods.map((method, place) => check(method.title, !state.hidden.includes(method.name), (on) => mgld.state.set({ hidden: on ? state.hidden.filter((name) => name !== method.name) : [...state.hidden, method.name] }), place, method.name));
    const clips = element("select", { "aria-label": "Add a clip", onchange: (event) => mgld.state.set({ with: [...state.with, event.target.value] }) },
      element("option", { value: "" }, "add a clip …"),
      mgld.data("report").clips.filter((one) => one !== clip && !state.with.includes(one.id)).map((one) => element("option", { value: one.id }, one.title)));
    const added = further(state).map((one, place) => element("button", { type: "button", class: "chip", title: "Remove", onclick: () => mgld.state.set({ with: state.with.filter((id) => id !== one.id) }) }, `${one.title} (line ${place + 2}) ×`));
    return element("div", { class: "curve-tools" },
      element("div", { class: "tools" }, element("h3", {}, "Frame by frame"), element("button", { type: "button", id: "next-worst", title: "Next worst frame of the chosen method (n)", onclick: () => nextWorst(1) }, "next worst frame"), element("span", { class: "push" }), added, clips),
      element("div", { class: "checks", role: "group", "aria-label": "Metrics" }, boxes),
      element("div", { class: "checks", role: "group", "aria-label": "Methods" }, names));
  }

  function check(text, on, change, method, value) {
    return element("label", { class: "check" }, element("input", { type: "checkbox", checked: on, value, onchange: (event) => change(event.target.checked) }), method === null ? "" : mgld.swatch(method), element("span", {}, text));
  }

  function chart(metric, wanted, loaded, state) {
    const { methods, metrics: all } = mgld.data("report");
    const facts = all.find((one) => one.name === metric);
    const frames = [...new Set(loaded.flatMap((one) => one.frames[metric] ?? []))].sort((a, b) => a - b);
    const series = [{ label: "frame" }];
    const columns = [frames];
    const chosen = mgld.cell.chosen(state).method;
    wanted.forEach((one, number) => methods.forEach((method, place) => {
      const values = loaded[number].scores[metric]?.[method.name];
      if (!values || state.hidden.includes(method.name)) return;
      const by = new Map(loaded[number].frames[metric].map((frame, at) => [frame, values[at]]));
      columns.push(frames.map((frame) => (Number.isFinite(by.get(frame)) ? by.get(frame) : null)));
      series.push({
        label: wanted.length > 1 ? `${method.title}, ${one.clip}` : method.title, stroke: mgld.colour(place), width: place === chosen ? 2.6 : 1.3,
        dash: number ? [2 + 3 * number, 2 + number] : DASHES[method.line], points: { show: frames.length < 40, size: 5 },
        value: (_, value) => mgld.format(value, facts.digits),
      });
    }));
    const holder = element("figure", { class: "curve" });
    root.append(holder);
    holder.append(element("figcaption", {}, element("strong", {}, `${facts.title} ${facts.direction === "higher" ? "↑" : "↓"}`), ` ${metric}, ${facts.direction} is better`));
    const styles = getComputedStyle(document.documentElement);
    const [ink, grid] = [styles.getPropertyValue("--quiet").trim(), styles.getPropertyValue("--line").trim()];
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: "12px system-ui, sans-serif" };
    const built = new uPlot({
      width: Math.max(240, holder.clientWidth), height: HEIGHT, series, scales: { x: { time: false } },
      axes: [{ ...axis, size: 30, gap: 2, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] }, { ...axis, size: 62, values: (_, ticks) => ticks.map((value) => trimmed(value)) }],
      cursor: { sync: { key: "mgld-curves" }, drag: { x: true, y: false, click: () => {} }, focus: { prox: 16 } }, focus: { alpha: 0.25 }, legend: { live: true },
      hooks: { draw: [frameLine], ready: [() => legends(mgld.state.get().frame)] },
    }, columns, holder);
    listen(built);
    return { chart: built, holder, frames };
  }

  const trimmed = (value) => String(Number(value.toPrecision(6)));

  function frameLine(chart) {
    const x = chart.valToPos(mgld.state.get().frame, "x", true);
    const { left, top, width, height } = chart.bbox;
    if (!(x >= left && x <= left + width)) return;
    chart.ctx.save();
    chart.ctx.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--text").trim();
    chart.ctx.lineWidth = 1.5 * devicePixelRatio;
    chart.ctx.setLineDash([]);
    chart.ctx.beginPath();
    chart.ctx.moveTo(x, top);
    chart.ctx.lineTo(x, top + height);
    chart.ctx.stroke();
    chart.ctx.restore();
  }

  // A click sets the frame; dragging is uPlot's, and zooms. (Its own rule for clicks takes those at the edges for drags.)
  function listen(chart) {
    let pressed = null;
    chart.over.addEventListener("mousedown", (event) => (pressed = event.clientX));
    chart.over.addEventListener("click", (event) => {
      if (pressed !== null && Math.abs(event.clientX - pressed) > 4) return;
      const at = chart.posToIdx(event.clientX - chart.over.getBoundingClientRect().left);
      mgld.state.set({ frame: chart.data[0][at] });
    });
    chart.over.addEventListener("mouseleave", () => legends(mgld.state.get().frame));
  }

  function setFrame(frame) {
    for (const { chart } of plots) chart.redraw(false);
    queueMicrotask(() => legends(frame)); // After uPlot's own, which would empty them.
  }

  // Without a pointer in the plots, the legends have the values of the frame that is shown.
  function legends(frame) {
    for (const { chart, frames } of plots) {
      const at = frames.indexOf(frame);
      chart.setLegend({ idx: at < 0 ? null : at }, false);
    }
  }

  // The chosen method's frames from the worst on: the next after the one that is shown, or the worst itself.
  function nextWorst(by) {
    const state = mgld.state.get();
    if (!clip || !plots.length) return;
    const { method } = mgld.cell.chosen(state);
    const metric = metrics(state)[0];
    const loaded = mgld.data(`clips/${clip.id}`);
    const values = loaded.scores[metric]?.[mgld.data("report").methods[method].name];
    if (!values) return;
    const sign = mgld.data("report").metrics.find((one) => one.name === metric).direction === "higher" ? 1 : -1;
    const order = loaded.frames[metric].map((frame, at) => [frame, values[at]]).filter(([, value]) => value !== null).sort((a, b) => sign * (a[1] - b[1]) || a[0] - b[0]).map(([frame]) => frame);
    const at = order.indexOf(state.frame);
    mgld.state.set({ frame: order[worst && at >= 0 ? (at + by + order.length) % order.length : 0], metric });
    worst = true;
  }
  let worst = false; // Whether the frame that is shown was reached as one of the worst.

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !root.offsetParent || event.target.closest("input[type=search], select, textarea")) return;
    if (event.key === "n" || event.key === "N") nextWorst(event.key === "n" ? 1 : -1);
  }

  function start() {
    document.addEventListener("keydown", onKey);
    addEventListener("mgld-theme", draw);
    new ResizeObserver(() => {
      for (const { chart, holder } of plots) if (Math.abs(chart.width - holder.clientWidth) > 1 && holder.clientWidth) chart.setSize({ width: holder.clientWidth, height: HEIGHT });
    }).observe(root);
    mgld.state.on((state, changed) => {
      if (changed.some((key) => ["curves", "hidden", "with", "line", "method"].includes(key))) draw();
      else if (changed.includes("frame")) setFrame(state.frame);
      if (changed.includes("clip") || changed.includes("method") || changed.includes("line")) worst = false;
    });
  }

  return { start, show };
})();
