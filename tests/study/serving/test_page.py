"""The study's page in a real browser: whole sessions, interruptions of every kind, what is seen, and by whom it can be used."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mgld_bench.study.folder import StudyFolder
from tests.helpers import study_page as page_of
from tests.helpers.small_study import METHODS, SmallStudy, frames_of, make_study
from tests.helpers.study_server import Person, Server, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FRAMES = 3
SIZE = (96, 64)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> SmallStudy:
    return make_study(tmp_path_factory.mktemp("seen") / "small", participants=8, expired=1, frames=FRAMES, size=SIZE, pairs=1)


@pytest.fixture(scope="module")
def server(study: SmallStudy) -> Iterator[Server]:
    with serving(study.folder.path) as running:
        yield running


def votes_of(study: SmallStudy, number: int) -> list[str]:
    """The answers of a participant, in order."""
    return [vote.answer for vote in study.store().votes() if vote.participant == str(number)]


def test_two_people_at_once_one_by_keys_and_one_by_mouse(browser: Browser, study: SmallStudy, server: Server) -> None:
    asked: list[str] = []
    with (
        page_of.seated(browser, server.link(study.tokens[0])) as keys,
        page_of.seated(browser, server.link(study.tokens[1])) as mouse,
    ):
        keys.on("request", lambda request: asked.append(request.url))
        assert keys.locator("h1:visible").inner_text() == "A small study"
        for key in ("Tab", "Enter"):
            keys.keyboard.press(key)
        keys.wait_for_selector("#instructions:visible")
        for key in ("Tab", "Enter"):
            keys.keyboard.press(key)
        page_of.begin(mouse)
        for number in (1, 2, 3, 4):
            page_of.at(keys, number)
            keys.keyboard.press("1")  # Locked: nobody has watched yet.
            page_of.vote(keys, "1", "3")
            page_of.at(mouse, number)
            assert mouse.locator("#next").is_disabled()
            mouse.click("#play")
            page_of.watched(mouse)
            mouse.click("fieldset >> nth=0 >> label:has-text('No difference')")
            assert mouse.locator("#next").is_disabled()
            mouse.click("fieldset >> nth=1 >> label:has-text('A')")
            mouse.click("#next")
        for page in (keys, mouse):
            page.wait_for_selector("#finished:visible")
    assert votes_of(study, 1) == ["left", "right"] * 4
    assert votes_of(study, 2) == ["tie", "left"] * 4
    assert [address for address in asked if not address.startswith((server.base, "blob:"))] == []
    assert [address for address in asked if any(method in address for method in METHODS)] == []
    someone = study.store().participants()[0]
    assert someone.finished_at is not None
    assert someone.browser == {"family": "Chrome", "screen": [1000, 700], "window": [1000, 700], "pixel_ratio": 1.0}


def test_one_goes_on_after_a_reload_a_back_button_and_in_a_second_tab(
    browser: Browser, study: SmallStudy, server: Server
) -> None:
    link = server.link(study.tokens[2])
    with page_of.seated(browser, link) as page:
        page_of.begin(page)
        page_of.vote(page, "1", "1")
        page_of.at(page, 2)
        page.reload()
        page.wait_for_selector("#how-many:has-text('You have answered 1 of 4 pairs; what is left takes about')")
        page_of.begin(page)
        page_of.at(page, 2)
        page.goto("about:blank")
        page.go_back()
        page_of.begin(page)
        page_of.at(page, 2)
        other = page_of.tab(page.context, link)
        page_of.begin(other)
        page_of.vote(other, "2", "2")
        page_of.at(other, 3)
        # The first tab still shows pair 2, which has its answer; it goes on where the second one is.
        page_of.vote(page, "3", "3")
        page_of.at(page, 3)
    assert votes_of(study, 3) == ["left", "left", "tie", "tie"]


def test_a_killed_server_loses_no_vote_and_everybody_goes_on(browser: Browser, study: SmallStudy, tmp_path: Path) -> None:
    """With a vote under way and another page in the middle of a pair."""
    folder = Path(shutil.copytree(study.folder.path, tmp_path / "small"))
    with serving(folder) as first:
        port = first.port
        with (
            page_of.seated(browser, first.link(study.tokens[3])) as one,
            page_of.seated(browser, first.link(study.tokens[4])) as two,
        ):
            for page in (one, two):
                page_of.begin(page)
                page_of.vote(page, "1", "2")
                page_of.at(page, 2)
            first.process.kill()
            first.process.wait()
            page_of.vote(one, "3", "3")
            one.wait_for_selector("#alert:has-text('cannot be reached')")
            with serving(folder, port=port):
                page_of.at(one, 3)
                assert one.locator("#alert").is_hidden()
                page_of.vote(two, "2", "2")
                page_of.at(two, 3)
    copied = SmallStudy(StudyFolder(folder), study.study, study.tokens)
    assert votes_of(copied, 4) == ["left", "tie", "right", "right"]
    assert votes_of(copied, 5) == ["left", "tie", "tie", "tie"]


@pytest.mark.parametrize("ratio", [1.25, *(pytest.param(ratio, marks=pytest.mark.slow) for ratio in (1.0, 1.5, 2.0))])
def test_a_pixel_of_a_video_is_a_pixel_of_the_screen(browser: Browser, study: SmallStudy, server: Server, ratio: float) -> None:
    """Both sides, first and last frame, and the input over both."""
    with page_of.seated(browser, server.link(study.tokens[5]), width=701, height=601, ratio=ratio) as page:
        page_of.begin(page)
        left, right = (frames_of(method, 0, FRAMES, *SIZE) for method in METHODS[:2])
        low = frames_of("lr", 0, FRAMES, *SIZE)
        shown(page, "left", left[0])
        shown(page, "right", right[0])
        page.keyboard.press("l")  # Locked, like the answers.
        shown(page, "left", left[0])
        page.keyboard.press("Space")
        page_of.watched(page)
        shown(page, "left", left[-1])
        shown(page, "right", right[-1])
        page.keyboard.press("l")
        shown(page, "left", low[-1])
        shown(page, "right", low[-1])
        page.keyboard.press("l")
        shown(page, "right", right[-1])


def shown(page: Page, side: str, frame: page_of.Picture) -> None:
    """Wait until a side shows exactly this."""
    for _ in range(100):
        seen = page_of.pictured(page, side)
        if np.array_equal(seen, frame):
            return
        page.wait_for_timeout(50)
    assert seen.shape == frame.shape
    np.testing.assert_array_equal(seen, frame)


def test_the_input_in_the_middle_two_plays_and_no_ties(browser: Browser, tmp_path: Path) -> None:
    card: dict[str, Any] = {
        "low_resolution": "middle",
        "plays": 2,
        "ties": False,
        "consent": "First <b>part</b>.\n\nSecond part.",
    }
    study = make_study(tmp_path / "small", participants=1, frames=FRAMES, size=SIZE, pairs=1, **card)
    with serving(study.folder.path) as server, page_of.seated(browser, server.link(study.tokens[0])) as page:
        page.wait_for_selector("#consent:visible")
        assert page.locator("#consent p").all_inner_texts()[:2] == ["First <b>part</b>.", "Second part."]
        page_of.begin(page)
        for side, method in (("left", METHODS[0]), ("low-resolution", "lr"), ("right", METHODS[1])):
            shown(page, side, frames_of(method, 0, FRAMES, *SIZE)[0])
        page.keyboard.press("Space")
        page.wait_for_selector("#status:text('Watched 1 of 2 times.')")
        assert page.locator("fieldset:enabled").count() == 0
        page_of.vote(page, "3", "2", "1")  # There is no third answer.
        page_of.at(page, 2)
    assert [(vote.answer, vote.plays) for vote in study.store().votes()] == [("right", 2), ("left", 2)]


def test_a_window_that_is_too_small_shows_nothing_until_it_is_larger(browser: Browser, study: SmallStudy, server: Server) -> None:
    with page_of.seated(browser, server.link(study.tokens[6]), width=200, height=400) as page:
        page.click("#agree")
        page.wait_for_selector("#instructions:visible")
        page.wait_for_selector("#screen-check:has-text('200\u00a0×\u00a0400 pixels, and 224\u00a0×\u00a0214 are needed')")
        assert page.locator("#begin").is_disabled()
        page.set_viewport_size({"width": 800, "height": 600})
        page.click("#begin")
        page_of.ready(page)
        page.set_viewport_size({"width": 200, "height": 600})
        page.wait_for_selector("#cover:visible")
        assert page.locator("video:visible, #questions:visible").count() == 0
        page.keyboard.press("Space")
        page.set_viewport_size({"width": 800, "height": 600})
        page.wait_for_selector("#cover", state="hidden")
        assert page.locator("fieldset:disabled").count() == 2
        page_of.vote(page, "1", "1")
        page_of.at(page, 2)


def test_links_that_lead_nowhere(browser: Browser, study: SmallStudy, server: Server) -> None:
    for token, heading in ((study.tokens[-1], "This link has expired"), ("x" * 43, "This link is not known")):
        with page_of.seated(browser, server.link(token)) as page:
            assert page.locator("h1").inner_text() == heading
            assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(89, 89, 89)"


def test_everybody_can_use_it(browser: Browser, study: SmallStudy, server: Server) -> None:
    """Every control has a name, every text enough contrast (WCAG AA), every focus is seen; what changes is announced."""
    with page_of.seated(browser, server.link(study.tokens[7])) as page:
        page.wait_for_selector("#consent:visible")
        check_usable(page)
        page.click("#agree")
        page.wait_for_selector("#instructions:visible")
        check_usable(page)
        page.click("#begin")
        page_of.ready(page)
        check_usable(page)
        page.locator("#play").focus()
        page.keyboard.press("Space")
        page_of.watched(page)
        page.get_by_role("status").get_by_text("Watched. Answer below, or play it again.", exact=True).wait_for()
        page.keyboard.press("1")
        check_usable(page)
        question = page.get_by_role("group", name="Which one is steadier from frame to frame?")
        question.get_by_role("radio", name="No difference").focus()
        page.keyboard.press("ArrowRight")
        assert question.get_by_role("radio", name="B").is_checked()
        page.keyboard.press("Enter")
        page_of.at(page, 2)
        assert Person(server.base, study.tokens[7]).state()["answered"] == 1


def check_usable(page: Page) -> None:
    """Of all that is seen now."""
    assert page.evaluate("document.documentElement.lang") == "en"
    for control in page.locator(":is(button, input, progress, video):visible").all():
        name = control.evaluate(
            "one => one.ariaLabel || [...one.labels ?? []].map(label => label.innerText).join() || one.innerText"
        )
        assert name.strip(), control.evaluate("one => one.outerHTML")
    poor = page.evaluate(CONTRAST)
    assert poor == []
    for control in page.locator(":is(button:enabled, input:enabled):visible").all():
        control.focus()
        page.keyboard.press("Shift")
        assert control.evaluate(RING) == "3px"


RING = """one => document.activeElement.matches(":focus-visible")
  && getComputedStyle(one.type === "radio" ? one.nextElementSibling : one).outlineWidth"""

CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (colour) => colour.slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.tagName === "NOSCRIPT") continue;
    const [front, back] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (contrast < 4.5) poor.push(`${element.textContent.trim().slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return poor;
}"""
