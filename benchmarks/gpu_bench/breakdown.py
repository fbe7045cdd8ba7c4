"""Phase 6: where the time of a segment goes, by events around each part, and how long the CPU takes to ask for a step."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch

from gpu_bench.authors import AuthorsMGLD, authors_mgld
from gpu_bench.builds import mgld, steps_of
from gpu_bench.scale import Scale, texture
from gpu_bench.session import Session, Values
from gpu_bench.timing import milliseconds, wait
from mgld_bench.clips.writing import encode_png
from mgld_bench.methods.mgld import MGLDVSR
from mgld_bench.networks.autoencoder.temporal import DecoderMixing

SEGMENT = 5
STEP = 500
"""Of the 1000-step schedule; every step costs the same."""


def breakdown(session: Session) -> None:
    """Rows of ours, eight segments together, and of the authors', one by one; per segment."""
    scale = session.scale
    session.attempt("ours, ms per segment", 6, lambda: _parts(scale, mgld(scale, scale.half), scale.many))
    session.attempt("the authors', ms per segment", 6, lambda: _parts(scale, authors_mgld(scale), scale.few))
    session.attempt("one step of ours", 4, lambda: _step(scale, mgld(scale, scale.half), scale.many))
    session.attempt("one step of ours, one segment", 4, lambda: _step(scale, mgld(scale, scale.half), scale.few))
    session.attempt("one step of the authors'", 4, lambda: _step(scale, authors_mgld(scale), scale.few))
    session.attempt("PNG", 0, lambda: _png(scale))


class Stopwatch:
    """Adds up the GPU's time in each part: inner parts count in outer ones too."""

    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        self._spans: dict[str, list[tuple[Any, Any]]] = defaultdict(list)

    def watched(self, name: str, run: Callable[..., Any]) -> Callable[..., Any]:
        """``run`` with its time added to the part ``name``."""

        def timed(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the part takes and gives
            start = self._now()
            result = run(*given, **named)
            self._spans[name].append((start, self._now()))
            return result

        return timed

    def totals(self) -> dict[str, float]:
        """Milliseconds by part."""
        wait(self._scale)
        return {name: sum(self._between(*span) for span in spans) for name, spans in self._spans.items()}

    def _now(self) -> Any:  # noqa: ANN401 - an event, or seconds on a CPU
        if not self._scale.on_gpu:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def _between(self, start: Any, end: Any) -> float:  # noqa: ANN401
        return float(start.elapsed_time(end)) if self._scale.on_gpu else 1e3 * (end - start)


def _parts(scale: Scale, method: MGLDVSR, frames: int) -> Values:
    clip, segments = texture(frames, scale.square), frames // SEGMENT
    with steps_of(method, 2):
        list(method.restore(clip))
    stopwatch = Stopwatch(scale)
    with _watched(method, stopwatch):
        began = time.perf_counter()
        list(method.restore(clip))
        wait(scale)
        whole = 1e3 * (time.perf_counter() - began)
    found = defaultdict(float, stopwatch.totals())
    sampling = found["sampling"] - found["encoder"] - found["networks"]
    named = {
        "motion": found["motion"],
        "encoder": found["encoder"],
        "U-Net and structure": found["networks"],
        "sampler and guidance": sampling,
        "decoder": found["decoder"] - found["mixing"],
        "mixing": found["mixing"],
        "colour fix": found["tile"] - found["sampling"] - found["decoder"],
        "to the host": found["to the host"],
        "all": whole,
    }
    return {name: value / segments for name, value in named.items()}


@contextmanager
def _watched(method: MGLDVSR, stopwatch: Stopwatch) -> Iterator[None]:
    """The parts of the method, watched inside the block."""
    diffusion, networks = method._diffusion, method._networks
    parts: list[tuple[str, object, str]] = [
        ("motion", method, "_motions"),
        ("tile", diffusion, "restore"),
        ("sampling", diffusion, "_sample"),
        ("encoder", diffusion, "_encode"),
        ("networks", networks, "denoise"),
        ("decoder", diffusion, "_decode"),
    ]
    parts += [("mixing", module, "forward") for module in networks.decoder.modules() if isinstance(module, DecoderMixing)]
    with ExitStack() as patches:
        for name, owner, attribute in parts:
            patches.enter_context(mock.patch.object(owner, attribute, stopwatch.watched(name, getattr(owner, attribute))))
        finished = method._finished

        def to_the_host(*given: Any) -> Iterator[Any]:  # noqa: ANN401 - see Stopwatch
            frames = stopwatch.watched("to the host", lambda: list(finished(*given)))()
            yield from frames

        patches.enter_context(mock.patch.object(method, "_finished", to_the_host))
        yield


def _step(scale: Scale, method: MGLDVSR, frames: int) -> Values:
    """The GPU's time for one step of the networks, per segment, and the CPU's to ask for it."""
    denoise = step_of(scale, method, frames)
    with ExitStack() as block:
        if isinstance(method, AuthorsMGLD):
            block.enter_context(method.arranged())
        block.enter_context(torch.no_grad())
        took = milliseconds(scale, denoise)
        wait(scale)
        began = time.perf_counter()
        denoise()
        asked = 1e3 * (time.perf_counter() - began)
        wait(scale)
    segments = frames // SEGMENT
    return {"ms of the GPU": took / segments, "ms to ask for it": asked / segments, "segments": segments}


def step_of(scale: Scale, method: MGLDVSR, frames: int) -> Callable[[], object]:
    """One step of the networks, on drawn latents of one tile."""
    side = method.options.tile
    latents, condition = (torch.randn(frames, 4, side, side, device=scale.device) for _ in range(2))
    return lambda: method._networks.denoise(latents, condition, STEP)


def _png(scale: Scale) -> Values:
    frame = texture(1, (4 * scale.square[0], 4 * scale.square[1]), noise=3).frame(0)
    began = time.perf_counter()
    for _ in range(scale.repeats):
        encode_png(frame)
    return {"ms per frame": 1e3 * (time.perf_counter() - began) / scale.repeats, "threads": 1}
