"""The browser in which tests look at pages: one for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; where there is none, its tests are skipped, and say so."""
    # Only here: most tests open no page.
    from tests.helpers.browser import BROWSER, NO_BROWSER, started_browser

    if BROWSER is None:
        pytest.skip(NO_BROWSER)
    with started_browser() as running:
        yield running
