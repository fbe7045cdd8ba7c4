"""The package pyiqa: whether it is here and what it offers, found without importing it, which takes seconds."""

from __future__ import annotations

import difflib
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from mgld_bench.errors import InputError

PREFIX = "pyiqa."
"""Before the names of its metrics here."""
_NOT_PER_FRAME = {
    "FID": "compares two sets of pictures",
    "InceptionScore": "scores a set of pictures",
    "CLIPScore": "compares a picture with a caption",
}
"""By pyiqa's type: why a metric has no score of a frame."""


@dataclass(frozen=True)
class PyiqaFacts:
    """What pyiqa says of one of its metrics."""

    needs_reference: bool
    lower_is_better: bool
    score_range: str


def why_not_installed() -> str | None:
    """Why pyiqa cannot be used, in one line, or None."""
    try:
        pyiqa_version()
    except InputError as error:
        return str(error)
    return None


def pyiqa_version() -> str:
    """The version of the installed package. Raises InputError where there is none."""
    return _distribution().version


def pyiqa_facts(name: str) -> PyiqaFacts:
    """What pyiqa says of its metric ``name``. Raises InputError where it has none of this name, or one that scores no frames."""
    configurations = _configurations()
    if name not in configurations:
        near = difflib.get_close_matches(name, configurations, n=3)
        known = f"did you mean {', '.join(near)}?" if near else f"it has {', '.join(configurations)}"
        raise InputError(f"metric pyiqa.{name}: pyiqa {pyiqa_version()} has no metric {name}: {known}")
    configuration = configurations[name]
    kind = configuration["metric_opts"]["type"]
    if kind in _NOT_PER_FRAME:
        raise InputError(f"metric pyiqa.{name}: it {_NOT_PER_FRAME[kind]}: it has no score per frame")
    return PyiqaFacts(
        needs_reference=configuration["metric_mode"] == "FR",
        lower_is_better=bool(configuration.get("lower_better")),
        score_range=str(configuration.get("score_range", "")),
    )


def _configurations() -> Mapping[str, Mapping[str, Any]]:
    """pyiqa's own table of its metrics. Raises InputError where the package is not here or has no such table."""
    return _read(Path(str(_distribution().locate_file("pyiqa/default_model_configs.py"))))


@lru_cache(maxsize=1)
def _read(file: Path) -> Mapping[str, Mapping[str, Any]]:
    """The table in ``file``, which imports nothing of the package around it."""
    try:
        table: Mapping[str, Mapping[str, Any]] = runpy.run_path(str(file))["DEFAULT_CONFIGS"]
    except (OSError, KeyError) as error:
        raise InputError(f"pyiqa {pyiqa_version()} keeps its list of metrics elsewhere ({error}): install 0.1.16") from None
    return table


def _distribution() -> metadata.Distribution:
    try:
        return metadata.distribution("pyiqa")
    except metadata.PackageNotFoundError:
        raise InputError("the package pyiqa is not installed (pip install pyiqa)") from None
