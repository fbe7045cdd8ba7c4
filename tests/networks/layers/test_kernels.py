"""The Triton kernels against float64, in Triton's interpreter, which runs them on a CPU; and their compilation for a GPU."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("triton")

INTERPRETED = """
import torch
from torch.nn import functional
from mgld_bench.networks.layers import kernels

def last(*shape, kind, offset=0.0):
    return (torch.randn(shape) + offset).to(kind).contiguous(memory_format=torch.channels_last)

torch.manual_seed(0)
# Channels that no block of 64 divides, pixels that no block of 64 divides, several parts, a mean far above the deviation.
for kind, bound, offset in ((torch.float32, 1e-4, 50.0), (torch.float16, 2**-7, 0.0)):
    x = last(2, 96, 13, 7, kind=kind, offset=offset)
    weight, bias = torch.randn(2, 96, dtype=kind)
    for added in (None, torch.randn(2, 96))[kind == torch.float16 :]:
        affine = kernels.affine(x, added, weight, bias, 32, 1e-5)
        shifted = x.double() if added is None else x.double() + added.double()[..., None, None]
        normed = functional.group_norm(shifted, 32, weight.double(), bias.double(), 1e-5)
        wanted = normed if added is None else functional.silu(normed)
        found = kernels.scaled(x, affine, added is not None)
        assert found.dtype == kind and found.is_contiguous(memory_format=torch.channels_last)
        assert (found.double() - wanted).abs().max() < bound * wanted.abs().max(), kind
    gamma, beta = last(2, 192, 13, 7, kind=kind).chunk(2, dim=1)
    skip, offsets = last(2, 96, 13, 7, kind=kind), torch.randn(2, 96)
    wanted = normed * (gamma.double() + offsets[0].double()[:, None, None]) + beta.double()
    wanted = wanted + offsets[1].double()[:, None, None] + skip.double()
    found = kernels.modulated(x, affine, gamma, beta, offsets, skip)
    assert (found.double() - wanted).abs().max() < bound * wanted.abs().max(), kind
    if kind == torch.float16:
        alone = kernels.affine(x[1:], added[1:], weight, bias, 32, 1e-5)
        assert torch.equal(alone[:, 0], affine[:, 1]), "an image depends on its company"
    both = torch.randn(2, 7, 160).to(kind)
    value, gate = both.double().chunk(2, dim=-1)
    wanted = value * functional.gelu(gate)
    assert (kernels.gated(both).double() - wanted).abs().max() < bound * wanted.abs().max(), kind
"""

COMPILED = """
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
from mgld_bench.networks.layers import kernels

half, single, number = "*fp16", "*fp32", "i32"
sizes = {"ROWS": kernels.ROWS, "CHANNELS": kernels.CHANNELS}
maps = dict.fromkeys(("pixels", "channels", "images"), number)
found = {
    "_moments": ({"x": half, "means": single, "squares": single, **maps, "parts": number, "tiles": number}, sizes),
    "_affine": (
        {"means": single, "squares": single, "added": half, "weight": half, "bias": half, "result": single, "eps": "fp32", **maps}
        | dict.fromkeys(("added_stride", "parts", "part_pixels", "groups"), number),
        {"PARTS": 64, "OWN": 16, "HAS_ADDED": True},
    ),
    "_scaled": ({"x": half, "affine": single, "y": half, **maps}, {"SILU": True, **sizes}),
    "_modulated": (
        {"x": half, "affine": single, "offsets": single, **dict.fromkeys(("gamma", "beta", "skip", "y"), half), **maps}
        | {"modulation_stride": number},
        sizes,
    ),
    "_gated": ({"both": half, "y": half, "tokens": number, "channels": number}, {"ROOT_HALF": 0.7, **sizes}),
}
for name, (types, constants) in found.items():
    kernel = getattr(kernels, name)
    signature = {argument: types.get(argument, "constexpr") for argument in kernel.arg_names}
    assert compile(ASTSource(kernel, signature, constants), target=GPUTarget("cuda", 90, 32)).asm["cubin"], name
"""


def run(script: str, **environment: str) -> None:
    ran = subprocess.run([sys.executable, "-c", script], env={**os.environ, **environment}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_kernels_give_what_float64_gives() -> None:
    run(INTERPRETED, TRITON_INTERPRET="1")


@pytest.mark.slow
def test_kernels_compile_for_a_gpu() -> None:
    run(COMPILED)
