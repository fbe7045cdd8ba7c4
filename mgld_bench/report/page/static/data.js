// The data of the report. A page from disk cannot fetch: every file of data is a script that calls mgld.receive.
"use strict";

(() => {
  const received = new Map();
  const loading = new Map();
  const folder = new URL("..", document.currentScript.src); // which holds page/ and data/

  mgld.receive = (name, value) => received.set(name, value);

  // What was received under a name, e.g. "report".
  mgld.data = (name) => received.get(name);

  // Loads the script data/<name>.js, once; gives what it hands over.
  mgld.load = (name) => {
    if (!loading.has(name)) loading.set(name, new Promise((resolve, reject) => request(name, resolve, reject)));
    return loading.get(name);
  };

  function request(name, resolve, reject) {
    const script = document.createElement("script");
    script.src = new URL(`data/${name.split("/").map(encodeURIComponent).join("/")}.js`, folder);
    script.onload = () => (received.has(name) ? resolve(received.get(name)) : script.onerror());
    script.onerror = () => {
      loading.delete(name);
      reject(new Error(`data/${name}.js cannot be read: it belongs beside this page`));
    };
    document.head.append(script);
  }

  // The per-frame scores and units of one clip.
  mgld.loadClip = (id) => mgld.load(`clips/${id}`);

  // An element with attributes and children; a child that is no element is text, whatever it contains.
  mgld.element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === false || value === null || value === undefined) continue;
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return made;
  };

  // A number as the tables print it.
  mgld.format = (value, digits) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
    const text = value.toFixed(digits);
    return Number(text) === 0 ? text.replace("-", "") : text;
  };
})();
