"""The browser in which tests look at pages, one for all of them; the order of files; patience on busy machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# How fast a property is tried depends on what else the machine does, and says nothing about the property.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

LONGEST = (
    *("tests/test_documented_commands.py", "tests/nightly/", "tests/engine/test_run.py", "tests/report/test_write.py"),
    *("tests/weights/test_weights_command.py", "tests/campaigns/", "tests/cli/test_command_line.py"),
)
"""Files that take long, by the beginning of their names."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts these first: where processes share the files, none is left with a long one at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; where there is none, its tests are skipped, and say so."""
    # Only here: most tests open no page.
    from tests.helpers.browser import BROWSER, NO_BROWSER, started_browser

    if BROWSER is None:
        pytest.skip(NO_BROWSER)
    with started_browser() as running:
        yield running
