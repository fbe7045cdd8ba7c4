"""The benchmark on a GPU, as far as it runs without one: in minutes that are scarce it must not crash for silly reasons."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from gpu_bench.carry import CARRIED, WITH_PYTORCH
from gpu_bench.check import check_everything, run_small
from gpu_bench.phases import PHASES, chosen
from gpu_bench.scale import REDUCED, TRACED, Scale
from gpu_bench.session import Phase, Session, Values, open_lines, run_phases
from gpu_bench.tables import as_markdown

LINES = "gpu.jsonl"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Callable[[Scale], Session]]:
    with open_lines(tmp_path) as lines:
        yield lambda scale: Session(scale, lines, time.monotonic())


def rows(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / LINES).read_text().splitlines()]


@pytest.mark.parametrize(("scale", "phases"), [(REDUCED, "1,2,3"), (TRACED, "1,3")], ids=["on the CPU", "traced"])
def test_the_first_phases_run(scale: Scale, phases: str, session: Callable[[Scale], Session], tmp_path: Path) -> None:
    now = session(scale)
    run_small(now, phases)
    assert (now.failed, now.skipped) == ([], [])
    found = rows(tmp_path)
    assert {row["phase"] for row in found} == set(phases.split(","))
    assert any("TFLOP/s" in row for row in found)
    assert torch.cuda.is_available() is False


@pytest.mark.slow
def test_every_phase_runs(tmp_path: Path) -> None:
    assert check_everything(tmp_path, "1,2,3,4,5,6,7,8,9") == ([], [])
    labels = [row["label"] for row in rows(tmp_path)]
    for whose in ("float32 without TF32", "authors' arrangement", "ours, float16, 10 frames", "+ fused_norms", "rvrt, float32"):
        assert whose in labels


def test_what_fails_or_does_not_fit_is_a_row_and_ends_nothing(
    session: Callable[[Scale], Session], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(now: Session) -> None:
        now.attempt("first", 0, broken)
        now.attempt("second", 0, too_large)
        now.attempt("third", 0, lambda: {"ms": 1.5})
        now.attempt("fourth", 1e9, lambda: {"ms": 2.5})
        raise KeyError("after the rows")

    def broken() -> Values:
        raise ValueError("no such kernel")

    def too_large() -> Values:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    def late(now: Session) -> None:
        raise AssertionError("its deadline is over")

    now = session(REDUCED)
    run_phases(now, (Phase("a", "fails", fails, 1.0), Phase("b", "too late", late, 0.0), Phase("c", "works", works, 1.0)), 60)
    results = {(row["phase"], row["label"]): row.get("result", row.get("ms")) for row in rows(tmp_path)}
    assert results["a", "first"] == "failed: ValueError: no such kernel"
    assert str(results["a", "second"]).startswith("out of memory: CUDA out of memory")
    assert results["a", "third"] == 1.5
    assert str(results["a", "fourth"]).startswith("skipped: ")
    assert results["a", "all of it"] == "failed: KeyError: 'after the rows'"
    assert results["b", "all of it"] == "skipped: past its deadline"
    assert results["c", "only"] == 3.5
    assert now.failed == ["a: first", "a: second", "a"]
    assert now.skipped == ["a: fourth", "b"]
    assert "no such kernel" in capsys.readouterr().err


def works(now: Session) -> None:
    now.attempt("only", 0, lambda: {"ms": 3.5})


def test_deadlines_rise_and_names_of_phases_are_checked() -> None:
    ends = [phase.ends for phase in PHASES]
    assert ends == sorted(ends)
    assert ends[-1] < 1
    assert [phase.name for phase in chosen(PHASES, "4, 1")] == ["1", "4"]
    with pytest.raises(ValueError, match="no phase 11; there are 1, 2"):
        chosen(PHASES, "1,11")


def test_lines_become_tables() -> None:
    lines = [
        {"phase": "4", "label": "ours", "at": 1.0, "s/frame": 0.12345, "GiB": 4},
        {"phase": "4", "label": "theirs", "at": 2.0, "result": "out of memory"},
        {"phase": "4", "label": "took", "at": 3.0, "seconds": 2.0},
    ]
    table = as_markdown("\n".join(json.dumps(line) for line in lines))
    assert table.splitlines()[2:] == [
        "| | s/frame | GiB | result |",
        "|---|---:|---:|---:|",
        "| ours | 0.1235 | 4 |  |",
        "| theirs |  |  | out of memory |",
    ]


def test_packages_that_are_carried_are_named_once_and_not_with_pytorch() -> None:
    assert len(set(CARRIED)) == len(CARRIED)
    assert not set(CARRIED) & set(WITH_PYTORCH)
