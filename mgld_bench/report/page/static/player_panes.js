// The panes of a view: one per side, or one in which two sides are compared.
"use strict";

mgld.makePanes = (clip, layers) => {
  const { element } = mgld;
  const FLICKER = 400; // ms for which each of two sides is seen
  const stage = element("div", { class: "stage", role: "group", "aria-label": "Videos" });
  const divider = element("div", { class: "divider", "aria-hidden": "true" });
  let panes = [];
  let arranged = { view: "", keys: [] };
  let split = 0.5; // where the second side begins, as part of the width
  let gain = 1;
  let timer = null;
  let front = 0; // which of two is seen, in flicker

  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  function arrange(view, keys) {
    clearInterval(timer);
    timer = null;
    arranged = { view, keys };
    front = 0;
    panes = view === "side" ? keys.map((key) => pane([key], view)) : [pane(keys, view)];
    stage.replaceChildren(...panes.map((one) => one.box));
    stage.dataset.view = view;
    if (view === "split") panes[0].picture.append(divider);
    if (view === "flicker" && !still()) timer = setInterval(flip, FLICKER);
    setSplit(split);
    setGain(gain);
    showFront();
  }

  function pane(keys, view) {
    const heads = keys.map((key, index) => head(key, view === "side" ? "" : "AB"[index]));
    const sheets = keys.map((key) => element("div", { class: "sheet" }, layers.get(key).box));
    const line = element("div", { class: "line", hidden: true });
    const picture = element("div", { class: "picture" }, sheets, line);
    const names = keys.map((key) => layers.get(key).side.title).join(" and ");
    const box = element("section", { class: "pane", "aria-label": names }, element("div", { class: "heads" }, heads.map((one) => one.box)), picture);
    return { box, picture, sheets, line, heads };
  }

  function head(key, mark) {
    const { title } = layers.get(key).side;
    const frame = element("span", { class: "badge frame" }, "–");
    const version = element("span", { class: "badge version" });
    const score = element("span", { class: "score" });
    const number = mgld.data("report").methods.findIndex((method) => method.name === key);
    const box = element("div", { class: "head" }, mark ? element("b", { class: "mark" }, mark) : null, number >= 0 ? mgld.swatch(number) : null, element("span", { class: "name", title }, title), score, version, frame);
    return { box, frame, version, score, key };
  }

  const heads = () => panes.flatMap((one) => one.heads);

  // The frame that a side shows; wanted: that on which it should be.
  function showFrame(key, index, wanted) {
    for (const one of heads()) {
      if (one.key !== key) continue;
      one.frame.textContent = String(index);
      one.frame.classList.toggle("off", index !== wanted);
    }
  }

  function showVersion(key, version) {
    const text = version ? version.kind : "still";
    const notes = {
      exact: "Every pixel is that of the frame.",
      preview: "Compressed, with chroma at half resolution: not what was scored.",
      still: "A picture; at most four videos play at once. Click it to play this one.",
    };
    for (const one of heads()) {
      if (one.key !== key) continue;
      const part = version?.region;
      one.version.textContent = part ? `${text} part` : text;
      one.version.title = notes[text] + (part ? ` ${part.width}x${part.height} pixels from ${part.left}, ${part.top} on.` : "");
      one.version.dataset.kind = text;
    }
  }

  // text: of a side's key, what its score in this frame is.
  function showScores(text) {
    for (const one of heads()) one.score.textContent = text(one.key);
  }

  function setSplit(part) {
    split = Math.min(1, Math.max(0, part));
    if (arranged.view !== "split") return;
    panes[0].sheets[1].style.clipPath = `inset(0 0 0 ${split * 100}%)`;
    divider.style.left = `${split * 100}%`;
  }

  function setGain(value) {
    gain = value;
    if (arranged.view === "difference") panes[0].picture.style.filter = `brightness(${gain})`;
  }

  function flip() {
    front = 1 - front;
    showFront();
  }

  function showFront() {
    if (arranged.view !== "flicker") return;
    panes[0].sheets.forEach((sheet, index) => sheet.classList.toggle("behind", index !== front));
    panes[0].heads.forEach((one, index) => one.box.classList.toggle("front", index === front));
  }

  // By hand: the first flip ends the automatic ones.
  function flipByHand() {
    clearInterval(timer);
    timer = null;
    flip();
  }

  // The line whose temporal profile is shown, in every pane.
  function drawLine(line, corner, zoom) {
    for (const one of panes) {
      one.line.hidden = !line;
      if (!line) continue;
      const at = (line.way === "row" ? corner.y : corner.x) + (line.position + 0.5) * zoom;
      one.line.className = `line ${line.way}`;
      one.line.style.transform = line.way === "row" ? `translateY(${at}px)` : `translateX(${at}px)`;
    }
  }

  // The point of an event inside its pane; null where it is in none.
  function pointOf(event) {
    for (const { picture, heads: own } of panes) {
      const frame = picture.getBoundingClientRect();
      const x = event.clientX - frame.left;
      const y = event.clientY - frame.top;
      if (x >= 0 && y >= 0 && x < frame.width && y < frame.height) return { x, y, width: frame.width, height: frame.height, key: own[0].key };
    }
    return null;
  }

  // As many columns as make the pictures largest; more where that costs little, since the page is shorter then.
  function fitColumns(aspect, room) {
    const gap = 8;
    const head = 28; // above each picture
    const choices = panes.map((_, index) => {
      const columns = index + 1;
      const rows = Math.ceil(panes.length / columns);
      return { columns, width: Math.min((room.width - index * gap) / columns, (room.height / rows - head) * aspect) };
    });
    const largest = Math.max(...choices.map((one) => one.width));
    const best = choices.filter((one) => one.width >= 0.85 * largest).at(-1);
    stage.style.setProperty("--columns", best.columns);
    stage.style.setProperty("--pane-width", `${Math.max(1, Math.floor(best.width))}px`);
    stage.style.setProperty("--aspect", aspect);
  }

  return {
    stage,
    arrange,
    showFrame,
    showVersion,
    showScores,
    setSplit,
    setGain,
    flip: flipByHand,
    pointOf,
    drawLine,
    fitColumns,
    end: () => clearInterval(timer),
    get split() {
      return split;
    },
    get keys() {
      return arranged.keys;
    },
    get first() {
      return panes[0] ? panes[0].picture : null;
    },
  };
};
