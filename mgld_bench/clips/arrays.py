"""Frames in memory, as callers from Python have them, as a clip: arrays, tensors, and lists of frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError

_RULE = "frames are uint8 RGB, (n, height, width, 3) or (n, 3, height, width), or a list of such frames without n"


def is_frames(source: object) -> bool:
    """Whether ``source`` is an array, a tensor, or a list that begins with one."""
    if isinstance(source, (list, tuple)):
        return bool(source) and is_frames(source[0])
    return isinstance(source, np.ndarray) or (hasattr(source, "detach") and hasattr(source, "cpu"))


def clip_of_frames(source: object, argument: str, name: str = "clip") -> ArrayClip:
    """Frames in memory as a clip.

    Three channels may come last or first; where both are possible, they come last. Values are 0 to 255 as uint8: other types are
    an error, because scores are those of the 8-bit frames that would be saved, and how to round is the caller's choice.

    Args:
        source: (n, height, width, 3) or (n, 3, height, width), as a numpy array or a torch tensor on any device; or a list of
            frames (height, width, 3) or (3, height, width).
        argument: what the caller calls ``source``, for messages.
        name: the clip's name.

    Raises:
        InputError: it is none of these.
    """
    if isinstance(source, (list, tuple)):
        if not source:
            raise InputError(f"{argument}: is empty; {_RULE}")
        frames = [_as_array(frame, f"{argument}[{index}]") for index, frame in enumerate(source)]
        odd = next((index for index, frame in enumerate(frames) if frame.ndim != 3 or frame.shape != frames[0].shape), None)
        if odd is not None:
            raise InputError(f"{argument}[{odd}]: has shape {frames[odd].shape}, the first {frames[0].shape}; {_RULE}, all alike")
        stacked = np.stack(frames)
    else:
        stacked = _as_array(source, argument)
    if stacked.ndim == 3:
        raise InputError(f"{argument}: has shape {stacked.shape}, which is one frame; put it in a list: {_RULE}")
    if stacked.ndim != 4 or 3 not in (stacked.shape[3], stacked.shape[1]) or 0 in stacked.shape:
        raise InputError(f"{argument}: has shape {stacked.shape}; {_RULE}")
    last = stacked if stacked.shape[3] == 3 else np.moveaxis(stacked, 1, 3)
    return ArrayClip(name, last)


def _as_array(source: Any, argument: str) -> npt.NDArray[np.uint8]:  # noqa: ANN401 - array, tensor, or anything wrong
    if hasattr(source, "detach"):
        source = source.detach().cpu().numpy()
    if not isinstance(source, np.ndarray):
        raise InputError(f"{argument}: is a {type(source).__name__}; {_RULE}")
    if source.dtype != np.uint8:
        raise InputError(
            f"{argument}: is {source.dtype}, not uint8; make 8-bit frames of it first, as they would be saved: values of 0..1 "
            "times 255, rounded, clipped to 0..255"
        )
    return source
