"""What is known of a weight file's content before it is used: what its card pins, and what was recorded at its first use."""

from __future__ import annotations

from pathlib import Path

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.errors import InputError


def disagreement(weight: WeightFile, size: int, sha256: str) -> str | None:
    """How a content of ``size`` bytes with this sha256 (hex) is not what the card of ``weight`` pins; None where it agrees."""
    if weight.size is not None and size != weight.size:
        return f"has {size} bytes, its card says {weight.size}"
    if weight.sha256 and sha256 != weight.sha256.lower():
        return f"sha256 is {sha256}, its card pins {weight.sha256.lower()}"
    if not sha256.startswith(weight.sha256_start):
        return f"sha256 is {sha256}, its card pins one that starts with {weight.sha256_start}"
    return None


def record_of(path: Path) -> Path:
    """The file beside ``path`` that keeps the sha256 recorded at its first use, in the form of the program sha256sum."""
    return path.with_name(f"{path.name}.sha256")


def recorded_sha256(path: Path) -> str | None:
    """The sha256 recorded for ``path``, or None where none is. Raises InputError where the record is empty."""
    record = record_of(path)
    try:
        words = record.read_text().split()
    except FileNotFoundError:
        return None
    if not words:
        raise InputError(f"{record}: empty; delete it to accept the weight file as it is now")
    return words[0]


def record_sha256(path: Path, sha256: str) -> None:
    """Keep ``sha256`` as that of ``path``, which has to agree from now on."""
    write_bytes_atomic(record_of(path), f"{sha256}  {path.name}\n".encode())


def change(path: Path, sha256: str) -> str | None:
    """How a content with this sha256 is not what was recorded for ``path``; None where it agrees or nothing is recorded."""
    recorded = recorded_sha256(path)
    if recorded is None or recorded == sha256:
        return None
    return f"sha256 is {sha256}, {record_of(path).name} (delete it to accept this one) has {recorded}"
