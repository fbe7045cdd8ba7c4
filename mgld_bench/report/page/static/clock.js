// Keeps several videos on the same frame: while they play, those that are ahead wait for the slowest; otherwise each is sought.
"use strict";

mgld.makeClock = ({ fps, frames, onFrame, onPlaying }) => {
  const NUDGE = 0.05; // of the rate, which no eye notices
  const AHEAD = 2; // frames: more than a nudge makes good, so that one waits
  const PATIENCE = 3000; // ms that a video may take before the others start without it
  const CHECK_AFTER = 200; // ms
  const CHECKS = 20;
  let videos = []; // the first one leads
  let frame = 0;
  let playing = false;
  let loop = true;
  let rate = 1;
  let round = 0; // of starting, so that an old one notices that it was overtaken
  const seen = new Map(); // by video, the frame that the browser has stated last
  let check = null;

  // The middle of a frame: time stamps of some formats are rounded, and none is off by half a frame.
  const middle = (index) => (index + 0.5) / fps;
  const frameAt = (seconds) => Math.round(seconds * fps);
  const within = (index) => Math.min(Math.max(0, Math.round(index)), frames - 1);

  function use(next) {
    for (const video of videos) if (!next.includes(video)) release(video);
    for (const video of next) if (!videos.includes(video)) adopt(video);
    videos = next;
    if (playing) return void start();
    placeAll();
  }

  function placeAll() {
    videos.forEach(place);
    checkLater();
  }

  function adopt(video) {
    video.addEventListener("loadedmetadata", arrived);
    video.addEventListener("seeked", arrived);
  }

  function release(video) {
    video.removeEventListener("loadedmetadata", arrived);
    video.removeEventListener("seeked", arrived);
    seen.delete(video);
  }

  function arrived(event) {
    if (!playing) place(event.target);
  }

  // Puts a video on the frame. One that is seeking is put there once it has arrived: browsers drop seeks that come too fast.
  function place(video) {
    if (video.readyState < 1 || video.seeking) return;
    const last = Number.isFinite(video.duration) ? video.duration - 0.25 / fps : Infinity;
    const time = Math.min(middle(frame), Math.max(0, last));
    if (Math.abs(video.currentTime - time) > 0.2 / fps) video.currentTime = time;
  }

  // Browsers do not always state which frame a seek has led to, where pictures follow one another fast. Then it is sought again, at
  // another time within the same frame, so that what is stated is always what is seen.
  function checkLater(times = CHECKS) {
    clearTimeout(check);
    check = setTimeout(() => {
      if (playing) return;
      const wrong = videos.filter((video) => video.src && seen.get(video) !== frame);
      for (const video of wrong) {
        if (video.readyState >= 1 && !video.seeking && frame / fps < video.duration) video.currentTime = middle(frame) + (times % 2 ? 0.2 : -0.2) / fps;
      }
      if (wrong.length && times > 1) checkLater(times - 1);
    }, CHECK_AFTER);
  }

  const settled = (video) => !video.src || (!video.seeking && video.readyState >= 2);

  function moveTo(index) {
    if (playing) stop();
    frame = within(index);
    placeAll();
    onFrame(frame);
  }

  async function start() {
    const mine = ++round;
    playing = true;
    onPlaying(true);
    if (frame >= frames - 1) frame = 0;
    for (const video of videos) video.pause();
    videos.forEach(place);
    const until = performance.now() + PATIENCE;
    while (!videos.every(settled) && performance.now() < until) await new Promise((done) => setTimeout(done, 10));
    if (mine !== round) return;
    for (const video of videos) {
      seen.set(video, frame);
      video.playbackRate = rate;
      if (video.src) video.play().catch((error) => error.name === "NotAllowedError" && mine === round && stop());
    }
    requestAnimationFrame(() => follow(mine));
  }

  function follow(mine) {
    if (mine !== round || !playing) return;
    const able = videos.filter((video) => video.src && video.readyState >= 1);
    if (!able.length) return void stop();
    // What is seen counts: where a decoder is too slow, a video's own time runs on without its pictures.
    const at = (video) => seen.get(video) ?? frame;
    const slowest = Math.min(...able.filter((video) => !video.ended).map(at));
    for (const video of able) {
      const ahead = at(video) - slowest;
      if (video.ended || !Number.isFinite(ahead)) continue;
      if (ahead > AHEAD && !video.paused) video.pause();
      else if (ahead < AHEAD && video.paused) video.play().catch(() => {});
      video.playbackRate = rate * (1 - Math.min(1, ahead / AHEAD) * NUDGE);
    }
    const end = able.every((video) => video.ended || at(video) >= frames - 1);
    if (end && loop) {
      frame = 0;
      onFrame(frame);
      return void start();
    }
    if (end) return void stop();
    requestAnimationFrame(() => follow(mine));
  }

  function stop() {
    round += 1;
    playing = false;
    for (const video of videos) {
      video.pause();
      video.playbackRate = rate;
    }
    placeAll();
    onPlaying(false);
  }

  // What a video shows now, as the browser states it with the picture.
  function shown(video, seconds) {
    const index = frameAt(seconds);
    seen.set(video, index);
    if (playing && video === videos[0] && index !== frame) {
      frame = within(index);
      onFrame(frame);
    }
    return index;
  }

  return {
    use,
    shown,
    start,
    stop,
    moveTo,
    step: (by) => moveTo(frame + by),
    toggle: () => (playing ? stop() : start()),
    get frame() {
      return frame;
    },
    get playing() {
      return playing;
    },
    get rate() {
      return rate;
    },
    set rate(value) {
      rate = value;
      for (const video of videos) video.playbackRate = value;
    },
    get loop() {
      return loop;
    },
    set loop(value) {
      loop = value;
    },
  };
};
