"""What works on this machine: GPU, ffmpeg with VMAF, weights, datasets, disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from mgld_bench.cards.loader import load_dataset, load_method, usable_cards
from mgld_bench.clips.atomic import require_place
from mgld_bench.clips.ffmpeg import ffmpeg_identity, ffmpeg_output
from mgld_bench.clips.opencv import installed_opencv
from mgld_bench.degradation.canary import encoder_canary
from mgld_bench.errors import InputError, contained, of_system
from mgld_bench.home import bench_home
from mgld_bench.metrics.catalogue import metric_names, reason_unavailable
from mgld_bench.pairs.stored import list_pairs, prepared_kinds
from mgld_bench.restoring.loading import why_not_ready

LOW_DISK = 20e9
"""Free bytes below which the disk is reported; an estimate, not a measurement: VideoLQ alone has 4771 frames."""


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    state: Literal["ok", "warning", "missing", "broken"]
    """warning: it works, but numbers may differ from those of others; missing: something optional is absent; broken: something
    that everything needs does not work."""
    what: str
    detail: str
    fix: str = ""
    """What to do about it."""


def examine(workspace: Path, cards: Sequence[Path], canary: bool) -> list[Finding]:
    """Check everything.

    Args:
        workspace: where pairs are looked for, and whose disk is checked.
        cards: further folders with cards.
        canary: also encode the canary clips with the pinned encoder settings.
    """
    findings = [_graphics(), _memory(), *_ffmpeg(), _opencv()]
    if canary:
        findings.append(_encoder())
    parts: dict[str, Callable[[], list[Finding]]] = {
        "disk": lambda: [_disk(workspace)],
        "home": lambda: [_home()],
        "methods": lambda: _methods(cards),
        "metrics": _metrics,
        "datasets": lambda: _datasets(workspace, cards),
    }
    return [*findings, *(finding for what, part in parts.items() for finding in _of_part(what, part))]


def _of_part(what: str, part: Callable[[], list[Finding]]) -> list[Finding]:
    """The findings of a part; where what it reads cannot be read, that is the finding, and the other parts have theirs."""
    try:
        return part()
    except (InputError, OSError) as error:
        return [Finding("broken", what, str(contained(error)))]


def _graphics() -> Finding:
    import torch

    if not torch.cuda.is_available():
        fix = "networks run on the CPU, slowly; with an NVIDIA GPU, install the driver that torch's CUDA build needs"
        return Finding("missing", "GPU", f"torch {torch.__version__} sees no CUDA device", fix)
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return Finding("ok", "GPU", f"{', '.join(names)} (torch {torch.__version__})")


def _memory() -> Finding:
    free = psutil.virtual_memory()
    return Finding("ok", "memory", f"{free.available / 1e9:.1f} of {free.total / 1e9:.1f} GB free, {os.cpu_count()} cores")


def _ffmpeg() -> list[Finding]:
    fix = "reinstall imageio-ffmpeg: pip install --force-reinstall imageio-ffmpeg"
    try:
        identity = ffmpeg_identity()
        listed = [ffmpeg_output("-hide_banner", what) for what in ("-filters", "-encoders")]
    except (InputError, OSError) as error:
        return [Finding("broken", "ffmpeg", str(error), fix)]
    findings = [Finding("ok", "ffmpeg", f"{identity.version} (sha256 {identity.sha256[:16]}…)")]
    for name, text, use in (
        ("libvmaf", listed[0], "VMAF"),
        ("libx264", listed[1], "building pairs"),
        ("mpeg4", listed[1], "building pairs"),
    ):
        there = f" {name} " in text
        findings.append(
            Finding("ok", name, f"for {use}") if there else Finding("broken", name, f"this ffmpeg lacks it; {use} needs it", fix)
        )
    return findings


def _opencv() -> Finding:
    opencv = installed_opencv()
    if opencv.problem:
        return Finding("warning", "OpenCV", opencv.problem, opencv.fix)
    overwritten = [f"{name} {version}" for name, version in opencv.wheels.items() if name != opencv.wheel]
    also = f"; {', '.join(overwritten)} is installed too and overwritten" if overwritten else ""
    return Finding("ok", "OpenCV", f"{opencv.described} computes{also}")


def _encoder() -> Finding:
    problems = encoder_canary()
    if not problems:
        return Finding("ok", "encoder canary", "encodes to the expected bytes: pairs can be built here")
    fix = "pairs built here differ from those of others; rebuild from stored bitstreams (mgld-bench datasets rebuild)"
    return Finding("broken", "encoder canary", "; ".join(problems), fix)


def _disk(workspace: Path) -> Finding:
    place = next(folder for folder in (workspace.absolute(), *workspace.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    detail = f"{free / 1e9:.1f} GB free for the workspace"
    if free < LOW_DISK:
        return Finding(
            "missing", "disk", detail, "restored clips take tens of GB; mgld-bench run REPORT --dry-run estimates how much"
        )
    return Finding("ok", "disk", detail)


def _home() -> Finding:
    home = bench_home()
    try:
        require_place(home, "the folder", to_write=True)
    except InputError as error:
        fix = "weights are read from there, but none can be fetched, and scores are not kept; set $MGLD_BENCH_HOME"
        return Finding("warning", "home", str(error), fix)
    return Finding("ok", "home", f"{home} keeps weight files and scores")


def _methods(cards: Sequence[Path]) -> list[Finding]:
    findings = []
    entries, problems = usable_cards("method", cards)
    findings += [Finding("missing", "card", problem, "it is left out; see mgld-bench cards check") for problem in problems]
    for entry in entries:
        try:
            reason = why_not_ready(load_method(entry.name, cards))
        except InputError as error:
            reason = str(error)
        findings.append(
            Finding("ok", f"method {entry.name}", "can run")
            if reason is None
            # What nobody can have is not missing here.
            else Finding("warning" if "is not published" in reason else "missing", f"method {entry.name}", reason)
        )
    return findings


def _metrics() -> list[Finding]:
    """One finding for those that can run, and one for each reason why the rest cannot."""
    runnable: list[str] = []
    waiting: dict[str, list[str]] = {}
    for name in metric_names():
        reason = reason_unavailable(name)
        if reason is None:
            runnable.append(name)
        else:
            waiting.setdefault(reason, []).append(name)
    missing = [Finding("missing", f"metric {', '.join(names)}", reason) for reason, names in waiting.items()]
    return [Finding("ok", "metrics", f"can run: {', '.join(runnable)}"), *missing]


def _datasets(workspace: Path, cards: Sequence[Path]) -> list[Finding]:
    findings = []
    entries, problems = usable_cards("dataset", cards)
    findings += [Finding("missing", "card", problem, "it is left out; see mgld-bench cards check") for problem in problems]
    for entry in entries:
        try:
            card = load_dataset(entry.name, cards)
        except InputError as error:
            findings.append(Finding("missing", f"dataset {entry.name}", str(error)))
            continue
        try:
            built = max((len(list_pairs(workspace, card.name, kind)) for kind in prepared_kinds(workspace, card.name)), default=0)
        except OSError as error:
            findings.append(Finding("broken", f"dataset {card.name}", f"its pairs cannot be listed: {of_system(error)}"))
            continue
        if built or any(layout.package for layout in card.layouts):
            detail = f"{built} clips prepared" if built else "ships with a package"
            findings.append(Finding("ok", f"dataset {card.name}", detail))
        else:
            fix = f"{card.obtain} Then: mgld-bench datasets prepare {card.name} --source DIR".strip()
            findings.append(Finding("missing", f"dataset {card.name}", "not prepared in this workspace", fix))
    return findings
