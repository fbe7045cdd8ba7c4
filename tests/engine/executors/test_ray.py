"""Workers on a Ray cluster of two nodes with GPUs that are only counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mgld_bench.engine.executors.coordinate import run_by_workers
from mgld_bench.engine.executors.survey import survey
from mgld_bench.engine.progress import Silent
from tests.helpers.by_workers import SmallSuite, State, state

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
"""Ray warns of many things of its own."""


class KillANode(Silent):
    """Progress that kills a node once units are being done."""

    def __init__(self, cluster: Any, node: Any) -> None:
        self._cluster, self._node = cluster, node
        self.lines: list[str] = []

    def unit(self, label: str) -> None:
        if self._node is not None and label.startswith("restore slow"):
            node, self._node = self._node, None
            self._cluster.remove_node(node, allow_graceful=False)

    def log(self, line: str) -> None:
        self.lines.append(line)


def test_a_node_that_is_killed_in_the_middle_loses_nothing(
    suite: SmallSuite, alone: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    utilities: Any = pytest.importorskip("ray.cluster_utils", reason="the extra [ray] is not installed")
    from mgld_bench.engine.executors.ray_cluster import RayExecutor

    monkeypatch.setenv("SECONDS_PER_FRAME", "1.0")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    workspace = tmp_path / "workspace"
    cluster = utilities.Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "num_gpus": 0})
    try:
        nodes = [cluster.add_node(num_cpus=1, num_gpus=1) for _ in range(2)]
        cluster.wait_for_nodes()
        progress = KillANode(cluster, nodes[0])
        with suite.session(workspace) as session:
            executor = RayExecutor(cluster.address, on_gpus=True, workers=1)
            outcome = session.attempt(["test"], progress=progress, do=run_by_workers(executor, "", lease=5.0))
            assert outcome.missing == ""
            workers = survey(session.store).workers
        assert state(workspace) == alone
        assert {worker.executor for worker in workers} == {"ray"}
        assert any("was lost with its node" in line for line in progress.lines)
    finally:
        cluster.shutdown()
