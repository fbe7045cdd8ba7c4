// What part of the clip is seen, the same in every pane: zoom at the pointer, pan by dragging.
"use strict";

mgld.makeView = (clip, { bounds, onChange }) => {
  const MOST = 32; // device pixels for each pixel of the clip
  let pane = { width: 1, height: 1 };
  let zoom = 0; // device pixels for each pixel of the clip; 0: all of it fits
  let centre = { x: 0.5, y: 0.5 }; // of what is seen, as parts of the clip

  const fitting = () => Math.min(pane.width / bounds().width, pane.height / bounds().height);
  const css = () => (zoom ? zoom / devicePixelRatio : fitting());

  function middle() {
    if (zoom) return { x: centre.x * clip.width, y: centre.y * clip.height };
    const { left, top, width, height } = bounds();
    return { x: left + width / 2, y: top + height / 2 };
  }

  // Where the clip's left top corner is in a pane, in CSS pixels.
  function origin() {
    const { x, y } = middle();
    // On whole pixels of the screen: between two of them, every pixel would be a mixture.
    const whole = (value) => Math.round(value * devicePixelRatio) / devicePixelRatio;
    return { x: whole(pane.width / 2 - x * css()), y: whole(pane.height / 2 - y * css()) };
  }

  // The pixel of the clip below a point of a pane.
  function pixelAt(x, y) {
    const corner = origin();
    return { x: (x - corner.x) / css(), y: (y - corner.y) / css() };
  }

  function show(nextZoom, x, y) {
    // Rounded as in the address, so that whoever opens it sees the same pixels at the same place.
    zoom = Number(nextZoom.toFixed(3));
    const { left, top, width, height } = bounds();
    const clamp = (value, from, to) => Math.min(Math.max(value, from), to);
    const part = (value) => Number(value.toFixed(4));
    centre = { x: part(clamp(x, left, left + width) / clip.width), y: part(clamp(y, top, top + height) / clip.height) };
    onChange();
  }

  // Keeps the pixel below the point where it is.
  function zoomAt(factor, x, y) {
    const least = fitting() * devicePixelRatio;
    const before = css() * devicePixelRatio;
    const next = Math.min(MOST, before * factor);
    if (next <= least * 1.001) return fit();
    const pixel = pixelAt(x, y);
    const after = next / devicePixelRatio;
    show(next, pixel.x - (x - pane.width / 2) / after, pixel.y - (y - pane.height / 2) / after);
  }

  function panBy(dx, dy) {
    const { x, y } = middle();
    if (zoom) show(zoom, x - dx / css(), y - dy / css());
  }

  function fit() {
    zoom = 0;
    onChange();
  }

  function oneToOne(x = pane.width / 2, y = pane.height / 2) {
    const pixel = zoom ? middle() : pixelAt(x, y);
    show(1, pixel.x, pixel.y);
  }

  return {
    zoomAt,
    panBy,
    fit,
    oneToOne,
    pixelAt,
    origin,
    resize: (width, height) => {
      pane = { width, height };
    },
    restore: (state) => {
      zoom = Math.max(0, Math.min(MOST, state.zoom));
      centre = { x: state.x, y: state.y };
    },
    get css() {
      return css();
    },
    get pane() {
      return pane;
    },
    get state() {
      return { zoom, ...centre };
    },
    get percent() {
      return Math.round(css() * devicePixelRatio * 100);
    },
  };
};
