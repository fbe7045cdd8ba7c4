"""What a method costs: parameters, floating-point operations, time and memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

import psutil

from mgld_bench.clips.clip import Clip
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.restoring.peak_memory import PeakMemory

Log = Callable[[str], None]
"""Called with a line of text at the beginning of each stage."""

REPEATS: Final = 5
FEWEST: Final = 2
"""Timed runs even where they take long: one alone shows no spread."""
TIME_LIMIT: Final = 60.0
"""Seconds of timed runs after which no more are begun."""

COUNTED: Final = (
    "2 per multiply-add of convolutions (deformable ones too), matrix products and attention; "
    "sampling, FFT, normalisations and element-wise operations are not counted"
)


@dataclass(frozen=True)
class ProfileResult:
    """The cost of restoring one clip with one method."""

    parameters: Mapping[str, int]
    """Per network, by role."""
    total_parameters: int
    """Of all networks; a parameter that two of them share is counted once."""
    trained: Mapping[str, int]
    """Parameters that the authors trained, by stage."""
    flops_per_frame: float | None
    """Counted as in `COUNTED`, over the frames of the clip; None for a method without networks."""
    seconds: tuple[float, ...]
    """Seconds per frame of each timed run: the whole run over the frames of the clip."""
    resident_increase: int
    """Bytes: the largest resident size of the process in the timed runs over that with the weights loaded, before any run."""
    peak_resident: int
    """Bytes: that largest resident size itself."""
    peak_gpu: int | None
    """Bytes: most that PyTorch had allocated on the GPU in the timed runs, weights included; None without one."""
    device: str
    precision: str
    width: int
    """Of the input, in pixels, as height."""
    height: int
    frames: int
    scale: int
    notes: Mapping[str, str]
    """The restorer's notes on this clip, by topic: tiles or windows chosen for lack of memory."""
    first_frame: tuple[float, ...] = ()
    """Seconds from the start of each timed run to its first frame."""

    @property
    def seconds_per_frame(self) -> float:
        """Median over the timed runs."""
        return median(self.seconds)

    @property
    def seconds_to_first_frame(self) -> float | None:
        """Median over the timed runs: what somebody who watches waits for. None where it was not measured."""
        return median(self.first_frame) if self.first_frame else None

    @property
    def spread(self) -> float:
        """From the fastest to the slowest timed run, relative to the median."""
        return (max(self.seconds) - min(self.seconds)) / self.seconds_per_frame

    @property
    def trained_parameters(self) -> int:
        """Over all stages."""
        return sum(self.trained.values())


def profile(
    restorer: AnyRestorer, clip: Clip, repeats: int = REPEATS, time_limit: float = TIME_LIMIT, log: Log | None = None
) -> ProfileResult:
    """Restore ``clip`` once to warm up and to count operations, then up to ``repeats`` times to measure time and memory.

    Resident memory is that of the process: a method that ran before in the same process leaves memory behind, which makes the
    increase look smaller.

    Args:
        restorer: the method.
        clip: the LR clip that is restored.
        repeats: timed runs at most.
        time_limit: seconds of timed runs after which no more are begun; there are at least two.
        log: called at the beginning of each stage.

    Raises:
        InputError: if the restorer gives a number of frames that is not the clip's.
    """
    log = log or (lambda line: None)
    networks = restorer.networks()
    before = psutil.Process().memory_info().rss
    log(f"first run of {clip.frame_count} frames, to warm up{' and to count operations' if networks else ''}")
    with restorer.compute.float32_as_asked():
        flops = _counted_run(restorer, clip)
    with restorer.compute.float32_as_asked(), PeakMemory(restorer.compute) as memory:
        seconds, first_frame = _timed_runs(restorer, clip, repeats, time_limit, log)
        peak_resident, peak_gpu = memory.resident, memory.gpu
    return ProfileResult(
        parameters={role: sum(part.numel() for part in network.parameters()) for role, network in networks.items()},
        total_parameters=_total_parameters(restorer),
        trained=dict(restorer.trained()),
        flops_per_frame=None if flops is None else flops / clip.frame_count,
        seconds=seconds,
        resident_increase=max(0, peak_resident - before),
        peak_resident=peak_resident,
        peak_gpu=peak_gpu,
        device=restorer.compute.describe_device(),
        precision=restorer.compute.arithmetic,
        width=clip.width,
        height=clip.height,
        frames=clip.frame_count,
        scale=restorer.scale,
        notes=dict(restorer.notes(clip)),
        first_frame=first_frame,
    )


