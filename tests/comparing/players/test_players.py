"""The players on the page of a comparison, in a real browser: of a workspace, of folders, and where frames are gone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from mgld_bench.cards.loader import load_protocol
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.players.played import Players
from mgld_bench.comparing.players.sources import MOST_METHODS, find_sources
from mgld_bench.comparing.players.write import write_players
from mgld_bench.comparing.request import CompareRequest, run_request
from mgld_bench.comparing.show.render_html import render_html
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.session import Session
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError
from mgld_bench.report.videos.wanted import VideoWish
from tests.comparing.conftest import Compared
from tests.helpers.browser import opened
from tests.helpers.compared import Filler, made_up
from tests.helpers.suite_cards import write_cards

EVIL = "<b>evil & 'x'"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which two methods have restored two clips; nobody changes it."""
    folder = tmp_path_factory.mktemp("ran")
    cards = write_cards(folder / "cards")
    choice: dict[str, Any] = {"cards": [cards], "workspace": folder / "workspace", "device": "cpu", "metrics": ["psnr"]}
    with Session.open("small", **choice) as session:
        session.run(["mgld-bench", "run", "small"])
    return folder / "workspace"


def page_of(comparison: Comparison, file: Path, **wish: Any) -> tuple[Path, Players]:
    """The page, written as the command writes it."""
    wanted = VideoWish(file.parent / "kept", **wish)
    players = write_players(comparison, load_protocol("mgld-2024"), file, wanted, Silent())
    file.write_text(render_html(comparison, players=players))
    return file, players


def shows(badges: Any, frame: int) -> None:
    """Waits until every player is on this frame."""
    for badge in badges.all():
        expect(badge).to_have_text(str(frame))


def test_the_clips_of_a_workspace_play_at_the_frame_that_is_worst(
    browser: Browser, ran: Path, compared: Compared, tmp_path: Path
) -> None:
    found = compared("bicubic", "compact", workspace=ran)
    page, players = page_of(found, tmp_path / "a b&c.html")
    assert {clip for _, clip in players.clips} == {"bunny", "bikes"}
    (line,) = found.lines
    clip = list(line.gains)[-1]
    scores = [state.scores["tiny", "psnr.rgb"][clip].per_frame or {} for state in found.states]
    worst = min(scores[0], key=lambda frame: scores[1][frame] - scores[0][frame])
    assert players.clips["tiny", clip].worst == worst
    with opened(browser, page) as tab:
        tab.locator("#players").scroll_into_view_if_needed()
        expect(tab.locator("#played")).to_have_text(f"tiny, {clip}")
        assert tab.locator(".players .head .name").all_inner_texts() == ["LR", "bicubic", "compact", "GT"]
        shows(tab.locator(".players .badge.frame"), worst)
        assert set(tab.locator(".players .badge.version").all_inner_texts()) == {"exact"}
        expect(tab.locator(".players .score").nth(2)).to_have_text(f"PSNR {scores[1][worst]:.2f}")
        tab.keyboard.press("End")
        shows(tab.locator(".players .badge.frame"), 2)
        best = players.clips["tiny", next(iter(line.gains))]
        tab.locator(f"a[data-clip='{best.name}']").last.click()
        expect(tab.locator("#played")).to_have_text(f"tiny, {next(iter(line.gains))}")
        shows(tab.locator(".players .badge.frame"), best.best or 0)
        tab.emulate_media(media="print")
        assert not tab.locator("#players").is_visible()
        assert tab.get_by_text("Clips that show it best").is_visible()


def test_frames_that_are_gone_or_of_another_state_are_not_shown(ran: Path, compared: Compared, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(ran, workspace)
    shutil.rmtree(workspace / "restored/tiny/compact/bikes")
    record = workspace / "restored/tiny/bicubic/bunny.json"
    content = json.loads(record.read_text())
    record.write_text(json.dumps({**content, "key": "another"}))
    found = compared("bicubic", "compact", workspace=workspace)
    sources, notes = find_sources(found)
    assert {source.clip: list(source.restored) for source in sources} == {"bikes": ["bicubic"], "bunny": ["compact"]}
    folder = workspace / "restored" / "tiny"
    assert set(notes) == {
        f"bicubic is not shown on tiny bunny: the frames in {folder / 'bicubic'} are of another state: those that were scored "
        "are gone",
        f"compact is not shown on tiny bikes: its frames are not in {folder / 'compact'}",
    }
    shutil.rmtree(workspace / "restored")
    page, players = page_of(compared("bicubic", "compact", workspace=workspace), tmp_path / "gone.html")
    assert players.files is None
    assert "Players: bicubic is not shown on" in page.read_text()
    assert "<script" not in page.read_text()
    assert not (tmp_path / "gone.files").exists()


def test_a_frame_that_has_changed_since_is_never_shown_as_the_one_that_was_scored(
    ran: Path, compared: Compared, tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(ran, workspace)
    write_frame(workspace / "restored/tiny/compact/bikes/00000001.png", np.zeros((128, 192, 3), np.uint8))
    with pytest.raises(InputError, match="frame 1 was changed after it was made"):
        page_of(compared("bicubic", "compact", workspace=workspace), tmp_path / "page.html")


def test_folders_play_without_lr_and_whatever_they_are_called(browser: Browser, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    truth = random.integers(60, 200, (3, 64, 96, 3), dtype=np.uint8)
    for folder, noise in (("GT", 0), (EVIL, 2), ("bad", 20)):
        frames = np.clip(truth + random.normal(0, noise or 1e-9, truth.shape), 0, 255).astype(np.uint8)
        for index, frame in enumerate(ArrayClip("one", frames).frames()):
            path = tmp_path / folder / EVIL / frame_name(index)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_frame(path, frame)
    sides = (str(tmp_path / "bad"), str(tmp_path / EVIL))
    request = CompareRequest(sides, ground_truth=tmp_path / "GT", metrics=("psnr",), device="cpu")
    page, _ = page_of(run_request(request, Silent()), tmp_path / "page.html", choice="previews")
    with opened(browser, page, dark=True) as tab:
        tab.locator("#players").scroll_into_view_if_needed()
        expect(tab.locator("#played")).to_have_text(f"clips, {EVIL}")
        assert tab.locator(".players .head .name").all_inner_texts() == ["bad", EVIL, "GT"]
        expect(tab.locator(".players .badge.version").first).to_have_text("preview")
        assert tab.get_by_text("The only clip").is_visible()


def test_of_many_baselines_those_are_shown_that_do_best(compared: Compared, tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        for place in range(12):
            Filler(store).run(f"method{place}", made_up(place / 4, 0, {"set": 6}, noise=0))
            (tmp_path / "cards/baselines").mkdir(parents=True, exist_ok=True)
            (tmp_path / f"cards/baselines/method{place}.yaml").write_text(f"name: method{place}\nextends: bicubic\n")
    _, notes = find_sources(compared("method5", against_all=True, cards=(tmp_path / "cards",)))
    assert notes[0] == (
        f"the players show {MOST_METHODS} methods, method5 and those that do best beside it; without method0, method1, method2"
    )
