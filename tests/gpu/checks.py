"""What the tests on a GPU check, as functions of the device, so that their own logic runs on a CPU too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from devices import score
from fixed_weights import write_fixed_weights
from gpu_bench.builds import AnyPrecision
from gpu_bench.scale import texture
from gpu_bench.speed import psnr

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.methods.compute import Compute, Precision
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.methods.stablesr import StableSR, StableSROptions
from mgld_bench.restoring.loading import load_untrained
from tests.helpers.small_diffusion import SMALL, mix_frames, stablesr_sizes
from tests.methods.test_every_method_card import REDUCED, restorer_name

Frames = npt.NDArray[np.uint8]
METHODS = ("realesr-animevideov3", "basicvsr", "realbasicvsr", "rvrt", "dbvsr", "realvsr", "stablesr", "mgld-vsr")
"""One of each family of networks that is small enough, or can be made so."""
METRICS = {"alexnet": "lpips.alex", "gmflow-things": "we.gmflow.l1", "spynet": "we.spynet.l1", "vgg16": "dists"}
"""By the weights they need."""


def clip(frames: int = 6, side: int = 24) -> ArrayClip:
    """A square texture that moves; of 16 pixels, it is a single latent tile."""
    return texture(frames, (side, side), noise=2)


def mgld(device: str, precision: Precision = "float32", **options: Any) -> MGLDVSR:
    """Small, with temporal layers that take part, and the noise that every device draws alike."""
    chosen = MGLDOptions(**{**SMALL, "flow_network": "spynet", "networks": TINY, "faithful": False, **options})
    restorer = MGLDVSR(chosen, None, compute(device, precision))
    mix_frames(restorer)
    return restorer


def compute(device: str, precision: Precision) -> Compute:
    """On a CPU, half precision is what it takes for that."""
    return Compute(device, precision) if device != "cpu" else AnyPrecision(device, precision)


def method(name: str, device: str, precision: Precision = "float32") -> AnyRestorer:
    """The method of a shipped card with a small network and random but fixed weights."""
    if name == "mgld-vsr":
        return mgld(device, precision)
    if name == "stablesr":
        options = StableSROptions(**SMALL, networks=stablesr_sizes(), faithful=False)
        return StableSR(options, None, compute(device, precision))
    card = load_method(name)
    smaller = {**card.options, **REDUCED.get(restorer_name(card), {})}
    return load_untrained(card.model_copy(update={"options": smaller}), compute(device, precision))


def restored(restorer: AnyRestorer, frames: ArrayClip) -> Frames:
    """All frames; float32 exact, as the engine restores."""
    with restorer.compute.float32_as_asked():
        return np.stack(list(restorer.restore(frames)))


def levels_apart(name: str, device: str) -> tuple[int, float]:
    """How far a method's frames on ``device`` are from the CPU's: the most, and the share of values that differ at all."""
    ours, theirs = (restored(method(name, place), clip()).astype(int) for place in (device, "cpu"))
    difference = np.abs(ours - theirs)
    return int(difference.max()), float((difference > 0).mean())


def half_to_exact(device: str, precision: Precision, frames: ArrayClip) -> float:
    """PSNR of MGLD-VSR's frames in half precision to float32 on the same device and draws, in dB."""
    return psnr(restored(mgld(device, precision), frames), restored(mgld(device), frames))


def twice(device: str, precision: Precision, frames: ArrayClip) -> tuple[Frames, Frames]:
    """What two runs of the same seed give, each with networks of its own."""
    first, second = (restored(mgld(device, precision, faithful=True, steps=1), frames) for _ in range(2))
    return first, second


def with_less_memory(device: str, limited: Callable[[], object], frames: ArrayClip) -> tuple[Frames, Frames, dict[str, str]]:
    """Frames with all the memory, then after ``limited()`` has taken some away, and the notes of the second run."""
    free = restored(mgld(device, steps=1), frames)
    restorer = mgld(device, steps=1)
    limited()
    return free, restored(restorer, frames), dict(restorer.notes(frames))


def scores_apart(weights: str, device: str, home: Path) -> float:
    """The relative difference of a metric's score between ``device`` and the CPU."""
    write_fixed_weights(home, weights)
    reference, changed = texture(4, (96, 128)), texture(4, (96, 128), noise=8)
    name = METRICS[weights]
    found, exact = (score((name,), reference, changed, place, home).values[name] for place in (device, "cpu"))
    return abs(found - exact) / abs(exact)
