"""Digests of a clip after each operation."""

from __future__ import annotations

import hashlib

import numpy as np

from mgld_bench.degradation.frames import WorkFrame


class OperationDigests:
    """A watch that takes the sha256 of all frames after each operation: their bytes, one frame after the other."""

    def __init__(self) -> None:
        self._hashes: dict[str, hashlib._Hash] = {}

    def __call__(self, op: str, index: int, frame: WorkFrame) -> None:
        """Frame ``index`` after ``op``; frames come in order."""
        self._hashes.setdefault(op, hashlib.sha256()).update(np.ascontiguousarray(frame).data)

    def result(self) -> dict[str, str]:
        """sha256 (hex) per operation."""
        return {op: digest.hexdigest() for op, digest in self._hashes.items()}
