"""DBVSR's deconvolution: the sharp enlarged frame that an estimated blur explains best, in closed form by Fourier transforms."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.networks.dbvsr.periodic_extension import extend_periodically

GAMMA: Final = 0.001
"""Weight of the gradients' penalty: the smaller, the sharper and the noisier."""
PENALTY_FLOOR: Final = 0.01
"""The penalty of a frequency is at least this."""


def deconvolve(
    frames: Tensor, kernels: Tensor, scale: int = 4, gamma: float = GAMMA, penalty_floor: float = PENALTY_FLOOR
) -> Tensor:
    """``frames`` (n, 3, h, w) enlarged ``scale`` times and sharpened, (n, 3, scale * h, scale * w), in the frames' type.

    kernels: (n, 1, k, k), of sum 1, on the enlarged grid; one per frame for all colours. Minimises, over all frequencies,
    |y - every scale-th pixel of (k * x)|^2 + gamma * penalty * |x|^2, where penalty is the squared frequency response of the
    horizontal and vertical differences. Not clamped.

    Computes in float64: in float32 the authors' own result is off by 0.3 % of its standard deviation. Two of their quirks are
    kept: the floor of the penalty is also its imaginary part, and the inverse transform therefore has to assume a symmetry that
    the spectrum does not have. Source: code/model/deconv_fft.py of csbhr/Deep-Blind-VSR (MIT); the closed form is that of Zhao et
    al., Fast Single Image Super-Resolution Using a New Analytical Solution for l2-l2 Problems, IEEE TIP 2016.
    """
    height, width = (scale * side for side in frames.shape[-2:])
    extended = extend_periodically(frames, scale).double()
    rows, columns = (scale * side for side in extended.shape[-2:])
    response = frequency_response(kernels.double(), rows, columns)
    penalty = _penalty(rows, columns, penalty_floor, response)
    explained = _mean_of_aliases(response.abs().square() / penalty, scale)
    # What the authors compute, (F - conj(B) tile(al(B F / R) / (al(|B|^2 / R) + gamma))) / (gamma R) with F = conj(B) tile(Z),
    # is this: al(B F / R) is Z al(|B|^2 / R). It needs no difference of nearly equal numbers and no division by gamma.
    wanted = torch.fft.fft2(extended) / (explained + gamma)
    half = columns // 2 + 1
    spectrum = (response.conj() / penalty)[..., :half] * wanted.repeat(1, 1, scale, scale)[..., :half]
    sharp: Tensor = torch.fft.irfft2(spectrum, s=(rows, columns))
    return sharp[..., :height, :width].to(frames.dtype)


def frequency_response(kernels: Tensor, rows: int, columns: int) -> Tensor:
    """The two-sided spectrum (n, 1, rows, columns), complex, of ``kernels`` (n, 1, k, k) centred on the first pixel."""
    height, width = kernels.shape[-2:]
    padded = functional.pad(kernels, (0, columns - width, 0, rows - height))
    response: Tensor = torch.fft.fft2(padded.roll((-(height // 2), -(width // 2)), dims=(-2, -1)))
    return response


def _penalty(rows: int, columns: int, floor: float, like: Tensor) -> Tensor:
    """(rows, columns), complex: |spectrum|^2 of the differences [1, -1] and [1, -1]^T, at least ``floor``, plus ``floor`` i."""
    along_rows, along_columns = (
        2 - 2 * torch.cos(2 * math.pi * torch.fft.fftfreq(size, dtype=torch.float64, device=like.device))
        for size in (rows, columns)
    )
    gradients = (along_rows[:, None] + along_columns[None, :]).clamp(min=floor)
    return torch.complex(gradients, torch.full_like(gradients, floor))


def _mean_of_aliases(spectrum: Tensor, scale: int) -> Tensor:
    """(n, 1, rows / scale, columns / scale): the mean of the frequencies that taking every ``scale``-th pixel makes one."""
    count, channels, rows, columns = spectrum.shape
    return spectrum.view(count, channels, scale, rows // scale, scale, columns // scale).mean(dim=(2, 4))
