// One clip: its players and its curves. The players' insides are in player*.js.
"use strict";

mgld.clips = (() => {
  const { element } = mgld;
  const players = document.getElementById("players");

  function entry(id) {
    return mgld.data("report").clips.find((clip) => clip.id === id);
  }

  function show(id) {
    const clip = entry(id);
    if (mgld.players) mgld.players.unmount();
    players.replaceChildren();
    document.getElementById("clip-title").textContent = clip ? clip.title : "";
    if (clip && mgld.players) mgld.players.mount(players, clip);
  }

  function index() {
    const list = mgld.data("report").clips.map((clip) =>
      element("li", {}, element("a", { href: mgld.state.address({ tab: "clips", clip: clip.id, frame: 0 }) }, clip.title)),
    );
    document.getElementById("clip-index").replaceChildren(...list);
  }

  function start() {
    index();
    show(mgld.state.get().clip);
    mgld.state.on((state, changed) => {
      if (changed.includes("clip")) show(state.clip);
    });
  }

  return { start, entry };
})();
