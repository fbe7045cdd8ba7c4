"""The package pyiqa: whether it is installed, and each of its metrics as a variant of its own, ``pyiqa.<name>``.

All of this is found without importing pyiqa, which takes seconds.
"""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any

from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.metrics.pyiqa.files import fetch_files, fetched_files, why_files_are_missing
from mgld_bench.weights.download import BytesDone

PREFIX = "pyiqa."
"""What the names of its metrics start with here."""
_NOT_PER_FRAME = {
    "FID": "compares two sets of pictures",
    "InceptionScore": "scores a set of pictures",
    "CLIPScore": "compares a picture with a caption",
}
"""By pyiqa's type: why a metric has no score of a frame."""


@dataclass(frozen=True)
class PyiqaFacts:
    """What pyiqa states about one of its metrics."""

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
    """What pyiqa states about its metric ``name``.

    Raises:
        InputError: pyiqa has no such metric, the metric does not score frames, or the package is not installed.
    """
    configurations = _configurations()
    if name not in configurations:
        known = did_you_mean(name, configurations, otherwise=f"it has {', '.join(configurations)}")
        raise InputError(f"metric {PREFIX}{name}: pyiqa {pyiqa_version()} has no metric {name}: {known}")
    configuration = configurations[name]
    kind = configuration["metric_opts"]["type"]
    if kind in _NOT_PER_FRAME:
        raise InputError(f"metric {PREFIX}{name}: it {_NOT_PER_FRAME[kind]}: it has no score per frame")
    return PyiqaFacts(
        needs_reference=configuration["metric_mode"] == "FR",
        lower_is_better=bool(configuration.get("lower_better")),
        score_range=str(configuration.get("score_range", "")),
    )


def find(name: str) -> Variant:
    """The variant with the full name ``name``, e.g. pyiqa.clipiqa.

    Raises:
        InputError: See pyiqa_facts().
    """
    short = name.removeprefix(PREFIX)
    stated = pyiqa_facts(short)
    facts = MetricFacts(
        name=name,
        title=short,
        direction="lower" if stated.lower_is_better else "higher",
        needs_reference=stated.needs_reference,
        per_frame=True,
        digits=4,
        revision=1,
        definition=f"{short} as pyiqa {pyiqa_version()} has it by default, range {stated.score_range}; 8-bit RGB on 0..1, "
        "float32; each frame by itself; mean over frames",
        license="PolyForm-Noncommercial-1.0.0 (pyiqa); that of its weights: see its authors",
        files={"pyiqa": pyiqa_version(), **fetched_files(short)},
    )
    return Variant(
        facts,
        "mgld_bench.metrics.pyiqa.metric:load_pyiqa",
        {"short": short},
        on_device=True,
        why_unavailable=partial(why_files_are_missing, short),
    )


def fetch_pyiqa(name: str, progress: BytesDone) -> list[Path]:
    """Fetch the files that a metric of pyiqa needs; see fetch_files().

    Args:
        name: The metric, with or without "pyiqa." before it.
        progress: Called with the bytes that are here.

    Returns:
        The files; none where the metric needs none.

    Raises:
        InputError: pyiqa has no such metric, or the metric cannot be built with what was downloaded.
    """
    short = name.removeprefix(PREFIX)
    pyiqa_facts(short)
    return fetch_files(short, pyiqa_version(), progress)


def _configurations() -> Mapping[str, Mapping[str, Any]]:
    """pyiqa's own table of its metrics. Raises InputError where the package is not installed or has no such table."""
    return _read(Path(str(_distribution().locate_file("pyiqa/default_model_configs.py"))))


@lru_cache(maxsize=1)
def _read(file: Path) -> Mapping[str, Mapping[str, Any]]:
    """The table in ``file``, which imports nothing from the package around it."""
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
