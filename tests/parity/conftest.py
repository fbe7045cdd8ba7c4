"""``pytest tests/parity [--reference DIR]``: one test per parity fixture below DIR (default: the copies kept here)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity.cases import SHIPPED, Case, find_cases

CASES = pytest.StashKey[list[Case]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--reference",
        metavar="DIR",
        help="run every parity-*.json below DIR; one without a runner fails (default: tests/parity/fixtures)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "parity_case" not in metafunc.fixturenames:
        return
    cases = metafunc.config.stash.setdefault(CASES, _cases(metafunc.config))
    named = _reference(metafunc.config) is not None
    tested = [case for case in cases if case.check is not None or named]
    metafunc.parametrize("parity_case", [pytest.param(case, id=case.name) for case in tested])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    uncovered = [case for case in config.stash.get(CASES, []) if case.check is None]
    if uncovered:
        terminalreporter.section("parity fixtures that no runner covers")
        for case in uncovered:
            terminalreporter.line(f"{case.name} (network {case.network}, case {case.case})")


def _cases(config: pytest.Config) -> list[Case]:
    folder = _reference(config)
    return find_cases(SHIPPED if folder is None else config.invocation_params.dir / folder)


def _reference(config: pytest.Config) -> Path | None:
    # The option is unknown where pytest was started on a folder above this one: it is read from here too late.
    value = config.getoption("--reference", default=None)
    return None if value is None else Path(value)
