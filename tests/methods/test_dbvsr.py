"""The DBVSR restorer with a reduced network: windows, what is kept between them, memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import ArrayClip, Clip
from mgld_bench.errors import InputError
from mgld_bench.methods.bases.pictures import to_frame, to_pictures
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.dbvsr import DBVSROptions, DBVSRRestorer, window_at
from mgld_bench.networks.dbvsr.network import DBVSR
from mgld_bench.networks.sizes.dbvsr import DBVSRConfig

OPTIONS = DBVSROptions(network=DBVSRConfig(features=8, condition_features=4, reconstruction_blocks=1))


def restorer(compute: Compute | None = None, weights: dict[str, Path] | None = None) -> DBVSRRestorer:
    return DBVSRRestorer(OPTIONS, weights, compute or Compute())


@pytest.fixture(scope="module")
def moving() -> Clip:
    """Seven different frames, 11 x 18."""
    return ArrayClip("moving", np.random.RandomState(1).randint(0, 256, (7, 11, 18, 3), np.uint8))


def authors_windows(frame_count: int) -> list[tuple[int, ...]]:
    """As inference.py cuts them from its extended list."""
    frames = list(range(frame_count))
    extended = frames[:2] + frames + frames[-2:]
    return [tuple(extended[start : start + 5]) for start in range(len(extended) - 4)]


@pytest.mark.parametrize("frame_count", range(2, 9))
def test_windows_are_those_of_the_authors_with_border(frame_count: int) -> None:
    assert [window_at(index, frame_count) for index in range(frame_count)] == authors_windows(frame_count)


def test_windows_of_one_two_and_three_frames() -> None:
    assert window_at(0, 1) == (0, 0, 0, 0, 0)
    assert [window_at(index, 2) for index in range(2)] == [(0, 1, 0, 1, 0), (1, 0, 1, 0, 1)]
    assert [window_at(index, 3) for index in range(3)] == [(0, 1, 0, 1, 2), (1, 0, 1, 2, 1), (0, 1, 2, 1, 2)]


@pytest.mark.parametrize("frame_count", [1, 2, 3, 7])
def test_every_frame_is_that_of_its_window_alone(moving: Clip, frame_count: int) -> None:
    """The plain network, nothing kept and nothing composed, against the restorer."""
    frames = np.stack(list(moving.frames(0, frame_count)))
    clip = ArrayClip("short", frames)
    method = restorer()
    plain = DBVSR(OPTIONS.network).eval()
    plain.load_state_dict(method.network.state_dict())
    restored = list(method.restore(clip))
    assert len(restored) == frame_count
    for index, frame in enumerate(restored):
        window = to_pictures([frames[other] for other in window_at(index, frame_count)])
        with torch.inference_mode():
            expected = to_frame(plain(window[None])[0])
        difference = np.abs(frame.astype(int) - expected)
        # Equal up to rounding in float32, which may tip a value to the next level.
        assert difference.max() <= 1
        assert difference.mean() < 0.001


def test_any_start_gives_the_same_frames(moving: Clip) -> None:
    method = restorer()
    whole = np.stack(list(method.restore(moving)))
    for start in (1, 3, 6, 7):
        rest = list(method.restore(moving, start))
        assert len(rest) == moving.frame_count - start
        for index, frame in enumerate(rest, start):
            np.testing.assert_array_equal(frame, whole[index])
        assert method.resume_point(start) == start


def test_frames_are_decoded_once_and_no_sooner_than_needed(moving: Clip) -> None:
    decoded: list[int] = []

    class Watched(ArrayClip):
        def frames(self, start: int = 0, stop: int | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN202
            for index, frame in enumerate(super().frames(start, stop), start):
                decoded.append(index)
                yield frame

    clip = Watched("watched", np.stack(list(moving.frames())))
    frames = restorer().restore(clip, 3)
    next(frames)
    assert decoded == [1, 2, 3, 4, 5]
    assert len(list(frames)) == 3
    assert decoded == [1, 2, 3, 4, 5, 6]


def test_short_clips_are_noted(moving: Clip) -> None:
    method = restorer()
    assert method.notes(moving) == {}
    assert "shorter than a window of 5" in method.notes(ArrayClip("short", np.zeros((4, 8, 8, 3), np.uint8)))["window"]


def test_a_frame_that_does_not_fit_is_an_error_that_says_how_much_it_takes(moving: Clip) -> None:
    needed = 11 * 18 * DBVSRRestorer.memory_per_pixel + 64 * 64 * DBVSRRestorer.flow_memory_per_pixel
    assert len(list(restorer(Compute(max_memory=needed)).restore(moving))) == 7
    with pytest.raises(InputError, match=rf"clip moving: one frame of 18 x 11, .* takes about {needed / 1e6:.0f} MB"):
        next(restorer(Compute(max_memory=needed - 1)).restore(moving))


def test_an_official_file_is_read_and_another_one_refused(tmp_path: Path, moving: Clip) -> None:
    torch.manual_seed(3)
    state = DBVSR(OPTIONS.network).state_dict()
    path = tmp_path / "gaussian_e1r3.pt"
    torch.save(state, path)
    assert torch.equal(restorer(weights={"network": path}).network.state_dict()["in_conv.0.weight"], state["in_conv.0.weight"])
    del state["cond_net.8.bias"]
    torch.save(state, path)
    with pytest.raises(InputError, match=r"not a checkpoint of DBVSR: cond_net\.8\.bias is missing"):
        restorer(weights={"network": path})


def test_a_device_without_float64_is_refused() -> None:
    with pytest.raises(InputError, match="device mps: DBVSR needs float64"):
        restorer(Compute(device="mps"))


@pytest.mark.parametrize(
    ("name", "file"), [("dbvsr", "gaussian_e1r3.pt"), ("dbvsr-kg", "kg_e1r3.pt"), ("dbvsr-large", "kg_e3r20.pt")]
)
def test_cards_describe_the_networks_of_the_authors_files(name: str, file: str) -> None:
    card = load_method(name)
    assert card.weights["network"].file == file
    assert file in card.weights["network"].obtain
    size = DBVSROptions(**card.options).network
    with torch.device("meta"):
        network = DBVSR(size)
    assert card.publication.parameters == f"{sum(part.numel() for part in network.parameters()) / 1e6:.2f}M"
