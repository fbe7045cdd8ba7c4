"""The same frames under several protocols, side by side, with what makes the difference."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mgld_bench
from mgld_bench.clips.writing import encode_png
from mgld_bench.errors import InputError
from tests.helpers.command import Done, call


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips of three frames, restored by two methods; a protocol of luma and one of the first frame."""
    top = tmp_path_factory.mktemp("protocols")
    random = np.random.default_rng(0)
    for clip in ("one", "two"):
        for index, frame in enumerate(random.integers(40, 200, (3, 32, 48, 3)).astype(np.uint8)):
            noise = random.integers(-20 * (index + 1), 20, frame.shape)
            for folder, picture in {"GT": frame, "out/mine": (frame + noise).clip(0, 255), "out/theirs": frame + 8}.items():
                path = top / folder / clip / f"{index:08d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(encode_png(np.ascontiguousarray(picture.astype(np.uint8))))
    cards = top / "cards/reports/protocols"
    cards.mkdir(parents=True)
    (cards / "luma.yaml").write_text("name: luma\nmetrics: {psnr: psnr.y.crop4, ssim: ssim.rgb}\n")
    (cards / "first.yaml").write_text("name: first\nmetrics: {psnr: psnr.rgb}\nframes: [0]\n")
    return top


def score(top: Path, *words: str | Path) -> Done:
    where = ("--gt", top / "GT", "--cards", top / "cards", "--store", f"sqlite:///{top}/kept.sqlite", "--quiet")
    return call("score", top / "out/mine", *where, *words)


def test_one_table_names_the_variants_and_what_makes_the_difference(top: Path) -> None:
    done = score(top, "--protocols", "mgld-2024,luma", "--metrics", "psnr,ssim")
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    assert "colour: RGB / limited-range luma" in text
    assert "border cut: none / 4 pixels" in text
    assert "nothing: the same variant and frames" in text
    assert "the same 2 clips under each protocol: mgld-2024: all frames; luma: all frames; averaging" in text


def test_numbers_are_those_of_each_protocol_alone(top: Path) -> None:
    done = score(top, "--protocols", "mgld-2024,luma,first", "--metrics", "psnr,ssim", "--json")
    assert done.code == 0, done.err
    both = json.loads(done.out)
    psnr, ssim = both["side_by_side"]
    for protocol, variant in (("mgld-2024", "psnr.rgb"), ("luma", "psnr.y.crop4"), ("first", "psnr.rgb")):
        alone = json.loads(score(top, "--protocol", protocol, "--metrics", "psnr", "--json").out)
        assert psnr["under"][protocol]["mean"] == alone["means"][variant]["value"]
        assert both["protocols"][protocol]["means"][variant] == alone["means"][variant]
    assert psnr["because"] == {
        "colour": ["RGB", "limited-range luma", "RGB"],
        "border cut": ["none", "4 pixels", "none"],
        "frames": ["all", "all", "0"],
    }
    assert psnr["difference"] == psnr["under"]["first"]["mean"] - psnr["under"]["mgld-2024"]["mean"]
    # A protocol without the metric is a gap, not a fallback.
    assert ssim["under"]["first"] == {"variant": None, "mean": None, "frames": "0"}


def test_csv_files_are_kept_apart(top: Path, tmp_path: Path) -> None:
    done = score(top, "--protocols", "luma,first", "--metrics", "all", "--output", tmp_path / "out")
    assert done.code == 0, done.err
    luma, first = (pd.read_csv(tmp_path / "out" / name / "scores.csv") for name in ("luma", "first"))
    assert set(luma["metric"]) == {"psnr.y.crop4", "ssim.rgb"}
    assert set(first["metric"]) == {"psnr.rgb"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--protocols", "luma"), "--protocols: one protocol is not side by side"),
        (("--protocols", "luma,luma"), "--protocols: luma is named twice"),
        (("--protocols", "luma,first1"), 'there is no protocol "first1"; did you mean first'),
        (("--protocols", "luma,first", "--metrics", "psrn"), "metric psrn: none of the protocols has it"),
        (("--protocols", "luma,first", "--frames", "0"), "--frames and --protocols exclude each other"),
        (("--protocols", "luma,first", "--protocol", "smoke"), "--protocol and --protocols exclude each other"),
    ],
)
def test_wrong_use_is_one_line(top: Path, words: tuple[str, ...], message: str) -> None:
    done = score(top, *words)
    assert done.code == 2
    assert message in " ".join(done.err.replace("│", " ").split())


def test_a_clip_that_lacks_a_protocols_frames_is_an_error_and_the_rest_is_there(top: Path) -> None:
    done = score(top, "--protocols", "luma,realbasicvsr-3frames", "--metrics", "psnr,niqe.pyiqa")
    assert done.code == 2
    assert "frame 50, 99 cannot be scored" in done.err
    assert "psnr" in done.out


def test_python_gives_a_row_per_protocol(top: Path) -> None:
    table = mgld_bench.score(
        {"mine": top / "out/mine", "theirs": top / "out/theirs"},
        top / "GT",
        ["psnr", "ssim"],
        protocol=["luma", "first"],
        cards=[top / "cards"],
        level="clip",
        store=f"sqlite:///{top}/kept.sqlite",
    )
    assert list(table.columns) == ["protocol", "method", "clip", "metric", "value"]
    counts = table.groupby(["protocol", "metric"]).size().to_dict()
    assert counts == {("luma", "psnr.y.crop4"): 4, ("luma", "ssim.rgb"): 4, ("first", "psnr.rgb"): 4}
    assert table.attrs["protocol"] == ["luma", "first"]
    with pytest.raises(InputError, match="frames: each of several"):
        mgld_bench.score(top / "out/mine", top / "GT", protocol=["luma", "first"], cards=[top / "cards"], frames=0)
