// The colour of each method, and a short piece of its line, as in the curves.
"use strict";

(() => {
  const LINES = { "-": "solid", "--": "dashed", ":": "dotted", "-.": "dashdot" };

  mgld.colour = (method) => mgld.data("report").methods[method].colour[mgld.theme.dark ? 1 : 0];

  mgld.swatch = (method) => {
    const made = mgld.element("span", { class: `swatch ${LINES[mgld.data("report").methods[method].line]}`, "aria-hidden": "true", "data-swatch": method });
    made.style.color = mgld.colour(method);
    return made;
  };

  addEventListener("mgld-theme", () => {
    for (const made of document.querySelectorAll("[data-swatch]")) made.style.color = mgld.colour(Number(made.dataset.swatch));
  });
})();
