"""Whether a restored clip and its ground truth belong together, frame by frame and pixel by pixel."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.errors import InputError

PROBED_FRAMES = 5
TOLERANCE = 0.5
"""Pixels: bicubic enlargements of heavily degraded clips measure 0.25 at most, clips that are one pixel off about 1."""
_LEAST_CORRELATION = 0.5
_LEAST_DEVIATION = 2.0
_STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-3)


def check_agreement(restored: Clip, reference: Clip, allowed_shift: tuple[float, float] = (0.0, 0.0)) -> None:
    """Raise InputError, naming the clip, where frame counts or sizes differ or the restored clip is shifted.

    ``allowed_shift``: (rows down, columns right), in pixels, by which the restored clip is known to be shifted. Frame numbers may
    begin anywhere; their gaps are found when a clip is opened.
    """
    if restored.frame_count != reference.frame_count:
        raise InputError(
            f"clip {restored.name}: {restored.frame_count} restored frames against {reference.frame_count} of its ground truth"
            f"{_places(restored, reference)}"
        )
    if (restored.height, restored.width) != (reference.height, reference.width):
        raise InputError(
            f"clip {restored.name}: restored frames are {restored.width}x{restored.height}, its ground truth "
            f"{reference.width}x{reference.height}{_places(restored, reference)}"
        )
    shift = measure_shift(restored, reference)
    if shift is not None and max(abs(shift[0] - allowed_shift[0]), abs(shift[1] - allowed_shift[1])) > TOLERANCE:
        raise InputError(
            f"clip {restored.name}: restored frames are shifted by {shift[0]:+.1f} rows (down), {shift[1]:+.1f} columns (right)"
            f"{_places(restored, reference)}: full-reference scores would measure this shift; mend the frames"
        )


def measure_shift(restored: Clip, reference: Clip) -> tuple[float, float] | None:
    """(rows down, columns right) in pixels by which the restored clip is shifted: the median over some frames.

    None where the content does not tell: flat frames, or frames too different to be laid over each other. Meant for shifts of a
    few pixels; larger ones are not measured exactly.
    """
    places = np.unique(np.linspace(0, reference.frame_count - 1, PROBED_FRAMES).round().astype(int))
    shifts = [_frame_shift(restored.frame(int(place)), reference.frame(int(place))) for place in places]
    found = [shift for shift in shifts if shift is not None]
    if not found:
        return None
    rows, columns = np.median(np.array(found), axis=0)
    return float(rows), float(columns)


def _frame_shift(restored: Frame, reference: Frame) -> tuple[float, float] | None:
    """The translation with the highest enhanced correlation coefficient.

    Phase correlation, the usual probe, weighs all frequencies alike: those that a restoration has lost or made up pull its peak
    away by up to several pixels, also in honest clips.
    """
    ours, theirs = (_luma(frame) for frame in (restored, reference))
    if min(ours.std(), theirs.std()) < _LEAST_DEVIATION:
        return None
    start = np.eye(2, 3, dtype=np.float32)
    try:
        correlation, warp = cv2.findTransformECC(theirs, ours, start, cv2.MOTION_TRANSLATION, _STEPS)
    except cv2.error:
        # It has not converged: the frames are too different.
        return None
    if not correlation >= _LEAST_CORRELATION:
        return None
    return float(warp[1, 2]), float(warp[0, 2])


def _luma(frame: Frame) -> npt.NDArray[np.float32]:
    # ECC of OpenCV smooths by itself, with a 5x5 Gaussian.
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.float32)


def _places(restored: Clip, reference: Clip) -> str:
    known = [str(clip.path) for clip in (restored, reference) if clip.path is not None]
    return f" ({' against '.join(known)})" if known else ""
