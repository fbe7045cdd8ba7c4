"""Our code against the golden outputs of the authors' code."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity.cases import Case, cut


def test_fixture(parity_case: Case) -> None:
    if parity_case.check is None:
        pytest.fail(f"no runner for network {parity_case.network}, case {parity_case.case}: add it to tests/parity/runners")
    found = parity_case.check()
    assert not found, "\n".join(found)


def test_a_part_is_taken_before_it_is_sliced() -> None:
    full = np.arange(24).reshape(4, 3, 2)
    part = cut(full, {"take": [0, 2, 2], "slice": [[1, None, 1], [0, 3, 2], [0, None, 1]]})
    np.testing.assert_array_equal(part, full[[2, 2]][:, ::2])
