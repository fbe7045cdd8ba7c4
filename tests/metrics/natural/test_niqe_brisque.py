from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
import torch
from pyiqa.archs.brisque_arch import brisque as pyiqa_brisque
from scipy.stats import gennorm

from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import Chunk, ClipScore, Frames
from mgld_bench.metrics.natural.brisque import brisque, picture_features
from mgld_bench.metrics.natural.niqe import block_features, niqe
from mgld_bench.metrics.natural.statistics import fit_asymmetric, fit_symmetric, flat_share, load_model, normalise
from tests.helpers.metric_samples import facts_of
from tests.helpers.scores import frame_scores, number_fact

NAMES = ["niqe.pyiqa", "niqe.live", "niqe.y", "niqe.y.crop4", "brisque.pyiqa", "brisque.live"]


def score(name: str, frames: Frames, chunk: int = 99) -> ClipScore:
    scorer = load_metric(name).start(facts_of(*frames.shape[1:3]))
    for start in range(0, len(frames), chunk):
        part = frames[start : start + chunk]
        scorer.add(Chunk(range(start, start + len(part)), part), None)
    return scorer.finish()


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Integers on 0..255 without a flat area."""
    stream = np.random.default_rng(seed)
    waves = np.cumsum(np.cumsum(stream.normal(0, 1, (height, width)), axis=0), axis=1)
    waves = 90 * waves / np.abs(waves).max()
    levels: np.ndarray = np.clip(np.rint(128 + waves + stream.normal(0, 12, (height, width))), 0, 255)
    return levels


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0, 3.5])
def test_the_symmetric_fit_finds_shape_and_variance(shape: float) -> None:
    samples = gennorm.rvs(shape, scale=1.7, size=(2, 200_000), random_state=5)
    shapes, variances = fit_symmetric(samples)
    assert shapes == pytest.approx(shape, rel=0.03)
    assert variances == pytest.approx(samples.var(axis=1), rel=0.01)


@pytest.mark.parametrize(("shape", "left", "right"), [(2.0, 1.0, 1.0), (1.0, 0.5, 2.0), (0.8, 3.0, 1.0)])
def test_the_asymmetric_fit_finds_shape_and_both_deviations(shape: float, left: float, right: float) -> None:
    # Each side with a probability in proportion to its scale, which makes the density continuous.
    magnitude = np.abs(gennorm.rvs(shape, size=(1, 400_000), random_state=6))
    is_left = np.random.default_rng(7).random(magnitude.shape) < left / (left + right)
    found = fit_asymmetric(np.where(is_left, -left * magnitude, right * magnitude))
    deviation = gennorm.std(shape)
    assert [float(value[0]) for value in found] == pytest.approx([shape, left * deviation, right * deviation], rel=0.03)


def test_each_row_is_fitted_for_itself() -> None:
    samples = np.random.default_rng(1).laplace(0, [[0.2], [1.0], [30.0]], (3, 5000))
    together = np.array(fit_asymmetric(samples))
    alone = np.concatenate([np.array(fit_asymmetric(samples[row : row + 1])) for row in range(3)], axis=1)
    np.testing.assert_array_equal(together, alone)


def test_a_row_without_a_side_is_not_a_number() -> None:
    _, left, right = fit_asymmetric(np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0], [-1.0, 2.0, 0.5]]))
    assert np.isnan(left).tolist() == [True, True, False]
    assert np.isnan(right).tolist() == [False, True, False]


def test_what_cannot_be_fitted_has_the_smallest_shape() -> None:
    """As in all implementations in use: the first of the shapes 0.2, 0.201 … 10."""
    assert fit_symmetric(np.zeros((2, 50)))[0].tolist() == [0.2, 0.2]
    assert fit_asymmetric(np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0]]))[0].tolist() == [0.2, 0.2]


def test_the_normalised_plane_is_that_of_the_definition() -> None:
    plane = texture(30, 41)
    y, x = np.mgrid[-3:4, -3:4]
    window = np.exp(-(x**2 + y**2) / (2 * (7 / 6) ** 2))
    window /= window.sum()
    borders: dict[Literal["replicate", "zero"], np.ndarray] = {
        "replicate": np.pad(plane, 3, mode="edge"),
        "zero": np.pad(plane, 3),
    }
    for border, padded in borders.items():
        patches = np.lib.stride_tricks.sliding_window_view(padded, (7, 7))
        mean = np.einsum("ijkl,kl->ij", patches, window)
        deviation = np.sqrt(np.abs(np.einsum("ijkl,kl->ij", patches**2, window) - mean**2))
        np.testing.assert_allclose(normalise(plane, border), (plane - mean) / (deviation + 1), atol=1e-9)


def test_the_share_of_flat_area_is_counted() -> None:
    plane = texture(192, 192)
    plane[:, :96] = 77
    # The window reaches three pixels over the edge of the flat half.
    assert flat_share(normalise(plane, "replicate")) == pytest.approx(93 / 192, abs=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_does_not_change_with_its_neighbours_or_the_chunk(name: str, bunny: Frames) -> None:
    together = score(name, bunny[:4])
    assert score(name, bunny[:4], chunk=1) == together
    assert score(name, bunny[2:3]).value == frame_scores(together)[2]
    assert together.value == pytest.approx(np.mean(list(frame_scores(together).values())))
    assert 0 <= number_fact(together, "flat_share") < 0.05


@pytest.mark.parametrize("name", ["niqe.pyiqa", "brisque.live"])
def test_a_bad_restoration_is_found_worse(name: str, bunny: Frames, degraded: Frames) -> None:
    assert score(name, degraded[:3]).value > score(name, bunny[:3]).value + 2


def test_half_a_turn_changes_nothing() -> None:
    # It maps every pair of neighbours to a pair of the same direction, and whole blocks to whole blocks.
    plane = texture(192, 288)
    turned = np.ascontiguousarray(plane[::-1, ::-1])
    assert niqe(block_features(turned)[0]) == pytest.approx(niqe(block_features(plane)[0]), rel=1e-4)
    assert brisque(picture_features(turned)[0]) == pytest.approx(brisque(picture_features(plane)[0]), rel=1e-4)


@pytest.mark.parametrize(("height", "width"), [(251, 333), (250, 333), (251, 332), (250, 332), (97, 99), (33, 45)])
def test_brisque_of_odd_and_even_sides_is_that_of_pyiqa(height: int, width: int) -> None:
    """In float64 there too, on luma that both sides round alike: what is left is the second scale, of exactly half the size."""
    model = {key: torch.from_numpy(value.copy()) for key, value in load_model("brisque_live.npz").items()}
    plane = texture(height, width, seed=height)
    expected = pyiqa_brisque(
        torch.from_numpy(plane)[None, None] / 255, sv_coef=model["coefficients"].reshape(-1, 1), sv=model["support_vectors"]
    )
    assert brisque(picture_features(plane)[0]) == pytest.approx(float(expected), abs=2e-4)
    frame = np.repeat(plane.astype(np.uint8)[None, ..., None], 3, axis=-1)
    assert score("brisque.pyiqa", frame).value == brisque(picture_features(plane)[0])


def test_niqe_of_blocks_that_follow_the_model_is_small() -> None:
    model = load_model("niqe_live.npz")
    blocks = np.random.default_rng(3).multivariate_normal(model["mu"].ravel(), model["cov"], 20_000)
    assert niqe(blocks) < 0.1


def test_niqe_leaves_blocks_out_that_cannot_be_fitted() -> None:
    blocks = np.random.default_rng(3).normal(1, 0.2, (12, 36))
    holed = np.vstack([blocks, np.full((2, 36), np.nan)])
    assert niqe(holed) == pytest.approx(niqe(blocks))
    assert math.isnan(niqe(holed[-3:]))


def test_brisque_at_one_support_vector_is_the_sum_over_the_others() -> None:
    model = load_model("brisque_live.npz")
    vector = model["support_vectors"][10]
    features = (vector + 1) / 2 * (model["feature_max"] - model["feature_min"]) + model["feature_min"]
    terms = [
        coefficient * math.exp(-0.05 * float(((vector - other) ** 2).sum()))
        for coefficient, other in zip(model["coefficients"], model["support_vectors"], strict=True)
    ]
    assert brisque(features) == pytest.approx(math.fsum(terms) + 153.591)


@pytest.mark.parametrize(
    ("name", "height", "width"),
    [
        ("niqe.pyiqa", 95, 400),
        ("niqe.live", 191, 191),
        ("niqe.y.crop4", 103, 400),
        ("niqe.y.crop4", 103, 199),
        ("niqe.y.crop4", 199, 103),
        ("niqe.y.crop4", 199, 199),
        ("brisque.live", 15, 400),
    ],
)
def test_too_small_frames_are_refused(name: str, height: int, width: int) -> None:
    with pytest.raises(InputError, match=f"{name} needs"):
        load_metric(name).start(facts_of(height, width))
    load_metric(name).start(facts_of(height + 1, width + 1))
