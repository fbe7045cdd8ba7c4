"""Whether GPUs may round the factors of float32 products to TF32 (10 bits of mantissa), as PyTorch lets convolutions do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def tensor_float32(allowed: bool) -> Iterator[None]:
    """A block in which TF32 is allowed or not; afterwards all is set as it was, by whichever of PyTorch's two interfaces.

    The older one has two flags. The newer one, from PyTorch 2.9 on, has a precision for each kind of operation and one for all:
    where that is set, clearing a flag would not be enough; and where both were used, the flags cannot be read.
    """
    matmul, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    places = _places()
    precisions = [place.fp32_precision for place in places]
    try:
        flags = matmul.allow_tf32, convolutions.allow_tf32
    except RuntimeError:
        flags = None
    # Flags first: setting one sets precisions, too.
    if flags is not None:
        matmul.allow_tf32 = convolutions.allow_tf32 = allowed
    for place in places:
        place.fp32_precision = "tf32" if allowed else "ieee"
    try:
        yield
    finally:
        if flags is not None:
            matmul.allow_tf32, convolutions.allow_tf32 = flags
        for place, precision in zip(places, precisions, strict=True):
            place.fp32_precision = precision


def _places() -> list[Any]:
    """What has a precision of its own."""
    backends: Any = torch.backends
    if not hasattr(backends, "fp32_precision"):
        return []
    return [backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn]
