"""Damaged files of every kind that is read end in a result or in one line, quickly and in bounded memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.weights import connection, download
from tests.campaigns.bounded import Tally, work
from tests.campaigns.campaign import Campaign
from tests.campaigns.inputs import Kind, job, kinds

SAMPLE = 3
"""Of each kind, in the suite."""


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kind]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MGLD_BENCH_HOME", str(tmp_path_factory.mktemp("home")))
        return kinds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads that give up soon, into a home folder inside the folder of the file."""
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "work/home"))
    monkeypatch.setattr(download, "PAUSE", 0.001)
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    monkeypatch.setattr(connection, "PATIENCE", 0.3)


def test_10000_damaged_files_end_in_a_result_or_in_one_line(campaign: Campaign, every: dict[str, Kind], tmp_path: Path) -> None:
    tally = Tally()
    found = []
    for name, kind in every.items():
        jobs = [job(kind, name, campaign.seed, number, tmp_path / "work") for number in range(campaign.trials(SAMPLE, kind.full))]
        before = len(tally.findings)
        work(jobs, tally)
        found += [f"{name}, number {finding.number}: {finding.what}" for finding in tally.findings[before:]]
        campaign.keep(
            found,
            inputs=tally.accepted + tally.refused + len(found),
            kinds=len(every),
            accepted=tally.accepted,
            refused=tally.refused,
            slowest=round(tally.slowest, 2),
            largest_mib=tally.largest >> 20,
        )
    assert not found, "\n".join(found)


def test_what_is_not_damaged_is_read(every: dict[str, Kind], tmp_path: Path) -> None:
    for kind in every.values():
        seeds = {file: content for file, content in kind.seeds.items() if not file.startswith("not-")}
        whole = Kind(seeds, lambda _draw, content: content, kind.read, kind.full, kind.beside)
        for number in range(2):
            job(whole, "", 1, number, tmp_path / "work")()
