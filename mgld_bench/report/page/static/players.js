// The players of one clip, put into an element of the page: sides in sync, compared in several ways, seen at any size.
"use strict";

mgld.players = (() => {
  const AT_ONCE = 4; // decoders
  const VIEWS = ["side", "split", "flicker", "difference"];
  const KINDS = ["exact", "preview"];
  let session = null;

  mgld.state.declare({ view: "side", pair: [], zoom: 0, x: 0.5, y: 0.5, version: "exact", gain: 4, map: "", profile: "", place: 0.5 });

  function mount(element, clip) {
    unmount();
    session = open(element, clip);
  }

  function unmount() {
    if (session) session.end();
    session = null;
  }

  function open(root, clip) {
    const { element } = mgld;
    const layers = new Map(clip.sides.map((side) => [side.key, mgld.makeLayer(clip, side, { onShown, onFailed })]));
    if (!layers.size) {
      root.replaceChildren(element("p", { class: "quiet" }, "No frames of this clip are here, so there is nothing to play."));
      return { end: () => root.replaceChildren() };
    }
    const playable = clip.sides.some((side) => side.videos.length);
    const clock = mgld.makeClock({ fps: clip.fps, frames: clip.frames, onFrame, onPlaying });
    const view = mgld.makeView(clip, { bounds, onChange: onView });
    const panes = mgld.makePanes(clip, layers);
    const act = actions();
    const controls = mgld.makeControls(clip, act);
    const keys = mgld.makeKeys(act, { active: () => root.isConnected && root.offsetParent !== null });
    const magnifier = mgld.makeMagnifier(clip, { live });
    const maps = mgld.makeMaps(clip, layers, { say: controls.say, seek: act.seek, onKinds: (kinds) => (controls.offerMaps(kinds), apply(mgld.state.get())) });
    const profile = mgld.makeProfile(clip, { say: controls.say, seek: act.seek, titles: (key) => layers.get(key).side.title });
    const scores = mgld.makeScores(clip, { onLoaded: showScores });
    const around = element("div", { class: "around" }, panes.stage, magnifier.box);
    const box = element("div", { class: "players" }, controls.top, around, controls.transport, controls.message, profile.box, controls.shelf, keys.dialog);
    let over = false;
    let seen = false; // Nothing is loaded before it is on the screen.
    let shown = { view: "", keys: [] };
    root.replaceChildren(box);
    const observers = [new ResizeObserver(layout), new IntersectionObserver(appeared)];
    for (const observer of observers) observer.observe(panes.stage.parentElement);
    const forget = mgld.state.on(onState);
    const unwatch = mgld.watchPointer(around, panes.stage, { view, panes, magnifier, profile, wake });
    if (!playable) controls.say("There are no videos in this report. To have them: mgld-bench report … --videos crops");
    controls.showSpeed(clock.rate);
    clock.moveTo(mgld.state.get().frame);
    apply(mgld.state.get());

    // --- what is shown

    // Which sides: as the address has them, where it has any of this clip.
    function chosen(state) {
      const known = state.sides.filter((key) => layers.has(key));
      if (known.length) return inOrder(known);
      const all = [...layers.keys()];
      if (all.length <= AT_ONCE) return all;
      const ends = all.filter((key) => ["lr", "gt"].includes(layers.get(key).side.kind));
      return inOrder([...ends, ...methodsFirst(state).slice(0, AT_ONCE - ends.length)]);
    }

    // The methods, those first that the page is about: the chosen one (or the reader's own, or the best) and the one beside it.
    function methodsFirst(state) {
      const methods = [...layers.keys()].filter((key) => layers.get(key).side.kind === "method");
      const chosen = mgld.data("report").methods[mgld.cell.chosen(state).method].name;
      const rest = methods.filter((key) => ![chosen, state.against].includes(key)).reverse();
      return [chosen, state.against, ...rest].filter((key) => methods.includes(key));
    }

    function inOrder(keys) {
      return [...layers.keys()].filter((key) => keys.includes(key));
    }

    // Where there are more than may play at once, those that were chosen last play.
    function live() {
      if (!playable) return [];
      const latest = mgld.state.get().sides.filter((key) => shown.keys.includes(key)).slice(-AT_ONCE);
      const rest = shown.keys.filter((key) => !latest.includes(key)).slice(0, AT_ONCE - latest.length);
      return shown.keys.filter((key) => latest.includes(key) || rest.includes(key)).map((key) => layers.get(key));
    }

    // Lets a side that is only a picture play.
    function wake(key) {
      if (!playable || shown.view !== "side" || live().some((layer) => layer.side.key === key)) return;
      mgld.state.set({ sides: [...shown.keys.filter((one) => one !== key), key] });
    }

    function showScores() {
      panes.showScores((key) => scores.text(key, clock.frame));
    }

    function pairOf(state) {
      const known = [...new Set(state.pair.filter((key) => layers.has(key)))];
      const methods = methodsFirst(state);
      // The chosen method and the one it is compared with, else the ground truth, else what there is.
      const others = [...layers.keys()].reverse();
      const wanted = [...known, methods[0], ...(methods.includes(state.against) ? [state.against] : []), ...others];
      const pair = [...new Set(wanted.filter(Boolean))].slice(0, 2);
      return pair.length < 2 ? [pair[0], pair[0]] : pair;
    }

    // What is seen where everything fits: the part that the exact videos have, or the whole clip.
    function bounds() {
      const parts = live().map((layer) => layer.area());
      return parts.find((part) => part.width * part.height < clip.width * clip.height) ?? { left: 0, top: 0, width: clip.width, height: clip.height };
    }

    function apply(state) {
      if (over) return;
      const mode = VIEWS.includes(state.view) ? state.view : "side";
      const wanted = mode === "side" ? chosen(state) : pairOf(state);
      if (mode !== shown.view || wanted.join("\n") !== shown.keys.join("\n")) {
        shown = { view: mode, keys: wanted };
        panes.arrange(mode, wanted);
      }
      panes.setGain(state.gain);
      view.restore(state);
      load(state);
      layout();
      controls.showFrame(clock.frame);
      showScores();
      maps.show(state.map, clock.frame);
      maps.draw();
      profile.show(state, shown.keys, clock.frame).then(draw);
    }

    function load(state) {
      const playing = seen ? live() : [];
      const version = KINDS.includes(state.version) ? state.version : "exact";
      for (const layer of layers.values()) {
        if (playing.includes(layer)) layer.load(version);
        else layer.unload();
        panes.showVersion(layer.side.key, layer.version);
        const frame = layer.mediaTime === null ? "–" : clock.shown(layer.video, layer.mediaTime);
        panes.showFrame(layer.side.key, frame, frame === "–" ? frame : clock.frame);
      }
      clock.use(playing.map((layer) => layer.video));
      magnifier.arrange();
    }

    function appeared(entries) {
      if (seen || !entries.some((entry) => entry.isIntersecting)) return;
      seen = true;
      apply(mgld.state.get());
    }

    function layout() {
      const part = bounds();
      panes.fitColumns(part.width / part.height, { width: around.clientWidth, height: Math.max(240, innerHeight - 150) });
      const picture = panes.first;
      if (picture) view.resize(picture.clientWidth, picture.clientHeight);
      draw();
    }

    function draw() {
      const corner = view.origin();
      for (const key of shown.keys) layers.get(key).draw(view.css, corner.x, corner.y);
      magnifier.draw();
      maps.draw();
      panes.drawLine(profile.where(), corner, view.css);
      const state = mgld.state.get();
      const kinds = new Set(clip.sides.flatMap((side) => side.videos.map((video) => video.kind))).size;
      const playing = live().map((layer) => layer.side.key);
      controls.showState({ view: shown.view, pair: pairOf(state), shown: shown.keys, live: playing, version: state.version, gain: state.gain, map: state.map, profile: state.profile, percent: view.percent, lens: magnifier.open, kinds });
    }

    // --- what happens

    function onShown(layer, seconds, first) {
      panes.showFrame(layer.side.key, clock.shown(layer.video, seconds), clock.frame);
      // The size of a video is known with its first picture.
      if (first) draw();
      else magnifier.draw();
    }

    function onFailed(layer, version) {
      const state = mgld.state.get();
      layer.load(state.version);
      const instead = layer.version ? `${layer.version.kind} is shown instead` : "there is no other";
      controls.say(`${layer.side.title}: ${version.kind} (${version.type.split(";")[0]}) cannot be played by this browser: ${instead}.`);
      load(state);
      layout();
    }

    function onFrame(frame) {
      controls.showFrame(frame);
      showScores();
      maps.frameIs(frame);
      profile.frameIs(frame);
      maps.draw();
      mgld.state.set({ frame });
    }

    function onPlaying(playing) {
      controls.showPlaying(playing);
    }

    function onView() {
      draw();
      mgld.state.set(view.state);
    }

    function onState(state, changed) {
      if (changed.includes("frame") && state.frame !== clock.frame) clock.moveTo(state.frame);
      const mine = ["view", "pair", "sides", "method", "against", "line", "version", "gain", "map", "profile", "place"];
      const moved = ["zoom", "x", "y"].some((key) => changed.includes(key) && state[key] !== view.state[key]);
      if (changed.includes("metric") || changed.includes("line")) showScores();
      if (moved || changed.some((key) => mine.includes(key))) apply(state);
    }

    function actions() {
      const state = () => mgld.state.get();
      const set = (patch) => mgld.state.set(patch);
      const next = (list, value, by) => list[Math.min(list.length - 1, Math.max(0, list.indexOf(value) + by))];
      let before = "side"; // the view to which "0" leads back

      function choose(key, asFirst) {
        const now = state();
        if (shown.view !== "side") {
          const [first, second] = pairOf(now);
          if (asFirst) return set({ pair: key === second ? [second, first] : [key, second] });
          return set({ pair: key === first ? [second, first] : [first, key] });
        }
        const there = chosen(now);
        const sides = there.includes(key) ? there.filter((one) => one !== key) : [...there, key];
        if (sides.length) set({ sides });
      }

      return {
        play: () => clock.toggle(),
        step: (by) => clock.step(by),
        seek: (frame) => clock.moveTo(frame),
        seconds: (count) => clock.step(Math.round(count * clip.fps)),
        speed: (value) => {
          clock.rate = value;
        },
        faster: (by) => {
          clock.rate = next(controls.speeds, clock.rate, by);
          controls.showSpeed(clock.rate);
        },
        loop: (on) => {
          clock.loop = on;
        },
        toggleLoop: () => controls.toggleLoop(),
        view: (name) => set({ view: name }),
        difference: () => {
          if (shown.view === "difference") return set({ view: before });
          before = shown.view;
          return set({ view: "difference" });
        },
        comparing: () => shown.view,
        choose,
        chooseNumber: (index, asFirst) => clip.sides[index] && choose(clip.sides[index].key, asFirst),
        swap: () => set({ pair: pairOf(state()).reverse() }),
        gain: (value) => set({ gain: value }),
        moreGain: (by) => set({ gain: next(controls.gains, state().gain, by) }),
        version: (kind) => set({ version: kind }),
        otherVersion: () => set({ version: state().version === "exact" ? "preview" : "exact" }),
        flip: () => panes.flip(),
        profile: (way) => set({ profile: way }),
        nextProfile: () => set({ profile: ["row", "column", ""][["", "row", "column"].indexOf(state().profile)] ?? "" }),
        moveLine: (by) => set({ place: profile.next(by) }),
        profiling: () => profile.open,
        map: (kind) => set({ map: kind }),
        nextMap: () => set({ map: controls.mapAfter(state().map) }),
        moveSplit: (by) => panes.setSplit(panes.split + by),
        zoom: (factor) => view.zoomAt(factor, view.pane.width / 2, view.pane.height / 2),
        pan: (dx, dy) => view.panBy(dx, dy),
        fit: () => view.fit(),
        oneToOne: () => view.oneToOne(),
        magnifier: () => {
          magnifier.toggle();
          draw();
        },
        help: () => keys.help(),
      };
    }

    function end() {
      over = true;
      forget();
      unwatch();
      keys.end();
      panes.end();
      for (const observer of observers) observer.disconnect();
      clock.use([]);
      for (const layer of layers.values()) layer.unload();
      root.replaceChildren();
    }

    return { end };
  }

  return { mount, unmount };
})();
