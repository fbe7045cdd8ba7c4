// The magnifier: the pixels below the pointer, of every side that plays, with nothing made up between them.
"use strict";

mgld.makeMagnifier = (clip, { live, pixel }) => {
  const { element } = mgld;
  const ACROSS = 17; // pixels of the clip
  const SIZE = 9; // CSS pixels for each of them
  const box = element("div", { class: "magnifier", hidden: true, "aria-hidden": "true" });
  let at = null; // the pixel in the middle
  let open = false;
  let canvases = [];

  function arrange() {
    canvases = live().map((layer) => {
      const side = ACROSS * SIZE;
      const canvas = element("canvas", { width: side, height: side });
      return { layer, canvas, box: element("figure", {}, canvas, element("figcaption", {}, layer.side.title)) };
    });
    const place = element("p", { class: "place" });
    box.replaceChildren(...canvases.map((one) => one.box), place);
    box.style.setProperty("--columns", Math.max(1, Math.min(canvases.length, Math.floor(innerWidth / 2 / (ACROSS * SIZE)))));
    draw();
  }

  function toggle() {
    open = !open;
    if (open) arrange();
    box.hidden = !open || !at;
  }

  // pixel: of the clip; x, y: of the stage, beside which the magnifier stands.
  function move(next, x, y, width) {
    at = next;
    box.hidden = !open || !at;
    if (box.hidden) return;
    const left = x + 24 + box.offsetWidth < width ? x + 24 : x - 24 - box.offsetWidth;
    box.style.transform = `translate(${Math.max(0, left)}px, ${y + 24}px)`;
    draw();
  }

  function draw() {
    if (!open || !at) return;
    const centre = { x: Math.floor(at.x), y: Math.floor(at.y) };
    for (const { layer, canvas } of canvases) {
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, canvas.width, canvas.height);
      if (layer.video.readyState < 2) continue;
      const area = layer.area();
      const scale = layer.scale();
      context.imageSmoothingEnabled = false;
      const half = (ACROSS - 1) / 2;
      const [left, top, side] = [(centre.x - half - area.left) / scale, (centre.y - half - area.top) / scale, ACROSS / scale];
      context.drawImage(layer.video, left, top, side, side, 0, 0, canvas.width, canvas.height);
      const middle = half * SIZE;
      context.strokeStyle = "#fff";
      context.strokeRect(middle - 0.5, middle - 0.5, SIZE + 1, SIZE + 1);
      context.strokeStyle = "#000";
      context.strokeRect(middle - 1.5, middle - 1.5, SIZE + 3, SIZE + 3);
    }
    box.querySelector(".place").textContent = `pixel ${centre.x}, ${centre.y}`;
  }

  return {
    box,
    arrange: () => open && arrange(),
    toggle,
    move,
    draw,
    leave: () => move(null),
    get open() {
      return open;
    },
  };
};
