"""A campaign draws the same again from the same seed, and its length follows the budget."""

from __future__ import annotations

import json
from pathlib import Path

from tests.campaigns.campaign import Campaign


def test_the_same_seed_and_test_draw_the_same(campaign: Campaign) -> None:
    other_seed = Campaign(campaign.name, campaign.seed + 1, None, campaign.figures)
    assert campaign.draw.random() == campaign.draw.random() != other_seed.draw.random()


def test_the_budget_decides_how_many_trials(tmp_path: Path) -> None:
    assert Campaign("kills", 1, None, tmp_path).trials(sample=3, full=200) == 3
    assert Campaign("kills", 1, 0.1, tmp_path).trials(sample=3, full=200) == 20
    assert Campaign("kills", 1, 0.001, tmp_path).trials(sample=3, full=200) == 1


def test_only_a_campaign_with_a_budget_keeps_figures(tmp_path: Path) -> None:
    Campaign("sample", 1, None, tmp_path).keep(kills=3)
    Campaign("whole", 1, 1.0, tmp_path).keep(["an orphan"], kills=200)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.json"]
    kept = json.loads((tmp_path / "whole.json").read_text(encoding="utf-8"))
    assert (kept["kills"], kept["found"]) == (200, ["an orphan"])
