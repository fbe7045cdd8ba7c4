// Asks the server. What fails because the connection or the server is away is asked again until it is there.
"use strict";

mgld.requests = (() => {
  const LONGEST = 10000; // ms between two tries
  const LOST = "The study's server cannot be reached. Nothing is lost: it is tried again…";
  const LATER = [408, 425, 429, 500, 502, 503, 504];
  let page = ""; // what proves that a request comes from this page;

  class Refused extends Error {
    constructor(word, text) {
      super(text);
      this.word = word;
    }
  }

  // One request, until there is an answer to it that is worth having.
  async function ask(address, body) {
    let renewed = false;
    for (let pause = 500; ; pause = Math.min(2 * pause, LONGEST)) {
      let response;
      try {
        response = await fetch(address, options(body));
        if (response.ok) return known(await response.json());
      } catch {
        mgld.alert(LOST);
        await mgld.wait(pause);
        continue;
      }
      const refused = await reason(response);
      if (refused.word === "forged" && !renewed) {
        // The browser has forgotten its cookie, or a different tab was given a new one.
        renewed = true;
        await ask("state");
      } else if (LATER.includes(response.status)) {
        if (response.status >= 500) mgld.alert(LOST);
        await mgld.wait(1000 * Number(response.headers.get("retry-after")) || pause);
      } else {
        mgld.alert("");
        throw refused;
      }
    }
  }

  function known(state) {
    mgld.alert("");
    page = state.page;
    return state;
  }

  function options(body) {
    const common = { cache: "no-store", credentials: "same-origin", redirect: "error" };
    if (body === undefined) return common;
    return { ...common, method: "POST", headers: { "content-type": "application/json", "x-study-page": page }, body: JSON.stringify(body) };
  }

  async function reason(response) {
    try {
      const { error, text } = await response.json();
      return new Refused(error, text);
    } catch {
      return new Refused("failed", `The server answers with ${response.status}.`);
    }
  }

  return {
    reason,
    state: () => ask("state"),
    consent: (browser) => ask("consent", { browser }),
    answer: (position, answers) => ask(`trial/${position}/answer`, answers),
  };
})();
