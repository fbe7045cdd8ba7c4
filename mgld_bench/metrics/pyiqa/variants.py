"""Any metric of pyiqa by its name there: ``pyiqa.<name>``."""

from __future__ import annotations

from functools import partial

from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.metrics.pyiqa.files import fetched_files, why_files_are_wanting
from mgld_bench.metrics.pyiqa.package import PREFIX, pyiqa_facts, pyiqa_version


def find(name: str) -> Variant:
    """The variant with the full name ``name`` (pyiqa.clipiqa). Raises InputError where pyiqa has none, or is not installed."""
    short = name.removeprefix(PREFIX)
    told = pyiqa_facts(short)
    facts = MetricFacts(
        name=name,
        title=short,
        direction="lower" if told.lower_is_better else "higher",
        needs_reference=told.needs_reference,
        per_frame=True,
        digits=4,
        revision=1,
        definition=f"{short} as pyiqa {pyiqa_version()} has it by default, range {told.score_range}; 8-bit RGB on 0..1, float32; "
        "each frame by itself; mean over frames",
        license="PolyForm-Noncommercial-1.0.0 (pyiqa); that of its weights: see its authors",
        files={"pyiqa": pyiqa_version(), **fetched_files(short)},
    )
    return Variant(
        facts,
        "mgld_bench.metrics.pyiqa.metric:load_pyiqa",
        {"short": short},
        on_device=True,
        why_unavailable=partial(why_files_are_wanting, short),
    )
