"""From a degradation card to what carries it out: the suite's own, an entry point of a package, or an importable class."""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

from mgld_bench.cards.schemas import REALBASICVSR, DegradationCard
from mgld_bench.cards.validation import field_error, validate_options
from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.degradation.degradation import Degradation
from mgld_bench.degradation.interface import AnyPipeline, unwatched
from mgld_bench.degradation.plan import AnyPlan
from mgld_bench.degradation.realbasicvsr import RealBasicVSR
from mgld_bench.errors import broken_module, did_you_mean

GROUP: Final = "mgld_bench.degradations"
"""The entry points by which packages offer degradations: a name, and a subclass of Degradation."""
_OWN: Final = "mgld_bench.degradation."


def load_pipeline(card: DegradationCard) -> AnyPipeline:
    """What carries out a card.

    Runs the code that the card names. Raises InputError where there is none, or where its options are wrong.
    """
    if card.pipeline == REALBASICVSR:
        if card.options:
            raise field_error(
                card, ["options"], "the RealBasicVSR degradation has none: profile and bitrate_reference_pixels are fields"
            )
        return RealBasicVSR(card)
    for field in ("profile", "bitrate_reference_pixels"):
        if getattr(card, field) != type(card).model_fields[field].default:
            raise field_error(card, [field], f"belongs to the RealBasicVSR degradation, not to {card.pipeline}")
    found = degradation_class(card)
    return found(card, validate_options(card, found.Options))


def is_own(card: DegradationCard) -> bool:
    """Whether a card names code of the suite, which runs whoever wrote the card."""
    return card.pipeline == REALBASICVSR or card.pipeline.startswith(_OWN)


def degradation_class(card: DegradationCard) -> type[Degradation[Any]]:
    """The class that a card names. Raises InputError where it cannot be imported or is not a Degradation."""
    named = _offered(card) if ":" not in card.pipeline else card.pipeline
    module_name, _, class_name = named.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except broken_module() as error:
        reason = " ".join(str(error).split())
        raise field_error(card, ["pipeline"], f"cannot import {module_name}: {type(error).__name__}: {reason}") from None
    if found is None:
        raise field_error(card, ["pipeline"], f"{module_name} has no {class_name}")
    if not (isinstance(found, type) and issubclass(found, Degradation)):
        raise field_error(card, ["pipeline"], f"{named} is not a Degradation")
    return found


def _offered(card: DegradationCard) -> str:
    """``module:Class`` of the entry point that a card names."""
    points = _points(tuple(sys.path))
    found = [point for point in points if point.name == card.pipeline]
    if not found:
        known = [point.name for point in points]
        hint = did_you_mean(card.pipeline, known, f"there are: {', '.join(known)}" if known else "none is installed")
        raise field_error(card, ["pipeline"], f"no installed package offers the degradation {card.pipeline}; {hint}")
    if len({point.value for point in found}) > 1:
        raise field_error(card, ["pipeline"], f"{_packages(found)} both offer {card.pipeline}: name the class as module:Class")
    return found[0].value


@lru_cache(maxsize=1)
def _points(path: tuple[str, ...]) -> list[EntryPoint]:
    """All that are offered on this path: asked for every pair of a plan, and slow to find."""
    return sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))


def _packages(points: Sequence[EntryPoint]) -> str:
    return " and ".join(point.dist.name if point.dist else point.value for point in points)


def degrade_clip(
    clip: Clip, degradation: DegradationCard, dataset: str = "", clip_name: str | None = None
) -> tuple[list[Frame], AnyPlan]:
    """Degrade a ground-truth clip without keeping anything on disk.

    Args:
        clip: The ground truth.
        degradation: How.
        dataset: Part of the seed, as is the card's salt.
        clip_name: Part of the seed; None: the clip's own name.

    Returns:
        The LR frames, (h / scale, w / scale, 3) uint8 RGB each, and the plan by which they were made.

    Raises:
        InputError: The ground truth does not fit the degradation, its code fails, or an encoder does.
    """
    pipeline = load_pipeline(degradation)
    name = clip.name if clip_name is None else clip_name
    plan = pipeline.plan(dataset, ClipSize(name, clip.frame_count, clip.height, clip.width))
    with tempfile.TemporaryDirectory() as folder:
        streams = {video.op: Path(folder) / f"{video.op}.mp4" for video in plan.videos}
        return list(pipeline.carry_out(clip.frames(), plan, streams, unwatched)), plan
