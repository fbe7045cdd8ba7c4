"""The small suite that several files have done by workers, and what one process alone makes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.by_workers import SmallSuite, State, state, write_suite


@pytest.fixture(scope="package")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallSuite]:
    found = write_suite(tmp_path_factory.mktemp("suite"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(found.modules))
        patch.setenv("PYTHONPATH", found.environment["PYTHONPATH"])
        yield found


@pytest.fixture(scope="package")
def alone(suite: SmallSuite, tmp_path_factory: pytest.TempPathFactory) -> State:
    """What one process alone leaves behind."""
    workspace = tmp_path_factory.mktemp("alone") / "workspace"
    with suite.session(workspace) as session:
        session.run(["test"])
    return state(workspace)
