"""DBVSR's deconvolution: what it promises, the authors' formula, the extension of frames, and the Laplace equation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import fft
from scipy.ndimage import convolve
from torch import Tensor
from torch.nn import functional

from mgld_bench.networks.dbvsr.deconvolution import (
    deconvolve,
    enlarge_mixed,
    extend_periodically,
    fill_harmonically,
    frequency_response,
)


def gaussian(sigma_rows: float, sigma_columns: float) -> np.ndarray:
    distance = np.arange(-6, 7)
    kernel = np.exp(-0.5 * (distance[:, None] / sigma_rows) ** 2 - 0.5 * (distance[None, :] / sigma_columns) ** 2)
    normalised: np.ndarray = kernel / kernel.sum()
    return normalised


@pytest.fixture(scope="module")
def sharp() -> Tensor:
    """(3, 176, 232) float64: gratings of several directions, and noise of 1 % that no method can recover (40 dB)."""
    stream = np.random.RandomState(5)
    y, x = np.mgrid[0:176, 0:232]
    waves = stream.uniform(0.02, 0.25, (3, 4, 2))
    phases = stream.uniform(0, 2 * np.pi, (3, 4))
    terms = np.sin(waves[..., 0, None, None] * x + waves[..., 1, None, None] * y + phases[..., None, None])
    return torch.from_numpy(0.5 + 0.12 * terms.sum(1) + 0.01 * stream.standard_normal((3, 176, 232)))


def degraded(sharp: Tensor, kernel: np.ndarray) -> Tensor:
    """Blurred, and every fourth pixel taken, without noise: (1, 3, h, w)."""
    blurred = np.stack([convolve(plane, kernel, mode="nearest") for plane in sharp.numpy()])
    return torch.from_numpy(blurred[:, ::4, ::4])[None]


def psnr_inside(one: Tensor, other: Tensor) -> float:
    """Without the pixels near the border, where the blur includes what is not in the frame."""
    difference = (one - other)[..., 12:-12, 12:-12]
    return float(-10 * torch.log10(difference.square().mean()))


@pytest.mark.parametrize("sigmas", [(1.6, 1.6), (2.0, 2.0), (1.0, 2.4)], ids=str)
def test_the_true_kernel_recovers_more_than_bicubic_interpolation(sharp: Tensor, sigmas: tuple[float, float]) -> None:
    """As with the authors' program: 40 to 41 dB for Gaussian kernels where bicubic interpolation gives 37 dB."""
    kernel = gaussian(*sigmas)
    frames = degraded(sharp, kernel)
    restored = psnr_inside(deconvolve(frames, torch.from_numpy(kernel)[None, None])[0], sharp)
    y, x = torch.meshgrid(torch.arange(176.0), torch.arange(232.0), indexing="ij")
    positions = torch.stack([x / (232 - 4), y / (176 - 4)], dim=-1)[None].double() * 2 - 1
    bicubic = functional.grid_sample(frames, positions, mode="bicubic", padding_mode="border", align_corners=True)[0]
    assert 39 < restored < 41.5
    assert restored > psnr_inside(bicubic, sharp) + 2


def test_a_wrong_kernel_recovers_less(sharp: Tensor) -> None:
    kernel = gaussian(1.0, 2.4)
    frames = degraded(sharp, kernel)
    right, wrong = (deconvolve(frames, torch.from_numpy(each.copy())[None, None])[0] for each in (kernel, kernel.T))
    assert psnr_inside(right, sharp) > psnr_inside(wrong, sharp) + 1.5


