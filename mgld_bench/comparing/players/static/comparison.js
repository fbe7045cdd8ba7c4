// The clips of a comparison: a link plays one of them below the list, at the frame that it names.
"use strict";

(() => {
  const report = mgld.data("report");
  const place = document.getElementById("players");
  if (!report || !place) return; // The files are not beside the page: what is written into it stays readable.
  mgld.state.declare({ method: "", against: report.about.against, line: "" });

  const number = (name) => Math.max(0, report.methods.findIndex((one) => one.name === name));
  const entry = (id) => report.clips.find((clip) => clip.id === id);
  // What the players and curves ask for: the method and the metric that the page is about, and the clips that there are.
  mgld.cell = { chosen: (state) => ({ line: report.lines[0], method: number(state.method || report.about.method) }) };
  mgld.clips = { entry };

  const links = [...document.querySelectorAll("a[data-clip]")];
  const wanted = (state) => entry(state.clip) ?? report.clips[0];
  let shown = null;

  function show(state) {
    const clip = wanted(state);
    for (const link of links) {
      if (link.dataset.clip === clip.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (clip === shown) return;
    shown = clip;
    document.getElementById("played").textContent = clip.title;
    mgld.players.mount(place, clip);
    mgld.curves.show(clip);
  }

  for (const link of links) {
    const target = { clip: link.dataset.clip, frame: Number(link.dataset.frame) };
    link.href = mgld.state.address(target);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      mgld.state.set(target);
      document.getElementById("watch").scrollIntoView({ block: "start" });
    });
  }
  mgld.curves.start();
  mgld.state.on((state, changed) => changed.includes("clip") && show(state));
  // Where the address names no clip, the one that differs most for the worse, at its frame.
  if (!entry(mgld.state.get().clip)) {
    const link = links.find((one) => one.dataset.clip === report.clips[0].id);
    mgld.state.set({ clip: report.clips[0].id, frame: Number(link?.dataset.frame ?? 0) });
  }
  if (!shown) show(mgld.state.get());
})();
