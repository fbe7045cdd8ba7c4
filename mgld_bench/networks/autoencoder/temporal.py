"""The temporal mixing of MGLD-VSR's sequence decoder: each pixel with itself in neighbouring frames."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.speed_up import Quick

ROWS_AT_ONCE: Final = 64
"""Rows that are mixed at a time, so that the working memory is not that of whole maps; pixels do not see each other here."""


def clip_length(frames: int, frames_per_clip: int) -> int:
    """How many of ``frames`` stacked frames see each other: frames / (frames // frames_per_clip), as in the authors' code.

    >>> [clip_length(frames, frames_per_clip=5) for frames in (5, 6, 9, 10)]
    [5, 6, 9, 5]

    Raises:
        ValueError: there are too few frames, or they do not divide into clips of equal length.
    """
    clips = frames // frames_per_clip
    if clips == 0:
        raise ValueError(f"temporal mixing of {frames} frames: it needs {frames_per_clip}; repeat the last one to fill the clip")
    if frames % clips:
        raise ValueError(f"temporal mixing of {frames} frames: they do not divide into {clips} clips of equal length")
    return frames // clips


class DecoderMixing(nn.Module, Quick):
    """share * conv(x) + (1 - share) * x, where conv is a convolution along time alone, with zeros beyond both ends of a clip.

    Source: IanYeung/MGLD-VSR (VideoDecoder_Mix, VideoDecoder_MixV2).
    """

    reach: int
    """How many frames on either side it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.temporal_alpha = nn.Parameter(torch.zeros(1))

    @abstractmethod
    def share(self) -> Tensor:
        """How much of the convolution is used, (1,)."""

    @abstractmethod
    def kernel(self) -> tuple[Tensor, Tensor]:
        """The convolution as (out channels, 2 reach + 1 frames, in channels), and its bias."""

    def forward(self, parts: Sequence[Tensor], length: int) -> Sequence[Tensor]:
        """Mix in place, without gradient.

        Args:
            parts: all frames in order, in tensors (any number of frames, channels, h, w).
            length: how many consecutive frames see each other.

        Returns:
            ``parts``.
        """
        kernel, bias = self.kernel()
        if self.speedups.whole_mixing and len(parts) == 1:
            for whole in torch.split(parts[0], length):
                self._mix_whole(whole, kernel, bias)
            return parts
        frames = [frame for part in parts for frame in torch.split(part, 1)]
        for start in range(0, len(frames), length):
            bands = (torch.split(frame, ROWS_AT_ONCE, dim=2) for frame in frames[start : start + length])
            for clip in zip(*bands, strict=True):
                self._mix(clip, kernel, bias)
        return parts

    def _mix(self, clip: Sequence[Tensor], kernel: Tensor, bias: Tensor) -> None:
        """One clip of frames (1, channels, rows, w), in place."""
        # Under autocast, the maps may have fewer bits than the weights.
        share = self.share().to(clip[0].dtype)
        earlier: deque[Tensor] = deque(maxlen=self.reach)
        for index, frame in enumerate(clip):
            around = [*earlier, *clip[index : index + self.reach + 1]]
            first = self.reach - len(earlier)
            weight = kernel[:, first : first + len(around)].flatten(1)[..., None, None]
            mixed = functional.conv2d(torch.cat(around, dim=1), weight, bias)
            # Later frames need this one as it was.
            earlier.append(frame.clone())
            frame.lerp_(mixed.to(frame.dtype), share)

    def _mix_whole(self, clip: Tensor, kernel: Tensor, bias: Tensor) -> None:
        """One clip (frames, channels, h, w), in place: takes the memory of 2 reach + 2 further such clips."""
        frames, channels, *size = clip.shape
        last = clip.is_contiguous(memory_format=torch.channels_last)
        around = torch.empty(
            (frames, (2 * self.reach + 1) * channels, *size),
            dtype=clip.dtype,
            device=clip.device,
            memory_format=torch.channels_last if last else torch.contiguous_format,
        )
        for place, neighbours in enumerate(around.split(channels, dim=1)):
            later = place - self.reach
            begin, end = max(0, -later), frames - max(0, later)
            neighbours[begin:end] = clip[begin + later : end + later]
            for missing in (neighbours[:begin], neighbours[end:]):
                if len(missing):
                    missing.zero_()
        mixed = functional.conv2d(around, kernel.flatten(1)[..., None, None], bias)
        clip.lerp_(mixed.to(clip.dtype), self.share().to(clip.dtype))


class TemporalMixingVersion1(DecoderMixing):
    """The published mixing: three frames, and temporal_alpha itself is the share: not bounded, may lie outside [0, 1].

    A new module changes nothing: its temporal_alpha is 0 (the authors' code leaves it uninitialised).

    Args:
        channels: of the maps.
    """

    reach = 1

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.temporal_conv = nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0))

    def share(self) -> Tensor:
        """temporal_alpha."""
        return self.temporal_alpha

    def kernel(self) -> tuple[Tensor, Tensor]:
        """That of temporal_conv."""
        return _along_time(self.temporal_conv), _bias(self.temporal_conv)


class TemporalMixingVersion2(DecoderMixing):
    """Two convolutions, of direct neighbours and of frames two away; the share is sigmoid(temporal_alpha).

    temporal_alpha is 0 in a new module, which is a share of one half.

    Args:
        channels: of the maps.
    """

    reach = 2

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.temporal_conv1 = nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0))
        self.temporal_conv2 = nn.Conv3d(channels, channels, (3, 1, 1), padding=(2, 0, 0), dilation=(2, 1, 1))

    def share(self) -> Tensor:
        """sigmoid(temporal_alpha)."""
        return self.temporal_alpha.sigmoid()

    def kernel(self) -> tuple[Tensor, Tensor]:
        """The sum of both: the second has the outer frames and the middle one."""
        near, far = _along_time(self.temporal_conv1), _along_time(self.temporal_conv2)
        both = functional.pad(near, (0, 0, 1, 1))
        both[:, ::2] += far
        return both, _bias(self.temporal_conv1) + _bias(self.temporal_conv2)


def _along_time(convolution: nn.Conv3d) -> Tensor:
    """The weight (out, in, 3, 1, 1) as (out, 3, in), contiguous."""
    return convolution.weight.flatten(2).transpose(1, 2).contiguous()


def _bias(convolution: nn.Conv3d) -> Tensor:
    if convolution.bias is None:
        raise TypeError("temporal mixing has a bias")
    return convolution.bias
