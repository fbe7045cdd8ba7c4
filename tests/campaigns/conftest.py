"""The options `--campaign-seed` and `--campaign-budget`, and the fixture that hands them to a campaign."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaigns.campaign import Campaign


def pytest_addoption(parser: pytest.Parser) -> None:
    """Takes the campaign's options where this folder is named on pytest's command line, as `tox -e campaigns` does."""
    group = parser.getgroup("campaigns")
    group.addoption("--campaign-seed", type=int, default=1, help="what the draws of every campaign start from")
    group.addoption("--campaign-budget", type=float, help="share of the full number of trials; default: the suite's small sample")


@pytest.fixture
def campaign(request: pytest.FixtureRequest) -> Campaign:
    """The seed, the budget and the figures' place of the test that asks."""
    return Campaign(
        name=request.node.name,
        seed=request.config.getoption("--campaign-seed", default=1),
        budget=request.config.getoption("--campaign-budget", default=None),
        figures=Path(request.config.rootpath, "build", "campaigns"),
    )
