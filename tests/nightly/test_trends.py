"""Speed and memory over the nights, and the newest complete checkpoint of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mgld_bench.errors import InputError
from mgld_bench.nightly.checkpoint import find_checkpoint
from mgld_bench.nightly.history import Night
from mgld_bench.nightly.trends import steps, twice_as_long
from tests.helpers.night_suite import write_checkpoint


def night(number: int, seconds: float, place: str = "cpu") -> Night:
    cost = {"seconds": seconds, "memory": 500_000_000, "gpu_memory": None, "places": [place]}
    facts = {"cost": cost}
    return Night(number, "s", "m", "c", "h", "n", "quality", "", "", "accepted", "", "", False, None, (), facts)


def test_a_lasting_change_of_speed_is_a_step_with_its_night_and_a_single_slow_night_is_none() -> None:
    usual = [1.0, 1.01, 0.99, 1.0, 1.02, 0.98]
    assert steps([night(index, value) for index, value in enumerate([*usual, 3.0, *usual])]) == ()
    (step,) = steps([night(index, value) for index, value in enumerate([*usual, *(1.3 * value for value in usual)], 1)])
    assert (step.what, step.night) == ("seconds", 7)
    assert step.text.startswith("s/frame: +30 % since night 7")


def test_nights_on_another_machine_are_no_step() -> None:
    assert steps([*(night(index, 1.0, "cuda") for index in range(6)), *(night(index, 9.0) for index in range(6, 12))]) == ()


def test_a_night_that_took_twice_as_long_is_found_among_nights_on_the_same_device() -> None:
    before = [night(index, 1.0) for index in range(4)]

    def cost(seconds: float, place: str = "cpu") -> dict[str, Any]:
        found: dict[str, Any] = night(9, seconds, place).facts["cost"]
        return found

    assert twice_as_long(before, cost(2.5)) == "took 2.5 times as long per frame as usual"
    assert twice_as_long(before, cost(1.99)) == ""
    assert twice_as_long(before[:2], cost(9.0)) == ""
    assert twice_as_long(before, cost(9.0, "cuda")) == ""
    # After three such nights it is what is usual.
    assert twice_as_long([*before, *(night(index, 2.5) for index in range(4, 7))], cost(2.5)) == ""


def test_the_newest_complete_checkpoint_is_taken_and_what_is_passed_over_is_named(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a.pth", 1, age=300)
    whole = write_checkpoint(tmp_path / "b.pth", 2, age=200)
    (tmp_path / "c.pth").write_bytes(whole.read_bytes()[:400])
    (tmp_path / ".d.pth").write_bytes(b"somebody's temporary file")
    found = find_checkpoint(tmp_path, settle_seconds=0.05)
    assert found.path == whole
    assert [line.split(":")[0] for line in found.passed_over] == ["c.pth"]
    with pytest.raises(InputError, match="nowhere: no such file or folder"):
        find_checkpoint(tmp_path / "nowhere")
    whole.unlink()
    (tmp_path / "a.pth").unlink()
    with pytest.raises(InputError, match=r"holds no complete checkpoint: c\.pth"):
        find_checkpoint(tmp_path, settle_seconds=0.05)
