from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.engine.progress import Silent
from mgld_bench.report.profiles.sprite import LENGTH, choose_lines
from mgld_bench.report.profiles.write import draw_profiles
from tests.report.videos.test_encode_videos import report_of


def ramp(height: int, width: int, frames: int, scale: int = 1) -> ArrayClip:
    """Smooth, so that JPEG keeps it: red grows downwards, green to the right, blue with time."""
    time, down, right = np.meshgrid(np.arange(frames), np.arange(height) * scale, np.arange(width) * scale, indexing="ij")
    return ArrayClip("000", np.stack([down, right // 4, 10 * time], axis=3).astype(np.uint8))


def test_a_sprite_holds_rows_and_then_columns_over_time(tmp_path: Path) -> None:
    truth, low = ramp(200, 800, 5), ramp(50, 200, 5, scale=4)
    files = draw_profiles(report_of(truth, low, a=truth), True, tmp_path / "report", tmp_path / "kept", Silent())
    listed = json.loads(
        (tmp_path / "report/data/profiles.js").read_text().removeprefix('mgld.receive("profiles", ').removesuffix(");\n")
    )
    assert {file.name for file in files} == {"profiles.js", "LR.jpg", "method.a.jpg", "GT.jpg"}
    facts = listed["one/000"]
    assert len(facts["rows"]) == len(facts["columns"]) == 24
    assert facts["sides"]["GT"] == {"src": "profiles/one/000/GT.jpg", "frames": 5, "row": LENGTH, "column": 200}
    for side, scale in (("GT", 800 / LENGTH), ("LR", 4)):
        entry = facts["sides"][side]
        sprite = np.asarray(Image.open(tmp_path / "report" / entry["src"]).convert("RGB")).astype(int)
        assert sprite.shape == ((24 + 24) * 5, max(entry["row"], entry["column"]), 3)
        row = sprite[7 * 5 : 8 * 5, : entry["row"]]
        assert np.abs(row[:, :, 0] - facts["rows"][7]).max() <= 8
        assert np.abs(row[3, ::10, 1] - np.arange(entry["row"])[::10] * scale / 4).max() <= 8
        assert np.abs(row[3, :, 2] - 30).max() <= 8
        column = sprite[(24 + 2) * 5 : (24 + 3) * 5, : entry["column"]]
        assert np.abs(column[:, :, 1] - facts["columns"][2] / 4).max() <= 8
        assert np.abs(column[1, ::10, 0] - np.arange(entry["column"])[::10] * (4 if side == "LR" else 1)).max() <= 8


def test_without_videos_there_are_none_and_the_page_knows(tmp_path: Path) -> None:
    clip = ramp(20, 20, 2)
    files = draw_profiles(report_of(clip, clip, a=clip), False, tmp_path, tmp_path / "kept", Silent())
    assert [file.name for file in files] == ["profiles.js"]
    assert files[0].read_text() == 'mgld.receive("profiles", {});\n'


def test_long_clips_have_fewer_lines() -> None:
    assert len(choose_lines(720, 1280, 100).rows) == 24
    assert len(choose_lines(720, 1280, 2000).rows) == 4
    assert choose_lines(3, 5, 10).rows == (0, 1, 2)
    lines = choose_lines(720, 1280, 100)
    assert max(lines.rows) < 720 and max(lines.columns) < 1280
