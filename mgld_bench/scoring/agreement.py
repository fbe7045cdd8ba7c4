"""Whether a restored clip and its ground truth belong together, frame by frame and pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.clips.handling import turned
from mgld_bench.clips.numbering import numbers_disagree
from mgld_bench.errors import InputError

Luma = npt.NDArray[np.float32]

PROBED_FRAMES = 5
TOLERANCE = 0.5
"""Pixels: bicubic enlargements of heavily degraded clips measure 0.25 at most, clips that are one pixel off about 1."""
EXPLAINED, COHERENCE = 0.15, 0.7
"""What makes a measured shift an error: undoing it removes this share of the decorrelation, or this share of what moving the
restored frame by as much costs against itself. Below both thresholds it is reported as a warning with the scores.

The thresholds were set on four real clips so that Real-ESRGAN on a clip degraded to 21 dB (1.0 pixel; 0.10 and 0.69) gives a
warning: it puts contours in different places than bicubic does on the same LR, which lies within 0.1 pixel. The price: of clips
moved by one pixel on purpose, two of those that Real-ESRGAN restored from the hardest LR clips give warnings too (0.04 and 0.56;
0.11 and 0.33); all the rest were errors."""
FAINT = 0.005
"""Below this share, of 0 % when it is printed, moving the frames back changes nothing: what was measured is noise."""
CERTAIN, AGREEING = 0.1, 0.5
"""Pixels by which the frames' shifts lie apart, at the median: up to the first, a shift to declare is advised; above the second,
a shift is a warning at most. Frames of a clip that is moved as a whole agree within 0.1; those of small or hardly legible ones,
which measure noise, do not. On 144 crops of two clips (64x64 to 304x176, four kinds of damage, each in eight places) what was
advised was right but for a few halves of a pixel, and no aligned crop was an error."""
TIME_PROBED = 2
"""Frames of ground truth before and after a restored frame that are compared with it too."""
TIME_EXPLAINED = 0.1
"""A different frame of the ground truth explains at least this share of the decorrelation where a clip is late or early. On six
restorations of three real clips it is 0.13 at the least where a frame is missing, and never above 0 where none is."""
_WELL_ALIGNED = 0.002
"""Decorrelation below which the frames are those of the same moment: 38 dB on ordinary content."""
_LEAST_CORRELATION = 0.5
_LEAST_DEVIATION = 2.0
_STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-3)


def check_agreement(restored: Clip, reference: Clip, allowed_shift: tuple[float, float] = (0.0, 0.0)) -> str | None:
    """Check that a restored clip and its ground truth have the same frames.

    Frame numbers of the two may begin anywhere, unless they overlap; gaps in them are found when a clip is opened.

    Args:
        restored: The restored clip.
        reference: Its ground truth.
        allowed_shift: (rows down, columns right), in pixels, by which the restored clip is known to be shifted.

    Returns:
        A warning to report with the scores where a shift is measured but explains too little to be an error; else None.

    Raises:
        InputError: Frame counts, numbers or sizes differ, or the restored clip is shifted, in time or in position.
    """
    check_format(restored, reference)
    shift = measure_shift(restored, reference, allowed_shift)
    off = shift is not None and max(abs(shift.rows - allowed_shift[0]), abs(shift.columns - allowed_shift[1])) > TOLERANCE
    if shift is None or off or shift.decorrelation > _WELL_ALIGNED:
        late = measure_delay(restored, reference, allowed_shift)
        # Where the camera moves, a shift looks like a delay, and the other way round: the better explanation is the right one.
        if late is not None and not (shift is not None and off and shift.explained >= late.explained):
            raise InputError(_delayed(restored, reference, late.frames))
    if shift is None or not off:
        return None
    measured = f"{round(shift.rows, 1) + 0.0:+.1f} rows (down), {round(shift.columns, 1) + 0.0:+.1f} columns (right)"
    if shift.explained < FAINT:
        return None
    if (shift.explained < EXPLAINED and shift.coherence < COHERENCE) or shift.spread > AGREEING:
        return f"may be shifted by {measured}; moving it back explains {shift.explained:.0%} of the difference"
    raise InputError(
        f"clip {restored.name}: restored frames are shifted by {measured}{_places(restored, reference)}: scores would measure "
        f"this shift; fix the frames, or declare it, if it is known: {_to_declare(shift)}"
    )


def check_format(restored: Clip, reference: Clip) -> None:
    """Check what is known without decoding: raise InputError where frame counts or sizes differ."""
    if restored.frame_count != reference.frame_count:
        raise InputError(
            f"clip {restored.name}: {restored.frame_count} restored frames, but {reference.frame_count} frames of ground truth"
            f"{_places(restored, reference)}"
        )
    numbers = numbers_disagree(restored.facts, reference.facts)
    if numbers:
        raise InputError(
            f"clip {restored.name}: the numbers of restored frames and of ground truth are {numbers}"
            f"{_places(restored, reference)}: they overlap, but do not begin together, "
            "so that it is unclear which frames belong together; number both alike"
        )
    if (restored.height, restored.width) != (reference.height, reference.width):
        raise InputError(
            f"clip {restored.name}: restored frames are {restored.width}x{restored.height}, but the ground truth is "
            f"{reference.width}x{reference.height}{_places(restored, reference)}{_rotations(restored, reference)}"
        )


@dataclass(frozen=True)
class MeasuredShift:
    """The translation of a restored clip against its ground truth: the median over some frames."""

    rows: float
    """Pixels down."""
    columns: float
    """Pixels to the right."""
    explained: float
    """Share of the decorrelation that undoing this translation (in whole pixels) removes, compared with the declared one."""
    coherence: float
    """That gain in correlation, divided by what the restored frames lose when they are moved by as much against themselves."""
    decorrelation: float
    """1 - correlation of the luma where the clip lies as declared."""
    spread: float = 0.0
    """Pixels by which the shifts of the frames lie apart: the median distance from the median, of rows or columns. Infinite where
    most of the frames show no shift at all."""


@dataclass(frozen=True)
class MeasuredDelay:
    """A restored clip that shows different moments than its ground truth."""

    frames: int
    """By how many it is late; negative: early."""
    explained: float
    """Share of the decorrelation that is gone where its frames are compared with those of that moment."""


def measure_shift(restored: Clip, reference: Clip, declared: tuple[float, float] = (0.0, 0.0)) -> MeasuredShift | None:
    """Measure how the restored clip lies against its ground truth, on up to five frames.

    Meant for shifts of a few pixels; larger ones are not measured exactly.

    Args:
        restored: The restored clip.
        reference: Its ground truth, of the same size and length.
        declared: (rows, columns) by which the restored clip is declared to be shifted.

    Returns:
        The shift; None where the content does not show it: flat frames, or frames too different to be aligned.
    """
    places = np.unique(np.linspace(0, reference.frame_count - 1, PROBED_FRAMES).round().astype(int))
    shifts = [_frame_shift(restored.frame(int(place)), reference.frame(int(place)), declared) for place in places]
    found = [shift for shift in shifts if shift is not None]
    if not found:
        return None
    each = np.array(found)
    middle = np.median(each, axis=0)
    # Where most frames show none, the rest is no measurement.
    agree = 2 * len(found) > len(places)
    spread = float(np.median(np.abs(each - middle), axis=0)[:2].max()) if agree else float("inf")
    rows, columns, explained, coherence, decorrelation = map(float, middle)
    return MeasuredShift(rows, columns, explained, coherence, decorrelation, spread)


def measure_delay(restored: Clip, reference: Clip, declared: tuple[float, float] = (0.0, 0.0)) -> MeasuredDelay | None:
    """By how many frames the restored clip is late or early against its ground truth, up to TIME_PROBED; None: it is not.

    Args:
        restored: The restored clip.
        reference: Its ground truth, of the same size and length.
        declared: (rows, columns) by which the restored clip is declared to be shifted.
    """
    last = reference.frame_count - 1
    places = [int(place) for place in np.unique(np.linspace(0, last, PROBED_FRAMES).round().astype(int))]
    moved = round(declared[0]), round(declared[1])
    explained: dict[int, list[float]] = {}
    for place in places:
        ours = _luma(restored.frame(place))
        first = max(0, place - TIME_PROBED)
        around = [_luma(frame) for frame in reference.frames(first, min(last, place + TIME_PROBED) + 1)]
        if min(frame.std() for frame in (ours, *around)) < _LEAST_DEVIATION:
            continue
        aligned = _decorrelation(ours, around[place - first], *moved)
        for index, theirs in enumerate(around, start=first):
            if index != place:
                share = 1 - _decorrelation(ours, theirs, *moved) / aligned if aligned > _WELL_ALIGNED else 0.0
                explained.setdefault(place - index, []).append(share)
    shares = {late: float(np.median(found)) for late, found in explained.items() if len(found) > 1}
    best = max(shares, key=lambda late: (shares[late], -abs(late)), default=0)
    return MeasuredDelay(best, shares[best]) if best and shares[best] >= TIME_EXPLAINED else None


def _delayed(restored: Clip, reference: Clip, late: int) -> str:
    count = {1: "one frame", 2: "two frames"}[abs(late)]
    direction, shown = ("late", f"t-{late}") if late > 0 else ("early", f"t+{-late}")
    return (
        f"clip {restored.name}: restored frames are {count} {direction} in time: frame t shows frame {shown} of the ground truth"
        f"{_places(restored, reference)}; number them like the ground truth"
    )


def _to_declare(shift: MeasuredShift) -> str:
    """The option with which a shift is declared; without numbers where the frames do not agree on them."""
    if shift.spread > CERTAIN:
        return (
            "--shift DOWN,RIGHT, or shift: in the card of the method or dataset. By how much cannot be measured here: the frames "
            "disagree, because they are small, or little of their detail is left"
        )
    declared = f"{_half_pixels(shift.rows)},{_half_pixels(shift.columns)}"
    card = declared.replace(",", ", ")
    return f"--shift {declared} (down, right), or in the card of the method or dataset shift: [{card}]"


def _half_pixels(shift: float) -> str:
    """A measured shift as it would be declared."""
    return f"{round(2 * shift) / 2 + 0.0:g}"


def _frame_shift(restored: Frame, reference: Frame, declared: tuple[float, float]) -> tuple[float, ...] | None:
    """The fields of a MeasuredShift for one frame: the translation is that with the highest enhanced correlation coefficient.

    Phase correlation, the usual probe, weighs all frequencies alike: those that a restoration has lost or invented pull its peak
    away by up to several pixels, even in clips that are not shifted.
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
    rows, columns = float(warp[1, 2]), float(warp[0, 2])
    stated = round(declared[0]), round(declared[1])
    measured = round(rows), round(columns)
    before = _decorrelation(ours, theirs, *stated)
    gain = before - _decorrelation(ours, theirs, *measured)
    own = _decorrelation(ours, ours, measured[0] - stated[0], measured[1] - stated[1])
    return rows, columns, gain / before if gain > 0 else 0.0, gain / own if own > 0 else 0.0, before


def _decorrelation(restored: Luma, reference: Luma, rows: int, columns: int) -> float:
    """1 - correlation of the restored frame, moved back by whole pixels, with what it covers; 1 where that is too little."""
    height, width = reference.shape
    if abs(rows) >= height // 2 or abs(columns) >= width // 2:
        return 1.0
    ours = restored[max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)]
    theirs = reference[max(-rows, 0) : height - max(rows, 0), max(-columns, 0) : width - max(columns, 0)]
    return 1 - float(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])


def _luma(frame: Frame) -> Luma:
    """Luma without the finest detail, which restorations lose or invent."""
    return cv2.GaussianBlur(np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.float32), (5, 5), 0).astype(np.float32)


def _rotations(restored: Clip, reference: Clip) -> str:
    """Which of the two was turned upright: the usual reason why a width is another's height."""
    clips = {"the restored clip": restored, "the ground truth": reference}
    lines = [f"; {what} was {turned(clip.facts)}" for what, clip in clips.items() if turned(clip.facts)]
    return "".join(lines)


def _places(restored: Clip, reference: Clip) -> str:
    known = [str(clip.path) for clip in (restored, reference) if clip.path is not None]
    return f" ({' and '.join(known)})" if known else ""
