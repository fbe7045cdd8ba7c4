from __future__ import annotations

import json

from mgld_bench.metrics.agreement import agreement_of, agreements, study
from mgld_bench.metrics.catalogue import describe
from tests.helpers.command import call
from tests.helpers.project import ROOT


def test_every_number_is_of_a_metric_that_exists_and_of_the_pairs_that_there_are() -> None:
    assert agreements()
    for name, found in agreements().items():
        assert describe(name).name == name
        assert 0 <= found.agreed <= study().clear_pairs
        assert -1 <= found.srocc <= 1


def test_the_document_prints_the_numbers_and_no_others() -> None:
    lines = (ROOT / "docs/agreement.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    assert {row[0].strip("`"): row[1:] for row in rows} == {
        name: [f"{found.percent} %", str(found.agreed), f"{found.srocc:.2f}", found.scored or "this variant"]
        for name, found in agreements().items()
    }
    text = " ".join(lines)
    assert f"{study().clear_pairs} pairs" in text
    assert study().url in text
    assert study().commit in text


def test_a_metric_without_a_number_has_none() -> None:
    for name in ("xpsnr.y", "psnr.y.crop4", "we.gmflow.l1", "fastvqa.grid"):
        assert agreement_of(name) is None


def test_the_list_of_metrics_shows_the_number_with_its_source() -> None:
    listed = {row["name"]: row for row in json.loads(call("list", "metrics", "--json").out)}
    assert listed["lpips.alex"]["agrees"] == "87 %"
    assert "AVT-VQDB-UHD-1-VSR" in listed["lpips.alex"]["agreement"]
    assert listed["xpsnr.y"]["agrees"] == listed["xpsnr.y"]["agreement"] == ""
    assert "50 % is chance" in call("list", "metrics").out
