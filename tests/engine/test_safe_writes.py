"""A folder has one writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.errors import InputError


def test_a_folder_has_one_writer(tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match="another run is using this folder")
    with sole_writer(tmp_path / "new"), refused, sole_writer(tmp_path / "new"):
        pass
    with sole_writer(tmp_path / "new"):
        pass
