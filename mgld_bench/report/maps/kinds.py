"""The kinds of maps: each turns frames of a restored clip and of the ground truth into one value per pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import Frame
from mgld_bench.metrics.fidelity.luma import luma
from mgld_bench.metrics.fidelity.ssim import WINDOW, ssim_map

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """A frame and the one before it, restored and true; all (height, width, 3) uint8 RGB of the same size."""

    restored: Frame
    truth: Frame
    restored_before: Frame | None
    truth_before: Frame | None
    """None for the first frame."""


@dataclass(frozen=True)
class MapKind:
    """One kind of map."""

    name: str
    title: str
    definition: str
    """What is drawn, and what the ends of the scale mean."""
    top: float
    """The value that is drawn brightest, like all above it."""
    values: Callable[[Moment], Values | None]
    """(height, width), from 0 on: larger is worse. None where there is nothing to draw."""
    identity: str = ""
    """Of what the values depend on besides the code: weights."""


def error(moment: Moment) -> Values:
    """The mean over red, green and blue of the absolute difference to the ground truth, in levels of 0..255."""
    difference = moment.restored.astype(np.float64) - moment.truth
    return np.asarray(np.abs(difference).mean(axis=2))


def lost_similarity(moment: Moment) -> Values | None:
    """1 - SSIM of luma (BT.601, 16..235) in the 11x11 Gaussian window around each pixel; 0 in the border of 5 pixels."""
    restored, truth = luma(np.stack([moment.restored, moment.truth]), "limited")
    if min(truth.shape) < WINDOW:
        return None
    edge = WINDOW // 2
    return np.pad(1 - ssim_map(restored, truth), edge)


def warping_error(moment: Moment) -> Values | None:
    """What changes from the frame before to this one and is not motion, in levels of 0..255.

    The frame before is warped by the ground truth's optical flow (OpenCV's DIS, medium preset, which needs no weights); the mean
    over red, green and blue of the absolute difference to this frame is drawn, less that of the ground truth itself, so that what
    the flow cannot explain there (occlusions, light) does not count.
    """
    if moment.restored_before is None or moment.truth_before is None or min(moment.truth.shape[:2]) < _SMALLEST_FOR_FLOW:
        return None
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (moment.truth, moment.truth_before)]
    start = np.zeros((*grey[0].shape, 2), np.float32)
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey[0], grey[1], start)
    rows, columns = np.indices(grey[0].shape, dtype=np.float32)
    at = (columns + flow[..., 0], rows + flow[..., 1])

    def left_over(before: Frame, frame: Frame) -> Values:
        warped = cv2.remap(before, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(np.abs(warped.astype(np.float64) - frame).mean(axis=2))

    return np.maximum(left_over(moment.restored_before, moment.restored) - left_over(moment.truth_before, moment.truth), 0)


_SMALLEST_FOR_FLOW: Final = 32
MAP_KINDS: Final[tuple[MapKind, ...]] = (
    MapKind(
        "error", "Error", "absolute difference to the ground truth, mean of R, G and B; brightest: 64 levels of 255", 64, error
    ),
    MapKind("ssim", "SSIM", "1 - SSIM of luma in the window around each pixel; brightest: 1", 1, lost_similarity),
    MapKind(
        "warping",
        "Warping error",
        "change since the frame before that the ground truth's motion (DIS optical flow) does not explain, beyond that of the "
        "ground truth; brightest: 32 levels of 255",
        32,
        warping_error,
    ),
)
REVISION: Final = 1
"""Raised with every change of what is drawn."""
