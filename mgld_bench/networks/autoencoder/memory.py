"""How much memory the autoencoders need, by the maps that are alive at their peaks.

Estimates in bytes, beside weights, input and result. What PyTorch allocates is within 15% of them; resident memory grows by more,
as glibc keeps freed maps below 32 MiB. Measured on a CPU with the full-size networks in float32, bytes per pixel of one picture:
StableSR's decoder, 512x512: 2594 (estimate 2560); MGLD-VSR's, 5 pictures of 512x512, one at a time: 6480 (estimate 4864);
encoder, 384x384: 1536 (of the estimate, 1536 are the blocks). A GPU's convolutions want working memory on top.
"""

from __future__ import annotations

from mgld_bench.networks.autoencoder.config import AutoencoderConfig
from mgld_bench.networks.autoencoder.temporal import ROWS_AT_ONCE


def encode_memory(
    config: AutoencoderConfig, frames: int, height: int, width: int, frames_at_once: int | None = None, value_bytes: int = 4
) -> int:
    """Peak of moments() or features() of ``frames`` pictures of height x width, in bytes. value_bytes: 2 in half precision."""
    together = min(frames_at_once or frames, frames)
    # Input, normalised and convolved map of a block at the whole size.
    working = 3 * config.channels_of(0)
    features = config.channels_of(1) / 4 + config.channels_of(2) / 16
    values = max(together * working + frames * features, 2 * frames * features)
    return int(values * height * width * value_bytes)


def decode_memory(
    config: AutoencoderConfig, frames: int, height: int, width: int, frames_at_once: int | None = None, value_bytes: int = 4
) -> int:
    """Peak of decode() to ``frames`` pictures of height x width, in bytes, its features not counted. value_bytes: as above."""
    together = min(frames_at_once or frames, frames)
    whole, below = config.channels_of(0), config.channels_of(1)
    # The first block at the whole size: its input and that normalised have the channels of the level below.
    working = together * (2 * below + whole)
    if config.temporal_version == 0:
        return int(working * height * width * value_bytes)
    # Before a temporal mixing all frames have to have come as far; each part's maps of the level below are still there.
    blocks = (frames - together) * whole + working + together * below / 4
    # A frame with all that it sees (version 1: one frame to either side; version 2: two), and copies of what was overwritten.
    mixing = frames * whole + 3 * (config.temporal_version + 1) * whole * min(1, ROWS_AT_ONCE / height)
    return int(max(blocks, mixing) * height * width * value_bytes)
