// Starts the parts of the page once everything is there.
"use strict";

(() => {
  if (!mgld.data("report")) return; // The data is not beside the page: what was written into it stays readable.
  for (const part of [mgld.clips]) part.start();
})();
