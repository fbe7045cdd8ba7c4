"""GMFlow and UniMatch: optical flow by matching all positions of two images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.gmflow.backbone import Backbone
from mgld_bench.networks.gmflow.matching import (
    HIDDEN_CHANNELS,
    FlowPropagation,
    Refinement,
    match_globally,
    match_locally,
    upsample_convex,
)
from mgld_bench.networks.gmflow.transformer import BLOCK_BYTES, Transformer, sine_positions
from mgld_bench.networks.layers.optical_flow import warp

MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)
PEAK = 255.0


@dataclass(frozen=True)
class GMFlowConfig:
    """The size of a GMFlow, and how it is run. Tuples have one entry per scale, 1/8 first, then 1/4; ValueError if not."""

    num_scales: int
    """1: features at 1/8 of the image's size. 2: at 1/8 and at 1/4."""
    upsample_factor: int
    """From the last scale to the image's size: 8 or 4."""
    attn_splits: tuple[int, ...]
    """Windows per side in the transformer."""
    corr_radius: tuple[int, ...]
    """Of the matching; -1: over the whole image."""
    prop_radius: tuple[int, ...]
    """Of the propagation; -1: over the whole image."""
    num_reg_refine: int = 0
    """Iterations of UniMatch's refinement; 0: a network without it."""
    feature_channels: int = 128
    num_transformer_layers: int = 6
    ffn_dim_expansion: int = 4

    def __post_init__(self) -> None:
        for name in ("attn_splits", "corr_radius", "prop_radius"):
            if len(getattr(self, name)) != self.num_scales:
                raise ValueError(f"{name} must have one entry per scale ({self.num_scales}), got {getattr(self, name)}")

    @property
    def padding_factor(self) -> int:
        """What both sides of the images have to be multiples of, so that windows fit at every scale."""
        steps = (self.upsample_factor * 2 ** (self.num_scales - 1 - scale) for scale in range(self.num_scales))
        return math.lcm(*(step * splits for step, splits in zip(steps, self.attn_splits, strict=True)))


SCALE1 = GMFlowConfig(num_scales=1, upsample_factor=8, attn_splits=(2,), corr_radius=(-1,), prop_radius=(-1,))
"""GMFlow, the basic model. Images in multiples of 16."""
SCALE2 = GMFlowConfig(num_scales=2, upsample_factor=4, attn_splits=(2, 8), corr_radius=(-1, 4), prop_radius=(-1, 1))
"""GMFlow with refinement at 1/4. Images in multiples of 32."""
REGREFINE6 = GMFlowConfig(
    num_scales=2, upsample_factor=4, attn_splits=(2, 8), corr_radius=(-1, 4), prop_radius=(-1, 1), num_reg_refine=6
)
"""UniMatch: scale2 with six local regression refinements instead of the upsampler. Images in multiples of 32."""


