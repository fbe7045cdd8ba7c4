// The clips: an index with small pictures, and one clip with its players, curves, scores and pictures.
"use strict";

mgld.clips = (() => {
  const { element, tableModel: model } = mgld;
  const place = (id) => document.getElementById(id);
  const [players, tools, list] = [place("players"), place("clip-tools"), place("clip-index")];
  mgld.state.declare({ find: "", order: "" });
  let shown = "";

  const clips = () => mgld.data("report").clips;
  const entry = (id) => clips().find((clip) => clip.id === id);

  // The clips of the index: those that match, in the order that was asked for.
  function listed(state) {
    const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
    const found = clips().filter((clip) => words.every((word) => clip.title.toLowerCase().includes(word)));
    if (state.order !== "worst") return found.map((clip) => ({ clip, value: null }));
    const { line, method } = mgld.cell.chosen(state);
    const others = mgld.data("report").lines.filter((one) => one.metric === line.metric);
    const sign = line.direction === "higher" ? 1 : -1;
    const value = (clip) => {
      const own = others.find((one) => one.dataset === clip.dataset);
      const at = own ? own.clips.indexOf(clip.id) : -1;
      return at < 0 ? null : own.scores[method][at];
    };
    return found.map((clip) => ({ clip, value: value(clip), digits: line.digits })).sort((a, b) => (a.value === null) - (b.value === null) || sign * (a.value - b.value));
  }

  function index() {
    const state = mgld.state.get();
    const items = listed(state).map(({ clip, value, digits }) =>
      element("li", {},
        element("a", { href: mgld.state.address({ tab: "clips", clip: clip.id, frame: 0 }), "data-clip": clip.id, "aria-current": clip.id === state.clip ? "true" : null },
          clip.thumbnail ? element("img", { src: clip.thumbnail, alt: "", loading: "lazy", width: clip.width || 16, height: clip.height || 9 }) : element("span", { class: "no-picture" }),
          element("span", { class: "clip-name" }, element("span", { class: "quiet small" }, model.name("datasets", clip.dataset)), " ", clip.clip),
          value === null ? "" : element("span", { class: "number small" }, mgld.format(value, digits)))));
    list.replaceChildren(...items);
    if (!items.length) list.append(element("li", { class: "quiet" }, "No clip has this name."));
    const { line, method } = mgld.cell.chosen(state);
    place("clip-order").hidden = state.order !== "worst";
    place("clip-order").textContent = `by ${model.name("metrics", line.metric)} of ${mgld.data("report").methods[method].title}`;
  }

  function show(id) {
    const clip = entry(id);
    document.documentElement.classList.toggle("one-clip", Boolean(clip));
    for (const link of list.querySelectorAll("a")) {
      if (link.dataset.clip === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (shown === id) return;
    shown = id;
    if (mgld.players) mgld.players.unmount();
    players.replaceChildren();
    place("clip-title").textContent = clip ? clip.title : "";
    mgld.curves.show(clip ?? null);
    scores(clip);
    pictures(clip);
    if (!clip) return;
    if (mgld.players && clip.sides.some((side) => side.videos.length)) mgld.players.mount(players, clip);
    else players.append(element("p", { class: "quiet" }, clip.sides.length ? "This report has no videos: write it with --videos crops or --videos full." : "The frames of this clip were not there when the report was written."));
    list.querySelector(`[data-clip="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
  }

  // Every score of the clip: what the table averages.
  function scores(clip) {
    const { lines, methods } = mgld.data("report");
    const own = clip ? lines.filter((line) => !line.category && line.clips.includes(clip.id)) : [];
    const head = element("tr", {}, element("th", { scope: "col", class: "row-title" }, "Score of this clip"), methods.map((method, number) => element("th", { scope: "col", class: method.own ? "method own" : "method" }, mgld.swatch(number), element("span", {}, method.title))));
    const rows = own.map((line) => {
      const at = line.clips.indexOf(clip.id);
      const values = methods.map((_, method) => line.scores[method][at]);
      const known = values.filter((value) => value !== null).map((value) => mgld.format(value, line.digits));
      const best = line.direction === "higher" ? Math.max(...known.map(Number)) : Math.min(...known.map(Number));
      return element("tr", {}, element("th", { scope: "row", class: "metric" }, `${model.name("metrics", line.metric)} ${line.direction === "higher" ? "↑" : "↓"}`),
        values.map((value, method) => {
          const text = mgld.format(value, line.digits);
          return element("td", { class: [value !== null && known.length > 1 && Number(text) === best && "best", methods[method].own && "own"].filter(Boolean).join(" ") || null }, element("span", { class: "number" }, text));
        }));
    });
    place("clip-scores").replaceChildren(own.length ? element("table", { class: "scores" }, element("thead", {}, head), element("tbody", {}, rows)) : "");
  }

  function pictures(clip) {
    const own = clip ? mgld.data("report").pictures.filter((picture) => picture.clip === clip.id && picture.kind !== "per-frame") : [];
    place("clip-pictures").replaceChildren(...own.map((picture) =>
      element("figure", { class: picture.kind === "strip" ? "frames" : "plot" }, element("a", { href: picture.src }, element("img", { src: picture.src, alt: picture.alt, loading: "lazy", width: picture.size?.[0], height: picture.size?.[1] })), element("figcaption", {}, picture.title))));
  }

  // The next or previous clip of the index.
  function step(by) {
    const ids = listed(mgld.state.get()).map(({ clip }) => clip.id);
    const at = ids.indexOf(mgld.state.get().clip);
    const next = ids[(at + by + ids.length) % ids.length];
    if (next) mgld.state.set({ clip: next, frame: 0 });
  }

  function onKey(event) {
    const state = mgld.state.get();
    if (state.tab !== "clips" || !state.clip || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select, textarea")) return;
    if (event.key === "<") step(-1);
    else if (event.key === ">") step(1);
    else return;
    event.preventDefault();
  }

  function showTools(state) {
    if (document.activeElement !== tools.elements.find) tools.elements.find.value = state.find;
    tools.elements.order.value = state.order;
  }

  function start() {
    tools.addEventListener("input", (event) => mgld.state.set({ [event.target.name]: event.target.value }));
    tools.addEventListener("submit", (event) => event.preventDefault());
    place("clip-before").addEventListener("click", () => step(-1));
    place("clip-after").addEventListener("click", () => step(1));
    place("clip-all").addEventListener("click", (event) => {
      event.preventDefault();
      mgld.state.set({ clip: "" });
    });
    document.addEventListener("keydown", onKey);
    // As things are when it is clicked: the view, the sides and the zoom stay from clip to clip.
    list.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-clip]");
      if (link) link.href = mgld.state.address({ tab: "clips", clip: link.dataset.clip, frame: 0 });
    });
    addEventListener("mgld-theme", () => scores(entry(shown)));
    mgld.state.on((state, changed) => {
      showTools(state);
      if (changed.some((key) => ["find", "order"].includes(key)) || (state.order && changed.some((key) => ["line", "method"].includes(key)))) index();
      // Nothing plays behind a different tab.
      if (changed.includes("clip") || changed.includes("tab")) show(state.tab === "clips" ? state.clip : "");
      if (changed.includes("clip")) {
        for (const link of list.querySelectorAll("a")) link.href = mgld.state.address({ tab: "clips", clip: link.dataset.clip, frame: 0 });
      }
    });
    showTools(mgld.state.get());
    index();
    if (mgld.state.get().tab === "clips") show(mgld.state.get().clip);
  }

  return { start, entry };
})();
