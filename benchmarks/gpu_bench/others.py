"""Phase 8: seconds per frame of the other methods, and of the metrics with networks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from devices import score
from fixed_weights import write_fixed_weights

from gpu_bench.builds import compute_on, weights_drawn_on_the_device
from gpu_bench.scale import Scale, texture
from gpu_bench.session import Session, Values
from gpu_bench.timing import forget_peak, peak_gibibytes, wait
from mgld_bench.cards.loader import load_method
from mgld_bench.methods.compute import Compute, Precision
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.methods.stablesr import StableSR, StableSROptions
from mgld_bench.restoring.loading import load_untrained

METHODS = ("realesrgan", "realbasicvsr", "rvrt")
METRICS = {"alexnet": "lpips.alex", "vgg16": "dists", "gmflow-things": "we.gmflow.l1", "dover": "dover.fused"}
"""By the weights they need."""


def others(session: Session) -> None:
    """StableSR at 512x512; the others, each in three ways, at 1280x720; metrics at that size."""
    scale = session.scale
    with weights_drawn_on_the_device():
        session.attempt(f"stablesr, {scale.half}", 8, lambda: _restored(scale, lambda: _stablesr(scale), scale.square))
        for name in METHODS:
            for way, precision, tf32 in _ways(scale):
                compute = compute_on(scale, precision, tf32=tf32)
                needs = 3 if precision == scale.half else 6
                session.attempt(f"{name}, {way}", needs, lambda name=name, compute=compute: _of_card(scale, name, compute))  # type: ignore[misc]
    for weights, metric in METRICS.items():
        if scale.tiny and metric.startswith("dover"):
            # Its views have one size, which takes a CPU minutes.
            continue
        session.attempt(metric, 6, lambda weights=weights, metric=metric: _scored(scale, weights, metric))  # type: ignore[misc]


def _ways(scale: Scale) -> tuple[tuple[str, Precision, bool], ...]:
    """Name, precision, and whether TF32 is allowed."""
    exact: Precision = "float32"
    return ((exact, exact, False), (f"{exact} with PyTorch's default TF32", exact, True), (scale.half, scale.half, False))


def _stablesr(scale: Scale) -> AnyRestorer:
    return StableSR(StableSROptions(**scale.diffusion(temporal=False)), None, compute_on(scale, scale.half))


def _of_card(scale: Scale, name: str, compute: Compute) -> Values:
    return _restored(scale, lambda: load_untrained(load_method(name), compute), scale.wide)


def _restored(scale: Scale, build: Callable[[], AnyRestorer], size: tuple[int, int]) -> Values:
    """The second of two runs."""
    method, clip = build(), texture(scale.frames_of_others, size)
    with method.compute.float32_as_asked():
        list(method.restore(clip))
        wait(scale)
        forget_peak(scale)
        began = time.perf_counter()
        frames = list(method.restore(clip))
        wait(scale)
        took = time.perf_counter() - began
    return {"s/frame": took / len(frames), "GiB": peak_gibibytes(scale), "mean level": float(np.mean(frames[0]))}


def _scored(scale: Scale, weights: str, metric: str) -> Values:
    """One metric over a clip, reading included; the second of two runs."""
    frames = scale.frames_of_others
    reference, restored = (texture(frames, scale.metric_size, noise) for noise in (0, 8))
    with tempfile.TemporaryDirectory() as folder:
        write_fixed_weights(Path(folder), weights)
        score((metric,), reference, restored, scale.device, Path(folder))
        found = score((metric,), reference, restored, scale.device, Path(folder))
    return {"s/frame": found.seconds / frames, "GiB": found.gpu_bytes / 2**30, "score": found.values[metric]}
