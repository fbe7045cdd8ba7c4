"""How much nights differ, from a history in a real database."""

from __future__ import annotations

from pathlib import Path

from mgld_bench.engine.store import FinishedUnit, Store, open_store
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.nightly.history import Night, Verdict, begin, finish, nights, now
from mgld_bench.nightly.noise import night_noise


def add_night(store: Store, number: int, score: float, verdict: Verdict) -> None:
    keys = [f"{number}{clip}" for clip in ("a", "b")]
    run = store.begin_run("watch", {})
    units = [
        (FinishedUnit(key, "score", "set", key[-1], f"m{number}", "psnr.rgb"), ClipScore("psnr.rgb", score, {0: score}))
        for key in keys
    ]
    store.add(run, units)
    night = Night(0, "watch", "m", "c.pth", f"{number}", f"m{number}", "quality", now(), "", "", "", "", False, None, (), {})
    finish(store, begin(store, night).id, verdict, "", units=keys)


def test_accepted_nights_decide_from_the_fourth_on(tmp_path: Path) -> None:
    with open_store("", tmp_path, create=True) as store:
        for number, score in enumerate((30.0, 30.1, 30.0)):
            add_night(store, number, score, "accepted")
        add_night(store, 3, 20.0, "rejected")
        assert night_noise(store, nights(store)) == {}
        add_night(store, 4, 30.1, "accepted")
        found = night_noise(store, nights(store))
    assert list(found) == [("set", "psnr.rgb")]
    assert found["set", "psnr.rgb"].deviation < 0.3, "the rejected night does not count"
