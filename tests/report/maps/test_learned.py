from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mgld_bench.metrics.catalogue import describe
from mgld_bench.networks.perceptual.lpips import LPIPS
from mgld_bench.report.maps.kinds import Moment
from mgld_bench.report.maps.learned import learned_kinds, lpips_kind
from tests.report.maps.test_maps import moment


def test_the_map_of_lpips_is_large_where_frames_differ_and_has_the_score_as_its_mean() -> None:
    torch.manual_seed(0)
    network = LPIPS("alex").eval()
    for name, parameter in network.named_parameters():
        if name.startswith("lin"):
            parameter.data.abs_()
    given = moment()
    values = lpips_kind(network, "").values(given)
    assert values is not None and values.shape == given.truth.shape[:2]
    images = [torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255 for frame in (given.restored, given.truth)]
    with torch.no_grad():
        assert values.mean() == pytest.approx(float(network(*images)), rel=0.1)
    assert values[:, :50].mean() > 2 * values[:, 90:].mean()
    same = lpips_kind(network, "").values(Moment(given.truth, given.truth, None, None))
    assert same is not None and np.abs(same).max() == 0
    small = given.truth[:20, :20]
    assert lpips_kind(network, "").values(Moment(small, small, None, None)) is None


def test_without_weights_there_is_no_map(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert learned_kinds({"lpips.alex": describe("lpips.alex")}) == ()
    assert learned_kinds({"psnr.rgb": describe("psnr.rgb")}) == ()
