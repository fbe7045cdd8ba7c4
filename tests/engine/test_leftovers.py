"""What nothing owns is shown, freed when it is asked for, and nothing else is touched."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.held import UNFINISHED, held
from mgld_bench.engine.leftovers import find_leftovers, free_leftovers
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.engine.store import FinishedUnit, Store, open_store
from mgld_bench.errors import InputError
from mgld_bench.methods.bicubic import Bicubic
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.restoring.running import restore_clip
from tests.helpers.command import call


def put(path: Path, size: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def restore(workspace: Path, clip: str) -> None:
    frames = ArrayClip(clip, np.zeros((1, 4, 4, 3), np.uint8))
    restore_clip(Bicubic(RestorerOptions(), {}, Compute()), frames, workspace / "restored/set/bicubic", f"key of {clip}", {})


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """With a pair, a restored clip that a run has recorded, a report and its video."""
    workspace = tmp_path / "workspace"
    put(workspace / "pairs/set/plain/GT/a/00000000.png")
    put(workspace / "pairs/set/plain/LQ/a/00000000.png")
    put(workspace / "pairs/set/plain/a.video1.mp4")
    (workspace / "pairs/set/plain/a.json").write_text(json.dumps({"key": "pair"}))
    restore(workspace, "a")
    with open_store("", workspace, create=True) as store:
        run = store.begin_run("small", {})
        store.add(run, [(FinishedUnit("key of a", "restore", "set", "a", "bicubic"), None)])
    shown = put(workspace / "videos/ab/shown.mp4")
    report = put(workspace / "reports/small/2026-11-28T07-32-10Z/index.html").parent
    os.link(shown, report / "shown.mp4")
    return workspace


def opened(workspace: Path) -> Store:
    return open_store("", workspace, create=False)


def leave(workspace: Path) -> dict[str, str]:
    """Leave something of each kind; returns why it is there, by its path."""
    put(workspace / "pairs/set/plain/.b.partial/GT/00000000.png")
    put(workspace / "pairs/set/plain/LQ/.c.0123456789abcdef.tmp/00000000.png")
    put(workspace / "pairs/set/plain/.a.json.tmp")
    put(workspace / "pairs/set/plain/GT/gone/00000000.png")
    put(workspace / "pairs/set/plain/gone.video2.mp4")
    put(workspace / "restored/set/bicubic/.b.partial/key")
    put(workspace / "restored/set/bicubic/bare/00000000.png")
    restore(workspace, "unrecorded")
    put(workspace / f"reports/small/2026-11-28T08-00-00Z/{UNFINISHED}")
    put(workspace / "videos/cd/unshown.mp4", 1000)
    return {
        "pairs/set/plain/.b.partial": "not finished",
        "pairs/set/plain/LQ/.c.0123456789abcdef.tmp": "killed",
        "pairs/set/plain/.a.json.tmp": "killed",
        "pairs/set/plain/GT/gone": "without its side file",
        "pairs/set/plain/gone.video2.mp4": "without its side file",
        "restored/set/bicubic/.b.partial": "resumes from it",
        "restored/set/bicubic/bare": "without their side file",
        "restored/set/bicubic/unrecorded": "no run has recorded it",
        "restored/set/bicubic/unrecorded.json": "its side file",
        "reports/small/2026-11-28T08-00-00Z": "not finished",
        "videos/cd/unshown.mp4": "no report shows it",
    }


def everything(workspace: Path) -> set[str]:
    return {str(path.relative_to(workspace)) for path in workspace.rglob("*") if path.name != ".lock"}


def test_what_is_owned_is_no_leftover(workspace: Path) -> None:
    with opened(workspace) as store:
        assert find_leftovers(workspace, store) == []


def test_every_kind_is_named_and_freed_and_the_rest_stays(workspace: Path) -> None:
    before = everything(workspace)
    expected = leave(workspace)
    with opened(workspace) as store:
        found = {str(left.path.relative_to(workspace)): left for left in find_leftovers(workspace, store)}
        assert found.keys() == expected.keys()
        assert all(why in found[place].what for place, why in expected.items())
        assert found["videos/cd/unshown.mp4"].size == 1000
        free_leftovers(workspace, store)
        assert find_leftovers(workspace, store) == []
    assert everything(workspace) - before <= {"videos/cd"}
    assert before <= everything(workspace)


def test_work_under_way_is_no_leftover(workspace: Path) -> None:
    report = workspace / "reports/small/2026-11-28T08-00-00Z"
    report.mkdir()
    with held(report / UNFINISHED), held(workspace / "pairs/set/plain/.x.json.tmp"), opened(workspace) as store:
        assert find_leftovers(workspace, store) == []
        with sole_writer(workspace), pytest.raises(InputError, match="another run is using this folder"):
            free_leftovers(workspace, store)


def test_a_damaged_record_and_a_store_that_knows_nothing_condemn_no_clip(workspace: Path) -> None:
    (workspace / "restored/set/bicubic/a.json").write_text("{")
    with opened(workspace) as store, Store("sqlite://") as empty:
        assert find_leftovers(workspace, store) == []
        restore(workspace, "unrecorded")
        assert find_leftovers(workspace, empty) == []


def test_the_verb_states_before_it_frees(workspace: Path) -> None:
    leave(workspace)
    shown = call("clean", "--workspace", workspace)
    assert "would free" in shown.out.splitlines()[-1]
    assert (workspace / "videos/cd/unshown.mp4").exists()
    assert json.loads(call("clean", "--workspace", workspace, "--json").out)["freed"] is False
    assert "freed: " in call("clean", "--workspace", workspace, "--yes").out
    assert call("clean", "--workspace", workspace, "--yes").out == "nothing to free\n"
