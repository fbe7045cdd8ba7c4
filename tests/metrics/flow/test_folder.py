from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.metrics.flow.folder import FlowFolder, flow_folder

KEY = "0a" * 32
FLOW = np.random.default_rng(0).normal(size=(2, 30, 40)).astype(np.float32)


def test_what_is_kept_is_read_bit_by_bit(tmp_path: Path) -> None:
    folder = FlowFolder(tmp_path / "flow")
    assert folder.read(KEY, 30, 40) is None
    folder.write(KEY, FLOW)
    kept = FlowFolder(tmp_path / "flow").read(KEY, 30, 40)
    assert kept is not None
    np.testing.assert_array_equal(kept, FLOW)
    assert kept.dtype == np.float32
    assert FlowFolder(tmp_path / "flow").read("0b" * 32, 30, 40) is None
    assert [path.name for path in (tmp_path / "flow").rglob("*") if path.is_file()] == [f"{KEY}.npz"]


@pytest.mark.parametrize("kept", [1, 100, 5000, -1, "byte", "foreign", "shape", "type"])
def test_a_damaged_file_is_none_at_all_and_is_replaced(kept: int | str, tmp_path: Path) -> None:
    folder = FlowFolder(tmp_path)
    folder.write(KEY, FLOW)
    path = tmp_path / KEY[:2] / f"{KEY}.npz"
    whole = path.read_bytes()
    if isinstance(kept, int):
        path.write_bytes(whole[:kept])
    elif kept == "byte":
        path.write_bytes(whole[:4000] + bytes([whole[4000] ^ 1]) + whole[4001:])
    elif kept == "foreign":
        path.write_text("no flow")
    else:
        np.savez(path, flow=FLOW[:, :20] if kept == "shape" else FLOW.astype(np.float64))
    assert folder.read(KEY, 30, 40) is None
    folder.write(KEY, FLOW)
    np.testing.assert_array_equal(folder.read(KEY, 30, 40), FLOW)


def test_a_folder_that_cannot_be_written_is_told_of_and_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "flow").write_text("a file in the way")
    folder = FlowFolder(tmp_path / "flow")
    assert not folder.problem
    folder.write(KEY, FLOW)
    assert "cannot be written" in folder.problem
    assert folder.read(KEY, 30, 40) is None


def test_several_writers_of_one_flow_leave_it_whole(tmp_path: Path) -> None:
    folders = [FlowFolder(tmp_path) for _ in range(4)]
    writers = [threading.Thread(target=folder.write, args=(KEY, FLOW)) for folder in folders]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    np.testing.assert_array_equal(folders[0].read(KEY, 30, 40), FLOW)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_the_shared_folder_lies_beside_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    flow_folder().write(KEY, FLOW)
    assert (tmp_path / "flow" / KEY[:2] / f"{KEY}.npz").is_file()
    assert flow_folder() is flow_folder()
