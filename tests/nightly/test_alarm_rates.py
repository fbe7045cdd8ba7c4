"""How often the quality alarm is wrong, and what it finds, by simulation; docs/nightly.md has a longer table."""

from __future__ import annotations

import pytest

from tests.helpers import alarm_rates

NOISE = 0.03
"""dB per clip from checkpoint to checkpoint, and 0.0015 of LPIPS."""


def test_twenty_series_of_twenty_unchanged_nights_alarm_at_most_once() -> None:
    assert alarm_rates.false_alarms(NOISE, series=20) <= 1


@pytest.mark.parametrize("loss", [(0.1, 0.0), (0.0, 0.005)], ids=["0.1 dB", "0.005 LPIPS"])
def test_a_loss_is_found_at_least_95_times_in_100(loss: tuple[float, float]) -> None:
    assert alarm_rates.found(NOISE, *loss, trials=100) >= 95


def test_a_drift_of_a_fiftieth_of_a_decibel_per_night_is_found_within_eight_nights() -> None:
    assert max(alarm_rates.drift_found(NOISE, 0.02, trials=40)) <= 8


def test_the_same_checkpoint_never_alarms() -> None:
    assert alarm_rates.false_alarms(0.0, series=5) == 0


@pytest.mark.slow
def test_the_table_of_the_documents_is_what_the_simulation_gives() -> None:
    from tests.helpers.project import ROOT

    text = (ROOT / "docs/nightly.md").read_text(encoding="utf-8")
    assert [row for row in alarm_rates.table() if row not in text] == []
