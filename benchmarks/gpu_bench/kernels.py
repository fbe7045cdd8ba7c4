"""Phase 2: single operations of the U-Net, one segment (5 frames) and four at a time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from gpu_bench.session import Session, Values
from gpu_bench.timing import milliseconds
from mgld_bench.networks.layers.fused import gated_gelu, group_norm
from mgld_bench.networks.layers.group_norm import GroupNorm32

CONVOLUTIONS = ((320, 64), (640, 32), (1280, 16))
"""Channels and side of three levels of the U-Net."""
BATCHES = (5, 20)
ATTENTION = (5, 4096, 64)
"""Heads, tokens and channels of a head at the finest level."""
FORMATS = {"NCHW": torch.contiguous_format, "NHWC": torch.channels_last}
GATED = 1280
"""Channels of the gate at the finest level."""
EQUAL = 4e-3
"""The most by which a fused operation may differ, relative to the largest value: half precision has 11 bits."""


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
            session.attempt(f"{label}, plain", 1, _norm(session, channels, side, batch, fused=False))
            session.attempt(f"{label}, fused", 1, _norm(session, channels, side, batch, fused=True))
    for batch in BATCHES:
        session.attempt(f"GEGLU's gate, {batch}, plain", 1, _gate(session, batch, fused=False))
        session.attempt(f"GEGLU's gate, {batch}, fused", 1, _gate(session, batch, fused=True))


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


def _norm(session: Session, channels: int, side: int, batch: int, *, fused: bool) -> Callable[[], Values]:
    """As the U-Net has it: statistics in float32, then SiLU; fused, also how far it is from that."""

    def measure() -> Values:
        channels_here, maps = _maps(session, channels, side, batch)
        maps = maps.contiguous(memory_format=torch.channels_last)
        norm = GroupNorm32(channels_here).to(maps.device, maps.dtype)

        def plain() -> Tensor:
            return functional.silu(norm(maps))

        def at_once() -> Tensor:
            found: Tensor = group_norm(maps, None, norm.weight, norm.bias, norm.num_groups, norm.eps, True)
            return found

        return _compared(session, plain, at_once, maps.numel(), fused=fused)

    return torch.no_grad()(measure)


def _gate(session: Session, batch: int, *, fused: bool) -> Callable[[], Values]:
    """Of the finest level's feed-forward networks."""

    def measure() -> Values:
        _, tokens, _ = ATTENTION
        wide = torch.randn(
            batch, tokens // session.scale.divisor, 2 * GATED // session.scale.divisor, device=session.scale.device
        ).half()

        def plain() -> Tensor:
            value, gate = wide.chunk(2, dim=-1)
            return value * functional.gelu(gate)

        def at_once() -> Tensor:
            found: Tensor = gated_gelu(wide)
            return found

        return _compared(session, plain, at_once, wide.numel(), fused=fused)

    return measure


def _compared(
    session: Session, plain: Callable[[], Tensor], at_once: Callable[[], Tensor], values: int, *, fused: bool
) -> Values:
    """The time of one of both; of the fused one, also how far it is from the plain one. RuntimeError where that is far."""
    found = {"ms": milliseconds(session.scale, at_once if fused else plain)}
    found["TB/s"] = 4 * values / found["ms"] / 1e9
    if fused:
        wanted = plain().float()
        found["apart"] = float((at_once().float() - wanted).abs().max() / wanted.abs().max().clamp_min(1e-6))
        if found["apart"] > EQUAL:
            raise RuntimeError(f"the fused one is {found['apart']:.2g} of the largest value away from the plain one")
    return found


def _maps(session: Session, channels: int, side: int, batch: int) -> tuple[int, Tensor]:
    """Half-precision maps, and their channels: a multiple of the 32 groups of normalisations."""
    scale = session.scale
    fewer = max(32, channels // scale.divisor // 32 * 32)
    side = max(4, side // scale.divisor)
    return fewer, torch.randn(batch, fewer, side, side, device=scale.device).half()