class GMFlow(nn.Module):
    """GMFlow and UniMatch's flow model, for evaluation only.

    Xu et al., GMFlow: Learning Optical Flow via Global Matching, CVPR 2022; Xu et al., Unifying Flow, Stereo and Depth
    Estimation, TPAMI 2023. Names as in the authors' files, under their key ``model`` (haofeixu/gmflow, Apache-2.0;
    autonomousvision/unimatch, MIT).

    Flows are float32 in pixels, channel 0 to the right, channel 1 down: pixel (x, y) of the first image is found at (x, y) + flow
    in the second.

    Args:
        config: its size.
        block_bytes: how much a block of attention scores may take (see attend()); the flow does not depend on it.
    """

    def __init__(self, config: GMFlowConfig = SCALE1, block_bytes: int = BLOCK_BYTES) -> None:
        super().__init__()
        channels = config.feature_channels
        self.backbone = Backbone(channels, config.num_scales)
        self.transformer = Transformer(channels, config.num_transformer_layers, config.ffn_dim_expansion)
        self.feature_flow_attn = FlowPropagation(channels)
        if config.num_reg_refine:
            self.refine_proj = nn.Conv2d(channels, 2 * HIDDEN_CHANNELS, 1)
            self.refine = Refinement(config.upsample_factor)
        else:
            self.upsampler = nn.Sequential(
                nn.Conv2d(2 + channels, 256, 3, padding=1),
                nn.ReLU(inplace=True),
                nn.Conv2d(256, 9 * config.upsample_factor**2, 1),
            )
        self.config = config
        self.block_bytes = block_bytes

    def forward(self, image0: Tensor, image1: Tensor, both: bool = False) -> Tensor:
        """The optical flow of n pairs of images.

        Args:
            image0: (n, 3, h, w) float32 RGB, 0 to 255, both sides multiples of ``config.padding_factor``.
            image1: of the same shape.
            both: whether the flow from image1 to image0 follows.

        Returns:
            The flow from image0 to image1, (n, 2, h, w); with ``both``, (2 n, 2, h, w).
        """
        return self.flow(self.features(image0), self.features(image1), both)

    @torch.no_grad()
    def features(self, images: Tensor) -> list[Tensor]:
        """What flow() needs of images, each by itself: features (n, c, ., .) of each scale, from low to high resolution.

        Raises:
            ValueError: a side is not a multiple of ``config.padding_factor``.
        """
        height, width = images.shape[-2:]
        factor = self.config.padding_factor
        if height % factor or width % factor:
            raise ValueError(
                f"sides must be multiples of {factor}, got {width} x {height} (width x height): pad or resize the images"
            )
        mean, deviation = (images.new_tensor(values).view(1, 3, 1, 1) for values in (MEAN, STANDARD_DEVIATION))
        # One image at a time: the backbone's first maps are what sets the peak of the memory.
        scales = zip(*(self.backbone((image / PEAK - mean) / deviation) for image in torch.split(images, 1)), strict=True)
        return [torch.cat(maps) for maps in scales]

    @torch.no_grad()
    def flow(self, features0: Sequence[Tensor], features1: Sequence[Tensor], both: bool = False) -> Tensor:
        """What forward() returns for the images of these features()."""
        attended0, attended1 = self._attended(features0[0], features1[0], scale=0)
        flow = self._direction(attended0, attended1, features0, features1)
        if not both:
            return flow
        return torch.cat([flow, self._direction(attended1, attended0, features1, features0)])

    def _direction(
        self, attended0: Tensor, attended1: Tensor, features0: Sequence[Tensor], features1: Sequence[Tensor]
    ) -> Tensor:
        """The flow of one direction, from what the transformer gave at the lowest scale."""
        flow = self._matched(attended0, attended1, scale=0)
        flow = self._propagated(attended0, flow, scale=0)
        for scale in range(1, self.config.num_scales):
            flow = 2 * functional.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=True)
            attended0, attended1 = self._attended(features0[scale], warp(features1[scale], flow), scale)
            flow = flow + self._matched(attended0, attended1, scale)
            flow = self._propagated(attended0, flow, scale)
        if not self.config.num_reg_refine:
            guide = torch.cat([flow, attended0], dim=1).contiguous(memory_format=torch.channels_last)
            logits = self.upsampler(guide)
        else:
            start = self.refine_proj(attended0)
            flow, logits = self.refine(features0[-1], features1[-1], start, flow, self.config.num_reg_refine)
        return upsample_convex(flow, logits, self.config.upsample_factor)

    def _attended(self, feature0: Tensor, feature1: Tensor, scale: int) -> tuple[Tensor, Tensor]:
        splits = self.config.attn_splits[scale]
        where = sine_positions(feature0, splits)
        attended: tuple[Tensor, Tensor] = self.transformer(feature0 + where, feature1 + where, splits, self.block_bytes)
        return attended

    def _matched(self, feature0: Tensor, feature1: Tensor, scale: int) -> Tensor:
        radius = self.config.corr_radius[scale]
        if radius == -1:
            return match_globally(feature0, feature1, self.block_bytes)
        return match_locally(feature0, feature1, radius)

    def _propagated(self, feature0: Tensor, flow: Tensor, scale: int) -> Tensor:
        propagated: Tensor = self.feature_flow_attn(feature0, flow, self.config.prop_radius[scale], self.block_bytes)
        return propagated
