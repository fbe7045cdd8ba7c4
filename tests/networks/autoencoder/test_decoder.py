"""The estimate of the decoder's memory against what PyTorch allocates at its peak."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mgld_bench.networks.autoencoder.config import AutoencoderConfig
from mgld_bench.networks.autoencoder.decoder import decode_memory
from mgld_bench.networks.autoencoder.network import Autoencoder

SMALL = AutoencoderConfig(channels=32, multipliers=(1, 2, 2), blocks=1, fusion_growth=8)
STABLESR = replace(SMALL, fusion="rrdb")
FRAMES, HEIGHT, WIDTH = 5, 96, 64


@pytest.fixture
def peak(tmp_path: Path) -> Callable[[Callable[[], object]], int]:
    """How many more bytes a call has allocated at its peak than at its start."""

    def measure(run: Callable[[], object]) -> int:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
            run()
        trace = tmp_path / "trace.json"
        profile.export_chrome_trace(str(trace))
        events = [event for event in json.loads(trace.read_text())["traceEvents"] if event.get("name") == "[memory]"]
        allocated, highest = 0, 0
        for event in sorted(events, key=lambda event: float(event["ts"])):
            allocated += event["args"]["Bytes"]
            highest = max(highest, allocated)
        return highest

    return measure


@pytest.mark.parametrize("frames_at_once", [1, None])
@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        replace(SMALL, temporal_version=1),
        replace(SMALL, temporal_version=2, fusion="dense"),
        replace(SMALL, fusion="rrdb"),
    ],
    ids=["first-stage", "temporal-1", "temporal-2", "stablesr"],
)
def test_the_estimate_is_what_decoding_allocates(
    peak: Callable[[Callable[[], object]], int], config: AutoencoderConfig, frames_at_once: int | None
) -> None:
    network = Autoencoder(config).eval()
    pictures = torch.randn(FRAMES, 3, HEIGHT, WIDTH)
    features = network.features(pictures) if config.fusion else None
    latents = torch.randn(FRAMES, 4, HEIGHT // 4, WIDTH // 4)
    measured = peak(lambda: network.decode(latents, features, frames_at_once=frames_at_once))
    # Beside the largest maps there are the result and a convolution's weights in another layout.
    assert measured == pytest.approx(decode_memory(config, FRAMES, HEIGHT, WIDTH, frames_at_once), rel=0.15)
