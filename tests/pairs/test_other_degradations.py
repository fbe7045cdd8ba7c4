"""Pairs by degradations that compress no video: the suite's own, and the one that the how-to prints, as somebody's package."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.cards.loader import load_degradation
from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import write_frame
from mgld_bench.degradation.loading import degrade_clip, load_pipeline
from mgld_bench.errors import InputError
from mgld_bench.pairs.build import build_pair
from mgld_bench.pairs.planning import pair_key
from mgld_bench.pairs.rebuild import PairRebuild, rebuild_pair
from mgld_bench.pairs.verify import PairVerification, verify_pair
from tests.helpers.command import call
from tests.helpers.damaged_pairs import edit_side, touch_up
from tests.helpers.project import ROOT
from tests.test_docs_site import blocks

PAGE = ROOT / "docs/how-to/degradation.md"
BAD = """
from mgld_bench.degradation.degradation import Degradation

class Cropping(Degradation):
    def degrade(self, frames, plan):
        for frame in frames:
            yield frame[:8, :8]

class Dropping(Degradation):
    def degrade(self, frames, plan):
        for frame in list(frames)[1:]:
            yield frame[::4, ::4]

class Doubling(Degradation):
    def degrade(self, frames, plan):
        for frame in frames:
            yield frame[::4, ::4]
            yield frame[::4, ::4]

class Failing(Degradation):
    def degrade(self, frames, plan):
        yield next(frames)[::4, ::4]
        raise ValueError("no lens")

class Unwritable(Degradation):
    def draw(self, clip, random):
        return {"kernel": random}
    def degrade(self, frames, plan):
        return frames

