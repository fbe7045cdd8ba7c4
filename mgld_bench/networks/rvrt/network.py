"""RVRT, the recurrent video restoration transformer, for x4 super-resolution."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.conversion import cast_except
from mgld_bench.networks.layers.optical_flow import warp
from mgld_bench.networks.layers.video_tokens import Size
from mgld_bench.networks.rvrt.alignment import GuidedDeformableAttention
from mgld_bench.networks.rvrt.blocks import FrameConvolution, InputConvolutionBlocks, as_frames
from mgld_bench.networks.sizes.rvrt import BRANCHES, UPSAMPLED_CHANNELS, RVRTConfig
from mgld_bench.networks.spynet import SPyNet

SCALE = 4
PAIR = 2
"""Frames that are processed together; the authors call them a clip."""
_FLOW_PIXELS = 2**18
"""Optical flow is computed for as many frames at a time as have this many pixels together, at least for one."""

Features: TypeAlias = dict[str, list[Tensor]]
"""By branch (and "shallow"), for every pair of frames in order of time: (n, 2, h, w, channels)."""


class RVRT(nn.Module):
    """Pairs of frames, restored by four recurrences through the clip, each of which sees the features of those before it.

    Source: Liang et al., Recurrent Video Restoration Transformer with Guided Deformable Attention, NeurIPS 2022; names and
    arithmetic as models/network_rvrt.py of JingyunLiang/RVRT (CC-BY-NC 4.0) with upscale 4 and clip_size 2. Flow is always
    computed in both directions: the authors' shortcut for clips that end in their own mirror image changes later clips too.
    SPyNet's mean and std are not in the state dict.

    For half precision see in_precision(); clips are float32 all the same.

    Args:
        config: the size of the network.
        sampled_bytes: bytes of keys and values that the deformable attention samples at a time, see attend_to_points(). It bounds
            the memory and changes no value.
    """

    def __init__(self, config: RVRTConfig, sampled_bytes: int | None = None) -> None:
        super().__init__()

        def blocks(stage: int, place: int, features: int, window: Size) -> InputConvolutionBlocks:
            return InputConvolutionBlocks(
                features,
                config.embed_dims[stage],
                window,
                config.num_blocks[stage],
                config.depths[stage],
                config.num_heads[stage],
                config.mlp_ratio,
                config.qkv_bias,
                config.inputconv_groups[place],
            )

        window_size, channels = config.window_size, config.embed_dims[1]
        single_frames = (1, window_size[1], window_size[2])
        self.spynet = SPyNet()
        self.feat_extract = blocks(0, 0, 3, single_frames)
        self.backbone = nn.ModuleDict(
            {branch: blocks(1, place, (place + 1) * channels, window_size) for place, branch in enumerate(BRANCHES, start=1)}
        )
        self.deform_align = nn.ModuleDict(
            {
                branch: GuidedDeformableAttention(
                    channels,
                    config.deformable_groups,
                    config.attention_heads,
                    config.attention_window,
                    config.max_residue_magnitude,
                    sampled_bytes,
                )
                for branch in BRANCHES
            }
        )
        self.reconstruction = blocks(2, 5, 5 * channels, single_frames)
        self.conv_before_upsampler = nn.Sequential(
            FrameConvolution(config.embed_dims[2], UPSAMPLED_CHANNELS, 1), nn.LeakyReLU(0.1)
        )
        self.upsampler = _upsampler()
        self.conv_last = FrameConvolution(UPSAMPLED_CHANNELS, 3, 3)

    def forward(self, clip: Tensor) -> Tensor:
        """(n, d, 3, h, w) RGB in [0, 1], float32, d even, to (n, d, 3, 4h, 4w), not clamped; see restored()."""
        return torch.cat(list(self.restored(clip)), dim=1)

    def restored(self, clip: Tensor, store: torch.device | None = None) -> Iterator[Tensor]:
        """The restored pairs of frames of a clip in order, each (n, 2, 3, 4h, 4w), not clamped.

        Args:
            clip: (n, d, 3, h, w) RGB in [0, 1], float32, of any size; flow means something from 33 px on, where the authors'
                network begins to work.
            store: device on which the features of all pairs are kept; None: that of the clip. Changes no value.

        Raises:
            ValueError: d is 0 or odd.
        """
        if clip.shape[1] == 0 or clip.shape[1] % PAIR:
            raise ValueError(f"RVRT takes an even number of frames, not {clip.shape[1]}")
        keep = clip.device if store is None else store
        pairs = torch.split(clip, PAIR, dim=1)
        features: Features = {"shallow": [self._shallow(pair).to(keep) for pair in pairs]}
        backward, forward = self.flows(clip)
        # In a branch's own order of frames, each flow leads from a frame to the one before it.
        motion = {"backward": backward.flip(1), "forward": forward}
        guides: dict[str, list[Tensor]] = {"backward": [], "forward": []}
        for branch in BRANCHES[:-1]:
            direction = branch.partition("_")[0]
            propagated = self._propagate(branch, features, motion[direction], guides[direction])
            found = {index: tokens.to(keep) for index, tokens in propagated}
            features[branch] = [found[index] for index in range(len(pairs))]
        # The last branch runs forward: its features are used as they come, not kept.
        for index, tokens in self._propagate(BRANCHES[-1], features, motion["forward"], guides["forward"]):
            yield self._reconstruct([*(kept[index].to(clip.device) for kept in features.values()), tokens], pairs[index])

    def flows(self, clip: Tensor) -> tuple[Tensor, Tensor]:
        """Optical flow of each frame but the last to the next, and back: twice (n, d - 1, 2, h, w), x then y in pixels."""
        batch = clip.shape[0]
        earlier, later = clip[:, :-1].flatten(0, 1), clip[:, 1:].flatten(0, 1)
        step = max(1, _FLOW_PIXELS // (clip.shape[-2] * clip.shape[-1]))
        parts = list(zip(torch.split(earlier, step), torch.split(later, step), strict=True))
        backward = torch.cat([self._flow(first, second) for first, second in parts])
        forward = torch.cat([self._flow(second, first) for first, second in parts])
        return backward.view(batch, -1, *backward.shape[1:]), forward.view(batch, -1, *forward.shape[1:])

    def in_precision(self, dtype: torch.dtype) -> RVRT:
        """Cast the parameters to a dtype, except those that compute flow and offsets; returns the network itself."""
        exact = [self.spynet, *(part.conv_offset for part in self.modules() if isinstance(part, GuidedDeformableAttention))]
        cast_except(self, dtype, exact)
        return self

    def _flow(self, reference: Tensor, supporting: Tensor) -> Tensor:
        flow: Tensor = self.spynet(reference, supporting)
        return flow

    def _shallow(self, pair: Tensor) -> Tensor:
        features: Tensor = self.feat_extract(pair.permute(0, 1, 3, 4, 2).to(self.conv_last.weight.dtype))
        return features

    def _propagate(
        self, branch: str, features: Mapping[str, Sequence[Tensor]], motion: Tensor, guides: list[Tensor]
    ) -> Iterator[tuple[int, Tensor]]:
        """The features of one branch for each pair, with the pair's index, in the order in which the branch visits them.

        guides: the flows of each step but the first, left by the first pass for the second.
        """
        count, backward, first_pass = len(features["shallow"]), branch.startswith("backward"), not guides
        previous: tuple[Tensor, Tensor] | None = None
        for step in range(count):
            index = count - 1 - step if backward else step
            entering = [_in_time(kept[index].to(motion.device), backward) for kept in features.values()]
            query = entering[-1]
            if previous is None:
                current = torch.zeros_like(query)
            else:
                flows = flows_to_pair_before(motion[:, PAIR * (step - 1) : PAIR * step + 1]) if first_pass else guides[step - 1]
                key, value = previous
                current, updated = self.deform_align[branch](query, key, value, _warped(value, flows), flows)
                if first_pass:
                    guides.append(updated)
            current = current + self.backbone[branch](torch.cat([*entering, current], dim=-1))
            previous = query, current
            yield index, _in_time(current, backward)

    def _reconstruct(self, features: Sequence[Tensor], pair: Tensor) -> Tensor:
        """(n, 2, 3, 4h, 4w) from all features of a pair (n, 2, 3, h, w)."""
        joined = as_frames(self.reconstruction(torch.cat(list(features), dim=-1)))
        frames = []
        for tokens, frame in zip(torch.split(joined, 1), torch.split(pair.flatten(0, 1), 1), strict=True):
            detail = self.conv_last(self.upsampler(self.conv_before_upsampler(tokens))).to(frame.dtype)
            frames.append(detail + functional.interpolate(frame, scale_factor=SCALE, mode="bilinear", align_corners=False))
        restored = torch.cat(frames)
        return restored.view(*pair.shape[:2], *restored.shape[1:])


def flows_to_pair_before(motion: Tensor) -> Tensor:
    """Flows from each of two frames to the frame of the same index in the pair before, and to the frame of the other index.

    Args:
        motion: the flows 1 -> 0, 2 -> 1 and 3 -> 2 of four consecutive frames, (n, 3, 2, h, w).

    Returns:
        (n, 2, h, w, 2, 2): frames 2 and 3; source 0 (same index) and 1 (other index); x then y.
    """
    one_to_zero, two_to_one, three_to_two = motion.unbind(1)
    two_to_zero = two_to_one + warp(one_to_zero, two_to_one)
    three_to_one = three_to_two + warp(two_to_one, three_to_two)
    three_to_zero = three_to_two + warp(two_to_zero, three_to_two)
    of_second = torch.stack([two_to_zero, two_to_one], dim=1)
    of_third = torch.stack([three_to_one, three_to_zero], dim=1)
    return torch.stack([of_second, of_third], dim=1).permute(0, 1, 4, 5, 2, 3)


def _warped(features: Tensor, flows: Tensor) -> Tensor:
    """``features`` (n, 2, h, w, c) and the same with the frames exchanged, along the flows of each source: (n, 2, h, w, 2c)."""
    sources = torch.stack([features, features.flip(1)], dim=2).to(flows.dtype)
    carried = warp(sources.permute(0, 1, 2, 5, 3, 4).flatten(0, 2), flows.permute(0, 1, 4, 5, 2, 3).flatten(0, 2))
    both = carried.view(*sources.shape[:3], *carried.shape[1:]).permute(0, 1, 4, 5, 2, 3)
    return both.flatten(-2).to(features.dtype)


def _in_time(pair: Tensor, backward: bool) -> Tensor:
    """From the order of time to that of a branch, or back."""
    return pair.flip(1) if backward else pair


def _upsampler() -> nn.Sequential:
    """x4 in two steps; the missing numbers of the authors' names are rearrangements."""
    channels = UPSAMPLED_CHANNELS
    layers: dict[str, nn.Module] = {
        "0": FrameConvolution(channels, 4 * channels, 3),
        "2": nn.PixelShuffle(2),
        "4": nn.LeakyReLU(0.1),
        "5": FrameConvolution(channels, 4 * channels, 3),
        "7": nn.PixelShuffle(2),
        "9": nn.LeakyReLU(0.1),
        "10": FrameConvolution(channels, channels, 3),
    }
    return nn.Sequential(OrderedDict(layers))
