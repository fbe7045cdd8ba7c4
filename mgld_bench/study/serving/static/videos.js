// Loads the videos of a pair as a whole before any of it is shown, and those of the next one meanwhile.
"use strict";

mgld.videos = (() => {
  const SIDES = ["left", "right", ...(mgld.settings.lowResolution === "hidden" ? [] : ["low-resolution"])];
  const TRIES = 6;
  const pairs = new Map(); // by position

  // The addresses of all videos of a pair; `progress` is called with the part from 0 to 1 that is there.
  function load(position, progress) {
    if (!pairs.has(position)) pairs.set(position, begin(position));
    const pair = pairs.get(position);
    pair.progress = progress;
    return pair.addresses;
  }

  function begin(position) {
    const parts = SIDES.map(() => 0);
    const pair = { progress: () => {} };
    const arrived = (index) => (part) => {
      parts[index] = part;
      pair.progress(parts.reduce((sum, one) => sum + one, 0) / SIDES.length);
    };
    pair.addresses = Promise.all(SIDES.map((side, index) => download(`trial/${position}/${side}`, arrived(index)))).then(
      (blobs) => Object.fromEntries(SIDES.map((side, index) => [side, URL.createObjectURL(blobs[index])])),
    );
    // What has failed begins anew when it is asked for again; for the next pair, that is no error yet.
    pair.addresses.catch(() => pairs.delete(position));
    return pair;
  }

  async function download(address, progress) {
    for (let tries = 1; ; tries += 1) {
      let failure;
      try {
        const response = await fetch(address, { cache: "no-store", credentials: "same-origin", redirect: "error" });
        if (response.ok) return await whole(response, progress);
        failure = await mgld.requests.reason(response);
        if (response.status < 500 && response.status !== 429) throw failure;
      } catch (error) {
        failure = error;
        if (error.word) throw error;
      }
      if (tries >= TRIES) throw failure;
      await mgld.wait(500 * 2 ** tries);
    }
  }

  async function whole(response, progress) {
    const type = response.headers.get("content-type");
    const length = Number(response.headers.get("content-length"));
    const pieces = [];
    let have = 0;
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      have += value.length;
      progress(length ? have / length : 0);
    }
    if (length && have !== length) throw new TypeError("the download broke off");
    return new Blob(pieces, { type });
  }

  // Lets go of all pairs but these.
  function keep(positions) {
    for (const [position, pair] of pairs) {
      if (positions.includes(position)) continue;
      pairs.delete(position);
      pair.addresses.then((addresses) => Object.values(addresses).forEach((address) => URL.revokeObjectURL(address))).catch(() => {});
    }
  }

  return { load, keep };
})();
