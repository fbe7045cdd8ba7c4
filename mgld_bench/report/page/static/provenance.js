// Where a number comes from, down to its units: keys, cards, weights, versions, machine, and the command that repeats it.
"use strict";

mgld.provenance = (() => {
  const { element, tableModel: model } = mgld;
  const tools = document.getElementById("lookup-tools");
  const result = document.getElementById("lookup-result");

  function chosen(state) {
    const { line, method } = mgld.cell.chosen(state);
    const clip = mgld.clips.entry(state.clip) ?? mgld.clips.entry(mgld.cell.worstFirst(line, method)[0]?.clip) ?? mgld.data("report").clips[0];
    return { clip, method, metric: line.metric };
  }

  async function draw() {
    const state = mgld.state.get();
    if (state.tab !== "made") return;
    const { clip, method, metric } = chosen(state);
    const { name } = mgld.data("report").methods[method];
    tools.elements.clip.value = clip?.id ?? "";
    tools.elements.method.value = name;
    tools.elements.metric.value = metric;
    if (!clip) return;
    let loaded;
    try {
      loaded = await mgld.loadClip(clip.id);
    } catch (error) {
      return result.replaceChildren(element("p", { class: "warning" }, String(error.message)));
    }
    result.replaceChildren(...chain(clip, method, metric, loaded));
  }

  function chain(clip, method, metric, loaded) {
    const { name, cards, metrics, runs, lines, methods } = mgld.data("report");
    const method_name = methods[method].name;
    const facts = metrics.find((one) => one.name === metric);
    const line = lines.find((one) => one.dataset === clip.dataset && one.metric === metric);
    const score = loaded.whole[metric]?.[method_name];
    const [key, run, at, origin] = loaded.units[metric]?.[method_name] ?? [];
    const restored = loaded.restored[method_name];
    const marks = line?.cells[method].marks ?? [];
    // Scores that `mgld-bench score` has kept belong to no restored clip of a suite: the command that made them repeats them.
    const suite = `mgld-bench run ${name} --datasets ${clip.dataset} --methods ${method_name} --metrics ${metric}`;
    const repeat = restored && !restored.unit ? String(runs[run]?.provenance.command ?? "") : suite;
    const gap = line?.cells[method].gap;
    return [
      element("ol", { class: "chain" },
        step("Pair", [["clip", clip.title], ["unit", code(loaded.pair)], ["dataset", card(cards.datasets[clip.dataset])]]),
        step("Restored clip", restored ? [
          ["unit", code(restored.unit)], ["method", card(cards.methods[method_name])], ...Object.entries(restored.weights ?? {}).map(([role, digest]) => [`weights: ${role}`, code(digest)]),
          ["made on", parts(restored.origin)], ["finished", restored.at], ["speed", restored.seconds ? `${restored.seconds} s per frame` : ""], ["peak memory", memory(restored)], ["way", plain(restored.way)], ["notes", plain(restored.notes)],
        ] : [["", "not restored, or not scored"]]),
        step("Score", score ? [
          ["value", element("strong", { class: "number" }, mgld.format(score.value, facts.digits))], ["unit", code(key)], ["metric", `${facts.name}, revision ${facts.revision}: ${facts.definition}`],
          ...Object.entries(facts.files).map(([file, digest]) => [file, code(digest)]), ["protocol", card(cards.protocol)], ["made on", parts(origin)], ["finished", at],
          ["run", runs[run] ? element("details", {}, element("summary", {}, `${run}, started at ${runs[run].started_at}`), element("pre", {}, JSON.stringify(runs[run].provenance, null, 1))) : ""],
          ["command of the run", runs[run]?.provenance.command ? code(String(runs[run].provenance.command)) : ""], ["notes", (score.notes ?? []).join("; ")], ["facts", plain(score.facts)],
        ] : [["", gap ? `no score: ${gap}` : "no score"]])),
      ...marks.map((mark) => element("p", { class: "small" }, element("sup", {}, mark), " ", mgld.data("report").footnotes[mark])),
      repeat ? element("p", {}, "To repeat it: ", code(repeat)) : "",
    ];
  }

  function step(title, rows) {
    const known = rows.filter(([, value]) => value !== "" && value !== null && value !== undefined);
    return element("li", {}, element("h3", {}, title), element("dl", {}, known.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])));
  }

  const code = (text) => (text ? element("code", {}, text) : "");
  const plain = (facts) => Object.entries(facts ?? {}).map(([name, value]) => `${name}: ${value}`).join("; ");
  const parts = (number) => (number === undefined ? "" : plain(mgld.data("report").origins[number]));
  const card = (resolved) => element("details", {}, element("summary", {}, resolved.title ?? resolved.name, " ", element("span", { class: "quiet" }, "card as resolved")), element("pre", {}, JSON.stringify(resolved, null, 1)));

  function memory({ memory: ram, gpu_memory: gpu }) {
    const gib = (bytes) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
    return [ram && gib(ram), gpu && `${gib(gpu)} on the GPU`].filter(Boolean).join(", ");
  }

  function start() {
    tools.elements.clip.replaceChildren(...mgld.data("report").clips.map((clip) => element("option", { value: clip.id }, clip.title)));
    tools.addEventListener("submit", (event) => event.preventDefault());
    tools.addEventListener("change", () => {
      const { clip, method, metric } = tools.elements;
      const dataset = mgld.clips.entry(clip.value).dataset;
      mgld.state.set({ clip: clip.value, method: method.value, line: `${dataset}/${metric.value}` });
    });
    draw();
    mgld.state.on((_, changed) => {
      if (changed.some((key) => ["tab", "clip", "method", "line"].includes(key))) draw();
    });
  }

  return { start };
})();
