"""How large everything is that the phases measure: in full on a GPU, reduced where only the code is checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.methods.compute import Precision
from mgld_bench.methods.diffusion.options import DiffusionSizes
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.networks.autoencoder.config import AutoencoderConfig
from mgld_bench.networks.sizes.diffusion import UNetConfig

Size = tuple[int, int]
"""Height and width of LR frames."""


@dataclass(frozen=True)
class Scale:
    """What is measured, and on which device."""

    device: str = "cuda"
    steps: int = 50
    square: Size = (128, 128)
    """Enlarged to 512x512, one tile; the size of the paper's Table 6."""
    wide: Size = (180, 320)
    """Enlarged to 1280x720."""
    few: int = 5
    """Frames of one segment: what somebody who watches waits for."""
    some: int = 20
    many: int = 40
    """Frames of eight segments, as many as are restored together."""
    frames_of_others: int = 10
    """Of the clips of the other methods and of the metrics."""
    metric_size: Size = (720, 1280)
    matrix: int = 8192
    """Side of the matrices of the ceiling."""
    copied: int = 4 * 2**30
    """Bytes of the copy."""
    repeats: int = 20
    """Of what is measured by events, of which the median is taken."""
    half: Precision = "float16"
    """The half precision of most rows; a CPU's float16 is slow."""
    tiny: bool = False
    """Small networks."""
    divisor: int = 1
    """By which channels and sides of the microbenchmarks are divided."""

    @property
    def on_gpu(self) -> bool:
        """Whether there are events, streams and kernels to look at."""
        return self.device.startswith("cuda")

    def diffusion(self, *, temporal: bool = True) -> dict[str, Any]:
        """Options of MGLD-VSR or, not ``temporal``, StableSR."""
        options: dict[str, Any] = {"steps": self.steps}
        if self.tiny:
            options |= {"tile": 16, "tile_overlap": 8, "networks": TINY if temporal else _tiny_stablesr()}
            options |= {"flow_network": "spynet"} if temporal else {}
        return options


REDUCED = Scale(
    device="cpu",
    steps=2,
    square=(16, 16),
    wide=(16, 24),
    some=5,
    many=5,
    frames_of_others=2,
    metric_size=(96, 128),
    matrix=64,
    copied=2**16,
    repeats=2,
    half="bfloat16",
    tiny=True,
    divisor=64,
)
"""For a check of the code: seconds on a CPU."""
TRACED = replace(REDUCED, device="cuda", some=10, many=10, half="float16")
"""For tensors without values."""
FULL_NETWORKS = replace(TRACED, tiny=False, square=(128, 128), wide=(180, 320))
"""The same with the networks as they are published."""


def texture(frames: int, size: Size, noise: float = 0) -> ArrayClip:
    """Smooth coloured noise that moves by whole pixels, with ``noise`` (standard deviation in levels) on top."""
    height, width = size
    picture = np.random.default_rng(20240719).random((height, width, 3))
    for axis in (0, 1, 0, 1):
        picture = np.mean([np.roll(picture, step, axis) for step in range(-2, 3)], axis=0)
    picture = (picture - picture.min()) / np.ptp(picture) * 255
    stream = np.random.default_rng(1)
    moved = [np.roll(picture, (index, 2 * index), axis=(0, 1)) for index in range(frames)]
    noisy = [frame + stream.normal(0, noise, frame.shape) if noise else frame for frame in moved]
    return ArrayClip("texture", np.stack([frame.round().clip(0, 255).astype(np.uint8) for frame in noisy]))


def _tiny_stablesr() -> DiffusionSizes:
    unet = UNetConfig(**{**vars(TINY.unet), "temporal": False})
    decoder = AutoencoderConfig(**{**vars(TINY.decoder), "temporal_version": 0, "fusion": "rrdb"})
    return TINY.model_copy(update={"unet": unet, "decoder": decoder})
