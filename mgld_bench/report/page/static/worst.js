// "Worst ten": the windows of frames in which one method loses most to another, over all clips.
"use strict";

mgld.worst = (() => {
  const { element, tableModel: model } = mgld;
  const root = document.getElementById("worst");
  mgld.state.declare({ against: "", metric: "" });

  // The method that loses, the one that it is compared with, and the metric.
  function chosen(state) {
    const { methods, metrics } = mgld.data("report");
    const known = metrics.filter((one) => one.per_frame).map((one) => one.name);
    const { line, method } = mgld.cell.chosen(state);
    const metric = [state.metric, line.metric, ...known].find((name) => known.includes(name));
    const named = methods.findIndex((one) => one.name === state.against);
    const own = mgld.data("report").lines.filter((one) => one.metric === metric);
    const best = (own.find((one) => one.dataset === line.dataset) ?? own[0])?.cells.findIndex((one, place) => place !== method && one.rank) ?? -1;
    const other = [named, best, method ? 0 : 1].find((place) => place >= 0 && place !== method);
    return { metric, method, other: other ?? method };
  }

  async function draw() {
    const state = mgld.state.get();
    if (state.tab !== "clips") return;
    const { methods, metrics } = mgld.data("report");
    const { metric, method, other } = chosen(state);
    const select = (label, name, options, value) => element("label", { class: "named" }, `${label} `, element("select", { name }, options.map(([key, title]) => element("option", { value: key, selected: key === value }, title))));
    const names = methods.map((one) => [one.name, one.title]);
    const frameMetrics = metrics.filter((one) => one.per_frame).map((one) => [one.name, one.title]);
    const body = element("div", {});
    root.replaceChildren(
      element("h2", {}, "Where one method loses most to another"),
      element("form", { class: "tools", onchange: (event) => mgld.state.set({ [event.target.name]: event.target.value }) },
        select("", "method", names, methods[method].name), select("loses to", "against", names, methods[other].name), select("in", "metric", frameMetrics, metric)),
      body);
    if (!metric || other === method) return body.append(element("p", { class: "quiet" }, methods.length < 2 ? "There is one method only." : "Choose two methods."));
    let windows;
    try {
      windows = (await mgld.load("windows"))[metric]?.[method]?.[other] ?? [];
    } catch (error) {
      return body.append(element("p", { class: "warning" }, String(error.message)));
    }
    const { digits } = metrics.find((one) => one.name === metric);
    body.append(
      element("p", { class: "small quiet" }, windows.length ? `Mean over the window of how much better ${methods[other].title} scores.` : `${methods[method].title} loses in no window to ${methods[other].title}.`),
      element("ol", { class: "ranking windows" }, windows.map(([id, first, last, loss]) => {
        const clip = mgld.clips.entry(id);
        return element("li", {},
          element("a", { href: mgld.state.address({ tab: "clips", clip: id, frame: Math.floor((first + last) / 2), metric, method: methods[method].name, against: methods[other].name, sides: sides(clip, method, other) }) },
            clip?.thumbnail ? element("img", { src: clip.thumbnail, alt: "", loading: "lazy", width: clip.width, height: clip.height }) : "", element("span", {}, clip ? clip.title : id), element("span", { class: "quiet" }, first === last ? `frame ${first}` : `frames ${first}–${last}`)),
          element("span", { class: "number" }, mgld.format(loss, digits)));
      })));
  }

  // What the players show: both methods and the ground truth, where they are there.
  function sides(clip, method, other) {
    const { methods } = mgld.data("report");
    const known = clip ? clip.sides.map((side) => side.key) : [];
    return [methods[method].name, methods[other].name, "GT"].filter((key) => known.includes(key));
  }

  function start() {
    draw();
    mgld.state.on((_, changed) => {
      if (changed.some((key) => ["tab", "metric", "method", "against", "line"].includes(key))) draw();
    });
  }

  return { start };
})();
