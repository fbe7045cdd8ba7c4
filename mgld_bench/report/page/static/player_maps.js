// What a metric sees in a frame, laid over the videos where the report has drawn it.
"use strict";

mgld.makeMaps = (clip, layers, { say, seek, onKinds }) => {
  const { element } = mgld;
  let kind = "";
  let all = null; // what the report has: {kinds, clips}

  const mine = () => all?.clips[clip.id] ?? {};
  const frames = () => [...new Set(Object.values(mine()).flat().filter((one) => one.kind === kind).map((one) => one.frame))].sort((a, b) => a - b);

  mgld.load("maps").then(
    (found) => {
      all = found;
      onKinds(found.kinds);
    },
    () => {}, // Without the file there are no maps, and the list of kinds stays empty.
  );

  function show(next, frame) {
    const changed = next !== kind;
    kind = all?.kinds.some((one) => one.name === next) ? next : "";
    if (kind || changed) lay(frame, changed);
  }

  function lay(frame, changed) {
    let laid = 0;
    for (const layer of layers.values()) {
      const found = kind ? (mine()[layer.side.key] ?? []).find((one) => one.kind === kind && one.frame === frame) : null;
      const there = layer.box.querySelector(".map");
      if (there && there.getAttribute("src") !== found?.src) there.remove();
      if (found && !layer.box.querySelector(".map")) layer.box.append(element("img", { class: "map", src: found.src, alt: "", draggable: "false" }));
      if (found) laid += 1;
    }
    if (laid) explain();
    else if (kind) offer();
    else if (changed) say("");
  }

  const facts = () => all.kinds.find((one) => one.name === kind);

  function explain() {
    const ramp = element("span", { class: "ramp", "aria-hidden": "true" });
    say(element("b", {}, facts().title), " ", ramp, ` ${facts().definition}.`);
  }

  // Maps are there for the frames in which methods differ most.
  function offer() {
    const there = frames();
    if (!there.length) return say(`There is no map of this kind for this clip: maps are drawn with videos, for clips with ground truth, where methods differ most.`);
    say(`${facts().title}: drawn for `, ...there.flatMap((one) => [element("button", { type: "button", onclick: () => seek(one) }, `frame ${one}`), " "]));
  }

  return {
    show,
    frameIs: (frame) => kind && all && lay(frame, false),
    // Of the part that a video shows: a map is of the whole frame.
    draw: () => {
      for (const layer of layers.values()) {
        const map = layer.box.querySelector(".map");
        if (!map) continue;
        const area = layer.area();
        Object.assign(map.style, { left: `${-area.left}px`, top: `${-area.top}px`, width: `${clip.width}px`, height: `${clip.height}px` });
      }
    },
  };
};
