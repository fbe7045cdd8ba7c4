"""Pairs of every scale, from the download to a report: at x1 LR has the size of the ground truth, as RealVSR is arranged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from mgld_bench.api import degrade
from mgld_bench.cards.loader import load_dataset, load_method
from mgld_bench.clips.clip import ClipSize
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.pairs.planning import plan_pairs
from mgld_bench.pairs.sources import locate_clips
from mgld_bench.restoring.record import read_record, record_path
from mgld_bench.restoring.way import ScaleError, way_here
from tests.helpers.clip_samples import make_frames
from tests.helpers.command import Done, call

CARDS: dict[str, dict[str, object]] = {
    "datasets/phones.yaml": {
        "name": "phones",
        "title": "Phones",
        "clip_count": 2,
        "scales": [1, 4],
        "layouts": [{"name": "gt-lq", "ground_truth": "GT/{clip}", "low_resolution": "LQ/{clip}"}],
    },
    "datasets/phones-reduced.yaml": {"name": "phones-reduced", "extends": "phones", "scales": [4], "reduce_lr": 4},
    "datasets/phones-bi.yaml": {"name": "phones-bi", "extends": "phones", "title": "Phones, x2", "degradation": "half"},
    "datasets/degradations/half.yaml": {"name": "half", "extends": "bi", "scale": 2},
    "datasets/old-film.yaml": {
        "name": "old-film",
        "title": "Old film",
        "clip_count": 2,
        "ground_truth": False,
        "scales": [1],
        "layouts": [{"name": "lq", "low_resolution": "LQ/{clip}"}],
    },
    "reports/protocols/plain.yaml": {"name": "plain", "metrics": {"psnr": "psnr.rgb"}},
    "reports/equal.yaml": {
        "name": "equal",
        "title": "Equal",
        "protocol": "plain",
        "methods": ["bicubic", "mine", "copying", "realesr-animevideov3"],
        "datasets": [{"name": "phones", "metrics": ["psnr"]}],
    },
    "baselines/mine.yaml": {"name": "mine", "extends": "results", "options": {"folder": "mine"}},
    "baselines/copying.yaml": {
        "name": "copying",
        "restorer": "mgld_bench.methods.program:Program",
        "options": {"command": ["cp", "-r", "{lr}/.", "{out}"], "files": ["/bin/cp"], "scale": 1},
    },
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up set at x1, cards, and finished results of its size; the report has been run and written."""
    folder = tmp_path_factory.mktemp("scales")
    for name, card in CARDS.items():
        path = folder / "cards" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(card))
    for number, clip in enumerate(("000", "001")):
        for index, frame in enumerate(make_frames(count=2, height=32, width=48, seed=number)):
            write_frame(folder / "data/GT" / clip / frame_name(index), frame)
            write_frame(folder / "data/LQ" / clip / frame_name(index), frame // 2)
            write_frame(folder / "cards/baselines/mine" / clip / frame_name(index), frame // 2 + 9)
    return folder


@pytest.fixture(scope="module")
def ran(place: Path) -> Done:
    return run(place, "--source", f"phones={place / 'data'}", "--trust-cards")


def run(place: Path, *more: str) -> Done:
    where = ("--cards", place / "cards", "--workspace", place / "workspace")
    return call("run", "equal", *where, "--device", "cpu", *more, environment={"MGLD_BENCH_HOME": str(place / "home")})


def test_methods_of_any_scale_and_of_x1_restore_and_are_scored(place: Path, ran: Done) -> None:
    (row,) = [line.split() for line in ran.out.splitlines() if line.startswith(" Phones ")]
    # Bicubic, mine, copying. LR as it is: bicubic at x1 and a program that copies give the same score.
    assert row[3] == row[5] != row[4]
    for method in ("bicubic", "mine", "copying"):
        record = read_record(record_path(place / "workspace/restored/phones" / method, "000"))
        assert record is not None
        assert (record.height, record.width, record.way) == (32, 48, {"scale": 1})
    written = place / "workspace/reports/equal"
    assert (written / "index.html").is_file()


def test_a_method_that_enlarges_is_refused_in_one_line(ran: Done) -> None:
    assert ran.code == 3
    reason = "method realesr-animevideov3: phones: it enlarges x4, and these pairs are x1: use a method that restores at x1"
    assert (ran.out + ran.err).count(reason) >= 1
    assert "000: it enlarges" not in ran.out + ran.err


def test_nothing_is_done_again(place: Path, ran: Done) -> None:
    again = run(place, "--methods", "bicubic,mine,copying", "--trust-cards")
    assert again.code == 0, again.err
    assert "0 pair units, 0 restore units, 0 score units done now" in again.out


def test_the_scale_is_that_of_the_frames(place: Path, tmp_path: Path) -> None:
    card = load_dataset("phones", [place / "cards"])
    first, _ = locate_clips(card, place / "data")
    assert (first.scale, first.target_size) == (1, (32, 48))
    for clip in ("000", "001"):
        for index in range(2):
            for side, shape in (("GT", (32, 48, 3)), ("LQ", (8, 12, 3))):
                write_frame(tmp_path / "data" / side / clip / frame_name(index), np.zeros(shape, np.uint8))
    assert [pair.scale for pair in plan_pairs(card, None, tmp_path / "data", tmp_path)] == [4, 4]


def test_a_scale_that_the_card_does_not_have_is_named(place: Path, tmp_path: Path) -> None:
    for side, shape in (("GT", (32, 48, 3)), ("LQ", (16, 24, 3))):
        for clip in ("000", "001"):
            write_frame(tmp_path / side / clip / frame_name(0), np.zeros(shape, np.uint8))
    done = call("datasets", "prepare", "phones", "--source", tmp_path, "--cards", place / "cards", "--workspace", tmp_path / "w")
    assert done.code == 2
    assert "frames are 24x16, which is not the same as or a quarter of the ground truth's 48x32; if that is right" in done.err
    assert "write a card that extends phones with scales: [2]" in done.err


def test_lr_is_built_at_the_scale_of_the_degradation(place: Path, tmp_path: Path) -> None:
    where = ("--cards", place / "cards", "--workspace", tmp_path)
    done = call("datasets", "prepare", "phones-bi", "--source", place / "data", *where)
    assert done.code == 0, done.err
    side = json.loads((tmp_path / "pairs/phones-bi/half/000.json").read_text())
    assert (side["LQ"]["height"], side["LQ"]["width"]) == (16, 24)
    assert call("datasets", "verify", "phones-bi", "--mode", "full", *where).code == 0
    size = ClipSize("000", 2, 16, 24)
    assert way_here(load_method("bicubic"), size, Compute(), 2) == {"scale": 2}
    with pytest.raises(ScaleError, match="it enlarges x4, and these pairs are x2"):
        way_here(load_method("realesr-animevideov3"), size, Compute(), 2)


def test_lr_is_reduced_for_methods_that_enlarge_where_the_card_says_so(place: Path, tmp_path: Path) -> None:
    where = ("--cards", place / "cards", "--workspace", tmp_path)
    done = call("datasets", "prepare", "phones-reduced", "--source", place / "data", *where)
    assert done.code == 0, done.err
    side = json.loads((tmp_path / "pairs/phones-reduced/existing/000.json").read_text())
    assert (side["LQ"]["height"], side["LQ"]["width"]) == (8, 12)
    assert side["facts"]["notes"] == ["LR: reduced 4 times in each direction by MATLAB's bicubic, as the card says"]
    low = next(open_clip(place / "data/LQ/000").frames())
    stored = next(open_clip(tmp_path / "pairs/phones-reduced/existing/LQ/000").frames())
    np.testing.assert_array_equal(stored, degrade(low[None], "bi")[0])
    # Without its source, the pair is known by its side file: not where the card reduces it differently by now.
    card = load_dataset("phones-reduced", [place / "cards"])
    assert [pair.scale for pair in plan_pairs(card, None, None, tmp_path)] == [4, 4]
    with pytest.raises(InputError, match=r"its card has been changed since its pair was built \(reduce_lr: 1, not 4\)"):
        plan_pairs(card.model_copy(update={"reduce_lr": 1}), None, None, tmp_path)


def test_without_ground_truth_the_card_says_how_large_methods_make_it(place: Path, tmp_path: Path) -> None:
    card = load_dataset("old-film", [place / "cards"])
    planned = plan_pairs(card, None, place / "data", tmp_path)
    assert [(pair.height, pair.width, pair.scale) for pair in planned] == [(32, 48, 1)] * 2
