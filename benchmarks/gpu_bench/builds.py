"""Phase 3, and what the later ones build: methods with weights that are drawn on the device."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

import torch
from torch import nn

from gpu_bench.scale import Scale
from gpu_bench.session import Session, Values
from gpu_bench.timing import wait
from mgld_bench.methods.compute import Compute, Precision
from mgld_bench.methods.diffusion.noise import respaced_schedule, training_schedule
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.networks.layers.speedups import Speedups

SEED = 20240719
ALPHA = 0.3
"""Of every temporal mixing: at 0, with which networks are built, frames would not see each other."""
FILLS = ("mgld_bench.methods.diffusion.networks", "mgld_bench.methods.mgld", "mgld_bench.methods.bases.network_restorer")
"""The modules that fill networks whose weight files are not given."""


class AnyPrecision(Compute):
    """Half precision on a CPU too, where only the code is checked."""

    def _check_cpu(self) -> None:
        pass


def compute_on(scale: Scale, precision: Precision, speedups: Speedups | None = None, *, tf32: bool = False) -> Compute:
    """Where and how a method computes."""
    kind = Compute if scale.on_gpu else AnyPrecision
    return kind(scale.device, precision, allow_tf32=tf32, speedups=speedups)


def mgld(scale: Scale, precision: Precision, speedups: Speedups | None = None, *, compiled: bool = False) -> MGLDVSR:
    """MGLD-VSR with drawn weights; ``speedups`` None: what a user gets."""
    with weights_drawn_on_the_device():
        options = MGLDOptions(**scale.diffusion(), compile=compiled)
        return MGLDVSR(options, None, compute_on(scale, precision, speedups))


@contextmanager
def weights_drawn_on_the_device() -> Iterator[None]:
    """Draw the weights of the networks that are built in this block where they are: on a CPU it takes half a minute each."""
    with ExitStack() as patches:
        for module in FILLS:
            patches.enter_context(mock.patch(f"{module}.fill_with_fixed_weights", fill))
        yield


def fill(network: nn.Module, gain: float = 1.0) -> nn.Module:
    """As `fill_with_fixed_weights`, by the device's generator, and with temporal layers that take part."""
    device = next(network.parameters()).device
    generator = torch.Generator(device).manual_seed(SEED)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            last = name.rpartition(".")[2]
            if parameter.ndim > 1:
                parameter.normal_(0, gain / math.sqrt(max(1, parameter[0].numel())), generator=generator)
            elif last == "temporal_alpha":
                parameter.fill_(ALPHA)
            elif last == "bias":
                parameter.zero_()
    return network.eval().requires_grad_(False)


@contextmanager
def steps_of(method: MGLDVSR, steps: int) -> Iterator[None]:
    """Sample in so many steps inside the block: a few are enough to choose kernels."""
    diffusion = method._diffusion
    kept = diffusion._schedule
    diffusion._schedule = respaced_schedule(steps, training_schedule())
    try:
        yield
    finally:
        diffusion._schedule = kept


def weights(session: Session) -> None:
    """Seconds to build MGLD-VSR."""

    def measure() -> Values:
        began = time.perf_counter()
        method = mgld(session.scale, session.scale.half)
        wait(session.scale)
        count = sum(part.numel() for network in method.networks().values() for part in network.parameters())
        return {"seconds": time.perf_counter() - began, "parameters": count}

    session.attempt("MGLD-VSR, drawn on the device", 5, measure)
