"""Real frames as fixtures."""

from __future__ import annotations

import pytest

from tests.helpers.metric_samples import Frames, degrade, read_frames

__all__ = ["bikes", "bunny", "degraded"]


@pytest.fixture(scope="session")
def bunny() -> Frames:
    """(10, 192, 320, 3)"""
    return read_frames("bigbuckbunny.mp4", 30, 10, 160, 384)


@pytest.fixture(scope="session")
def bikes() -> Frames:
    """(10, 192, 320, 3)"""
    return read_frames("bikes.mp4", 146, 10, 12, 88)


@pytest.fixture(scope="session")
def degraded(bunny: Frames) -> Frames:
    """``bunny``, badly restored."""
    return degrade(bunny)
