"""Operations of the diffusion networks that take one pass over their maps on a CUDA GPU (Triton), and the same in PyTorch.

They are operators of PyTorch, so that a GPU, a CPU, torch.compile and tensors without data each find their form of them. Results
are computed in float32 whatever the dtype of their input, and have its dtype and order. For inference: they have no gradient.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor
from torch.nn import functional as torch_functional

_FEWEST_BITS = 2.0**-9
"""Of values about 1 in half precision, as far as two ways to compute them may differ."""


@torch.library.custom_op("mgld_bench::group_norm", mutates_args=(), device_types="cuda")
def group_norm(x: Tensor, added: Tensor | None, weight: Tensor, bias: Tensor, groups: int, eps: float, silu: bool) -> Tensor:
    """The group normalisation of x + added, and SiLU of it.

    Args:
        x: (n, channels, h, w).
        added: (1 or n, channels), what each channel of an image is shifted by: a convolution's bias, a timestep.
        weight: of the normalisation, (channels,).
        bias: likewise.
        groups: of the channels.
        eps: added to the variance.
        silu: whether the result goes through SiLU.

    Returns:
        As ``x``, with channels last in memory.
    """
    from mgld_bench.networks.layers import kernels

    x = _channels_last(x)
    # Triton launches on the current device, which need not be that of the tensors.
    with torch.cuda.device_of(x):
        return kernels.scaled(x, kernels.affine(x, added, weight, bias, groups, eps), silu)


@group_norm.register_kernel("cpu")
def _group_norm(x: Tensor, added: Tensor | None, weight: Tensor, bias: Tensor, groups: int, eps: float, silu: bool) -> Tensor:
    values = x.float() if added is None else x.float() + added.float()[..., None, None]
    normed = torch_functional.group_norm(values, groups, weight.float(), bias.float(), eps)
    return _channels_last((torch_functional.silu(normed) if silu else normed).to(x.dtype, copy=True))


@group_norm.register_fake
def _group_norm_shape(
    x: Tensor, added: Tensor | None, weight: Tensor, bias: Tensor, groups: int, eps: float, silu: bool
) -> Tensor:
    return torch.empty_like(x, memory_format=torch.channels_last)


@torch.library.custom_op("mgld_bench::modulated_norm", mutates_args=(), device_types="cuda")
def modulated_norm(
    x: Tensor,
    added: Tensor,
    weight: Tensor,
    bias: Tensor,
    groups: int,
    eps: float,
    gamma: Tensor,
    beta: Tensor,
    offsets: Tensor,
    skip: Tensor,
) -> Tensor:
    """group_norm(x + added) * (gamma + offsets[0]) + beta + offsets[1] + skip: the end of a residual block with SPADE.

    Args:
        x: see group_norm, likewise ``added`` to ``eps``.
        added: (1 or n, channels).
        weight: of the normalisation.
        bias: of the normalisation.
        groups: of the channels.
        eps: added to the variance.
        gamma: of the shape of ``x``; may be some of the channels of a larger tensor.
        beta: likewise.
        offsets: (2, channels) float32.
        skip: of the shape of ``x``.

    Returns:
        As ``x``, with channels last in memory.
    """
    from mgld_bench.networks.layers import kernels

    x, skip = _channels_last(x), _channels_last(skip)
    channels, width = gamma.stride(3), x.shape[3]
    wanted = (x.shape[2] * width * channels, 1, width * channels, channels)
    if gamma.stride() != wanted or beta.stride() != wanted:
        gamma, beta = _channels_last(gamma), _channels_last(beta)
    with torch.cuda.device_of(x):
        return kernels.modulated(x, kernels.affine(x, added, weight, bias, groups, eps), gamma, beta, offsets, skip)


@modulated_norm.register_kernel("cpu")
def _modulated_norm(
    x: Tensor,
    added: Tensor,
    weight: Tensor,
    bias: Tensor,
    groups: int,
    eps: float,
    gamma: Tensor,
    beta: Tensor,
    offsets: Tensor,
    skip: Tensor,
) -> Tensor:
    values = x.float() + added.float()[..., None, None]
    normed = torch_functional.group_norm(values, groups, weight.float(), bias.float(), eps)
    times, plus = offsets[..., None, None]
    return _channels_last((normed * (gamma.float() + times) + beta.float() + plus + skip.float()).to(x.dtype))


@modulated_norm.register_fake
def _modulated_norm_shape(
    x: Tensor,
    added: Tensor,
    weight: Tensor,
    bias: Tensor,
    groups: int,
    eps: float,
    gamma: Tensor,
    beta: Tensor,
    offsets: Tensor,
    skip: Tensor,
) -> Tensor:
    return torch.empty_like(x, memory_format=torch.channels_last)


@torch.library.custom_op("mgld_bench::gated_gelu", mutates_args=(), device_types="cuda")
def gated_gelu(both: Tensor) -> Tensor:
    """The first half of the channels (..., 2 c) times the GELU of the second half: (..., c)."""
    from mgld_bench.networks.layers import kernels

    with torch.cuda.device_of(both):
        return kernels.gated(both.contiguous())


@gated_gelu.register_kernel("cpu")
def _gated_gelu(both: Tensor) -> Tensor:
    value, gate = both.float().chunk(2, dim=-1)
    return (value * torch_functional.gelu(gate)).to(both.dtype)


@gated_gelu.register_fake
def _gated_gelu_shape(both: Tensor) -> Tensor:
    return both.new_empty(*both.shape[:-1], both.shape[-1] // 2)


@functools.cache
def kernel_fault(device: torch.device) -> str | None:
    """Why a device cannot use these: no Triton, no compiler for it, or values that differ from PyTorch's. None where it can.

    Tried on a small map, once for each device; on a CPU nothing can go wrong.
    """
    generator = torch.Generator().manual_seed(0)
    x, gamma, beta, skip = torch.randn(4, 2, 64, 12, 10, generator=generator).to(torch.float16)
    weight, bias, added, times, plus = torch.randn(5, 64, generator=generator)
    try:
        for function, arguments in (
            (group_norm, (x, added[None], weight, bias, 32, 1e-5, True)),
            (modulated_norm, (x, added[None], weight, bias, 32, 1e-5, gamma, beta, torch.stack([times, plus]), skip)),
            (gated_gelu, (x.flatten(),)),
        ):
            here = [each.to(device) if isinstance(each, Tensor) else each for each in arguments]
            found, wanted = function(*here).cpu().float(), function(*arguments).float()
            if not bool(((found - wanted).abs() <= _FEWEST_BITS * (1 + wanted.abs())).all()):
                return f"{function._name} differs from PyTorch's by {float((found - wanted).abs().max()):.2g}"
    except Exception as error:  # noqa: BLE001 - whatever compilers and drivers raise, plain PyTorch is there
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return None


def _channels_last(maps: Tensor) -> Tensor:
    return maps.contiguous(memory_format=torch.channels_last)
