"""A test set whose Bicubic has a published row's numbers is recognised, from scoring to the table and the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.writing import encode_png
from tests.helpers.clip_samples import make_frames
from tests.helpers.command import Done, call
from tests.helpers.published_samples import published_card


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set called UDM10 of two clips, two methods scored on it, and the sets of a paper that prints just these numbers."""
    top = tmp_path_factory.mktemp("recognised")
    random = np.random.default_rng(1)
    for number, clip in enumerate(("000", "001")):
        for index, frame in enumerate(make_frames(count=2, height=48, width=64, seed=number)):
            for folder, noise in {"UDM10/GT": 0, "out/bicubic": 12, "out/mine": 6}.items():
                picture = np.clip(frame.astype(int) + random.integers(-noise, noise + 1, frame.shape), 0, 255)
                path = top / folder / clip / f"{index:04d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(encode_png(picture.astype(np.uint8)))
    done = on(top, "score", top / "out", "--metrics", "psnr,ssim", "--json")
    means = json.loads(done.out)["methods"]["bicubic"]["means"]
    psnr, ssim = means["psnr.rgb"]["value"], means["ssim.rgb"]["value"]
    card = "variants: {psnr: psnr.rgb, ssim: ssim.rgb}\nrows: {bicubic: Bicubic}\n"
    theirs = "UDM10 Theirs PSNR 31.00 unchecked"
    published_card(top / "cards", "same-2026", f"UDM10 Bicubic PSNR {psnr:.2f}\nUDM10 Bicubic SSIM {ssim:.4f}\n{theirs}", card)
    published_card(top / "cards", "other-2026", f"UDM10 Bicubic PSNR {psnr + 3.9:.2f}\nUDM10 Bicubic SSIM {ssim:.4f}", card)
    return top


def on(top: Path, *words: str | Path) -> Done:
    done = call(*words, "--gt", top / "UDM10/GT", "--quiet", environment={"MGLD_BENCH_HOME": str(top / "home")})
    assert done.code == 0, done.err
    return done


def report(top: Path, folder: Path, *words: str) -> Path:
    on(top, "report", "--scores", top / "out", "--cards", top / "cards", "-o", folder, "--videos", "none", *words)
    return folder


def test_the_copy_is_named_in_the_table_and_on_the_page(top: Path, tmp_path: Path) -> None:
    folder = report(top, tmp_path / "r", "--format", "md,html", "--against", "same-2026")
    for text in ((folder / "table.md").read_text().replace("\\", ""), (folder / "index.html").read_text()):
        assert "UDM10/GT: this is the copy of Paper same-2026 [same-2026]: equal to the printed digits (bicubic: PSNR" in text
        assert "Paper other-2026 [other-2026] (bicubic PSNR" in text
        assert "UDM10/GT as published in Paper same-2026 [same-2026], Table 2" in text
        assert "31.00°" in text
        assert "another instance" not in text


def test_a_paper_with_other_numbers_is_another_instance(top: Path, tmp_path: Path) -> None:
    folder = report(top, tmp_path / "r", "--format", "md", "--against", "other-2026")
    text = (folder / "table.md").read_text().replace("\\", "")
    assert (
        "**Warning:** UDM10/GT: another instance of this test set than that of Paper other-2026 [other-2026] (bicubic: PSNR"
        in text
    )


def test_a_wrong_set_is_named_and_fails_only_what_asks_for_it(top: Path, tmp_path: Path) -> None:
    place = tmp_path / "cards/reports/published"
    place.mkdir(parents=True)
    (place / "wrong-2026.yaml").write_text("name: wrong-2026\nfile: wrong-2026.csv\n")
    words = (
        "report",
        "--scores",
        top / "out",
        "--gt",
        top / "UDM10/GT",
        "--cards",
        tmp_path / "cards",
        "--quiet",
        "--format",
        "md",
    )
    home = {"MGLD_BENCH_HOME": str(top / "home")}
    done = call(*words, "-o", tmp_path / "r", environment=home)
    assert done.code == 0, done.err
    assert "Left out of the published sets:" in " ".join(done.out.split())
    asked = call(*words, "-o", tmp_path / "s", "--against", "wrong-2026", environment=home)
    assert (asked.code, "wrong-2026.csv does not exist" in asked.err) == (2, True)
    unknown = call(*words, "-o", tmp_path / "s", "--against", "dove-2024", environment=home)
    assert (unknown.code, "did you mean dove-2025" in unknown.err) == (2, True)