number = 3
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the package and the card of the how-to, as a wheel would install it."""
    site = tmp_path / "site"
    for language in ("python", "yaml"):
        for name, text in blocks(PAGE, language):
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text, encoding="utf-8")
    (site / "my_package/bad.py").write_text(BAD)
    info = site / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(PAGE.read_text(encoding="utf-8").split("```toml\n[project.")[1].split("```")[0])
    text = (info / "entry_points.txt").read_text().replace('entry-points."mgld_bench.degradations"]', "[mgld_bench.degradations]")
    (info / "entry_points.txt").write_text(text.replace('"', ""))
    monkeypatch.syspath_prepend(str(site))
    for name in [name for name in sys.modules if name.split(".")[0] == "my_package"]:
        monkeypatch.delitem(sys.modules, name)
    return site


def webcam(package: Path) -> DegradationCard:
    return load_degradation(str(package / "mycards/datasets/degradations/webcam.yaml"))


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", ["bi", "bd", "webcam"])
def test_pairs_are_recorded_verified_and_rebuilt_to_the_byte(name: str, package: Path, bunny: ArrayClip, tmp_path: Path) -> None:
    card = webcam(package) if name == "webcam" else load_degradation(name)
    folder = tmp_path / "pairs"
    side = json.loads(build_pair(bunny, "demo", "bunny", card, folder, "key").read_text())
    assert [path.name for path in sorted(folder.iterdir())] == ["GT", "LQ", "bunny.json"]
    assert set(side["plan"]["drawn"]) == ({"brightness", "noise"} if name == "webcam" else set())
    assert (side["streams"], side["after"], side["plan"]["target_size"]) == ([], {}, [28, 40])
    np.testing.assert_array_equal(degrade_clip(bunny, card, "demo")[0], list(open_clip(folder / "LQ/bunny").frames()))
    assert verify_pair(folder, "bunny", "full", card) == PairVerification()
    before = content(folder)
    shutil.rmtree(folder / "LQ/bunny")
    assert rebuild_pair(folder, "bunny", card) == PairRebuild(True, ())
    touch_up(folder / "LQ/bunny/00000003.png")
    assert rebuild_pair(folder, "bunny", card) == PairRebuild(True, ())
    assert content(folder) == before


def test_lr_is_not_rebuilt_from_damaged_ground_truth(bunny: ArrayClip, tmp_path: Path) -> None:
    build_pair(bunny, "demo", "bunny", load_degradation("bi"), tmp_path, "key")
    frame = np.zeros((112, 160, 3), np.uint8)
    frame[:50] = 255
    write_frame(tmp_path / "GT/bunny/00000001.png", frame)
    assert (
        verify_pair(tmp_path, "bunny", "from-stream").frames[1].startswith("from GT/bunny: frame 1 rebuilt differently: off by")
    )
    shutil.rmtree(tmp_path / "LQ/bunny")
    before = content(tmp_path)
    found = rebuild_pair(tmp_path, "bunny")
    assert not found.rebuilt
    assert found.problems[-1].endswith(
        "GT/bunny: frame 1 rebuilt from it differs from the side file: the ground truth is damaged, or the degradation's code or "
        "NumPy differ from those of the pair"
    )
    assert content(tmp_path) == before


def test_another_salt_draws_something_else(package: Path, bunny: ArrayClip) -> None:
    card = webcam(package)
    plans = [degrade_clip(bunny, card.model_copy(update={"salt": salt}), "demo")[1].model_dump() for salt in (3, 4, 3)]
    assert plans[0] == plans[2]
    assert plans[0]["drawn"] != plans[1]["drawn"]
    assert plans[0]["seed_text"] == "pairs-v1|my_package.webcam:Webcam|demo|bunny|3"


def test_the_entry_point_is_the_class(package: Path) -> None:
    by_class = webcam(package)
    by_name = by_class.model_copy(update={"pipeline": "webcam"})
    assert type(load_pipeline(by_name)) is type(load_pipeline(by_class))
    assert pair_key("source", "demo", "bunny", by_name) == pair_key("source", "demo", "bunny", by_class)


def test_the_key_holds_what_decides_the_frames(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = webcam(package)

    def key(**changes: object) -> str:
        return pair_key("source", "demo", "bunny", card.model_copy(update=changes))

    keys = [key(), key(options={"darkest": 0.8}), key(salt=4), key(scale=2), key(pipeline="my_package.bad:Failing", options={})]
    assert len(set(keys)) == len(keys)
    # What is the default, a title, and an ffmpeg that it does not need, change nothing.
    assert key(options={}) == key(options={"darkest": 0.5})
    assert key(title="Yours") == keys[0] == pair_key("source", "demo", "bunny", card, encoder="another ffmpeg")
    monkeypatch.setattr("my_package.webcam.Webcam.revision", 2)
    assert key() not in keys


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ("pipeline: webcan", "pipeline: no installed package offers the degradation webcan; did you mean webcam?"),
        ("pipeline: my_package.nothing:X", "pipeline: cannot import my_package.nothing: ModuleNotFoundError"),
        ("pipeline: my_package.webcam:X", "pipeline: my_package.webcam has no X"),
        ("pipeline: my_package.bad:number", "pipeline: my_package.bad:number is not a Degradation"),
        ("pipeline: 'a b:C'", 'pipeline: must be module:Class, e.g. mgld_bench.methods.bicubic:Bicubic, not "a b:C"'),
        ("pipeline: webcam\noptions: {darkes: 1}", "options.darkes: unknown field; did you mean darkest?"),
        ("pipeline: webcam\nprofile: realbasicvsr", "profile: belongs to the RealBasicVSR degradation, not to webcam"),
        ("extends: realbasicvsr\noptions: {a: 1}", "options: the RealBasicVSR degradation has none"),
        ("pipeline: webcam\nscale: 0", "scale: should be greater than or equal to 1, not 0"),
    ],
)
def test_wrong_cards_are_one_line(fields: str, complaint: str, package: Path, tmp_path: Path) -> None:
    file = tmp_path / "cards/datasets/degradations/mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f"name: mine\n{fields}\n")
    done = call("cards", "check", file)
    assert done.code == 2
    assert complaint in done.out + done.err
    assert f"{file.name}:{len(fields.splitlines()) + 1}" in done.out + done.err


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("Cropping", r"degradation mine, frame 0: gave \(8, 8, 3\) uint8, expected \(28, 40, 3\) uint8"),
        ("Dropping", "degradation mine: gave 4 frames for 5"),
        ("Doubling", "degradation mine: gave more than 5 frames"),
        ("Failing", r"degradation mine, frame 1 failed with ValueError: no lens \(bad\.py, line \d+\)"),
        ("Unwritable", "degradation mine failed with TypeError: Object of type RandomState is not JSON serializable"),
    ],
)
def test_what_a_class_does_wrong_is_one_line(name: str, complaint: str, package: Path, bunny: ArrayClip, tmp_path: Path) -> None:
    card = DegradationCard(name="mine", pipeline=f"my_package.bad:{name}")
    with pytest.raises(InputError, match=complaint):
        build_pair(bunny, "demo", "bunny", card, tmp_path / "pairs", "key")
    assert not (tmp_path / "pairs/bunny.json").exists()


def test_a_side_file_runs_nobody_s_code(package: Path, bunny: ArrayClip, tmp_path: Path) -> None:
    (package / "evil.py").write_text("raise SystemExit('run')\n")
    card = webcam(package)
    build_pair(bunny, "demo", "bunny", card, tmp_path / "pairs", "key")
    edit_side(tmp_path / "pairs", lambda side: side["degradation"].update(pipeline="evil:Evil"))
    for known in (None, card):
        with pytest.raises(
            InputError, match="made by evil:Evil, which is not of this suite: only the card of the degradation webcam"
        ):
            verify_pair(tmp_path / "pairs", "bunny", "hashes", known)
    assert "evil" not in sys.modules


def test_the_verbs_of_the_how_to(package: Path, tmp_path: Path) -> None:
    by = ("--degradation", "webcam", "--cards", package / "mycards", "--workspace", tmp_path)
    assert call("datasets", "prepare", "demo", "--limit", "1", *by).code == 0
    low = tmp_path / "pairs/demo/webcam/LQ/bigbuckbunny/00000004.png"
    before = low.read_bytes()
    low.unlink()
    assert "DRIFTED" in call("datasets", "verify", "demo", *by).out
    assert call("datasets", "rebuild", "demo", *by).code == 0
    assert low.read_bytes() == before
    done = call("datasets", "verify", "demo", "--mode", "full", *by)
    assert "ok       bigbuckbunny" in done.out
    ran = call("run", "demo", "--methods", "bicubic", "--metrics", "psnr", "--limit", "1", "--device", "cpu", *by)
    assert ran.code == 0, ran.err
    assert "LR by webcam" in ran.out
    unknown = call("datasets", "verify", "demo", "--degradation", "webcam", "--workspace", tmp_path)
    assert unknown.code == 2
    assert "name its folder with --cards" in unknown.err
