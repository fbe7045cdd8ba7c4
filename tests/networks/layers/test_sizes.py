"""Networks of impossible sizes are refused where their config is made, with a line that names the field."""

from __future__ import annotations

from typing import Any

import pytest

from mgld_bench.networks.sizes.basicvsr import BasicVSRConfig, RealBasicVSRConfig
from mgld_bench.networks.sizes.dbvsr import DBVSRConfig
from mgld_bench.networks.sizes.edvr import EDVRNoUpConfig
from mgld_bench.networks.sizes.rvrt import RVRTConfig

IMPOSSIBLE: list[tuple[type, dict[str, Any], str]] = [
    (BasicVSRConfig, {"mid_channels": 0}, "mid_channels 0: has to be positive"),
    (BasicVSRConfig, {"num_blocks": -1}, "num_blocks -1: has to be 0 or more"),
    (RealBasicVSRConfig, {"mid_channels": -4}, "mid_channels -4: has to be positive"),
    (RealBasicVSRConfig, {"num_cleaning_blocks": -2}, "num_cleaning_blocks -2: has to be 0 or more"),
    (DBVSRConfig, {"condition_features": 0}, "condition_features 0: has to be positive"),
    (DBVSRConfig, {"feature_blocks": -1}, "feature_blocks -1: has to be 0 or more"),
    (DBVSRConfig, {"kernel_size": 25}, "kernel_size 25: has to be 24 or less"),
    (EDVRNoUpConfig, {"groups": 0}, "groups 0: has to be positive"),
    (EDVRNoUpConfig, {"frames": 4}, "frames 4: a window has an odd number of frames, with the restored one in the middle"),
    (EDVRNoUpConfig, {"features": 20}, r"features 20: have to be a multiple of groups \(8\)"),
    (RVRTConfig, {"mlp_ratio": 0.0}, "mlp_ratio 0: has to be positive"),
    (RVRTConfig, {"embed_dims": (24, 48, 24)}, r"embed_dims \[24, 48, 24\]: the first two have to be the same"),
]


@pytest.mark.parametrize(("config", "sizes", "message"), IMPOSSIBLE)
def test_a_size_that_cannot_be_is_refused(config: type, sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        config(**sizes)


def test_published_sizes_and_networks_without_blocks_are_accepted() -> None:
    for config in (BasicVSRConfig, RealBasicVSRConfig, DBVSRConfig, EDVRNoUpConfig, RVRTConfig):
        config()
    assert BasicVSRConfig(num_blocks=0).num_blocks == 0
