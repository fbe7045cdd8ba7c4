"""The way in which a clip is restored here, as far as frames depend on it: the kind of device, and parts for lack of memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.clip import ClipSize
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import AnyRestorer, RestorerOptions
from mgld_bench.restoring.loading import parse_options, restorer_class

Way: TypeAlias = Mapping[str, int | str]
"""What deviates from the plain way, by name: {} at x4 on a CPU, cut by the options alone; {"device": "cuda", "scale": 1}."""
_PLAIN_SCALE: Final = 4


class ScaleError(InputError):
    """A method does not restore at the scale of a pair."""


def way_here(card: MethodCard, clip: ClipSize, compute: Compute, scale: int | None = None) -> Way:
    """The way in which ``card`` restores ``clip`` with ``compute``; builds no network.

    Args:
        card: the method.
        clip: the LR clip.
        compute: where it computes, and the memory it may take.
        scale: of the pair; None: that at which the method restores where nothing is said.

    Raises:
        ScaleError: the method does not restore at this scale.
        InputError: the clip does not fit the memory that is allowed.
    """
    restorer, options = restorer_class(card), parse_options(card)
    scales = restorer.scales(options)
    if scale is not None and scales is not None and scale not in scales:
        able = " and ".join(f"x{one}" for one in scales)
        raise ScaleError(
            f"it enlarges {able}, and these pairs are x{scale}: use a method that restores at x{scale} (bicubic does), or "
            "finished results of your own"
        )
    return way_of(restorer, options, clip, compute, scale or restorer.first_scale(options))


def way_of(restorer: type[AnyRestorer], options: RestorerOptions, clip: ClipSize, compute: Compute, scale: int) -> Way:
    """See `way_here`."""
    kind = compute.device.partition(":")[0]
    # No two kinds of device are promised to give the same frames (docs/precision.md).
    device = {"device": kind} if restorer.uses_device and kind != "cpu" else {}
    # At x4 keys are those of the versions that had no other scale.
    enlarged = {} if scale == _PLAIN_SCALE else {"scale": scale}
    return {**device, **enlarged, **restorer.cutting(options, clip, compute)}


def in_words(way: Way) -> str:
    """As a reader would be told: "on cuda, tile 256", "on cpu"."""
    cut = [f"{name} {value} for lack of memory" for name, value in way.items() if name not in ("device", "scale")]
    enlarged = [f"at x{way['scale']}"] if "scale" in way else []
    return ", ".join([f"on {way.get('device', 'cpu')}", *enlarged, *cut])
