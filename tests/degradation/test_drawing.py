from __future__ import annotations

import json
import zlib
from collections import Counter
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.digest import text_digest
from mgld_bench.degradation.drawing import draw_plan, even_sizes, walk, walk_rounded
from mgld_bench.degradation.plan import (
    BlurOperation,
    DegradationPlan,
    JpegOperation,
    NoiseOperation,
    ProfileName,
    ResizeOperation,
    VideoOperation,
)
from mgld_bench.errors import InputError

STEPS = st.lists(st.floats(-3, 3), min_size=1, max_size=40)
NAMES: tuple[ProfileName, ...] = ("mgld", "realbasicvsr")
PROFILES = st.sampled_from(NAMES)
Kind = TypeVar("Kind", BlurOperation, ResizeOperation, NoiseOperation)


def plan_of(
    salt: int = 0, profile: ProfileName = "mgld", size: tuple[int, int] = (720, 1280), frames: int = 6
) -> DegradationPlan:
    return draw_plan(DegradationCard(name="d", profile=profile, salt=salt), "reds4", "000", size, frames)


def operation_of(plan: DegradationPlan, place: int, kind: type[Kind]) -> Kind:
    found = plan.operations[place]
    assert isinstance(found, kind)
    return found


def test_plans_of_the_protocol_are_frozen() -> None:
    # Taken from this code when the protocol pairs-v1 was written. Another value means that every pair changes: a new protocol.
    plans = [plan_of(profile=profile).model_dump(mode="json") for profile in NAMES]
    assert [text_digest(plan)[:16] for plan in plans] == ["f39c963e5804981c", "a5f99a716a1cfcc9"]


def test_the_seed_is_the_crc_of_its_text() -> None:
    plan = plan_of(salt=3)
    assert plan.seed_text == "pairs-v1|mgld|reds4|000|3"
    assert plan.seed == zlib.crc32(b"pairs-v1|mgld|reds4|000|3")


@settings(max_examples=60)
@given(st.integers(0, 10**6), PROFILES)
def test_a_plan_goes_to_json_and_back_unchanged(salt: int, profile: ProfileName) -> None:
    plan = plan_of(salt, profile)
    assert DegradationPlan.model_validate(json.loads(json.dumps(plan.model_dump(mode="json")))) == plan
    assert plan_of(salt, profile) == plan
    assert plan_of(salt + 1, profile).operations != plan.operations


@settings(max_examples=150)
@given(st.integers(0, 10**6), PROFILES, st.integers(1, 12))
def test_everything_lies_in_the_published_ranges(salt: int, profile: ProfileName, frames: int) -> None:
    plan = plan_of(salt, profile, (720, 1280), frames)
    limits = {"blur_1": 3.0, "blur_2": 1.5}
    levels = {"noise_1": (30, 3), "noise_2": (25, 2.5)}
    for operation in plan.operations:
        if isinstance(operation, VideoOperation):
            assert 10_000 <= operation.bit_rate <= 100_000
            continue
        assert len(operation.frames) == (frames if operation.applied else 0)
        if isinstance(operation, BlurOperation):
            for kernel in operation.frames:
                assert kernel.size in range(7, 22, 2)
                assert kernel.sigma_x is None or 0.2 <= kernel.sigma_x <= limits[operation.op]
                assert kernel.omega is None or 3.1416 / 5 - 1e-5 <= kernel.omega <= 3.1416
                assert kernel.beta is None or 0.5 <= kernel.beta <= 4
                assert kernel.type == "sinc" or operation.op != "blur_final"
        if isinstance(operation, NoiseOperation):
            strongest = levels[operation.op][0 if operation.frames[0].kind == "gaussian" else 1]
            assert all(0.05 <= frame.level <= strongest for frame in operation.frames)
        if isinstance(operation, JpegOperation):
            assert all(30 <= frame.quality <= 95 for frame in operation.frames)
        if isinstance(operation, ResizeOperation):
            assert len({frame.mode for frame in operation.frames}) == 1
            assert operation.op == "resize_final" or all(side % 2 == 0 for frame in operation.frames for side in frame.size)
    final = next(operation for operation in plan.operations if operation.op == "resize_final")
    assert isinstance(final, ResizeOperation)
    assert {frame.size for frame in final.frames} == {(180, 320)}


