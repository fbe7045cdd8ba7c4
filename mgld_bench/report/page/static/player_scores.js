// The score of the frame that is shown, beside the name of each method.
"use strict";

mgld.makeScores = (clip, { onLoaded }) => {
  let loaded = null;

  mgld.loadClip(clip.id).then(
    (found) => {
      loaded = found;
      onLoaded();
    },
    () => {}, // The curves below state that the file is missing.
  );

  // The metric that the page is about, where it has scores of single frames; else the first that has.
  function metric() {
    const state = mgld.state.get();
    const known = Object.keys(loaded.scores);
    return [state.metric, mgld.cell.chosen(state).line.metric, ...known].find((name) => known.includes(name));
  }

  // Of one side in one frame, with the metric's name; "" where there is none.
  function text(key, frame) {
    const name = loaded ? metric() : null;
    const values = name ? loaded.scores[name][key] : null;
    const value = values ? values[loaded.frames[name].indexOf(frame)] : undefined;
    if (value === undefined || value === null) return "";
    const facts = mgld.data("report").metrics.find((one) => one.name === name);
    return `${facts.title} ${mgld.format(value, facts.digits)}`;
  }

  return { text };
};
