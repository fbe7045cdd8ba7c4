"""How far two numbers of the same metric may lie apart: to be those of the same test set, and to be the same number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ABSOLUTE_TOLERANCES: Final[Mapping[str, float]] = {
    "psnr": 0.3,
    "lpips": 0.02,
    "dists": 0.02,
    "ssim": 0.01,
    "vmaf": 1.0,
    "dover": 0.02,
}
"""How far Bicubic may be off, by short metric name. PSNR (dB) and LPIPS are the suite's rule. The others are a choice, about as
strict: DISTS has LPIPS's scale, SSIM and DOVER span 0 to 1, VMAF spans 0 to 100."""
RELATIVE_TOLERANCES: Final[Mapping[str, float]] = {"niqe": 0.03, "brisque": 0.03, "musiq": 0.03, "we": 0.05}
"""The same as a share of the published value, for scores without a natural unit: a choice, not a measurement. The warping error
has more room, as it also depends on the flow network."""

_PROMISED: Final[Mapping[str, float]] = {"psnr": 1e-4, "ssim": 1e-4, "lpips": 1e-4, "dists": 1e-4, "vmaf": 1e-4, "dover": 1e-2}
"""By family, how far our implementation may be from the reference one: docs/precision.md. DOVER draws its fragments at random,
with a seed that no paper states."""
_PROMISED_SHARE: Final[Mapping[str, float]] = {"niqe": 1e-2, "brisque": 1e-2, "musiq": 1e-3, "we": 1e-3}
PRINTED_UNITS_OF_NETWORKS: Final = 2
"""Units of the last printed digit by which a network's row may differ besides: its frames are not the same on every device.
Somebody else's run of MGLD-VSR on DOVE's LR clips was off by one and by two units in two of five metrics."""


def tolerance(short: str, value: float) -> float | None:
    """How far a number of the same test set may be from ``value``, by the metric's short name; None where there is no rule."""
    if short in ABSOLUTE_TOLERANCES:
        return ABSOLUTE_TOLERANCES[short]
    return RELATIVE_TOLERANCES[short] * abs(value) if short in RELATIVE_TOLERANCES else None


def promised(metric: str, value: float) -> float:
    """How far our value of this variant may be from the reference implementation's, where that gives ``value``."""
    family = metric.partition(".")[0]
    return _PROMISED.get(family, _PROMISED_SHARE.get(family, 0.0) * abs(value))
