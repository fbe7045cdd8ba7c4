"""What a run will cost is estimated before anything is there, and by what was measured as soon as something was."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.engine.session import Session
from mgld_bench.engine.store import FinishedUnit
from tests.helpers.suite_cards import write_cards


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def table1(top: Path, methods: str, datasets: str) -> Session:
    names = (methods.split(","), datasets.split(","))
    return Session.open("table1", workspace=top / "w", device="cpu", read_only=True, methods=names[0], datasets=names[1])


def test_a_dataset_that_is_not_there_is_counted_from_its_card(tmp_path: Path) -> None:
    with table1(tmp_path, "bicubic,realesrgan", "reds4") as session:
        plan = session.plan()
        cost = session.estimate(plan)
    assert plan.units == ()
    counts = {kind: [unit.frames for unit in plan.waiting if unit.kind == kind] for kind in ("pair", "restore", "score")}
    assert counts == {"pair": [100] * 4, "restore": [100] * 8, "score": [100] * 8 * 5}
    # 400 frames of 1280x720 as ground truth, LR, and two restored clips, at 0.6 of their raw bytes.
    assert cost.later.disk.likely == pytest.approx(0.6 * 3 * 1280 * 720 * 400 * (1 + 1 / 16 + 2))
    assert cost.later.disk.low < cost.later.disk.likely < cost.later.disk.high
    assert 60 < cost.later.time.low < cost.later.time.likely < cost.later.time.high
    assert cost.later.time.high / cost.later.time.low < 20
    assert cost.later.unknown == ()
    assert cost.now.time.likely == 0


def test_a_slow_method_costs_more(tmp_path: Path) -> None:
    times = []
    for method in ("bicubic", "realesrgan", "mgld-vsr"):
        with table1(tmp_path, method, "reds4") as session:
            times.append(session.estimate().later.time.likely)
    assert times[0] < times[1] / 1.5 < times[2] / 10


def test_what_is_not_known_is_named(tmp_path: Path) -> None:
    with table1(tmp_path, "bicubic,stablesr", "reds4,videolq") as session:
        cost = session.estimate()
    assert set(cost.later.unknown) == {"stablesr", "the clips of videolq"}


def test_the_device_is_timed_once(tmp_path: Path, home: Path) -> None:
    with table1(tmp_path, "bicubic", "reds4") as session:
        first = session.estimate()
        written = (home / "calibration.json").stat().st_mtime_ns
        assert session.estimate() == first
    assert (home / "calibration.json").stat().st_mtime_ns == written


def test_earlier_runs_count_first_whatever_the_size_of_their_frames(tmp_path: Path, home: Path) -> None:
    cards = write_cards(tmp_path / "cards")
    with Session.open(
        "small", workspace=tmp_path / "w", cards=[cards], device="cpu", methods=["bicubic"], metrics=["psnr"]
    ) as session:
        run = session.store.begin_run("other", {})
        for key, kind, metric, seconds in (("a", "pair", "", 6.0), ("b", "restore", "", 3.0), ("c", "score", "psnr.rgb", 1.2)):
            method = "" if kind == "pair" else "bicubic"
            unit = FinishedUnit(key, kind, "tiny", "bunny", method, metric, frames=3, seconds=seconds)
            session.store.add(run, [(unit, None)])
        cost = session.estimate()
    # Two clips like the one that took 10.2 s.
    assert cost.seconds == pytest.approx(2 * 10.2)
    assert cost.now.time.high == pytest.approx(1.3 * 2 * 10.2)
    assert cost.basis == "earlier runs here"
    assert not (home / "calibration.json").exists()
