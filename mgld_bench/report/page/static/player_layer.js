// One side of a clip on the screen: its video while it is wanted, else its poster.
"use strict";

mgld.makeLayer = (clip, side, { onShown, onFailed }) => {
  const { element } = mgld;
  const video = element("video", { muted: true, playsinline: true, preload: "auto", disablepictureinpicture: true, tabindex: "-1" });
  video.muted = true;
  const poster = side.poster ? element("img", { src: side.poster, alt: "", draggable: "false" }) : null;
  const box = element("div", { class: "layer" }, poster, video);
  const failed = new Set();
  let current = null;
  let last = null; // the frame that is shown

  // The version that comes closest to what is wanted, of those that this browser plays.
  function pick(kind) {
    const playable = side.videos.filter((one) => !failed.has(one.src) && video.canPlayType(one.type));
    return playable.find((one) => one.kind === kind) ?? playable[0] ?? null;
  }

  function load(kind) {
    const next = pick(kind);
    if (next === current) return;
    unload();
    current = next;
    if (!current) return;
    box.classList.add("live");
    video.src = current.src;
    watch(current);
  }

  // Without a source, the browser lets go of the decoder.
  function unload() {
    if (!current) return;
    current = null;
    last = null;
    box.classList.remove("live", "ready");
    video.pause();
    video.removeAttribute("src");
    video.load();
  }

  function watch(mine) {
    video.requestVideoFrameCallback((_now, facts) => {
      if (mine !== current) return;
      const first = last === null;
      box.classList.add("ready");
      last = facts.mediaTime;
      onShown(api, facts.mediaTime, first);
      watch(mine);
    });
  }

  video.addEventListener("error", () => {
    if (!current) return;
    failed.add(current.src);
    onFailed(api, current);
  });

  // Where the picture lies: in pixels of the full clip, from its left top corner.
  function area() {
    return (current && current.region) || { left: 0, top: 0, width: clip.width, height: clip.height };
  }

  // The full clip's pixels for each of its own.
  const scale = () => (side.kind === "lr" && clip.low.width ? clip.width / clip.low.width : 1);

  // zoom: CSS pixels for each pixel of the clip; x, y: where its left top corner is.
  function draw(zoom, x, y) {
    const part = area();
    const size = scale();
    box.classList.toggle("nearest", zoom * devicePixelRatio * size > 3 || side.kind === "lr");
    // The clip's area cuts off what encoders have added to odd sides.
    box.style.width = `${part.width}px`;
    box.style.height = `${part.height}px`;
    box.style.transform = `translate(${x + part.left * zoom}px, ${y + part.top * zoom}px) scale(${zoom})`;
    video.style.width = `${(video.videoWidth || part.width / size) * size}px`;
    video.style.height = `${(video.videoHeight || part.height / size) * size}px`;
  }

  const api = {
    side,
    video,
    box,
    load,
    unload,
    area,
    scale,
    draw,
    get version() {
      return current;
    },
    get mediaTime() {
      return last;
    },
  };
  return api;
};
