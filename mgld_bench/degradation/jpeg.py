"""A JPEG round trip."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.degradation.frames import WorkFrame, to_uint8


def compress_jpeg(frame: WorkFrame, quality: int) -> npt.NDArray[np.uint8]:
    """Encode a frame (h, w, 3) of the 0..255 scale and decode it: uint8, 4:2:0, libjpeg-turbo.

    Values are rounded half to even and saturated first. The codec takes the channels as B, G, R, whatever they are.
    """
    _, data = cv2.imencode(".jpg", to_uint8(frame), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
