"""A results database that the tests of a module share, and how they compare in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.request import CompareRequest, run_request
from mgld_bench.engine.progress import Silent
from tests.helpers.compared import example_store


@pytest.fixture(scope="package")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of five methods; nobody changes it."""
    return example_store(tmp_path_factory.mktemp("compared") / "workspace")


Compared = Callable[..., Comparison]


@pytest.fixture
def compared(tmp_path: Path) -> Compared:
    """Compares sides in a workspace: that of the test, where none is given."""

    def run(*sides: str, workspace: Path = tmp_path, **wish: object) -> Comparison:
        return run_request(CompareRequest(sides, workspace=workspace, **wish), Silent())  # type: ignore[arg-type]

    return run
