// Temporal profiles: a row or a column of pixels of every side that is shown, over time. The line is moved with the mouse.
"use strict";

mgld.makeProfile = (clip, { say, seek, titles }) => {
  const { element } = mgld;
  const TALL = 140; // CSS pixels: the least for the direction of time
  const box = element("div", { class: "profiles", hidden: true });
  const pictures = new Map(); // by address
  let all = null;
  let way = ""; // row or column
  let at = 0.5;
  let keys = [];
  let frame = 0;
  let canvases = [];

  const mine = () => all?.[clip.id] ?? null;
  const positions = () => (way === "row" ? mine().rows : mine().columns);
  const length = () => (way === "row" ? clip.height : clip.width);

  // The line that is nearest to the pointer.
  function line() {
    const wanted = at * length();
    return positions().reduce((best, one, place) => (Math.abs(one - wanted) < Math.abs(positions()[best] - wanted) ? place : best), 0);
  }

  async function show(state, shown, now) {
    const before = way;
    way = ["row", "column"].includes(state.profile) ? state.profile : "";
    at = state.place;
    frame = now;
    box.hidden = !way;
    if (!way) return before && say("");
    if (!all) {
      try {
        all = await mgld.load("profiles");
      } catch (error) {
        return say(String(error.message));
      }
    }
    if (!mine()) {
      box.hidden = true;
      return say("There are no profiles of this clip: they are drawn with videos (--videos crops or full).");
    }
    if (before !== way || shown.join("\n") !== keys.join("\n") || !canvases.length) arrange(shown);
    draw();
  }

  function arrange(shown) {
    keys = [...shown];
    canvases = keys.filter((key) => mine().sides[key]).map((key) => {
      const facts = mine().sides[key];
      const canvas = element("canvas", { class: way, onclick: (event) => pick(event, facts) });
      picture(facts.src).then(draw);
      return { key, facts, canvas, box: element("figure", {}, element("figcaption", {}, titles(key)), canvas) };
    });
    const place = element("p", { class: "place" });
    box.replaceChildren(place, ...canvases.map((one) => one.box));
    box.dataset.way = way;
  }

  function picture(src) {
    if (!pictures.has(src)) {
      const image = new Image();
      pictures.set(src, { image, ready: image.decode ? ((image.src = src), image.decode().catch(() => {})) : Promise.resolve() });
    }
    return pictures.get(src).ready;
  }

  function draw() {
    if (!way || !mine()) return;
    const chosen = line();
    for (const { facts, canvas } of canvases) {
      const { image } = pictures.get(facts.src);
      if (!image.complete || !image.naturalWidth) continue;
      const span = way === "row" ? facts.row : facts.column;
      const block = way === "row" ? chosen : mine().rows.length + chosen;
      const times = Math.max(1, Math.ceil(TALL / facts.frames));
      const long = facts.frames * times;
      [canvas.width, canvas.height] = way === "row" ? [span, long] : [long, span];
      const context = canvas.getContext("2d");
      context.imageSmoothingEnabled = false;
      // Of a column, time goes to the right: the picture is mirrored at its diagonal.
      if (way === "column") context.setTransform(0, 1, 1, 0, 0, 0);
      context.drawImage(image, 0, block * facts.frames, span, facts.frames, 0, 0, span, long);
      context.fillStyle = "#fffc";
      context.fillRect(0, frame * times, span, 1);
      context.fillStyle = "#000c";
      context.fillRect(0, frame * times + Math.max(1, times - 1), span, 1);
    }
    box.querySelector(".place").textContent = `Temporal profile of ${way} ${positions()[chosen]}: ${way === "row" ? "time goes down" : "time goes to the right"}. Click the picture to move the line (or ↑ ↓), a profile to go to its frame.`;
  }

  function pick(event, facts) {
    const frameOf = event.currentTarget.getBoundingClientRect();
    const part = way === "row" ? (event.clientY - frameOf.top) / frameOf.height : (event.clientX - frameOf.left) / frameOf.width;
    seek(Math.floor(part * facts.frames));
  }

  return {
    box,
    show,
    frameIs: (now) => {
      frame = now;
      draw();
    },
    // Where the line is, in pixels of the clip; null where there is none.
    where: () => (way && mine() ? { way, position: positions()[line()] } : null),
    moved: (pixel) => Math.min(1, Math.max(0, (way === "row" ? pixel.y : pixel.x) / length())),
    next: (by) => (mine() ? (positions()[Math.min(positions().length - 1, Math.max(0, line() + by))] + 0.5) / length() : at),
    get open() {
      return way !== "";
    },
  };
};
