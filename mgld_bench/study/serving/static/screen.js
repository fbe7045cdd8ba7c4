// Whether the window has room for the videos pixel by pixel; full screen.
"use strict";

mgld.screen = (() => {
  const { settings } = mgld;
  const listeners = [];

  // Physical pixels of the window: zooming the page or the whole screen makes CSS pixels larger, not the videos.
  const room = () => ({ width: Math.round(innerWidth * devicePixelRatio), height: Math.round(innerHeight * devicePixelRatio) });
  const enough = ({ width, height }) => width >= settings.width && height >= settings.height;
  const fits = () => enough(room());

  // What would be enough, in the words of a person in front of it.
  function advice() {
    const { width, height } = room();
    const needed = `${settings.width}\u00a0×\u00a0${settings.height}`;
    if (fits()) return `Your window is large enough: ${width}\u00a0×\u00a0${height} pixels; ${needed} are needed.`;
    const whole = enough({ width: screen.width * devicePixelRatio, height: screen.height * devicePixelRatio });
    const remedy = whole
      ? "Make it larger, or use full screen (F)."
      : "This screen is too small for it: open your link on a larger one. Your place is kept.";
    return `Your window is too small: it has ${width}\u00a0×\u00a0${height} pixels, and ${needed} are needed to show every pixel of the videos. ${remedy}`;
  }

  function describe() {
    return {
      screen: [Math.round(screen.width), Math.round(screen.height)],
      window: [Math.round(innerWidth), Math.round(innerHeight)],
      pixel_ratio: devicePixelRatio,
    };
  }

  function toggleFullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.({ navigationUI: "hide" }).catch(() => {});
  }

  function changed() {
    for (const listener of listeners) listener();
  }

  // A window that moves to a different screen changes its pixel ratio without changing its size.
  function watchRatio() {
    const again = () => {
      changed();
      watchRatio();
    };
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", again, { once: true });
  }

  addEventListener("resize", changed);
  watchRatio();
  for (const button of document.querySelectorAll(".full-screen")) {
    button.hidden = !document.fullscreenEnabled;
    button.addEventListener("click", toggleFullScreen);
  }

  return { fits, advice, describe, toggleFullScreen, onChange: (listener) => listeners.push(listener) };
})();
