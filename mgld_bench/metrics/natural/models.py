"""The models of LIVE (University of Texas at Austin) that ship with the package, under data/LIVE-NOTICE.txt."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt

LICENSE = "LIVE, University of Texas at Austin: free use with notice (metrics/data/LIVE-NOTICE.txt)"


@lru_cache(maxsize=4)
def model_sha256(name: str) -> str:
    """sha256 (hex) of the model file ``name``."""
    return hashlib.sha256(_bytes(name)).hexdigest()


@lru_cache(maxsize=4)
def load_model(name: str) -> dict[str, npt.NDArray[np.float64]]:
    """The float64 arrays of the model file ``name``; not to be changed."""
    with np.load(io.BytesIO(_bytes(name))) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _bytes(name: str) -> bytes:
    return (resources.files("mgld_bench.metrics") / "data" / name).read_bytes()
