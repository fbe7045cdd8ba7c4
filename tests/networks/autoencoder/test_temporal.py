"""The temporal mixing of MGLD-VSR's decoder against its formula, written out with three-dimensional convolutions."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mgld_bench.networks.autoencoder.temporal import (
    ROWS_AT_ONCE,
    DecoderMixing,
    TemporalMixingVersion1,
    TemporalMixingVersion2,
    clip_length,
)


def mixed_by_formula(mixing: DecoderMixing, frames: Tensor, length: int) -> Tensor:
    clips: Tensor = frames.unflatten(0, (-1, length)).transpose(1, 2)
    share: Tensor
    convolved: Tensor
    if isinstance(mixing, TemporalMixingVersion1):
        share, convolved = mixing.temporal_alpha, mixing.temporal_conv(clips)
    else:
        assert isinstance(mixing, TemporalMixingVersion2)
        share = 1 / (1 + torch.exp(-mixing.temporal_alpha))
        convolved = mixing.temporal_conv1(clips) + mixing.temporal_conv2(clips)
    return (share * convolved + (1 - share) * clips).transpose(1, 2).flatten(0, 1)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([TemporalMixingVersion1, TemporalMixingVersion2]),
    st.integers(1, 3),
    st.integers(1, 7),
    st.integers(1, 8),
    st.sampled_from([1, 3, ROWS_AT_ONCE, ROWS_AT_ONCE + 1]),
    st.sampled_from([-0.5, 0.0, 0.3, 1.0, 1.7]),
    st.booleans(),
)
def test_it_is_the_formula_however_the_frames_are_stored(
    version: type[TemporalMixingVersion1 | TemporalMixingVersion2],
    clips: int,
    length: int,
    frames_at_once: int,
    rows: int,
    alpha: float,
    channels_last: bool,
) -> None:
    torch.manual_seed(clips * length)
    mixing = version(4)
    frames = torch.randn(clips * length, 4, rows, 3)
    if channels_last:
        frames = frames.to(memory_format=torch.channels_last)
    with torch.no_grad():
        mixing.temporal_alpha.fill_(alpha)
        expected = mixed_by_formula(mixing, frames, length)
        parts = [part.clone() for part in frames.split(frames_at_once)]
        mixing(parts, length)
    torch.testing.assert_close(torch.cat(parts), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("version", [TemporalMixingVersion1, TemporalMixingVersion2])
@pytest.mark.parametrize("maps", [torch.bfloat16, torch.float32])
def test_under_autocast_maps_and_weights_may_differ(
    version: type[TemporalMixingVersion1 | TemporalMixingVersion2], maps: torch.dtype
) -> None:
    torch.manual_seed(5)
    mixing, frames = version(4), torch.randn(5, 4, 6, 3)
    with torch.no_grad():
        mixing.temporal_alpha.fill_(0.7)
        expected = mixed_by_formula(mixing, frames, 5)
        with torch.autocast("cpu", torch.bfloat16):
            (mixed,) = mixing([frames.to(maps)], 5)
    assert mixed.dtype == maps
    torch.testing.assert_close(mixed.float(), expected, rtol=0.03, atol=0.03)


def test_a_new_one_of_version_1_is_the_identity() -> None:
    frames = torch.randn(3, 4, 5, 6)
    with torch.no_grad():
        (mixed,) = TemporalMixingVersion1(4)([frames.clone()], 3)
    assert torch.equal(mixed, frames)


def test_clips_are_as_long_as_in_the_authors_code() -> None:
    # reference/mgld_decoder/spec.md, section 4: 5 frames are one clip, 10 are two, 6 to 9 are one longer one.
    assert {frames: clip_length(frames, 5) for frames in (5, 6, 9, 10, 12, 15)} == {5: 5, 6: 6, 9: 9, 10: 5, 12: 6, 15: 5}
    with pytest.raises(ValueError, match="it needs 5"):
        clip_length(4, 5)
    with pytest.raises(ValueError, match="2 clips of equal length"):
        clip_length(11, 5)
