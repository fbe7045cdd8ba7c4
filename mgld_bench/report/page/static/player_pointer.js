// The pointer over the videos: the wheel zooms, dragging moves, moving shifts the split and the magnifier.
"use strict";

mgld.watchPointer = (around, stage, { view, panes, magnifier, profile, wake }) => {
  const APART = 400; // ms: a wheel that turns on from outside goes on scrolling the page
  let dragging = null;
  let scrolled = -Infinity;

  function wheel(event) {
    const point = panes.pointOf(event);
    if (!point || event.timeStamp - scrolled < APART) {
      scrolled = event.timeStamp;
      return;
    }
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    view.zoomAt(Math.exp((-event.deltaY * lines) / 400), point.x, point.y);
  }

  function outside(event) {
    if (!stage.contains(event.target)) scrolled = event.timeStamp;
  }

  function down(event) {
    const point = panes.pointOf(event);
    if (event.button !== 0 || !point) return;
    wake(point.key);
    dragging = { x: event.clientX, y: event.clientY };
    stage.setPointerCapture(event.pointerId);
    moveLine(event);
  }

  // The line of the profile follows the pressed pointer, so that it stays where it is on the way elsewhere.
  function moveLine(event) {
    const point = panes.pointOf(event);
    if (point && profile.open && !view.state.zoom) mgld.state.set({ place: Number(profile.moved(view.pixelAt(point.x, point.y)).toFixed(4)) });
  }

  function move(event) {
    if (dragging) {
      moveLine(event);
      view.panBy(event.clientX - dragging.x, event.clientY - dragging.y);
      dragging = { x: event.clientX, y: event.clientY };
    }
    const point = panes.pointOf(event);
    if (!point) return magnifier.leave();
    if (!dragging || stage.dataset.view !== "split" || !view.state.zoom) panes.setSplit(point.x / point.width);
    const frame = around.getBoundingClientRect();
    magnifier.move(view.pixelAt(point.x, point.y), event.clientX - frame.left, event.clientY - frame.top, frame.width);
  }

  function up(event) {
    dragging = null;
    if (stage.hasPointerCapture(event.pointerId)) stage.releasePointerCapture(event.pointerId);
  }

  function twice(event) {
    const point = panes.pointOf(event);
    if (!point) return;
    if (view.state.zoom === 1) view.fit();
    else view.oneToOne(point.x, point.y);
  }

  const listeners = [
    [stage, "wheel", wheel, { passive: false }],
    [document, "wheel", outside, { passive: true }],
    [stage, "pointerdown", down],
    [stage, "pointermove", move],
    [stage, "pointerup", up],
    [stage, "pointercancel", up],
    [stage, "pointerleave", magnifier.leave],
    [stage, "dblclick", twice],
  ];
  for (const [target, name, listener, options] of listeners) target.addEventListener(name, listener, options);
  return () => {
    for (const [target, name, listener, options] of listeners) target.removeEventListener(name, listener, options);
  };
};
