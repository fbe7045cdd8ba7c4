"""What a clip shows in numbers, and a choice of clips that differ."""

from __future__ import annotations

import numpy as np
import pytest

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.study.making.content import content_of
from mgld_bench.study.making.spread import choose_spread


def clip(frames: np.ndarray) -> ArrayClip:
    return ArrayClip("x", np.repeat(frames[..., None], 3, axis=3).astype(np.uint8))


def test_spatial_and_temporal_information_are_those_of_p910() -> None:
    flat = content_of(clip(np.full((3, 20, 30), 128)))
    assert (flat.spatial, flat.temporal) == (0, 0)
    # A ramp of 2 per column: the Sobel filter has 8 * 2 everywhere, which deviates nowhere.
    ramp = np.broadcast_to(2 * np.arange(30), (2, 20, 30))
    assert content_of(clip(ramp)).spatial == pytest.approx(0, abs=1e-9)
    # Half of it black, half of it 100: two of the 28 inner columns have a gradient of 400.
    edge = np.zeros((2, 20, 30))
    edge[:, :, 15:] = 100
    share = 2 / 28
    assert content_of(clip(edge)).spatial == pytest.approx(400 * np.sqrt(share * (1 - share)))
    # The second frame is the first one's mirror image: half of it gains 100, half loses as much.
    edge[1] = edge[1, :, ::-1]
    assert content_of(clip(edge)).temporal == pytest.approx(100)
    # Brightness that changes everywhere alike is no motion.
    assert content_of(clip(np.stack([np.full((20, 30), 10), np.full((20, 30), 90)]))).temporal == pytest.approx(0)


def test_the_spread_takes_the_corners_first_and_the_same_clips_every_time() -> None:
    places = {("set", f"{x}{y}"): (10.0 * x, y**3 + 0.0) for x in range(5) for y in range(5)}
    chosen = choose_spread(places, 5)
    assert {one.clip[1] for one in chosen[:4]} == {"00", "04", "40", "44"}
    assert chosen[4].clip == ("set", "22")
    assert chosen[0].nearest is None
    assert chosen[4].distance == pytest.approx(np.hypot(10, 10) / 24)
    assert choose_spread(dict(reversed(places.items())), 5) == chosen
    everything = choose_spread(places, 25)
    assert sorted(one.clip for one in everything) == sorted(places)
    distances = [one.distance for one in everything[1:]]
    assert distances == pytest.approx(sorted(distances, reverse=True))


def test_one_extreme_value_does_not_decide_and_equal_clips_can_be_chosen_too() -> None:
    assert {one.clip[1] for one in choose_spread({("s", "a"): (1,), ("s", "b"): (2,), ("s", "c"): (1e9,)}, 2)} == {"a", "c"}
    assert len(choose_spread({("s", "a"): (1.0,), ("s", "b"): (1.0,)}, 2)) == 2
    assert choose_spread({("s", "a"): (1.0,)}, 1)[0].clip == ("s", "a")
