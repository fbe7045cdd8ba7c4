// What is around the videos: the choice of the view, the transport, and the sides to choose from.
"use strict";

mgld.makeControls = (clip, act) => {
  const { element } = mgld;
  const VIEWS = [
    ["side", "Side by side", "G"],
    ["split", "Split", "W"],
    ["flicker", "Flicker", "F"],
    ["difference", "Difference", "0"],
  ];
  const SPEEDS = [0.1, 0.25, 0.5, 1, 2];
  const GAINS = [1, 2, 4, 8, 16, 32];

  const part = clip.sides.some((side) => side.videos.some((video) => video.region));
  const button = (label, title, onclick, more = {}) => element("button", { type: "button", title, onclick, ...more }, label);
  const views = new Map(VIEWS.map(([view, label, key]) => [view, button(label, `${label} (${key})`, () => act.view(view), { "aria-pressed": "false" })]));
  const percent = element("output", { class: "percent", "aria-label": "Zoom" });
  const magnifier = button("Magnifier", "Magnifier to the pixel (Z)", act.magnifier, { "aria-pressed": "false" });
  const gain = select("Gain", GAINS.map((value) => [value, `× ${value}`]), (value) => act.gain(Number(value)));
  const version = select("Version", [["exact", part ? "exact (a part)" : "exact"], ["preview", part ? "preview (all of it)" : "preview"]], act.version);
  const map = select("Map", [["", "none"]], act.map);
  const profile = select("Profile", [["", "none"], ["row", "row over time"], ["column", "column over time"]], act.profile);
  const swap = button("Swap", "Swap A and B (S)", act.swap);
  const play = button("Play", "Play or pause (Space)", act.play, { class: "play" });
  const slider = element("input", { type: "range", min: 0, max: Math.max(0, clip.frames - 1), step: 1, value: 0, "aria-label": "Frame", oninput: () => act.seek(Number(slider.value)) });
  const number = element("output", { class: "number", "aria-label": "Frame number" });
  const speed = select("Speed", SPEEDS.map((value) => [value, `${value}×`]), (value) => act.speed(Number(value)));
  const loop = element("input", { type: "checkbox", checked: true, onchange: () => act.loop(loop.checked) });
  const message = element("p", { class: "message", role: "status" });
  const sides = new Map(clip.sides.map((side, index) => [side.key, thumbnail(side, index)]));

  function select(label, choices, onchange) {
    const list = element("select", { onchange: () => onchange(list.value) }, choices.map(([value, text]) => element("option", { value }, text)));
    const box = element("label", {}, `${label} `, list);
    return { box, list };
  }

  function thumbnail(side, index) {
    const digit = index < 9 ? element("kbd", {}, String(index + 1)) : null;
    const mark = element("b", { class: "mark" });
    const picture = side.poster ? element("img", { src: side.poster, alt: "", loading: "lazy", draggable: "false", width: 96, height: Math.round((96 * clip.height) / clip.width) }) : null;
    const box = button("", `${side.title}${index < 9 ? ` (${index + 1})` : ""}`, (event) => act.choose(side.key, event.shiftKey), { "aria-pressed": "false" });
    box.append(...[picture, element("span", { class: "name" }, digit, side.title), mark].filter(Boolean));
    return { box, mark };
  }

  const top = element(
    "div",
    { class: "toolbar", role: "toolbar", "aria-label": "View" },
    element("span", { class: "group" }, ...views.values()),
    element("span", { class: "group" }, button("−", "Smaller (-)", () => act.zoom(1 / 1.5)), percent, button("+", "Larger (+)", () => act.zoom(1.5)), button("Fit", "All of it (C)", act.fit), button("1:1", "A pixel of the clip on each of the screen (I)", act.oneToOne)),
    element("span", { class: "group" }, magnifier, version.box, map.box, profile.box, gain.box, swap),
  );
  const transport = element(
    "div",
    { class: "transport", role: "group", "aria-label": "Playback" },
    play,
    button("‹", "Previous frame (A)", () => act.step(-1), { "aria-label": "Previous frame" }),
    button("›", "Next frame (D)", () => act.step(1), { "aria-label": "Next frame" }),
    slider,
    number,
    speed.box,
    element("label", {}, loop, " Loop"),
    button("?", "Keys (H)", act.help, { class: "help-button", "aria-label": "Keys" }),
  );
  const shelf = element("div", { class: "shelf", role: "group", "aria-label": "Sides" }, [...sides.values()].map((one) => one.box));

  function showFrame(frame) {
    slider.value = frame;
    slider.setAttribute("aria-valuetext", `frame ${frame}`);
    number.textContent = `${frame} / ${Math.max(0, clip.frames - 1)}`;
  }

  function showState({ view, pair, shown, live, version: kind, gain: factor, map: seen, profile: way, percent: size, lens, kinds }) {
    for (const [name, one] of views) one.setAttribute("aria-pressed", String(name === view));
    magnifier.setAttribute("aria-pressed", String(lens));
    percent.textContent = `${size} %`;
    gain.box.hidden = view !== "difference";
    swap.hidden = view === "side";
    gain.list.value = factor;
    map.list.value = seen;
    profile.list.value = way;
    version.list.value = kind;
    version.box.hidden = kinds < 2;
    for (const [key, { box, mark }] of sides) {
      box.setAttribute("aria-pressed", String(shown.includes(key)));
      box.classList.toggle("live", live.includes(key));
      mark.textContent = view === "side" ? "" : ["A", "B"][pair.indexOf(key)] ?? "";
    }
  }

  // The kinds of maps that the report has.
  function offerMaps(kinds) {
    map.list.append(...kinds.map((kind) => element("option", { value: kind.name }, kind.title)));
  }

  function mapAfter(kind) {
    const all = [...map.list.options].map((option) => option.value);
    return all[(all.indexOf(kind) + 1) % all.length];
  }

  return {
    offerMaps,
    mapAfter,
    top,
    transport,
    shelf,
    message,
    showFrame,
    showState,
    showPlaying: (playing) => {
      play.textContent = playing ? "Pause" : "Play";
    },
    showSpeed: (value) => {
      speed.list.value = value;
    },
    say: (...parts) => message.replaceChildren(...parts),
    speeds: SPEEDS,
    gains: GAINS,
    toggleLoop: () => {
      loop.checked = !loop.checked;
      act.loop(loop.checked);
    },
  };
};
