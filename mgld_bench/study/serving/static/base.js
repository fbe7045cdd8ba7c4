// What the scripts of the page share.
"use strict";

const mgld = {};

mgld.byId = (id) => document.getElementById(id);

// What the study's card has decided, as the page states it.
mgld.settings = (() => {
  const { rate, plays, lowResolution, width, height, gap } = mgld.byId("study").dataset;
  return { rate: Number(rate), plays: Number(plays), lowResolution, width: Number(width), height: Number(height), gap: Number(gap) };
})();

mgld.wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// A sentence above everything else, until the next one; "" takes it away.
mgld.alert = (text) => {
  const line = mgld.byId("alert");
  line.textContent = text;
  line.hidden = !text;
};

mgld.counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
