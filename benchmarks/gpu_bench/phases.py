"""The phases in order, with their deadlines."""

from __future__ import annotations

from gpu_bench.breakdown import breakdown
from gpu_bench.builds import weights
from gpu_bench.ceilings import ceilings
from gpu_bench.kernels import kernels
from gpu_bench.others import others
from gpu_bench.profiled import profiled
from gpu_bench.session import Phase
from gpu_bench.speed import at_512, at_720p, compiled
from gpu_bench.suite import suite

PHASES = (
    Phase("1", "versions, device, ceilings", ceilings, 0.10),
    Phase("2", "single operations", kernels, 0.15),
    Phase("3", "weights drawn on the device", weights, 0.17),
    Phase("4", "128x128 to 512x512", at_512, 0.54),
    Phase("5", "320x180 to 1280x720", at_720p, 0.61),
    Phase("6", "where the time of a segment goes", breakdown, 0.64),
    Phase("7", "the longest kernels of one step", profiled, 0.67),
    Phase("8", "other methods, and metrics", others, 0.75),
    Phase("tests", "tests/gpu", suite, 0.83),
    Phase("9", "torch.compile", compiled, 0.99),
)


def chosen(phases: tuple[Phase, ...], names: str) -> tuple[Phase, ...]:
    """Those of these names, separated by commas; all where there are none. ValueError for a name that is not one of theirs."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = set(wanted) - {phase.name for phase in phases}
    if unknown:
        raise ValueError(
            f"--phases: no phase {', '.join(sorted(unknown))}; there are {', '.join(phase.name for phase in phases)}"
        )
    return tuple(phase for phase in phases if not wanted or phase.name in wanted)
