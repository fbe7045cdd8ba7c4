"""Phase 2: single operations of the U-Net, one segment (5 frames) and four at a time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from gpu_bench.session import Session, Values
from gpu_bench.timing import milliseconds
from mgld_bench.networks.diffusion.blocks import GroupNorm32

CONVOLUTIONS = ((320, 64), (640, 32), (1280, 16))
"""Channels and side of three levels of the U-Net."""
BATCHES = (5, 20)
ATTENTION = (5, 4096, 64)
"""Heads, tokens and channels of a head at the finest level."""
FORMATS = {"NCHW": torch.contiguous_format, "NHWC": torch.channels_last}
EQUAL = 4e-3
"""The most by which a fused normalisation may differ, relative to the largest value: three bits of half precision."""


def kernels(session: Session) -> None:
    """Convolutions in both layouts, attention by two backends, group normalisation plain and fused."""
    for channels, side in CONVOLUTIONS:
        for batch in BATCHES:
            for layout, memory_format in FORMATS.items():
                label = f"conv 3x3, {channels} x {side} x {side}, {batch}, {layout}"
                session.attempt(label, 1, _convolution(session, channels, side, batch, memory_format))
    for batch in BATCHES:
        for backend in (SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION) if session.scale.on_gpu else (SDPBackend.MATH,):
            session.attempt(f"attention, {batch}, {backend.name.lower()}", 1, _attention(session, batch, backend))
    for channels, side in CONVOLUTIONS:
        for batch in BATCHES:
            label = f"group norm + SiLU, {channels} x {side} x {side}, {batch}"
            session.attempt(f"{label}, plain", 1, _plain_norm(session, channels, side, batch))


def _convolution(
    session: Session, channels: int, side: int, batch: int, memory_format: torch.memory_format
) -> Callable[[], Values]:
    def measure() -> Values:
        channels_here, maps = _maps(session, channels, side, batch)
        maps = maps.contiguous(memory_format=memory_format)
        kernel = torch.randn(channels_here, channels_here, 3, 3, device=maps.device, dtype=maps.dtype) / channels_here
        kernel = kernel.contiguous(memory_format=memory_format)
        took = milliseconds(session.scale, lambda: functional.conv2d(maps, kernel, padding=1))
        operations = 2 * 9 * channels_here**2 * maps.shape[-1] ** 2 * batch
        return {"ms": took, "TFLOP/s": operations / took / 1e9}

    return measure


def _attention(session: Session, batch: int, backend: SDPBackend) -> Callable[[], Values]:
    def measure() -> Values:
        heads, tokens, channels = ATTENTION
        tokens //= session.scale.divisor
        queries, keys, values = (
            torch.randn(batch, heads, tokens, channels, device=session.scale.device).half() for _ in range(3)
        )
        with sdpa_kernel(backend):
            took = milliseconds(session.scale, lambda: functional.scaled_dot_product_attention(queries, keys, values))
        return {"ms": took, "TFLOP/s": 4 * batch * heads * tokens**2 * channels / took / 1e9}

    return measure


def _plain_norm(session: Session, channels: int, side: int, batch: int) -> Callable[[], Values]:
    """As the U-Net has it: statistics in float32, then SiLU."""

    def measure() -> Values:
        channels_here, maps = _maps(session, channels, side, batch)
        maps = maps.contiguous(memory_format=torch.channels_last)
        norm = GroupNorm32(channels_here).to(maps.device, maps.dtype)
        took = milliseconds(session.scale, lambda: functional.silu(norm(maps)))
        return {"ms": took, "TB/s": 4 * maps.numel() / took / 1e9}

    return measure


def _maps(session: Session, channels: int, side: int, batch: int) -> tuple[int, Tensor]:
    """Half-precision maps, and their channels: a multiple of the 32 groups of normalisations."""
    scale = session.scale
    fewer = max(32, channels // scale.divisor // 32 * 32)
    side = max(4, side // scale.divisor)
    return fewer, torch.randn(batch, fewer, side, side, device=scale.device).half()
