from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.report.clip_ids import clip_id
from mgld_bench.report.collect.data import PictureSource
from mgld_bench.report.videos.wanted import VideoWish
from mgld_bench.report.write import write_report
from tests.helpers.browser import opened
from tests.helpers.handmade import make_data

FRAMES, HEIGHT, WIDTH = 12, 64, 96
METHODS = {"a": 'Ours <img src=x onerror="alert(1)">', "b": "B & 'b'", "c": "C", "d": "D"}
CLIP = "<i>&#x27;"
PLACE = clip_id("one", CLIP)


def noise(height: int, width: int, seed: int) -> ArrayClip:
    """No two frames are alike."""
    frames = np.random.default_rng(seed).integers(0, 256, (FRAMES, height // 4, width // 4, 3), dtype=np.uint8)
    return ArrayClip(CLIP, np.repeat(np.repeat(frames, 4, axis=1), 4, axis=2))


TRUTH = noise(HEIGHT, WIDTH, 0)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of one clip with hostile names: LR, four methods, and ground truth."""
    folder = tmp_path_factory.mktemp("players")
    scores = {("one", name, "psnr.rgb"): {CLIP: 20.0 + number} for number, name in enumerate(METHODS)}
    restored = {method: noise(HEIGHT, WIDTH, number + 1) for number, method in enumerate(METHODS)}
    data = make_data(scores, {"one": (CLIP,)}, METHODS)
    data = replace(data, pictures=(PictureSource("one", CLIP, noise(16, 24, 9), TRUTH, restored),))
    data = replace(data, card=data.card.model_copy(update={"plots": ()}))
    files = write_report(data, folder / "report", ("html",), videos=VideoWish(folder / "kept"))
    assert files.index is not None
    return files.index


@pytest.fixture
def players(browser: Browser, index: Path) -> Iterator[Page]:
    """The players on frame 7."""
    with opened(browser, index, state=f"tab=clips&clip={quote(PLACE, safe='')}&frame=7") as page:
        shows(page, 7)
        yield page


def badges(page: Page) -> list[str]:
    return page.locator(".players .badge.frame").all_inner_texts()


def shows(page: Page, frame: int) -> None:
    """Waits until every side that plays states this frame."""
    for badge in page.locator(".players .badge.frame").all():
        expect(badge).to_have_text(str(frame))


def pressed(page: Page, name: str) -> bool:
    return page.get_by_role("button", name=name, exact=True).get_attribute("aria-pressed") == "true"


def hash_of(page: Page) -> str:
    page.evaluate("mgld.state.flush()")
    return str(page.evaluate("location.hash"))


def test_every_player_lands_on_the_same_frame(players: Page) -> None:
    assert len(badges(players)) == 4
    for key, frame in {"d": 8, ".": 9, "a": 8, ",": 7, "Home": 0, "End": 11}.items():
        players.keyboard.press(key)
        shows(players, frame)
    players.keyboard.press("Home")
    for _ in range(6):
        # Faster than a browser seeks.
        players.keyboard.press("d")
    shows(players, 6)
    assert "frame=6" in hash_of(players)


def test_they_play_together_and_stop_on_one_frame(players: Page) -> None:
    players.keyboard.press("Home")
    shows(players, 0)
    players.keyboard.press("Space")
    expect(players.get_by_role("button", name="Pause")).to_be_visible()
    expect(players.locator(".players input[type=range]")).not_to_have_value("0")
    players.keyboard.press("Space")
    expect(players.get_by_role("button", name="Play")).to_be_visible()
    shows(players, int(players.locator(".players input[type=range]").input_value()))
    # Without a loop, the end is the end.
    players.keyboard.press("o")
    players.keyboard.press("Space")
    expect(players.get_by_role("button", name="Play")).to_be_visible()
    shows(players, FRAMES - 1)


def test_the_pixels_of_the_exact_video_are_those_of_the_frame(players: Page) -> None:
    players.keyboard.press("i")
    expect(players.locator(".players .percent")).to_have_text("100 %")
    truth = players.locator(".players .pane").last
    assert truth.locator(".version").inner_text() == "exact"
    truth.scroll_into_view_if_needed()
    box = truth.locator(".layer").bounding_box()
    assert box is not None and (box["width"], box["height"]) == (WIDTH, HEIGHT)
    shot = players.screenshot(clip=box)
    seen = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))
    assert np.array_equal(seen, TRUTH.frame(7))
    players.keyboard.press("e")
    expect(truth.locator(".version")).to_have_text("preview")
    shows(players, 7)
    preview = np.asarray(Image.open(io.BytesIO(players.screenshot(clip=box))).convert("RGB"))
    assert 0 < np.abs(preview.astype(int) - TRUTH.frame(7)).mean() < 12


def test_two_sides_are_compared(players: Page) -> None:
    players.keyboard.press("w")
    shows(players, 7)
    assert pressed(players, "Split")
    assert players.locator(".players .heads .name").all_inner_texts() == ["D", "GT"]
    players.keyboard.press("2")
    players.keyboard.press("s")
    shows(players, 7)
    assert players.locator(".players .heads .name").all_inner_texts() == [METHODS["a"], "D"]
    assert "view=split" in hash_of(players) and "pair=a,d" in hash_of(players)
    players.keyboard.press("0")
    players.keyboard.press("ArrowUp")
    shows(players, 7)
    assert players.get_by_label("Gain").input_value() == "8"
    picture = players.locator(".players .picture")
    assert np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("RGB")).max() == 255
    players.keyboard.press("0")
    assert pressed(players, "Split")
    players.keyboard.press("f")
    assert pressed(players, "Flicker")
    players.keyboard.press("x")
    front = players.locator(".players .head.front .name").inner_text()
    players.keyboard.press("x")
    assert players.locator(".players .head.front .name").inner_text() != front
    players.keyboard.press("g")
    assert pressed(players, "Side by side")


def test_zoom_and_pan_are_linked_and_in_the_address(players: Page, browser: Browser, index: Path) -> None:
    before = [one.get_attribute("style") for one in players.locator(".players .layer").all()]
    players.keyboard.press("+")
    players.keyboard.press("+")
    players.keyboard.press("Shift+ArrowLeft")
    after = {one.evaluate("one => one.style.transform") for one in players.locator(".players .layer").all()}
    assert len(after) == 1 and after.isdisjoint(before)
    box = players.locator(".players .picture").first.bounding_box()
    assert box is not None
    players.mouse.move(box["x"] + 30, box["y"] + 30)
    players.wait_for_timeout(450)
    players.mouse.wheel(0, -200)
    address = hash_of(players)
    assert "zoom=" in address and "x=" in address
    transform = players.locator(".players .layer").first.evaluate("one => one.style.transform")
    with opened(browser, index, state=address.removeprefix("#")) as again:
        shows(again, 7)
        assert again.locator(".players .layer").first.evaluate("one => one.style.transform") == transform
    players.keyboard.press("c")
    assert "zoom=" not in hash_of(players)


def test_at_most_four_decoders_and_none_afterwards(players: Page) -> None:
    sources = "[...document.querySelectorAll('video')].filter(video => video.src).length"
    assert players.evaluate(sources) == 4
    players.keyboard.press("2")
    players.keyboard.press("3")
    expect(players.locator(".players .pane")).to_have_count(6)
    assert players.evaluate(sources) == 4
    assert players.locator(".players .badge.version").all_inner_texts().count("still") == 2
    # One that is only a picture plays once it is clicked.
    pane = players.locator(".players .pane").first
    assert pane.locator(".version").inner_text() == "still"
    pane.locator(".picture").click()
    expect(pane.locator(".version")).to_have_text("exact")
    assert players.evaluate(sources) == 4
    players.keyboard.press("w")
    shows(players, 7)
    assert players.evaluate(sources) == 2
    players.evaluate("mgld.players.unmount()")
    assert players.evaluate("document.querySelectorAll('video').length") == 0


def test_every_name_is_text_and_the_keyboard_is_enough(players: Page) -> None:
    assert METHODS["a"] in players.locator(".players .shelf").inner_text()
    assert players.evaluate("document.querySelectorAll('.players img[src=x], .players i').length") == 0
    players.keyboard.press("h")
    expect(players.get_by_role("dialog")).to_be_visible()
    players.keyboard.press("d")
    players.keyboard.press("Escape")
    expect(players.get_by_role("dialog")).to_be_hidden()
    shows(players, 7)
    assert players.locator(".players button:visible, .players select:visible, .players input:visible").evaluate_all(
        "all => all.every(one => one.tabIndex === 0 && (one.innerText.trim() || one.ariaLabel || one.labels.length))"
    )
    play = players.get_by_role("button", name="Next frame")
    play.focus()
    players.keyboard.press("Tab")
    players.keyboard.press("ArrowRight")
    shows(players, 8)
    assert players.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_magnifier_shows_pixels_and_where_they_are(players: Page) -> None:
    box = players.locator(".players .picture").first.bounding_box()
    assert box is not None
    players.keyboard.press("z")
    players.mouse.move(box["x"] + box["width"] * 48.5 / WIDTH, box["y"] + box["height"] * 32.5 / HEIGHT)
    expect(players.locator(".players .magnifier .place")).to_have_text("pixel 48, 32")
    assert players.locator(".players .magnifier canvas").count() == 4
    shot = players.locator(".players .magnifier canvas").last.screenshot()
    corner = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))[4, 4]
    assert tuple(corner) == tuple(TRUTH.frame(7)[32 - 8, 48 - 8])


def test_where_exact_cannot_be_played_the_preview_is(browser: Browser, index: Path, tmp_path: Path) -> None:
    script = "HTMLMediaElement.prototype.canPlayType = type => type.includes('webm') ? '' : 'probably'"
    with opened(browser, index, state=f"tab=clips&clip={quote(PLACE, safe='')}&frame=3") as page:
        page.add_init_script(script)
        page.reload()
        shows(page, 3)
        assert set(page.locator(".players .badge.version").all_inner_texts()) == {"preview"}


def test_maps_are_laid_over_the_frames_that_have_them(players: Page) -> None:
    players.keyboard.press("m")
    message = players.locator(".players .message")
    expect(message).to_contain_text("Error: drawn for")
    message.get_by_role("button").first.click()
    expect(message).to_contain_text("absolute difference to the ground truth")
    expect(players.locator(".players img.map")).to_have_count(2)
    assert players.locator(".players img.map").first.evaluate("map => map.complete && map.naturalWidth") == WIDTH
    assert "map=error" in hash_of(players)
    for _ in range(3):
        players.keyboard.press("m")
    expect(players.locator(".players img.map")).to_have_count(0)


def test_a_temporal_profile_follows_the_mouse_and_leads_to_its_frames(players: Page) -> None:
    players.keyboard.press("t")
    place = players.locator(".players .profiles .place")
    expect(place).to_contain_text("Temporal profile of row")
    expect(players.locator(".players .profiles canvas")).to_have_count(4)
    box = players.locator(".players .picture").first.bounding_box()
    assert box is not None
    players.mouse.click(box["x"] + 10, box["y"] + 2)
    expect(place).to_contain_text("row 1:")
    players.keyboard.press("ArrowDown")
    expect(place).not_to_contain_text("row 1:")
    assert "profile=row" in hash_of(players) and "place=" in hash_of(players)
    profile = players.locator(".players .profiles canvas").first
    profile.scroll_into_view_if_needed()
    size = profile.bounding_box()
    assert size is not None
    players.mouse.click(size["x"] + 5, size["y"] + size["height"] * 2.5 / FRAMES)
    shows(players, 2)


def test_the_score_of_the_frame_stands_beside_its_method(players: Page) -> None:
    heads = players.locator(".players .head")
    players.keyboard.press("Home")
    expect(heads.nth(1).locator(".score")).to_have_text("PSNR 22.00")
    expect(heads.first.locator(".score")).to_have_text("")
