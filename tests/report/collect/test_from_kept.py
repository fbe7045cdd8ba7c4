"""A report of what `score` has kept, without any card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mgld_bench.cli.main import app
from mgld_bench.clips.writing import encode_png


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two methods' folders of two clips each, with ground truth, LR and a home, scored by PSNR and SSIM."""
    top = tmp_path_factory.mktemp("scored")
    random = np.random.default_rng(0)
    for clip in ("one", "two"):
        frames = random.integers(40, 200, (3, 32, 48, 3)).astype(np.uint8)
        for index, frame in enumerate(frames):
            for folder, picture in {
                "My set/GT": frame,
                "LR": frame[::4, ::4],
                "out/My <b>method": frame + 4,
                "out/theirs": frame + 8,
            }.items():
                path = top / folder / clip / f"{index:08d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(encode_png(np.ascontiguousarray(picture)))
    call(top, "score", str(top / "out"), *truth(top), "--metrics", "psnr,ssim", "--quiet")
    return top


def truth(top: Path) -> list[str]:
    return ["--gt", str(top / "My set/GT")]


def call(top: Path, *words: str, code: int = 0) -> str:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MGLD_BENCH_HOME", str(top / "home"))
        done = CliRunner().invoke(app, list(words))
    assert done.exit_code == code, done.output
    return done.output


def test_folders_become_methods_and_the_ground_truth_the_dataset(top: Path, tmp_path: Path) -> None:
    where = ["--workspace", str(tmp_path)]
    shown = call(top, "report", "--scores", str(top / "out"), *truth(top), "--lr", str(top / "LR"), "--videos", "none", *where)
    folder = tmp_path / "reports/my-set-gt"
    table = pd.read_csv(folder / "table.csv").set_index(["method", "metric"])
    assert list(table.index) == [(method, metric) for metric in ("psnr.rgb", "ssim.rgb") for method in ("my-b-method", "theirs")]
    # Frames that differ by 4 everywhere: 20 log10(255 / 4).
    assert table["value"]["my-b-method", "psnr.rgb"] == pytest.approx(36.0897, abs=1e-3)
    assert "My set/GT" in shown
    assert len(pd.read_csv(folder / "frames.csv")) == 2 * 2 * 2 * 3
    page = (folder / "index.html").read_text()
    assert "My &lt;b&gt;method" in page
    assert "My <b>" not in page
    assert "folders without cards: their licences, their weights and training data" in (folder / "table.md").read_text()
    assert len(list((folder / "strips").rglob("*.png"))) == 2
    record = json.loads((folder / "run.json").read_text())
    assert [run["report"] for run in record["runs"]] == ["score"]
    assert record["made_on"]["scores"][0]["device"] == "cpu"


def test_what_has_no_score_is_a_gap(top: Path, tmp_path: Path) -> None:
    shutil.copytree(top / "out/theirs", tmp_path / "out/newer")
    (tmp_path / "out/newer/one/00000000.png").write_bytes((top / "My set/GT/one/00000000.png").read_bytes())
    (tmp_path / "out/newer").rename(tmp_path / "newer")
    choice = ["report", "--scores", str(top / "out/theirs"), "--scores", str(tmp_path / "newer"), *truth(top), "--format", "csv"]
    shown = call(top, *choice, "--output", str(tmp_path / "report"), "--metrics", "psnr", code=3)
    assert "1 of 2 numbers lack clips (gaps of newer in psnr.rgb); to fill them: mgld-bench score" in shown
    table = pd.read_csv(tmp_path / "report/table.csv").set_index("method")
    assert dict(table["clips_scored"]) == {"theirs": 2, "newer": 1}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name a report card, or the clips that score has scored with --scores"),
        (("demo", "--scores", "{top}/out"), "name a report card, or the clips that score has scored with --scores"),
        (("--scores", "{top}/out"), "none of these clips has a score in {top}/home/scores.sqlite with this ground truth"),
        (("--scores", "{top}/out", "--gt", "{top}/My set/GT", "--frames", "0"), "these frames and this shift; score them first"),
        (("--scores", "{top}/out", "--methods", "x"), "needs a report card"),
        (("--scores", "{top}/nowhere"), "nowhere"),
        (("demo", "--gt", "{top}/My set/GT"), "belongs to --scores"),
    ],
)
def test_what_cannot_be_reported_is_one_line(top: Path, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    shown = call(top, "report", *(word.format(top=top) for word in words), "--workspace", str(tmp_path / "none"), code=2)
    assert message.format(top=top) in " ".join(shown.replace("│", " ").split())
    assert "Traceback" not in shown
