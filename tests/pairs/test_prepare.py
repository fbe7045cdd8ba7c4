"""Building pairs, one or several at a time: the same bytes, nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.cards.loader import load_dataset, load_degradation
from mgld_bench.cards.schemas import ClipEntry, DatasetCard, Layout
from mgld_bench.clips.digest import frames_sha256
from mgld_bench.clips.writing import write_frame
from mgld_bench.errors import InputError
from mgld_bench.pairs.planning import PlannedPair, open_pair, plan_pairs
from mgld_bench.pairs.prepare import prepare_pairs
from mgld_bench.pairs.sources import locate_clips
from mgld_bench.pairs.stored import list_pairs, pairs_folder

MANY = 12


def demo_plan(workspace: Path, frames: int = 3) -> list[PlannedPair]:
    """The demo's pairs, of fewer frames."""
    demo = load_dataset("demo")
    clips = tuple(clip.model_copy(update={"frames": frames, "sha256": ""}) for clip in demo.clips)
    short = demo.model_copy(update={"clips": clips, "total_frames": None})
    return plan_pairs(short, load_degradation("realbasicvsr"), None, workspace)


def content(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_bytes_with_any_number_of_workers(tmp_path: Path) -> None:
    folders = []
    for workers in (1, 2):
        workspace = tmp_path / str(workers)
        done = list(prepare_pairs(demo_plan(workspace), workspace, workers))
        assert sorted(pair.clip for pair in done) == ["bigbuckbunny", "bikes"]
        folders.append(pairs_folder(workspace, "demo", "realbasicvsr"))
        assert [pair.built for pair in demo_plan(workspace)] == [True, True]
    one, two = (content(folder) for folder in folders)
    assert one == two
    assert len([name for name in one if name.endswith(".png")]) == 2 * 2 * 3


def test_a_built_pair_is_opened(tmp_path: Path) -> None:
    planned = demo_plan(tmp_path, frames=2)[:1]
    list(prepare_pairs(planned, tmp_path, 1))
    pair = open_pair(planned, "bigbuckbunny", tmp_path)
    source = planned[0].source
    assert pair.ground_truth is not None
    assert source is not None
    assert source.ground_truth is not None
    assert frames_sha256(pair.ground_truth.frames()) == frames_sha256(source.ground_truth.frames())
    assert (pair.low_resolution.frame_count, pair.low_resolution.height, pair.low_resolution.width) == (2, 48, 80)
    assert pair.key == planned[0].key == pair.side["key"]
    longer = demo_plan(tmp_path, frames=3)
    assert [item.built for item in longer] == [False, False]
    with pytest.raises(InputError, match="has been built anew in the meantime"):
        open_pair(longer, "bigbuckbunny", tmp_path)
    with pytest.raises(InputError, match="the pair of clip bikes is not built"):
        open_pair(longer, "bikes", tmp_path)


def write_source(folder: Path) -> DatasetCard:
    """A set of MANY clips with LR of their own."""
    clip = locate_clips(load_dataset("demo"), None)[0].ground_truth
    assert clip is not None
    frames = list(clip.frames())
    names = [f"{number:03d}" for number in range(MANY)]
    for name in names:
        for index, frame in enumerate(frames):
            write_frame(folder / "GT" / name / f"{index:04d}.png", frame)
            write_frame(folder / "LQ" / name / f"{index:04d}.png", np.ascontiguousarray(frame[::4, ::4]))
    layout = Layout(name="gt-lq", ground_truth="GT/{clip}", low_resolution="LQ/{clip}")
    return DatasetCard(name="many", clips=tuple(ClipEntry(name=name, frames=10) for name in names), layouts=(layout,))


INTERRUPTED = """
import sys
from pathlib import Path
from mgld_bench.cards.schemas import DatasetCard
from mgld_bench.pairs.planning import plan_pairs
from mgld_bench.pairs.prepare import prepare_pairs

if __name__ == "__main__":
    card = DatasetCard.model_validate_json(sys.argv[1])
    planned = plan_pairs(card, None, Path(sys.argv[2]), Path(sys.argv[3]))
    for pair in prepare_pairs([pair for pair in planned if not pair.built], Path(sys.argv[3]), 2):
        print(pair.clip, flush=True)
"""


def test_an_interruption_ends_the_workers_and_the_rest_is_done_later(tmp_path: Path) -> None:
    card = write_source(tmp_path / "source")
    script = tmp_path / "build.py"
    script.write_text(INTERRUPTED)
    command = [sys.executable, str(script), card.model_dump_json(), str(tmp_path / "source"), str(tmp_path / "workspace")]
    # A session of its own, whose processes all get the signal, as at a terminal.
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert child.stdout is not None
    assert child.stdout.readline()
    os.killpg(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=120)
    assert child.returncode != 0
    assert errors.count("Traceback") == 1, errors
    assert errors.rstrip().endswith("KeyboardInterrupt")
    deadline = time.monotonic() + 60
    while group_lives(child.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not group_lives(child.pid)
    assert 1 <= len(list_pairs(tmp_path / "workspace", "many", "existing")) < MANY
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    whole = plan_pairs(card, None, tmp_path / "source", tmp_path / "workspace")
    assert all(pair.built for pair in whole)
    assert content_equals_a_fresh_build(card, tmp_path)


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def content_equals_a_fresh_build(card: DatasetCard, folder: Path) -> bool:
    planned = plan_pairs(card, None, folder / "source", folder / "fresh")
    list(prepare_pairs(planned, folder / "fresh", 1))
    visible = {
        name: data
        for name, data in content(pairs_folder(folder / "workspace", "many", "existing")).items()
        if not any(part.startswith(".") for part in Path(name).parts)
    }
    return visible == content(pairs_folder(folder / "fresh", "many", "existing"))


def test_a_clip_that_breaks_while_it_is_built(tmp_path: Path) -> None:
    card = write_source(tmp_path / "source")
    planned = plan_pairs(card, None, tmp_path / "source", tmp_path / "workspace")
    (tmp_path / "source" / "GT" / "007" / "0005.png").write_bytes(b"cut off")
    with pytest.raises(InputError, match=r"0005\.png"):
        list(prepare_pairs(planned, tmp_path / "workspace", 2))
    assert "007" not in list_pairs(tmp_path / "workspace", "many", "existing")
