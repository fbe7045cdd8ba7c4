"""Small checkpoints as bytes, for tests of files that no digest pins: their content is looked at."""

from __future__ import annotations

import io

import torch


def checkpoint(value: int = 0, *, older: bool = False, elements: int = 3) -> bytes:
    """A state dict of one tensor, as torch.save writes it; ``older``: in the format from before version 1.6."""
    file = io.BytesIO()
    torch.save({"weight": torch.full((elements,), float(value))}, file, _use_new_zipfile_serialization=not older)
    return file.getvalue()