def test_orders_and_shares_are_those_of_the_profiles() -> None:
    stage = ["blur_1", "resize_1", "noise_1", "jpeg_1", "video_1", "blur_2", "resize_2", "noise_2", "jpeg_2"]
    video_first, video_last = ["video_2", "resize_final", "blur_final"], ["resize_final", "blur_final", "video_2"]
    names = {profile: [[op.op for op in plan_of(salt, profile).operations] for salt in range(300)] for profile in NAMES}
    assert all(order == stage + video_first for order in names["mgld"])
    assert {tuple(order) for order in names["realbasicvsr"]} == {(*stage, *video_first), (*stage, *video_last)}
    # 300 draws: three standard deviations of a share are at most 0.087.
    assert Counter(order[-1] for order in names["realbasicvsr"])["video_2"] / 300 == pytest.approx(0.5, abs=0.087)
    plans = [plan_of(salt) for salt in range(300)]
    blurs = [operation_of(plan, 0, BlurOperation).frames[0].type for plan in plans]
    assert Counter(blurs)["iso"] / 300 == pytest.approx(0.405, abs=0.087)
    assert Counter(blurs)["sinc"] / 300 == pytest.approx(0.1, abs=0.052)
    assert sum(plan.operations[5].applied for plan in plans) / 300 == pytest.approx(0.8, abs=0.07)
    assert sum(operation_of(plan, 2, NoiseOperation).frames[0].gray for plan in plans) / 300 == pytest.approx(0.4, abs=0.087)
    assert sum(plan.videos[0].codec == "mpeg4" for plan in plans) / 300 == pytest.approx(1 / 3, abs=0.083)
    shrunk = sum(operation_of(plan, 1, ResizeOperation).frames[0].size[0] < 720 for plan in plans)
    assert shrunk / 300 == pytest.approx(0.7, abs=0.08)


def test_scale_drifts_in_keep_mode_too() -> None:
    resizes = [operation_of(plan_of(salt), 1, ResizeOperation) for salt in range(100)]
    kept = [resize for resize in resizes if resize.frames[0].size == (720, 1280)]
    assert kept
    assert all(len({frame.size for frame in resize.frames}) > 1 for resize in kept)


def test_video_compressions_have_the_size_of_the_first_frame_before_them() -> None:
    plan = plan_of(5)
    assert plan.videos[0].size == operation_of(plan, 1, ResizeOperation).frames[0].size
    assert plan.videos[1].size == operation_of(plan, 6, ResizeOperation).frames[0].size
    last = next(plan for salt in range(20) if (plan := plan_of(salt, "realbasicvsr")).operations[-1].op == "video_2")
    assert last.videos[1].size == (180, 320)


def test_bit_rates_scale_with_the_area_and_the_profile_says_so() -> None:
    card = DegradationCard(name="d", bitrate_reference_pixels=65536)
    plan = draw_plan(card, "reds4", "000", (720, 1280), 4)
    assert plan.seed_text == "pairs-v1|mgld-b65536|reds4|000|0"
    factor = 720 * 1280 / 65536
    assert all(10_000 * factor <= video.bit_rate <= 100_000 * factor for video in plan.videos)


@pytest.mark.parametrize(
    ("size", "profile", "message"),
    [
        ((722, 1280), "mgld", "clip 000: the ground truth is 1280x722: crop it to multiples of 4 first"),
        ((540, 960), "realbasicvsr", "240x135 LR frames as video, and libx264 needs even sizes"),
    ],
)
def test_sizes_that_cannot_be_degraded_are_refused(size: tuple[int, int], profile: ProfileName, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan_of(size=size, profile=profile)


def test_clips_that_would_shrink_to_nothing_are_refused() -> None:
    with pytest.raises(InputError, match=r"clip 000: the ground truth of 8x8 is too small .* pass through frames of 0x0"):
        for salt in range(20):
            plan_of(salt, size=(8, 8))


def test_odd_lr_sizes_are_no_problem_for_the_default_profile() -> None:
    assert plan_of(size=(540, 960)).target_size == (135, 240)


def test_another_scale_is_refused() -> None:
    with pytest.raises(InputError, match="degradation d: scale: 2 is not supported"):
        draw_plan(DegradationCard(name="d", scale=2), "reds4", "000", (64, 64), 1)


@given(st.floats(30, 95), STEPS)
def test_a_walk_starts_at_its_start_and_stays_within_limits_and_steps(start: float, steps: list[float]) -> None:
    values = walk(start, steps, (30, 95))
    assert values[0] == start
    assert len(values) == len(steps)
    assert all(30 <= value <= 95 for value in values)
    assert all(abs(after - before) <= 3 + 1e-9 for before, after in pairwise(values))


@given(st.floats(30, 95), STEPS)
def test_a_rounded_walk_has_integers_within_limits(start: float, steps: list[float]) -> None:
    values = walk_rounded(start, steps, (30, 95))
    assert all(isinstance(value, int) and 30 <= value <= 95 for value in values)
    assert abs(values[0] - start) <= 0.5


@given(st.integers(16, 2000), st.integers(16, 2000), st.floats(0.15, 1.5))
def test_sizes_are_even_and_at_most_two_below_the_scaled_size(height: int, width: int, scale: float) -> None:
    ((rows, columns),) = even_sizes(height, width, [scale])
    assert rows % 2 == columns % 2 == 0
    assert 0 <= height * scale - rows < 2
    assert 0 <= width * scale - columns < 2
