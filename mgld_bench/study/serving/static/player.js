// Shows a pair pixel by pixel and in sync, and counts how often it was watched to its end.
"use strict";

mgld.player = (() => {
  const { byId, settings } = mgld;
  const stage = byId("stage");
  const sides = byId("sides");
  const figures = [...sides.querySelectorAll("figure")];
  const videos = new Map(figures.map((figure) => [figure.dataset.side, figure.querySelector("video")]));
  // On demand the input is drawn over both sides: seen at the same place, it is compared most easily.
  const input = settings.lowResolution === "on demand" ? document.createElement("video") : null;
  const CAPTION = 28; // CSS pixels above each side
  const canvases = [...sides.querySelectorAll("canvas")];
  let handlers = { onPlay: () => {}, onChange: () => {}, onBroken: () => {} };
  let clock = null;
  let size = [0, 0];
  let plays = 0;
  let began = null; // when the pair first played
  let whole = false; // whether the present play has not been interrupted
  let covered = false;
  let round = 0; // of pairs, so that what belongs to an old one is ignored

  if (input) {
    input.muted = true;
    videos.set("low-resolution", input);
  }
  for (const video of videos.values()) {
    video.addEventListener("error", () => video.getAttribute("src") && handlers.onBroken());
  }

  // --- one pair

  async function show(trial, addresses, next) {
    close();
    const mine = ++round;
    handlers = next;
    size = [trial.width, trial.height];
    clock = mgld.makeClock({ fps: settings.rate, frames: trial.frames, onFrame: () => {}, onPlaying });
    clock.loop = false;
    await Promise.all([...videos].map(([side, video]) => begin(video, addresses[side], mine)));
    if (mine !== round) return;
    clock.use([...videos.values()]);
    clock.moveTo(0);
    place();
    // All at once: which one was there first is nobody's business.
    sides.classList.add("ready");
  }

  function begin(video, address, mine) {
    const ready = new Promise((done) => video.addEventListener("loadeddata", done, { once: true }));
    video.preload = "auto";
    video.src = address;
    watch(video, mine);
    return ready;
  }

  function watch(video, mine) {
    video.requestVideoFrameCallback((_now, facts) => {
      if (mine !== round) return;
      clock.shown(video, facts.mediaTime);
      if (video === input) draw();
      watch(video, mine);
    });
  }

  function close() {
    round += 1;
    whole = false;
    plays = 0;
    began = null;
    const old = clock;
    clock = null;
    if (old) {
      old.stop();
      old.use([]);
    }
    showInput(false);
    sides.classList.remove("ready");
    for (const video of videos.values()) {
      if (!video.getAttribute("src")) continue;
      video.removeAttribute("src");
      video.load();
    }
  }

  // --- playing

  const ready = () => clock !== null && sides.classList.contains("ready") && !covered;

  function play() {
    if (!ready() || clock.playing) return;
    whole = true;
    began ??= performance.now();
    clock.moveTo(0);
    clock.start();
  }

  function onPlaying(playing) {
    if (!clock) return;
    if (!playing && whole) {
      plays += 1;
      whole = false;
      handlers.onPlay();
    }
    handlers.onChange();
  }

  // A play that was not seen in full does not count, and begins again.
  function interrupt() {
    if (!clock || !clock.playing) return;
    whole = false;
    clock.stop();
    clock.moveTo(0);
  }

  document.addEventListener("visibilitychange", () => document.hidden && interrupt());

  // --- the input on demand

  const inputShown = () => canvases.length > 0 && !canvases[0].hidden;

  function showInput(shown) {
    for (const canvas of canvases) {
      canvas.hidden = !shown;
      const figure = canvas.closest("figure");
      figure.querySelector("figcaption").textContent = shown ? "Input" : { left: "A", right: "B" }[figure.dataset.side];
    }
    if (shown) draw();
  }

  function draw() {
    if (!inputShown() || !input.videoWidth) return;
    for (const canvas of canvases) {
      if (canvas.width !== input.videoWidth || canvas.height !== input.videoHeight) {
        canvas.width = input.videoWidth;
        canvas.height = input.videoHeight;
      }
      canvas.getContext("2d").drawImage(input, 0, 0);
    }
  }

  // --- on the screen: one pixel of a video is one pixel of the screen, and begins where one begins

  function place() {
    covered = !mgld.screen.fits();
    if (covered) interrupt();
    byId("cover").hidden = !covered;
    byId("cover").querySelector("p").textContent = covered ? mgld.screen.advice() : "";
    byId("trial").classList.toggle("covered", covered);
    // Lengths of CSS are rounded, so that none of them is sure to be a pixel. Everything is laid out with one CSS pixel for a physical
    // one, and the whole is made smaller and moved by a transformation, which is exact.
    const ratio = devicePixelRatio;
    const [width, height] = size;
    const caption = Math.ceil(CAPTION * ratio);
    const total = figures.length * width + (figures.length - 1) * settings.gap;
    sides.style.setProperty("--ratio", ratio);
    sides.style.setProperty("--caption", `${caption}px`);
    sides.style.gap = `${settings.gap}px`;
    for (const figure of figures) {
      figure.style.width = `${width}px`;
      figure.querySelector(".picture").style.height = `${height}px`;
    }
    stage.style.height = `${Math.ceil((caption + height) / ratio) + 1}px`;
    // From a whole CSS pixel on: canvases are interpolated otherwise.
    stage.style.marginTop = "";
    const above = parseFloat(getComputedStyle(stage).marginTop);
    stage.style.marginTop = `${above - (stage.getBoundingClientRect().top % 1)}px`;
    const { left, top } = stage.getBoundingClientRect();
    const free = Math.max(0, Math.floor((stage.clientWidth * ratio - total) / 2));
    const nudged = (from, by) => (Math.round(from * ratio + by) - from * ratio) / ratio;
    sides.style.transform = `translate(${nudged(left + scrollX, free)}px, ${nudged(top + scrollY, 0)}px) scale(${1 / ratio})`;
    handlers.onChange();
  }

  mgld.screen.onChange(() => clock && place());

  return {
    show,
    close,
    play,
    interrupt,
    toggleInput: () => input && ready() && showInput(!inputShown()),
    get inputShown() {
      return inputShown();
    },
    get plays() {
      return plays;
    },
    get seconds() {
      return began === null ? 0 : (performance.now() - began) / 1000;
    },
    get playing() {
      return Boolean(clock && clock.playing);
    },
    get ready() {
      return ready();
    },
  };
})();
