"""Optical flow that is kept on disk, so that the ground truth's is estimated once for all methods there will ever be."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mgld_bench.clips.atomic import replacing
from mgld_bench.errors import InputError
from mgld_bench.weights.locate import weights_home

Flow = npt.NDArray[np.float32]
"""(2, h, w) float32, pixels, right then down."""
_DAMAGED: Final = (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile)
"""What NumPy and zipfile raise for a file that is cut off, changed or something else altogether."""


class FlowFolder:
    """One file per pair of frames and direction: an uncompressed .npz, whose checksum tells damage."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problem = ""
        """Why flow could not be kept, once that has happened: it only costs time."""

    def read(self, key: str, height: int, width: int) -> Flow | None:
        """The flow under ``key`` (hex); None where there is none, or its file is damaged."""
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as kept:
                flow: Flow = kept["flow"]
        except _DAMAGED:
            return None
        return flow if flow.dtype == np.float32 and flow.shape == (2, height, width) else None

    def write(self, key: str, flow: Flow) -> None:
        """Keep ``flow`` under ``key``, in the place of what is there; where that is impossible ``problem`` says why."""
        try:
            with replacing(self._path(key)) as temporary, temporary.open("wb") as file:
                np.savez(file, flow=flow)
        except InputError as error:
            self.problem = str(error)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.npz"


def flow_folder() -> FlowFolder:
    """The one that all metrics share: $MGLD_BENCH_HOME/flow, beside the weights."""
    return _flow_folder(weights_home().parent / "flow")


@lru_cache(maxsize=1)
def _flow_folder(folder: Path) -> FlowFolder:
    return FlowFolder(folder)
