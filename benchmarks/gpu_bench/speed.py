"""Phases 4, 5 and 9: seconds per frame of MGLD-VSR, each way of computing it, against the authors' arrangement."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gpu_bench.authors import authors_mgld
from gpu_bench.builds import mgld, steps_of
from gpu_bench.scale import Size, texture
from gpu_bench.session import Session, Values
from gpu_bench.timing import forget_peak, peak_gibibytes, wait
from mgld_bench.clips.clip import Clip
from mgld_bench.methods.mgld import MGLDVSR
from mgld_bench.networks.layers.speedups import Speedups
from mgld_bench.restoring.profiling import count_flops

WARM_STEPS = 2
AUTHORS = "authors' arrangement"
EXACT: dict[Size, npt.NDArray[np.uint8]] = {}
"""The first segment in float32, by the size of the LR frames: what the others are compared with."""


@dataclass(frozen=True)
class Measured:
    """One restored clip."""

    frames: npt.NDArray[np.uint8]
    seconds: float
    """Per frame."""
    first: float
    """Seconds to the first frame."""
    gibibytes: float


def at_512(session: Session) -> None:
    """The table of 128x128 to 512x512."""
    scale = session.scale
    _way(session, "float32 without TF32", scale.square, scale.few, 15, lambda: mgld(scale, "float32", Speedups.none()))
    session.attempt("operations", 3, lambda: _operations(session))
    _way(session, AUTHORS, scale.square, scale.few, 8, lambda: authors_mgld(scale))
    for count in (scale.few, scale.some, scale.many):
        _way(session, f"ours, {scale.half}, {count} frames", scale.square, count, 5, lambda: mgld(scale, scale.half))
    _way(session, f"ours, bfloat16, {scale.many} frames", scale.square, scale.many, 9, lambda: mgld(scale, "bfloat16"))
    # The last one is what a user gets: above.
    for name, speedups in list(Speedups.cumulative())[: 2 if scale.tiny and not scale.on_gpu else -1]:
        label = "none of our ways" if name == "plain" else f"+ {name}"
        _way(session, label, scale.square, scale.many, 10, lambda speedups=speedups: mgld(scale, scale.half, speedups))  # type: ignore[misc]


def at_720p(session: Session) -> None:
    """One segment of 320x180 to 1280x720."""
    scale = session.scale
    _way(session, f"ours, {scale.half}, 1280x720", scale.wide, scale.few, 12, lambda: mgld(scale, scale.half))
    _way(session, f"{AUTHORS}, 1280x720", scale.wide, scale.few, 22, lambda: authors_mgld(scale))


def compiled(session: Session) -> None:
    """With torch.compile: what it takes to compile, and what it brings."""
    scale = session.scale

    def build() -> MGLDVSR:
        return mgld(scale, scale.half, compiled=True)

    _way(session, f"ours, compiled, {scale.many} frames", scale.square, scale.many, 60, build)


def _way(session: Session, label: str, size: Size, frames: int, needs: float, build: Callable[[], MGLDVSR]) -> None:
    """A row of one way; ``needs``: about how many seconds it takes."""

    def measure() -> Values:
        began = time.perf_counter()
        found, warm = restore(session, build(), texture(frames, size))
        whole = time.perf_counter() - began
        if label.startswith("float32"):
            EXACT[size] = found.frames
        if label.startswith(AUTHORS):
            session.found[f"authors {size}"] = found.seconds
        return {**_figures(session, size, found), "until warm": whole - found.seconds * frames, "warm run": warm}

    session.attempt(label, needs, measure)


def restore(session: Session, method: MGLDVSR, clip: Clip) -> tuple[Measured, float]:
    """The clip, after a run of few steps that chooses kernels, whose seconds come with it."""
    scale = session.scale
    began = time.perf_counter()
    with method.compute.float32_as_asked():
        with steps_of(method, WARM_STEPS):
            list(method.restore(clip))
        wait(scale)
        warm = time.perf_counter() - began
        forget_peak(scale)
        began, first, frames = time.perf_counter(), 0.0, []
        for frame in method.restore(clip):
            first = first or time.perf_counter() - began
            frames.append(frame)
        wait(scale)
        took = time.perf_counter() - began
    return Measured(np.stack(frames), took / len(frames), first, peak_gibibytes(scale)), warm


def _figures(session: Session, size: Size, found: Measured) -> dict[str, float]:
    figures = {"s/frame": found.seconds, "first frame, s": found.first, "GiB": found.gibibytes}
    operations, ceiling = session.found.get(f"TFLOP {size}"), session.found.get("ceiling float16")
    if isinstance(operations, float):
        figures["TFLOP/s"] = operations / found.seconds
        if isinstance(ceiling, float):
            figures["of the ceiling, %"] = 100 * figures["TFLOP/s"] / ceiling
    authors = session.found.get(f"authors {size}")
    if isinstance(authors, float):
        figures["times the authors'"] = authors / found.seconds
    if size in EXACT:
        figures["PSNR to float32, dB"] = psnr(found.frames, EXACT[size])
    return figures


def _operations(session: Session) -> Values:
    """Per frame, counted in one step and in two, as every step costs the same."""
    scale = session.scale
    method, clip = mgld(scale, scale.half, Speedups.none()), texture(scale.few, scale.square)

    def count(steps: int) -> int:
        with steps_of(method, steps):
            return count_flops(lambda: _exhaust(method, clip))

    one, two = count(1), count(2)
    operations = (one + (scale.steps - 1) * (two - one)) / scale.few / 1e12
    session.found[f"TFLOP {scale.square}"] = operations
    return {"TFLOP/frame": operations, "TFLOP/step": (two - one) / 1e12}


def _exhaust(method: MGLDVSR, clip: Clip) -> None:
    for _ in method.restore(clip):
        pass


def psnr(frames: npt.NDArray[np.uint8], exact: npt.NDArray[np.uint8]) -> float:
    """Of the frames that both have, in dB; 100 where they are the same."""
    count = min(len(frames), len(exact))
    error = float(np.mean((frames[:count].astype(float) - exact[:count]) ** 2))
    return 100.0 if error == 0 else float(10 * np.log10(255**2 / error))
