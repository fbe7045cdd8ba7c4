"""How often the quality alarm is wrong, and what it finds, by simulation; docs/nightly.md has longer tables."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.helpers.alarm_rates import Make, drift_found, false_alarms, found, modelled, table
from tests.helpers.project import ROOT
from tests.helpers.real_nights import chance, read, real, real_loss, real_table

MODEL = modelled(0.03)
"""dB per clip from checkpoint to checkpoint, and 0.0015 of LPIPS."""
REAL = real("averaged")
"""As the moving averages of a real training differ."""


@pytest.mark.parametrize("make", [MODEL, REAL], ids=["modelled", "real"])
def test_twenty_series_of_twenty_unchanged_nights_alarm_at_most_once(make: Make) -> None:
    assert false_alarms(make, series=20) <= 1


@pytest.mark.parametrize(
    ("make", "losses"),
    [
        (MODEL, {"psnr.rgb": 0.1}),
        (MODEL, {"lpips.alex": 0.005}),
        (REAL, {"psnr.rgb": 0.1}),
        (REAL, {"ssim.rgb": 0.005}),
    ],
    ids=["modelled, 0.1 dB", "modelled, 0.005 LPIPS", "real, 0.1 dB", "real, 0.005 SSIM"],
)
def test_a_loss_is_found_at_least_95_times_in_100(make: Make, losses: Mapping[str, float]) -> None:
    assert found(make, losses, trials=100) >= 95


@pytest.mark.parametrize("make", [MODEL, REAL], ids=["modelled", "real"])
def test_a_drift_of_a_fiftieth_of_a_decibel_per_night_is_found_within_eight_nights(make: Make) -> None:
    assert max(drift_found(make, 0.02, trials=40)) <= 8


def test_the_same_checkpoint_never_alarms() -> None:
    assert false_alarms(modelled(0.0), series=5) == 0


def test_the_real_scores_are_those_of_a_training() -> None:
    assert read("plain").shape == read("averaged").shape == (16, 16, 2)
    assert 5 < chance("plain").std() / chance("averaged").std() < 20, "an average varies less"
    assert (real_loss() > 0).all(), "training cost every clip that it did not see"


@pytest.mark.slow
def test_the_tables_of_the_documents_are_what_the_simulation_gives() -> None:
    text = (ROOT / "docs/nightly.md").read_text(encoding="utf-8")
    assert [row for row in (*table(), *real_table()) if row not in text] == []
