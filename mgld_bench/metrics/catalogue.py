"""All metrics by name: those of the suite, and those of installed packages (entry points ``mgld_bench.metrics``).

A package offers a metric with an entry point whose name is the metric's full name, and whose object is a subclass of Metric that
has its ``facts`` on the class and takes the name of a torch device as its only argument.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from mgld_bench.errors import InputError, broken_module, did_you_mean
from mgld_bench.metrics.cvvdp import variants as cvvdp
from mgld_bench.metrics.dover import variants as dover
from mgld_bench.metrics.fastvqa import variants as fastvqa
from mgld_bench.metrics.fidelity import psnr, ssim, vmaf, xpsnr
from mgld_bench.metrics.flow import variants as flow_variants
from mgld_bench.metrics.learned import dists, lpips, musiq
from mgld_bench.metrics.metric import Metric, MetricFacts, Variant
from mgld_bench.metrics.natural import brisque, cambi, niqe
from mgld_bench.metrics.pyiqa import package as pyiqa
from mgld_bench.metrics.temporal import variants as temporal_variants
from mgld_bench.weights.locate import locate

GROUP = "mgld_bench.metrics"
_CROP = re.compile(r"(?P<name>.+)\.crop(?P<pixels>[1-9][0-9]{0,3})")


def metric_names() -> list[str]:
    """Full names of all metrics, without the .cropN that most can have, and without those of pyiqa (pyiqa.clipiqa, …)."""
    return [*_variants(), *_offered()]


def describe(name: str) -> MetricFacts:
    """The facts of the metric with this full name, in any case, without loading it.

    Raises:
        InputError: There is no such metric; the message names those with similar names.

    >>> describe("psnr.y.crop4").direction
    'higher'
    """
    found = _find(name)
    return _load_class(found).facts if isinstance(found, EntryPoint) else found[0].facts


def load_metric(name: str, device: str = "cpu") -> Metric:
    """The metric with this full name, ready to score.

    Args:
        name: The full name, e.g. lpips.alex.
        device: The torch device of metrics that run a network.

    Raises:
        InputError: There is no such metric, or it cannot run here.
    """
    reason = reason_unavailable(name)
    if reason is not None:
        raise InputError(f"metric {name} cannot run: {reason}")
    found = _find(name)
    if isinstance(found, EntryPoint):
        return _build(_load_class(found), device)
    variant, crop = found
    return variant.load(crop, device)


def reason_unavailable(name: str) -> str | None:
    """Why the metric with this full name cannot run here, in one line; None where it can."""
    try:
        found = _find(name)
        facts = _load_class(found).facts if isinstance(found, EntryPoint) else found[0].facts
        for weight in facts.weights.values():
            locate(weight)
    except InputError as error:
        return str(error)
    return None if isinstance(found, EntryPoint) else found[0].why_unavailable()


def _variants() -> dict[str, Variant]:
    frames = (psnr, ssim, xpsnr, lpips, dists, vmaf, cvvdp, niqe, brisque, cambi, musiq, dover, fastvqa)
    pairs = (flow_variants, temporal_variants)
    return {variant.facts.name: variant for family in (*frames, *pairs) for variant in family.variants()}


def _offered() -> dict[str, EntryPoint]:
    """The metrics of installed packages by name. Raises InputError where a name is taken."""
    offered: dict[str, EntryPoint] = {}
    for point in _points(tuple(sys.path)):
        if point.name in _variants() or point.name in offered:
            raise InputError(
                f"metric {point.name} of {_package(point)}: this name is taken; uninstall the package or rename its metric"
            )
        offered[point.name] = point
    return offered


@lru_cache(maxsize=1)
def _points(_search: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """The group's entry points; looked up once per search path, because that reads a file of every installed package."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)))


def _find(name: str) -> tuple[Variant, int] | EntryPoint:
    """The variant, under this name in any case, and its crop in pixels; or the entry point."""
    try:
        return _find_exactly(name)
    except InputError:
        spelled = {known.lower(): known for known in _offered()}.get(name.lower(), name.lower())
        if spelled == name:
            raise
    try:
        return _find_exactly(spelled)
    except InputError as error:
        raise InputError(str(error).replace(f"metric {spelled} ", f"metric {name} ", 1)) from None


def _find_exactly(name: str) -> tuple[Variant, int] | EntryPoint:
    crop = _CROP.fullmatch(name)
    if name.startswith(pyiqa.PREFIX):
        whole = pyiqa.find(name if crop is None else crop["name"])
        return (whole, 0) if crop is None else _cropped(whole, name, int(crop["pixels"]))
    variants = _variants()
    if name in variants:
        return variants[name], 0
    offered = _offered()
    if name in offered:
        return offered[name]
    base = None if crop is None else variants.get(crop["name"])
    if crop is None or base is None:
        raise InputError(f"metric {name} does not exist in this version: {_hint(name, [*variants, *offered])}")
    return _cropped(base, name, int(crop["pixels"]))


def _cropped(base: Variant, name: str, pixels: int) -> tuple[Variant, int]:
    """``base`` under its full ``name``, with so many pixels cut."""
    if not base.croppable:
        raise InputError(f"metric {name} does not exist: {base.facts.name} has no variant with a crop")
    definition = f"{base.facts.definition}; {pixels} pixels cut from every side first"
    return replace(base, facts=replace(base.facts, name=name, definition=definition)), pixels


def _hint(name: str, known: list[str]) -> str:
    variants = [candidate for candidate in known if candidate.startswith(f"{name}.")]
    if variants:
        return f"a full name includes the variant: {', '.join(variants)}"
    families = dict.fromkeys(candidate.split(".")[0] for candidate in known)
    return did_you_mean(name, [*families, *known], otherwise="see mgld-bench list metrics")


def _load_class(point: EntryPoint) -> type[Metric]:
    try:
        loaded = point.load()
    except broken_module() as error:
        raise InputError(f"metric {point.name} of {_package(point)} cannot be loaded: {type(error).__name__}: {error}") from None
    if not (isinstance(loaded, type) and issubclass(loaded, Metric)) or getattr(loaded, "facts", None) is None:
        raise InputError(
            f"metric {point.name} of {_package(point)}: {point.value} is not a subclass of Metric with facts on the class"
        )
    if loaded.facts.name != point.name:
        raise InputError(
            f"metric {point.name} of {_package(point)} has the name {loaded.facts.name} in its facts: the names must be the same"
        )
    return loaded


def _build(metric: type[Metric], device: str) -> Metric:
    return metric(device)  # type: ignore[call-arg]  # the constructor that third parties have to provide


def _package(point: EntryPoint) -> str:
    return f"package {point.dist.name}" if point.dist is not None else point.value
