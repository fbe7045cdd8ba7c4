"""RAFT: optical flow by repeated correction, from the correlations of all pairs of positions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mgld_bench.networks.layers.optical_flow import pad_centred, pixel_positions, unpad_centred
from mgld_bench.networks.raft.correlation import Correlation, stored_bytes
from mgld_bench.networks.raft.encoder import Encoder
from mgld_bench.networks.raft.update import UpdateBlock, upsample_flow

REDUCTION = 8
"""The flow is refined at 1/8 of the images' size."""
FEATURES = 256


@dataclass(frozen=True)
class RAFTFeatures:
    """What RAFT computes of images by themselves; a slice holds the features of some of the images."""

    matching: Tensor
    """What is correlated, (n, 256, h, w), at 1/8 of the padded size."""
    context: Tensor
    """What the refinement starts from where the image is the first of a pair, (n, hidden + context channels, h, w)."""
    size: tuple[int, int]
    """Height and width of the images."""

    def __getitem__(self, chosen: slice) -> RAFTFeatures:
        return RAFTFeatures(self.matching[chosen], self.context[chosen], self.size)


class RAFT(nn.Module):
    """RAFT in its normal (large) size, for evaluation mode.

    Teed and Deng, RAFT: Recurrent All-Pairs Field Transforms for Optical Flow, ECCV 2020. Names as in the authors' files without
    their ``module.`` (princeton-vl/RAFT, BSD-3-Clause), and as in the ``flownet_model.`` group of MGLD-VSR's checkpoint.

    Args:
        iterations: corrections of the flow.
        scale_input: whether images are scaled from [0, 1] to [-1, 1], as RAFT was trained; False as in MGLD-VSR, which leaves
            them as they are.
        hidden_channels: of the recurrent state.
        context_channels: of the context features.
        correlation_levels: of the correlations' pyramid.
        correlation_radius: of the correlations' windows.
        correlation_bytes: the most that stored correlations may take; beyond that they are computed when they are looked up,
            which is slower (see Correlation).
    """

    def __init__(
        self,
        iterations: int = 12,
        scale_input: bool = True,
        hidden_channels: int = 128,
        context_channels: int = 128,
        correlation_levels: int = 4,
        correlation_radius: int = 4,
        correlation_bytes: int = 2 * 2**30,
    ) -> None:
        super().__init__()
        self.fnet = Encoder(FEATURES, nn.InstanceNorm2d)
        self.cnet = Encoder(hidden_channels + context_channels, nn.BatchNorm2d)
        correlation_channels = correlation_levels * (2 * correlation_radius + 1) ** 2
        self.update_block = UpdateBlock(correlation_channels, hidden_channels, context_channels)
        self.iterations = iterations
        self.scale_input = scale_input
        self._context_split = [hidden_channels, context_channels]
        self._correlation_levels = correlation_levels
        self._correlation_radius = correlation_radius
        self._correlation_bytes = correlation_bytes

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The flow from ``first`` to ``second``.

        Args:
            first: images (n, 3, h, w), RGB in [0, 1]. Sides that are not multiples of 8 are padded, and the flow is cropped.
            second: of the same shape.

        Returns:
            (n, 2, h, w) in pixels; channel 0 points right, channel 1 down.

        Raises:
            ValueError: a side is below 128 pixels.
        """
        first, second, size = self._prepared(first), self._prepared(second), (first.shape[-2], first.shape[-1])
        return self._refined(self.fnet(first), self.fnet(second), self.cnet(first), size)

    def features(self, images: Tensor) -> RAFTFeatures:
        """What flow() needs of images (n, 3, h, w), each by itself.

        Raises:
            ValueError: a side is below 128 pixels.
        """
        prepared = self._prepared(images)
        return RAFTFeatures(self.fnet(prepared), self.cnet(prepared), (images.shape[-2], images.shape[-1]))

    def flow(self, first: RAFTFeatures, second: RAFTFeatures) -> Tensor:
        """What forward() returns for the images of these features; for a clip: ``flow(features[:-1], features[1:])``."""
        return self._refined(first.matching, second.matching, first.context, first.size)

    def pairs_at_once(self, height: int, width: int) -> int:
        """How many pairs of images of this size may be given together for their correlations to be stored."""
        return self._correlation_bytes // stored_bytes(-(-height // REDUCTION), -(-width // REDUCTION), self._correlation_levels)

    def _prepared(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        least = REDUCTION * 2**self._correlation_levels
        if min(height, width) < least:
            raise ValueError(f"RAFT needs images of at least {least} x {least} pixels, got {width} x {height} (width x height)")
        return pad_centred(2 * images - 1 if self.scale_input else images, REDUCTION)

    def _refined(self, first: Tensor, second: Tensor, context: Tensor, size: tuple[int, int]) -> Tensor:
        levels, radius = self._correlation_levels, self._correlation_radius
        correlation = Correlation(first, second, levels, radius, self._correlation_bytes)
        hidden, context = torch.split(context, self._context_split, dim=1)
        hidden, context = torch.tanh(hidden), torch.relu(context)
        start = pixel_positions(first).expand(len(first), -1, -1, -1)
        ends = start
        for _ in range(self.iterations):
            hidden, correction = self.update_block(hidden, context, correlation.look_up(ends), ends - start)
            ends = ends + correction
        return unpad_centred(upsample_flow(ends - start, self.update_block.upsampling_logits(hidden)), size)


def names_from_torchvision(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of torchvision's raft_large under the authors' names.

    Its weights C_T_V1 are the authors' raft-things.pth. The normalisation that the authors' files hold under two names stays one
    tensor.
    """
    renamed = {}
    for name, tensor in state.items():
        official = name
        for pattern, replacement in _TORCHVISION_NAMES:
            official = re.sub(pattern, replacement, official)
        renamed[official] = tensor
        if ".downsample.1." in official:
            renamed[official.replace(".downsample.1.", ".norm3.")] = tensor
    return renamed


_TORCHVISION_NAMES = (
    (r"^feature_encoder\.", "fnet."),
    (r"^context_encoder\.", "cnet."),
    (r"^(fnet|cnet)\.conv\.", r"\1.conv2."),
    (r"\.convnormrelu\.0\.", ".conv1."),
    (r"\.convnormrelu\.1\.", ".norm1."),
    (r"\.convnormrelu(\d)\.0\.", r".conv\1."),
    (r"\.convnormrelu(\d)\.1\.", r".norm\1."),
    (r"\.motion_encoder\.convcorr(\d)\.0\.", r".encoder.convc\1."),
    (r"\.motion_encoder\.convflow(\d)\.0\.", r".encoder.convf\1."),
    (r"\.motion_encoder\.conv\.0\.", ".encoder.conv."),
    (r"\.recurrent_block\.convgru(\d)\.conv([zrq])\.", r".gru.conv\2\1."),
    (r"^mask_predictor\.convrelu\.0\.", "update_block.mask.0."),
    (r"^mask_predictor\.conv\.", "update_block.mask.2."),
)
