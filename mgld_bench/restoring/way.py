"""The way in which a clip is restored here, as far as frames depend on it: the kind of device, and parts for lack of memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.clip import ClipSize
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import AnyRestorer, RestorerOptions
from mgld_bench.restoring.loading import parse_options, restorer_class

Way: TypeAlias = Mapping[str, int | str]
"""What deviates from the plain way, by name: {} on a CPU, cut by the card's options alone; {"device": "cuda", "tile": 256}."""


def way_here(card: MethodCard, clip: ClipSize, compute: Compute) -> Way:
    """The way in which ``card`` restores ``clip`` with ``compute``; builds no network.

    Raises InputError where the clip does not fit the memory that is allowed.
    """
    return way_of(restorer_class(card), parse_options(card), clip, compute)


def way_of(restorer: type[AnyRestorer], options: RestorerOptions, clip: ClipSize, compute: Compute) -> Way:
    """See `way_here`."""
    kind = compute.device.partition(":")[0]
    # No two kinds of device are promised to give the same frames (docs/precision.md).
    device = {"device": kind} if restorer.uses_device and kind != "cpu" else {}
    return {**device, **restorer.cutting(options, clip, compute)}


def in_words(way: Way) -> str:
    """As a reader would be told: "on cuda, tile 256", "on cpu"."""
    cut = [f"{name} {value} for lack of memory" for name, value in way.items() if name != "device"]
    return ", ".join([f"on {way.get('device', 'cpu')}", *cut])
