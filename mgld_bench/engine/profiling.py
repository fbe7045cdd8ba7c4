"""The cost of methods, each measured in a process of its own."""

from __future__ import annotations

import re
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Final

import numpy as np

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.memory import is_out_of_memory
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.methods.results import FinishedResults
from mgld_bench.processes import worker_processes
from mgld_bench.restoring.loading import load_restorer, load_untrained, restorer_class
from mgld_bench.restoring.profiling import Log, ProfileResult, profile
from mgld_bench.weights.locate import status

RANDOM: Final = "random but fixed"
"""What the weights of a method are called where its files are missing."""

_TEXTURE_SEED: Final = 20240719
_TEXTURE_BLUR: Final = 1.5
"""Standard deviation in pixels: fine structure, as in a picture, and not the noise that no optical flow can follow."""
_TEXTURE_STEP: Final = (1, 2)
"""Rows down and columns right from frame to frame."""


@dataclass(frozen=True)
class ProfileInput:
    """The clip that methods are measured on: a moving texture."""

    width: int
    height: int
    frames: int


@dataclass(frozen=True)
class MethodProfile:
    """The cost of the method of a card."""

    method: str
    """The card's name."""
    title: str
    weights: str
    """Which weights it ran with: those of its card, or random but fixed ones, with the reason."""
    result: ProfileResult


def parse_size(text: str) -> tuple[int, int]:
    """Width and height of ``text``, e.g. 128x128. Raises InputError for anything else."""
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if match is None:
        raise InputError(f"--size {text}: write WIDTHxHEIGHT of the input in pixels, e.g. 128x128")
    return int(match[1]), int(match[2])


def require_profilable(card: MethodCard) -> None:
    """Raise InputError for a card of finished results, which computes nothing, and where the restorer cannot be imported."""
    if issubclass(restorer_class(card), FinishedResults):
        raise InputError(f"method {card.name}: finished results of another program, so there is nothing to measure")


def profile_alone(card: MethodCard, compute: Compute, measured: ProfileInput, log: Log) -> MethodProfile:
    """Call profile_method() in a process of its own, whose memory can be measured, and whose death this process survives.

    Args:
        card: the method.
        compute: where and how to compute.
        measured: the input.
        log: called in that process, so that it has to be a function of a module.

    Raises:
        InputError: see profile_method(); also where the process dies.
    """
    try:
        with worker_processes(1) as executor:
            return executor.submit(profile_method, card, compute, measured, log).result()
    except BrokenProcessPool:
        raise InputError(f"method {card.name}: its process was killed (out of memory?); {_smaller(measured)}") from None


def profile_method(card: MethodCard, compute: Compute, measured: ProfileInput, log: Log) -> MethodProfile:
    """Build the method of ``card`` and measure it, with its weights where all of them are here, else with random but fixed ones.

    Raises:
        InputError: it cannot be built, a weight file is not the one that its card pins, or memory is not enough.
    """
    require_profilable(card)
    clip = moving_texture(measured.frames, measured.height, measured.width)
    try:
        restorer, weights = _build(card, compute, lambda line: log(f"{card.name}: {line}"))
        result = profile(restorer, clip, log=lambda line: log(f"{card.name}: {line}"))
    except Exception as error:
        if is_out_of_memory(error) and not isinstance(error, InputError):
            raise InputError(f"method {card.name}: not enough memory; {_smaller(measured)}") from error
        raise
    return MethodProfile(card.name, card.heading, weights, result)


def moving_texture(frames: int, height: int, width: int) -> ArrayClip:
    """``frames`` frames of (height, width, 3) uint8: smooth coloured noise that moves by whole pixels and wraps around."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(_TEXTURE_SEED).random((height, width, 3))
    smooth = gaussian_filter(noise, (_TEXTURE_BLUR, _TEXTURE_BLUR, 0), mode="wrap")
    levels = (smooth - smooth.min()) / np.ptp(smooth) * 255
    picture = np.round(levels).astype(np.uint8)
    rows, columns = _TEXTURE_STEP
    moved = [np.roll(picture, (rows * index, columns * index), axis=(0, 1)) for index in range(frames)]
    return ArrayClip("moving-texture", np.stack(moved))


def _build(card: MethodCard, compute: Compute, log: Log) -> tuple[AnyRestorer, str]:
    """The restorer, and which weights it runs with."""
    missing = [weight.file for weight in card.weights.values() if not status(weight).present]
    if missing:
        weights = f"{RANDOM}, because {', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing"
        log(f"building, weights {weights}")
        return load_untrained(card, compute), weights
    log("building")
    return load_restorer(card, compute), "those of its card" if card.weights else "its card names none"


def _smaller(measured: ProfileInput) -> str:
    return f"try fewer than {measured.frames} frames of {measured.width}x{measured.height}, or a lower --max-memory"
