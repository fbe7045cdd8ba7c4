"""What sets variants apart is named for every pair of them, and for nothing else."""

from __future__ import annotations

from itertools import combinations, groupby

import pytest

from mgld_bench.metrics.catalogue import metric_names
from mgld_bench.metrics.knobs import different_knobs, knobs


def test_two_variants_of_any_family_differ_in_a_knob_that_is_named() -> None:
    for _, family in groupby(sorted(metric_names()), key=lambda name: name.partition(".")[0]):
        for one, other in combinations(family, 2):
            found = different_knobs([one, other])
            assert found, (one, other)
            assert all(first != second for first, second in found.values())


@pytest.mark.parametrize("metric", ["psnr.rgb", "dists", "ewarp.raft.masked", "pyiqa.clipiqa"])
def test_a_variant_does_not_differ_from_itself(metric: str) -> None:
    assert different_knobs([metric, metric]) == {}


def test_a_crop_is_a_knob_of_its_own() -> None:
    assert different_knobs(["ssim.y", "ssim.y.crop4"]) == {"border cut": ("none", "4 pixels")}
    assert knobs("dover.technical")["score"] == "technical"


def test_two_metrics_are_different_metrics() -> None:
    assert different_knobs(["psnr.rgb", "ssim.rgb"]) == {"metric": ("psnr", "ssim")}
