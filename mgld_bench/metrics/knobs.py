"""What sets two variants of a metric apart, in words: the parts of their names, each with what it decides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

_CROP = re.compile(r"\.crop(\d+)$")
_COLOURS: Final[Mapping[str, str]] = {
    "rgb": "RGB",
    "y": "limited-range luma",
    "y-full": "full-range luma",
    "u": "chroma U",
    "v": "chroma V",
    "weighted": "luma and chroma, weighted",
}
_PIXELS: Final = ("psnr", "ssim", "xpsnr", "frame-difference")
"""Families whose second part is what of a pixel is compared."""
_FLOWS: Final = ("we", "ewarp", "swc")
"""Families whose second part is the flow network, and whose third the measure."""
_SECOND: Final[Mapping[str, str]] = {
    "lpips": "network",
    "tlp": "network",
    "dover": "score",
    "niqe": "implementation",
    "brisque": "implementation",
    "musiq": "weights",
    "vmaf": "model",
    "cvvdp": "display",
}
"""What the second part of a family's names decides."""


def knobs(metric: str) -> dict[str, str]:
    """What a full variant name decides, by knob; nothing for a metric that has one variant.

    >>> knobs("psnr.y.crop4")
    {'colour': 'limited-range luma', 'border cut': '4 pixels'}
    >>> knobs("ewarp.raft.masked")
    {'flow network': 'raft', 'measure': 'masked', 'border cut': 'none'}
    """
    cut = _CROP.search(metric)
    family, _, rest = _CROP.sub("", metric).partition(".")
    found: dict[str, str] = {}
    if family in _PIXELS:
        found["colour"] = _COLOURS.get(rest, rest)
    elif family in _FLOWS:
        network, _, measure = rest.partition(".")
        found |= {"flow network": network, **({"measure": measure} if measure else {})}
    elif family == "pyiqa":
        found["implementation"] = f"pyiqa's {rest}"
    elif rest:
        found[_SECOND.get(family, "variant")] = rest
    return {**found, "border cut": f"{cut[1]} pixels" if cut else "none"}


def different_knobs(metrics: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The knobs in which these variants differ, each with every variant's setting; of two different metrics also that.

    >>> different_knobs(["psnr.rgb", "psnr.y.crop4"])
    {'colour': ('RGB', 'limited-range luma'), 'border cut': ('none', '4 pixels')}
    """
    of_each = [knobs(metric) for metric in metrics]
    names = dict.fromkeys(name for one in of_each for name in one)
    table = {name: tuple(one.get(name, "–") for one in of_each) for name in names}
    families = tuple(metric.partition(".")[0] for metric in metrics)
    return {
        **({"metric": families} if len(set(families)) > 1 else {}),
        **{name: settings for name, settings in table.items() if len(set(settings)) > 1},
    }
