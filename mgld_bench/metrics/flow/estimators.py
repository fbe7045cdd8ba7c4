"""The optical flow estimators that metrics can use: facts only, without loading anything."""

from __future__ import annotations

from dataclasses import dataclass

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.metrics.weight_files import weight_file


@dataclass(frozen=True)
class FlowEstimator:
    """A flow network with its checkpoint and the way in which frames are given to it."""

    name: str
    """As in the names of metrics, e.g. gmflow."""
    title: str
    """Network and training set, e.g. GMFlow scale1 (Chairs, Things)."""
    weight: WeightFile
    """The checkpoint."""
    preparation: str
    """How frames are fitted to the network, in a few words."""
    smallest_side: int
    """Pixels that a frame must have in both directions."""
    bytes_per_pixel: int
    """Memory that one call takes at its peak, for each pixel of a frame; measured."""
    bytes_besides: int = 0
    """Memory that it takes whatever the size."""
    revision: int = 1
    """Raised when a change of the code changes the flow: flow that was kept is then not used any more."""

    @property
    def definition(self) -> str:
        """Everything that decides the flow, in one phrase."""
        return f"{self.title}, {self.weight.file}, {self.preparation}, float32"

    def memory(self, pixels: int) -> int:
        """An estimate of the bytes that one call takes for frames of so many pixels."""
        return self.bytes_per_pixel * pixels + self.bytes_besides


def flow_estimators() -> dict[str, FlowEstimator]:
    """All of them by name."""
    gmflow, refined = _padded(16), _padded(32)
    unimatch = "frames resized to multiples of 32, portrait ones transposed"
    estimators = (
        FlowEstimator("gmflow", "GMFlow scale1 (Chairs, Things)", weight_file("gmflow-things"), gmflow, 16, 550),
        FlowEstimator("gmflow-mixdata", "GMFlow scale1 (mixed data)", weight_file("gmflow-mixdata"), gmflow, 16, 550),
        FlowEstimator("gmflow-refine", "GMFlow scale2 (Chairs, Things)", weight_file("gmflow-refine-things"), refined, 32, 1600),
        FlowEstimator("unimatch", "UniMatch scale2-regrefine6 (mixed data)", weight_file("unimatch-mixdata"), unimatch, 32, 1600),
        FlowEstimator("spynet", "SPyNet (Sintel final)", weight_file("spynet"), "frames resized to multiples of 32", 32, 1300),
        FlowEstimator("raft", "RAFT (Chairs, Things), 20 iterations", weight_file("raft"), _padded(8), 128, 650, 2 << 30),
    )
    return {estimator.name: estimator for estimator in estimators}


def _padded(multiple: int) -> str:
    return f"frames padded to multiples of {multiple} by replication on all sides"
