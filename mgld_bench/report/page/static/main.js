// Starts the parts of the page once everything is there.
"use strict";

(() => {
  const root = document.documentElement;
  const report = mgld.data("report");
  if (!report) {
    root.classList.remove("js"); // The data is not beside the page: what was written into it stays readable.
    return;
  }

  function tabs() {
    const links = document.querySelectorAll("#tabs a");
    const show = (state) => {
      for (const link of links) {
        link.href = mgld.state.address({ tab: link.dataset.tab });
        if (link.dataset.tab === state.tab) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
    };
    for (const link of links) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        mgld.state.set({ tab: link.dataset.tab });
        scrollTo(0, 0);
      });
    }
    const asked = [...links].find((link) => `#${link.dataset.tab}` === location.hash);
    if (asked) mgld.state.set({ tab: asked.dataset.tab });
    mgld.state.on(show);
    show(mgld.state.get());
  }

  function theme() {
    document.getElementById("theme").addEventListener("click", () => mgld.theme.choose(mgld.theme.dark ? "light" : "dark"));
  }

  tabs();
  theme();
  for (const part of [mgld.table, mgld.export, mgld.cell, mgld.clips, mgld.curves, mgld.worst, mgld.provenance]) part.start();
})();
