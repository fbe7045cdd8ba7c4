"""Phase 1: what computes here, and the most that it can do."""

from __future__ import annotations

import platform
from importlib import metadata

import torch

from gpu_bench.session import Session, Values
from gpu_bench.timing import milliseconds


def ceilings(session: Session) -> None:
    """Versions and device; products of large matrices in both halves; a large copy."""
    session.row("versions", **_versions())
    if session.scale.on_gpu:
        session.attempt("device", 0, _device)
    for precision in ("float16", "bfloat16"):
        session.attempt(f"matrix product, {precision}", 2, lambda precision=precision: _product(session, precision))  # type: ignore[misc]
    session.attempt("copy", 2, lambda: _copy(session))


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "torch": torch.__version__, "cuda": str(torch.version.cuda)}
    for package in ("triton", "torchvision", "numpy"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "none"
    return found


def _device() -> Values:
    facts = torch.cuda.get_device_properties(0)
    return {
        "name": torch.cuda.get_device_name(0),
        "capability": f"{facts.major}.{facts.minor}",
        "multiprocessors": facts.multi_processor_count,
        "GiB": facts.total_memory / 2**30,
        "cudnn": str(torch.backends.cudnn.version()),
    }


def _product(session: Session, precision: str) -> Values:
    scale = session.scale
    first, second = (
        torch.randn(scale.matrix, scale.matrix, device=scale.device, dtype=getattr(torch, precision)) for _ in range(2)
    )
    took = milliseconds(scale, lambda: first @ second)
    rate = 2 * scale.matrix**3 / took / 1e9
    session.found[f"ceiling {precision}"] = rate
    return {"side": scale.matrix, "ms": took, "TFLOP/s": rate}


def _copy(session: Session) -> Values:
    scale = session.scale
    source = torch.randint(0, 255, (scale.copied,), dtype=torch.uint8, device=scale.device)
    target = torch.empty_like(source)
    took = milliseconds(scale, lambda: target.copy_(source))
    return {"GB": scale.copied / 1e9, "ms": took, "TB/s": 2 * scale.copied / took / 1e9}