def authors_formula(frames: Tensor, kernels: Tensor, gamma: float, floor: float) -> np.ndarray:
    """The deconvolution step by step as the authors write it, in NumPy."""
    extended = extend_periodically(frames, 4).numpy()
    rows, columns = 4 * extended.shape[-2], 4 * extended.shape[-1]

    def spectrum(kernel: np.ndarray) -> np.ndarray:
        plane = np.zeros((rows, columns))
        plane[: kernel.shape[0], : kernel.shape[1]] = kernel
        return fft.fft2(np.roll(plane, (-(kernel.shape[0] // 2), -(kernel.shape[1] // 2)), (0, 1)))

    def aliased(plane: np.ndarray) -> np.ndarray:
        means: np.ndarray = plane.reshape(*plane.shape[:-2], 4, rows // 4, 4, columns // 4).mean((-4, -2))
        return means

    response = spectrum(kernels[0, 0].numpy())
    across, down = np.zeros((3, 3)), np.zeros((3, 3))
    across[1, 1:], down[1:, 1] = (1, -1), (1, -1)
    gradients = np.abs(spectrum(across)) ** 2 + np.abs(spectrum(down)) ** 2
    penalty = np.maximum(gradients, floor) + 1j * floor
    spread = np.zeros((1, 3, rows, columns))
    spread[..., ::4, ::4] = extended
    data = response.conj() * fft.fft2(spread)
    ratio = aliased(response * data / penalty) / (aliased(np.abs(response) ** 2 / penalty) + gamma)
    solution = (data - response.conj() * np.tile(ratio, (4, 4))) / penalty / gamma
    sharp = fft.irfft2(solution[..., : columns // 2 + 1], s=(rows, columns))
    return sharp[..., : 4 * frames.shape[2], : 4 * frames.shape[3]]


@pytest.mark.parametrize("size", [(9, 14), (1, 2), (8, 5)], ids=str)
def test_the_shorter_formula_equals_the_authors(size: tuple[int, int]) -> None:
    frames = torch.rand(1, 3, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    kernel = torch.from_numpy(gaussian(1.1, 1.9))[None, None]
    expected = torch.from_numpy(authors_formula(frames, kernel, 0.001, 0.01))
    torch.testing.assert_close(deconvolve(frames, kernel), expected, rtol=0, atol=1e-9)
    inexact = deconvolve(frames.float(), kernel.float())
    assert inexact.dtype == torch.float32
    torch.testing.assert_close(inexact, expected.float(), rtol=0, atol=1e-4)


def test_frames_of_a_batch_have_their_own_kernels() -> None:
    frames = torch.rand(2, 3, 7, 6, generator=torch.Generator().manual_seed(7))
    kernels = torch.stack([torch.from_numpy(gaussian(*sigmas))[None] for sigmas in ((1.0, 1.0), (1.5, 2.5))]).float()
    together = deconvolve(frames, kernels)
    for place in range(2):
        torch.testing.assert_close(deconvolve(frames[place][None], kernels[place][None])[0], together[place], rtol=0, atol=1e-6)


def test_the_response_of_a_centred_dot_is_one_everywhere() -> None:
    dot = torch.zeros(1, 1, 13, 13, dtype=torch.float64)
    dot[..., 6, 6] = 1
    torch.testing.assert_close(frequency_response(dot, 24, 32), torch.ones(1, 1, 24, 32, dtype=torch.complex128))


def test_a_frame_is_kept_and_continued_without_a_jump() -> None:
    rows, columns = torch.meshgrid(torch.linspace(0, 1, 26), torch.linspace(0, 1, 35), indexing="ij")
    frame = torch.stack([rows, columns, rows * columns])[None]
    frame = frame.mean(1, keepdim=True).expand(1, 3, 26, 35)
    extended = extend_periodically(frame, 4)
    assert extended.shape == (1, 3, 30, 40)
    assert torch.equal(extended[..., :26, :35], frame)
    steps = [(extended.roll(1, axis) - extended).abs().max() for axis in (2, 3)]
    # Four appended rows lead back from 1 to 0 at the steepest: five steps of 1/5, and the quirk's repeated row makes one longer.
    assert max(steps) < 0.45


def test_colours_take_turns_in_the_enlarged_frame() -> None:
    frame = torch.rand(1, 3, 2, 3, generator=torch.Generator().manual_seed(8))
    enlarged = enlarge_mixed(frame, 4)
    for colour in range(3):
        for row in range(8):
            for column in range(12):
                source = (colour + row % 4 + column % 4) % 3
                assert enlarged[0, colour, row, column] == frame[0, source, row // 4, column // 4]


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 24), st.integers(3, 40), st.integers(0, 1000))
def test_inside_each_pixel_is_the_mean_of_its_neighbours_and_the_border_stays(height: int, width: int, seed: int) -> None:
    planes = torch.rand(2, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    filled = fill_harmonically(planes)
    means = (filled[:, :-2, 1:-1] + filled[:, 2:, 1:-1] + filled[:, 1:-1, :-2] + filled[:, 1:-1, 2:]) / 4
    torch.testing.assert_close(filled[:, 1:-1, 1:-1], means, rtol=0, atol=1e-12)
    border = torch.ones(height, width, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    assert torch.equal(filled[:, border], planes[:, border])


def test_a_plane_is_its_own_solution() -> None:
    rows, columns = torch.meshgrid(torch.arange(20.0), torch.arange(500.0), indexing="ij")
    plane = (3 * rows - 0.5 * columns + 7).double()
    emptied = plane.clone()
    emptied[1:-1, 1:-1] = 0
    torch.testing.assert_close(fill_harmonically(emptied), plane, rtol=0, atol=1e-9)