def _total_parameters(restorer: AnyRestorer) -> int:
    every = {id(part): part.numel() for network in restorer.networks().values() for part in network.parameters()}
    return sum(every.values())


def _counted_run(restorer: AnyRestorer, clip: Clip) -> int | None:
    """The operations of a run; None for a method without networks."""
    if restorer.networks():
        return count_flops(lambda: _restored(restorer, clip))
    _run(restorer, clip)
    return None


def _timed_runs(
    restorer: AnyRestorer, clip: Clip, repeats: int, time_limit: float, log: Log
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Seconds per frame of each run, and seconds to its first frame."""
    seconds: list[float] = []
    first_frame: list[float] = []
    while len(seconds) < repeats and (len(seconds) < FEWEST or sum(seconds) * clip.frame_count < time_limit):
        _wait_for_gpu(restorer.compute)
        began = time.perf_counter()
        first_frame.append(_run(restorer, clip))
        _wait_for_gpu(restorer.compute)
        seconds.append((time.perf_counter() - began) / clip.frame_count)
        log(f"timed run {len(seconds)}: {seconds[-1]:.4f} s/frame (up to {repeats} runs)")
    return tuple(seconds), tuple(first_frame)


def _run(restorer: AnyRestorer, clip: Clip) -> float:
    """Restore the whole clip, keeping no frame; returns the seconds to the first one."""
    began, first, count = time.perf_counter(), 0.0, 0
    for _ in restorer.restore(clip):
        first = first or time.perf_counter() - began
        count += 1
    if count != clip.frame_count:
        raise InputError(f"clip {clip.name}: {type(restorer).__name__} gave {count} frames for {clip.frame_count}")
    return first


def _restored(restorer: AnyRestorer, clip: Clip) -> None:
    _run(restorer, clip)


def _wait_for_gpu(compute: Compute) -> None:
    import torch

    if compute.device.startswith("cuda"):
        torch.cuda.synchronize(compute.torch_device())


def count_flops(run: Callable[[], None]) -> int:
    """The floating-point operations of ``run()``, counted as in `COUNTED`; those in threads that it starts are missed.

    The count follows from shapes alone: it is the same on every device and in every precision, unless the run itself decides by
    values how much it does.
    """
    import torch

    # Makes torch.ops.torchvision.deform_conv2d known; here, since it takes seconds.
    import torchvision.ops  # noqa: F401
    from torch.utils.flop_counter import FlopCounterMode

    operators = torch.ops.aten
    counter = FlopCounterMode(
        display=False,
        custom_mapping={
            torch.ops.torchvision.deform_conv2d: deform_conv2d_flops,
            # PyTorch's own table has the attention of GPUs only.
            operators._scaled_dot_product_flash_attention_for_cpu: attention_flops,
            operators._scaled_dot_product_attention_math_for_mps: attention_flops,
        },
    )
    with _attention_in_parts(), counter:
        run()
    return counter.get_total_flops()


def deform_conv2d_flops(picture: Sequence[int], weight: Sequence[int], *others: object, out_shape: Sequence[int]) -> int:
    """Operations of a deformable convolution, from the shapes of its input, weight (out, in / groups, kernel) and output.

    Those of the convolution once the input is sampled; bilinear sampling and modulation by the mask are not counted.
    """
    return 2 * math.prod(out_shape) * math.prod(weight[1:])


def attention_flops(
    query: Sequence[int],
    key: Sequence[int],
    value: Sequence[int],
    *others: object,
    attn_mask: object = None,
    scale: object = None,
    out_shape: object = None,
) -> int:
    """Operations of scaled dot-product attention, from shapes (batch, heads, tokens, channels): scores and weighted values."""
    batch, heads, queries, channels = query
    return 2 * batch * heads * queries * key[2] * (channels + value[3])


@contextmanager
def _attention_in_parts() -> Iterator[None]:
    """Runs torch.nn.MultiheadAttention without its fused operator, for which there is no formula."""
    import torch

    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
