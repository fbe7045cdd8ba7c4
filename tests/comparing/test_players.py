"""The page of a comparison leads to the players of the workspace's reports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from mgld_bench.comparing.players import player_addresses
from mgld_bench.comparing.show.render_html import render_html
from tests.comparing.conftest import Compared


def report(folder: Path, methods: list[str], clips: list[str]) -> None:
    """As much of a report's page as an address needs."""
    for clip in clips:
        (folder / "data/clips/reds4").mkdir(parents=True, exist_ok=True)
        (folder / f"data/clips/reds4/{clip}.js").write_text("")
    (folder / "index.html").write_text("")
    (folder / "run.json").write_text(json.dumps({"methods": {method: {} for method in methods}}))


def test_clips_of_a_report_that_shows_both_methods_can_be_watched(example: Path, compared: Compared, tmp_path: Path) -> None:
    workspace = tmp_path / "work space"
    shutil.copytree(example, workspace)
    found = compared("bicubic", "mine", workspace=workspace, datasets=("reds4",))
    page = tmp_path / "out" / "verdict.html"
    assert player_addresses(found, workspace, page) == {}
    report(workspace / "reports/one/latest", ["bicubic", "mine"], ["000", "001"])
    report(workspace / "reports/other/latest", ["bicubic"], ["002"])
    addresses = player_addresses(found, workspace, page)
    assert addresses == {
        ("reds4", clip): f"../work%20space/reports/one/latest/index.html#tab=clips&clip=reds4%2F{clip}" for clip in ("000", "001")
    }
    shown = render_html(found, players=addresses)
    assert shown.count(">watch</a>") == len({"000", "001"})
    assert player_addresses(compared("bicubic@1", "mine", workspace=workspace), workspace, page) == {}
