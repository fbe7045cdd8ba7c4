"""DBVSR's deconvolution: the sharp enlarged frame that an estimated blur explains best, in closed form by Fourier transforms.

A Fourier transform takes a frame for periodic: frames are first extended so that they continue smoothly from their right border
to their left one, and from the bottom to the top.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

GAMMA: Final = 0.001
"""Weight of the gradient penalty."""
PENALTY_FLOOR: Final = 0.01
"""The penalty of a frequency is at least this."""


def deconvolve(
    frames: Tensor, kernels: Tensor, scale: int = 4, gamma: float = GAMMA, penalty_floor: float = PENALTY_FLOOR
) -> Tensor:
    """Frames enlarged and sharpened, given their blur; not clamped.

    Minimises, over all frequencies, |y - every scale-th pixel of (k * x)|^2 + gamma * penalty * |x|^2, where penalty is the
    squared frequency response of the horizontal and vertical differences.

    Computes in float64: in float32 the authors' own result is off by 0.3 % of its standard deviation. Two of their quirks are
    kept: the floor of the penalty is also its imaginary part, and the inverse transform therefore has to assume a symmetry that
    the spectrum does not have. Source: code/model/deconv_fft.py of csbhr/Deep-Blind-VSR (MIT); the closed form is that of Zhao et
    al., Fast Single Image Super-Resolution Using a New Analytical Solution for l2-l2 Problems, IEEE TIP 2016.

    Args:
        frames: (n, 3, h, w).
        kernels: (n, 1, k, k), each summing to 1, on the enlarged grid; one per frame for all colours.
        scale: of the enlargement.
        gamma: weight of the penalty: the smaller, the sharper and the noisier.
        penalty_floor: the penalty of a frequency is at least this.

    Returns:
        (n, 3, scale * h, scale * w), in the dtype of the frames.
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
    """(n, 1, rows / scale, columns / scale): the mean of the frequencies that subsampling by ``scale`` makes one."""
    count, channels, rows, columns = spectrum.shape
    return spectrum.view(count, channels, scale, rows // scale, scale, columns // scale).mean(dim=(2, 4))


def extend_periodically(frames: Tensor, scale: int) -> Tensor:
    """Frames with rows appended below and columns on the right that lead back to the opposite border.

    Computed on the enlarged grid, of which every ``scale``-th pixel is returned. In float64; what is appended is rounded to
    float32. Liu and Jia, Reducing boundary artifacts in image deconvolution, ICIP 2008. Source: code/model/utils_fft.py of
    csbhr/Deep-Blind-VSR (MIT).

    Args:
        frames: (n, 3, h, w).
        scale: of the enlargement.

    Returns:
        (n, 3, H, W) in the dtype of the frames, with H = 2 * ceil(h / 2 + 2) for scale 4, and W likewise.
    """
    height, width = frames.shape[-2:]
    enlarged = enlarge_mixed(frames, scale).double()
    rows, columns = (_periodic_size(side) - side for side in enlarged.shape[-2:])
    below = _bridge(enlarged, rows)
    right = _bridge(enlarged.mT, columns).mT
    corner = _corner(below, right)
    top = torch.cat([enlarged, right[..., 1:-1]], dim=-1)
    # Quirk of the authors, kept: what goes below begins with a copy of the frame's last row and lacks its own last row.
    bottom = torch.cat([below[..., :-2, :], corner[..., 1:-1, 1:-1]], dim=-1)
    extended = torch.cat([top, bottom], dim=-2)[..., ::scale, ::scale].float().to(frames.dtype)
    extended[..., :height, :width] = frames
    return extended


def enlarge_mixed(frames: Tensor, scale: int) -> Tensor:
    """(n, 3, scale * h, scale * w): each pixel of ``frames`` (n, 3, h, w) repeated, with its colours in turn.

    A quirk of the authors, kept: they mean nearest neighbour, but repeat the colours in the wrong order before a pixel shuffle.
    Only the border, from which the extension starts, is used.
    """
    return functional.pixel_shuffle(frames.repeat(1, scale**2, 1, 1), scale)


def _periodic_size(side: int) -> int:
    """The next size beyond ``side`` that leaves 16 pixels or more and is a multiple of 8."""
    return 8 * math.ceil(side / 8 + 2)


def _bridge(frames: Tensor, rows: int) -> Tensor:
    """(..., rows + 2, w): harmonic from the last row of ``frames`` (..., h, w), at the top, to their first, at the bottom."""
    bridge = frames.new_zeros(*frames.shape[:-2], rows + 2, frames.shape[-1])
    bridge[..., 0, :], bridge[..., -1, :] = frames[..., -1, :], frames[..., 0, :]
    share = torch.linspace(0, 1, rows, dtype=frames.dtype, device=frames.device)
    for column in (0, -1):
        begin, end = bridge[..., :1, column], bridge[..., -1:, column]
        bridge[..., 1:-1, column] = begin * (1 - share) + end * share
    return fill_harmonically(bridge)


def _corner(below: Tensor, right: Tensor) -> Tensor:
    """What joins the parts ``below`` and on the ``right`` of the frame: harmonic, with the border that they give it."""
    corner = below.new_zeros(*below.shape[:-1], right.shape[-1])
    corner[..., 0, :], corner[..., -1, :] = right[..., -1, :], right[..., 0, :]
    corner[..., :, 0], corner[..., :, -1] = below[..., :, -1], below[..., :, 0]
    return fill_harmonically(corner)


def fill_harmonically(planes: Tensor) -> Tensor:
    """The discrete Laplace equation on a rectangle, solved exactly: each inner pixel becomes the mean of its four neighbours.

    Sine transforms of type 1 make the equation diagonal.

    Args:
        planes: (..., h, w), sides of 3 or more, of which the border is kept. float64 where accuracy matters.
    """
    border = planes.clone()
    border[..., 1:-1, 1:-1] = 0
    neighbours = border[..., :-2, 1:-1] + border[..., 2:, 1:-1] + border[..., 1:-1, :-2] + border[..., 1:-1, 2:]
    rows, columns = neighbours.shape[-2:]
    transformed = _sine_transform(_sine_transform(neighbours).mT).mT
    transformed = transformed / (_eigenvalues(rows, planes)[:, None] + _eigenvalues(columns, planes)[None, :])
    # The transform is its own inverse up to a factor (size + 1) / 2.
    inside = _sine_transform(_sine_transform(transformed).mT).mT * (4 / ((rows + 1) * (columns + 1)))
    border[..., 1:-1, 1:-1] = inside
    return border


def _sine_transform(values: Tensor) -> Tensor:
    """X_k = sum over n of x_n sin(pi (n + 1) (k + 1) / (size + 1)) along the last axis."""
    zero = torch.zeros_like(values[..., :1])
    odd = torch.cat([zero, values, zero, -values.flip(-1)], dim=-1)
    spectrum: Tensor = torch.fft.rfft(odd)
    return -0.5 * spectrum.imag[..., 1:-1]


def _eigenvalues(size: int, like: Tensor) -> Tensor:
    """(size,): the factor of the sine of each frequency in 2 x_n - x_(n-1) - x_(n+1)."""
    numbers = torch.arange(1, size + 1, dtype=like.dtype, device=like.device)
    return 2 - 2 * torch.cos(math.pi * numbers / (size + 1))
