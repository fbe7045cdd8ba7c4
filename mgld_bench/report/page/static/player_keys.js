// The keys of the players, and the overlay that lists them.
"use strict";

mgld.makeKeys = (act, { active }) => {
  const { element } = mgld;
  // What the overlay says, the keys as browsers name them, and what they do.
  const KEYS = [
    ["Space", "play or pause", [" "], act.play],
    ["A  ,", "previous frame", ["a", ","], () => act.step(-1)],
    ["D  .", "next frame", ["d", "."], () => act.step(1)],
    ["← →", "back, forth by a second", ["ArrowLeft"], () => act.seconds(-1)],
    ["", "", ["ArrowRight"], () => act.seconds(1)],
    ["Home End", "first, last frame", ["Home"], () => act.seek(0)],
    ["", "", ["End"], () => act.seek(Infinity)],
    ["J L", "slower, faster", ["j"], () => act.faster(-1)],
    ["", "", ["l"], () => act.faster(1)],
    ["O", "loop", ["o"], act.toggleLoop],
    ["1 … 9", "show or hide a side; where two are compared: choose B (with Shift: A)", [], null],
    ["G", "side by side", ["g"], () => act.view("side")],
    ["W", "split below the pointer; [ and ] move it", ["w"], () => act.view("split")],
    ["", "", ["["], () => act.moveSplit(-0.02)],
    ["", "", ["]"], () => act.moveSplit(0.02)],
    ["F", "flicker between two; X changes by hand", ["f"], () => act.view("flicker")],
    ["", "", ["x"], act.flip],
    ["0", "difference; ↑ and ↓ change its gain", ["0"], act.difference],
    ["S", "swap A and B", ["s"], act.swap],
    ["E", "exact or preview", ["e"], act.otherVersion],
    ["Z", "magnifier to the pixel", ["z"], act.magnifier],
    ["+ −", "zoom; also the wheel, and dragging moves", ["+", "="], () => act.zoom(1.5)],
    ["", "", ["-"], () => act.zoom(1 / 1.5)],
    ["Shift ← → ↑ ↓", "move what is seen", [], null],
    ["C", "fit", ["c"], act.fit],
    ["I", "1:1; also a double click", ["i"], act.oneToOne],
    ["M", "what a metric sees in this frame: error, SSIM, warping error, LPIPS", ["m"], act.nextMap],
    ["T", "temporal profile: a row, a column; ↑ and ↓ move it, so does a click", ["t"], act.nextProfile],
    ["N", "next worst frame of the chosen method; with Shift: back", [], null],
    ["< >", "previous, next clip", [], null],
    ["H ?", "these keys", ["h", "?"], () => help()],
  ];
  const ARROWS = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  const byKey = new Map(KEYS.flatMap(([, , keys, action]) => keys.map((key) => [key, action])));

  const rows = KEYS.filter(([shown]) => shown).map(([shown, meaning]) => element("tr", {}, element("th", { scope: "row" }, element("kbd", {}, shown)), element("td", {}, meaning)));
  const dialog = element(
    "dialog",
    { class: "keys", "aria-label": "Keys of the players" },
    element("h3", {}, "Keys of the players"),
    element("table", {}, element("tbody", {}, rows)),
    element("form", { method: "dialog" }, element("button", {}, "Close (Esc)")),
  );

  function help() {
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  // Whether the element with the focus needs the key for itself.
  function taken(event) {
    const target = event.target;
    if (!(target instanceof Element)) return false;
    if (target.closest("dialog")) return !["h", "?"].includes(event.key);
    if (target.closest("textarea, select, [contenteditable], .uplot")) return true;
    if (target instanceof HTMLInputElement && target.type !== "checkbox") return target.type !== "range" || event.key.startsWith("Arrow") || ["Home", "End"].includes(event.key);
    return [" ", "Enter"].includes(event.key) && target.closest("button, a, summary, input") !== null;
  }

  function upOrDown(by) {
    if (act.profiling()) return () => act.moveLine(-by);
    return act.comparing() === "difference" ? () => act.moreGain(by) : null;
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !active() || taken(event)) return;
    // Shift and a digit give another sign on every keyboard.
    const digit = /^Digit([1-9])$/.exec(event.code) ?? /^Numpad([1-9])$/.exec(event.code);
    let action = null;
    if (event.shiftKey && event.key in ARROWS) action = () => act.pan(...ARROWS[event.key]);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") action = upOrDown(event.key === "ArrowUp" ? 1 : -1);
    else if (digit) action = () => act.chooseNumber(Number(digit[1]) - 1, event.shiftKey);
    else action = byKey.get(event.key.length === 1 ? event.key.toLowerCase() : event.key) ?? null;
    if (!action) return;
    event.preventDefault();
    action();
  }

  document.addEventListener("keydown", pressed);
  return { dialog, help, end: () => document.removeEventListener("keydown", pressed) };
};
