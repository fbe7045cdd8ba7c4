// The state of the page, kept in the address: a view can be sent to a colleague. Also the colours, before anything is painted.
"use strict";
var mgld = {};

(() => {
  const WRITE_AFTER = 250; // ms: browsers refuse an address that changes with every frame of a video.
  const STEPS = ["tab", "clip"]; // A change of these is a step of the browser's history; other changes are none.
  const defaults = {};
  const listeners = new Set();
  let state = {};
  let waiting = null;

  // Further keys with their defaults, which also say what the values are: text, a number or a list of texts.
  function declare(more) {
    Object.assign(defaults, more);
    state = { ...more, ...state, ...fromAddress() };
  }

  function get() {
    return { ...state };
  }

  // Changes part of the state; everybody who listens is called once.
  function set(patch) {
    const changed = Object.keys(patch).filter((key) => {
      if (!(key in defaults)) throw new Error(`no such part of the state: ${key}`);
      return !same(state[key], patch[key]);
    });
    if (!changed.length) return;
    const step = changed.some((key) => STEPS.includes(key));
    if (step && waiting !== null) write("replaceState");
    for (const key of changed) state[key] = patch[key];
    if (step) write("pushState");
    else waiting ??= setTimeout(write, WRITE_AFTER, "replaceState");
    call(changed);
  }

  // listener(state, changed keys); gives a function that ends it.
  function on(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  function call(changed) {
    for (const listener of [...listeners]) listener(get(), changed);
  }

  function same(one, other) {
    return Array.isArray(one) && Array.isArray(other) ? one.length === other.length && one.every((value, i) => value === other[i]) : one === other;
  }

  // The address of a state: only what differs from the defaults.
  function address(patch = {}) {
    const shown = { ...state, ...patch };
    const parts = Object.keys(defaults)
      .filter((key) => !same(shown[key], defaults[key]))
      .map((key) => `${key}=${[].concat(shown[key]).map(encodeURIComponent).join(",")}`);
    return `#${parts.join("&")}`;
  }

  function fromAddress() {
    const found = {};
    for (const part of location.hash.slice(1).split("&")) {
      const [key, text] = [part.split("=")[0], part.slice(part.indexOf("=") + 1)];
      if (!Object.hasOwn(defaults, key) || !part.includes("=")) continue;
      const value = parsed(text, defaults[key]);
      if (value !== null) found[key] = value;
    }
    return found;
  }

  function parsed(text, example) {
    try {
      if (Array.isArray(example)) return text ? text.split(",").map(decodeURIComponent) : [];
      const plain = decodeURIComponent(text);
      if (typeof example !== "number") return plain;
      return plain.trim() && Number.isFinite(Number(plain)) ? Number(plain) : null;
    } catch {
      return null; // A damaged address.
    }
  }

  function write(way) {
    clearTimeout(waiting);
    waiting = null;
    const target = address();
    if (target !== (location.hash || "#")) history[way](null, "", target);
  }

  const flush = () => write("replaceState");

  function readAgain() {
    if (location.hash.length > 1 && !location.hash.includes("=")) return; // A link within the page, such as to a footnote.
    const before = state;
    state = { ...defaults, ...fromAddress() };
    const changed = Object.keys(defaults).filter((key) => !same(before[key], state[key]));
    if (changed.length) call(changed);
  }

  addEventListener("popstate", readAgain);
  addEventListener("hashchange", readAgain);
  addEventListener("pagehide", flush);
  mgld.state = { declare, get, set, on, address, flush };

  // Dark or light: as the reader chose on this page, else as the system says.
  const root = document.documentElement;
  function kept(value) {
    try {
      if (value !== undefined) localStorage.setItem("mgld-theme", value);
      return localStorage.getItem("mgld-theme") ?? "";
    } catch {
      return value ?? ""; // Some browsers keep nothing for pages from disk.
    }
  }
  mgld.theme = {
    choose(value) {
      kept(value);
      root.dataset.theme = value;
      dispatchEvent(new Event("mgld-theme"));
    },
    get dark() {
      return root.dataset.theme === "dark" || (root.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    },
    get chosen() {
      return root.dataset.theme;
    },
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("mgld-theme")));
  declare({ tab: "tables", dataset: "", clip: "", frame: 0, sides: [], metric: "" });
  root.classList.add("js");
  root.dataset.theme = kept();
  root.dataset.tab = state.tab;
  root.classList.toggle("one-clip", state.clip !== "");
  on((now, changed) => {
    if (changed.includes("tab")) root.dataset.tab = now.tab;
  });
})();
