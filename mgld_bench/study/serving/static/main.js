// Goes through the study: consent, instructions, pair after pair, thanks. Where one stands is known by the server alone.
"use strict";

(() => {
  const { byId, counted, settings, requests, player, questions, screen, videos } = mgld;
  const SECTIONS = ["loading", "consent", "instructions", "trial", "finished", "ended"];
  const HEADINGS = { expired: "This link has expired", unknown: "This link is not known" };
  let instructed = false; // whether this page has shown the instructions
  let state = null;

  function section(name) {
    for (const id of SECTIONS) byId(id).hidden = id !== name;
    const heading = byId(name).querySelector("h1");
    if (heading && name !== "trial") heading.focus();
  }

  // --- where one stands

  async function refresh() {
    try {
      go(await requests.state());
    } catch (refused) {
      end(refused);
    }
  }

  function go(next) {
    state = next;
    if (state.stage !== "trial") player.close();
    if (state.stage === "consent") section("consent");
    else if (state.stage === "finished") section("finished");
    else if (!instructed) instruct();
    else trial();
  }

  function end(refused) {
    state = null;
    player.close();
    byId("ended-heading").textContent = HEADINGS[refused.word] ?? "This did not work";
    byId("ended").querySelector("p").textContent = refused.message;
    byId("reload").hidden = refused.word in HEADINGS;
    section("ended");
  }

  async function consent() {
    byId("agree").disabled = true;
    try {
      go(await requests.consent(screen.describe()));
    } catch (refused) {
      end(refused);
    }
  }

  function instruct() {
    const { answered, total, minutes } = state;
    const before = answered ? `You have answered ${answered} of ${counted(total, "pair")}; what is left` : `The study has ${counted(total, "pair")}, and`;
    byId("how-many").textContent = `${before} takes about ${counted(minutes, "minute")}.`;
    checkScreen();
    section("instructions");
  }

  function checkScreen() {
    const check = byId("screen-check");
    check.textContent = screen.advice();
    check.classList.toggle("fits", screen.fits());
    byId("begin").disabled = !screen.fits();
  }

  // --- a pair

  async function trial() {
    const mine = state.trial;
    const here = () => state?.trial?.position === mine.position;
    section("trial");
    const number = `${state.answered + 1} of ${state.total}`;
    byId("trial-heading").textContent = mine.training ? `Practice, pair ${number}` : `Pair ${number}`;
    byId("progress").max = state.total;
    byId("progress").value = state.answered;
    questions.reset();
    player.close();
    videos.keep([mine.position, mine.position + 1]);
    say("Loading the videos…");
    show();
    try {
      const addresses = await videos.load(mine.position, (part) => here() && say(`Loading the videos: ${Math.floor(100 * part)} %`));
      if (!here()) return;
      await player.show(mine, addresses, { onPlay, onChange: show, onBroken });
      if (!here()) return;
      show();
      byId("play").focus({ preventScroll: true });
      if (mine.following) videos.load(mine.position + 1, () => {}).catch(() => {});
    } catch (refused) {
      if (!here()) return;
      if (refused.word === "not-now") await refresh();
      else end(refused);
    }
  }

  function onPlay() {
    if (player.plays >= settings.plays) questions.unlock();
  }

  function onBroken() {
    end(new Error("This browser cannot play the videos. Use a current Chrome, Edge or Firefox on a computer. Your place is kept."));
  }

  function say(text) {
    const status = byId("status");
    if (status.textContent !== text) status.textContent = text;
  }

  // Buttons and the line beside them, as they are now.
  function show() {
    const watched = player.plays >= settings.plays;
    const play = byId("play");
    play.setAttribute("aria-disabled", String(!player.ready || player.playing));
    play.querySelector("span").textContent = player.plays ? "Play again" : "Play";
    const input = byId("input");
    if (input) {
      input.setAttribute("aria-disabled", String(!watched || !player.ready));
      input.setAttribute("aria-pressed", String(player.inputShown));
      input.querySelector("span").textContent = player.inputShown ? "Hide the input" : "Show the input";
    }
    if (questions.busy) say("Your answers are being kept…");
    else if (player.playing) say(watched ? "Playing." : "Playing: watch it to its end.");
    else if (!player.ready) return;
    else if (!watched && player.plays) say(`Watched ${player.plays} of ${settings.plays} times.`);
    else if (!watched) say("Answers unlock once you have watched to the end.");
    else say("Watched. Answer below, or play it again.");
  }

  async function answer() {
    if (!questions.complete() || questions.busy) return;
    const { position } = state.trial;
    const sent = { answers: questions.answers(), seconds: player.seconds, plays: player.plays };
    questions.busy = true;
    player.interrupt();
    show();
    try {
      go(await requests.answer(position, sent));
    } catch (refused) {
      // Answered in a different window, or by a request whose answer was lost: the server knows what comes now.
      if (["answered", "not-now", "not-watched"].includes(refused.word)) await refresh();
      else end(refused);
    }
  }

  function toggleInput() {
    if (player.plays < settings.plays) return;
    player.toggleInput();
    show();
  }

  // --- what the participant does

  byId("agree").addEventListener("click", consent);
  byId("begin").addEventListener("click", () => {
    instructed = true;
    go(state);
  });
  byId("reload").addEventListener("click", () => location.reload());
  byId("play").addEventListener("click", player.play);
  byId("input")?.addEventListener("click", toggleInput);
  questions.form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer();
  });
  screen.onChange(checkScreen);

  const KEYS = {
    " ": player.play,
    l: toggleInput,
    Enter: answer,
    1: () => questions.choose(1),
    2: () => questions.choose(2),
    3: () => questions.choose(3),
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "f") return void screen.toggleFullScreen();
    if (byId("trial").hidden || !KEYS[key]) return;
    // Where a button has the focus, or an answer that is not chosen yet, the key is for that.
    const focused = document.activeElement;
    if (["Enter", " "].includes(key) && focused.tagName === "BUTTON" && (key === " " || focused.id !== "play")) return;
    if (key === " " && focused.type === "radio" && !focused.checked) return;
    event.preventDefault();
    KEYS[key]();
  });

  // Back from a page that was left, or from a different tab in which the study went on.
  addEventListener("pageshow", (event) => event.persisted && refresh());
  document.addEventListener("visibilitychange", async () => {
    if (document.hidden || !state || questions.busy) return;
    const next = await requests.state().catch(end);
    if (next && state && (next.stage !== state.stage || next.answered !== state.answered)) go(next);
  });

  section("loading");
  refresh();
})();
