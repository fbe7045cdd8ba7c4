"""The browser in which the tests of this folder look at pages: one for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.helpers.browser import BROWSER, NO_BROWSER, started_browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; where there is none, its tests are skipped, and say so."""
    if BROWSER is None:
        pytest.skip(NO_BROWSER)
    with started_browser() as running:
        yield running
