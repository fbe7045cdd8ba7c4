"""BasicVSR: recurrent x4 video super-resolution, backward and then forward through the whole clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.blocks import ResidualBlock
from mgld_bench.networks.layers.optical_flow import warp
from mgld_bench.networks.sizes.basicvsr import UPSAMPLED_CHANNELS, BasicVSRConfig
from mgld_bench.networks.spynet import SPyNet

SCALE = 4
_FRAMES_AT_ONCE = 8
SLOPE = 0.1
"""Of every leaky ReLU."""


class BasicVSR(nn.Module):
    """A recurrence backward through the clip, then one forward; each frame is made from both features and the frame itself.

    SPyNet's flow carries features from frame to frame. Chan et al., BasicVSR: The Search for Essential Components in Video
    Super-Resolution and Beyond, CVPR 2021; names and arithmetic as BasicVSRNet of OpenMMLab's mmediting 0.12 to mmagic 1.2
    (Apache-2.0). Their shortcut for clips that are mirrored in time is left out: it takes the same flows from elsewhere.

    The trunks may be in half precision: they compute in the dtype of their weights. Frames, flows, warping and the last sum are
    in the dtype of the frames, which has to be that of SPyNet's weights.
    """

    def __init__(self, config: BasicVSRConfig) -> None:
        super().__init__()
        mid_channels, num_blocks = config.mid_channels, config.num_blocks
        self.mid_channels = mid_channels
        self.spynet = SPyNet()
        self.backward_resblocks = ResidualBlocksWithInputConv(mid_channels + 3, mid_channels, num_blocks)
        self.forward_resblocks = ResidualBlocksWithInputConv(mid_channels + 3, mid_channels, num_blocks)
        self.fusion = nn.Conv2d(2 * mid_channels, mid_channels, kernel_size=1)
        self.upsample1 = PixelShufflePack(mid_channels, mid_channels)
        self.upsample2 = PixelShufflePack(mid_channels, UPSAMPLED_CHANNELS)
        self.conv_hr = nn.Conv2d(UPSAMPLED_CHANNELS, UPSAMPLED_CHANNELS, kernel_size=3, padding=1)
        self.conv_last = nn.Conv2d(UPSAMPLED_CHANNELS, 3, kernel_size=3, padding=1)

    def forward(self, frames: Tensor) -> Tensor:
        """(n, t, 3, h, w) RGB in [0, 1] to (n, t, 3, 4h, 4w), not clamped."""
        return torch.stack(list(self.stream(frames.unbind(1))), dim=1)

    def stream(self, frames: Sequence[Tensor], first: int = 0, store: torch.device | None = None) -> Iterator[Tensor]:
        """The restored frames ``first`` to t - 1 of a clip, one at a time, each (n, 3, 4h, 4w), not clamped.

        Only the backward features of all frames are kept, (n, mid_channels, h, w) each; everything else takes the memory of one
        frame.

        Args:
            frames: the whole clip, each (n, 3, h, w) RGB in [0, 1], of any size; the authors warn about frames below 64 px.
            first: frames before it are not reconstructed, but take part in the recurrence.
            store: device on which the backward features are kept; None: that of the frames.
        """
        kept = self._backward_features(frames, first, store)
        features: Tensor | None = None
        flows = self._flows(frames[1:], frames)
        for index, frame in enumerate(frames):
            flow = next(flows) if index else None
            features = self._propagate(self.forward_resblocks, frame, features, flow)
            if index >= first:
                yield self._reconstruct(frame, kept[index - first].to(frame.device), features)

    def _backward_features(self, frames: Sequence[Tensor], first: int, store: torch.device | None) -> Tensor:
        """The features of the frames ``first`` to t - 1: (t - first, n, mid_channels, h, w)."""
        count, _, height, width = frames[0].shape
        size = (max(len(frames) - first, 0), count, self.mid_channels, height, width)
        # One tensor for all: results kept one by one, between what is freed again, would fragment the memory.
        kept = torch.empty(size, dtype=self._dtype, device=store or frames[0].device)
        features: Tensor | None = None
        backwards = frames[first:][::-1]
        flows = self._flows(backwards[1:], backwards)
        for index in range(len(frames) - 1, first - 1, -1):
            frame = frames[index]
            flow = next(flows) if features is not None else None
            features = self._propagate(self.backward_resblocks, frame, features, flow)
            kept[index - first] = features
        return kept

    def _flows(self, references: Sequence[Tensor], supporting: Sequence[Tensor]) -> Iterator[Tensor]:
        """The flow from each of ``references`` to the one of ``supporting`` in its place."""
        together = frames_at_once(references)
        for start in range(0, len(references), together):
            chosen = references[start : start + together]
            others = supporting[start : start + len(chosen)]
            flows: Tensor = self.spynet(torch.cat(list(chosen)), torch.cat(list(others)))
            yield from flows.chunk(len(chosen))

    def _propagate(self, trunk: nn.Module, frame: Tensor, features: Tensor | None, flow: Tensor | None) -> Tensor:
        """The features of ``frame``, from those of its neighbour and the flow to it; None: there is no neighbour."""
        if features is None or flow is None:
            carried = frame.new_zeros(frame.shape[0], self.mid_channels, *frame.shape[2:])
        else:
            carried = warp(features.to(flow.dtype), flow)
        propagated: Tensor = trunk(torch.cat([frame, carried], dim=1).to(self._dtype))
        return propagated

    def _reconstruct(self, frame: Tensor, backward: Tensor, forward: Tensor) -> Tensor:
        """The enlarged frame plus the detail that the features of both directions add."""
        features = _activate(self.fusion(torch.cat([backward, forward], dim=1)))
        features = _activate(self.upsample1(features))
        features = _activate(self.upsample2(features))
        features = _activate(self.conv_hr(features))
        enlarged = functional.interpolate(frame, scale_factor=SCALE, mode="bilinear", align_corners=False)
        added: Tensor = self.conv_last(features).to(frame.dtype)
        return enlarged + added

    @property
    def _dtype(self) -> torch.dtype:
        return self.fusion.weight.dtype


class ResidualBlocksWithInputConv(nn.Module):
    """A convolution, a leaky ReLU and residual blocks.

    Args:
        in_channels: of the input.
        channels: of everything else.
        num_blocks: residual blocks.
    """

    def __init__(self, in_channels: int, channels: int, num_blocks: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, channels, kernel_size=3, padding=1),
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Sequential(*(ResidualBlock(channels) for _ in range(num_blocks))),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(n, in_channels, h, w) to (n, channels, h, w); no activation after the last block."""
        refined: Tensor = self.main(features)
        return refined


class PixelShufflePack(nn.Module):
    """A convolution and a pixel shuffle to twice the size.

    Args:
        in_channels: of the input.
        out_channels: of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.upsample_conv = nn.Conv2d(in_channels, 4 * out_channels, kernel_size=3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """(n, in_channels, h, w) to (n, out_channels, 2h, 2w)."""
        return functional.pixel_shuffle(self.upsample_conv(features), 2)


def frames_at_once(frames: Sequence[Tensor]) -> int:
    """How many frames go together through what does not depend on their neighbours: several on a GPU, which one does not fill.

    They take less memory there than one frame does later, at four times the size.
    """
    return _FRAMES_AT_ONCE if frames and frames[0].is_cuda else 1


def _activate(features: Tensor) -> Tensor:
    # In place: at four times the size a copy would be the largest tensor of all.
    return functional.leaky_relu(features, SLOPE, inplace=True)
