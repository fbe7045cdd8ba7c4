"""restore() and degrade() of the Python interface: every argument is checked and named, then the work is done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mgld_bench.cards.loader import load_degradation, load_method
from mgld_bench.clips.colour import check_colour
from mgld_bench.degradation.loading import degrade_clip
from mgld_bench.engine import arguments
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.restore_folders import Wish, restore_clips


def restore_one(
    method: object,
    clip: object,
    output: object,
    device: object,
    precision: object,
    overwrite: bool,
    colour: str,
    cards: object,
    max_memory: object,
    allow_tf32: bool,
) -> Path:
    """See mgld_bench.restore()."""
    card = str(method) if isinstance(method, Path) else arguments.text("method", method)
    folder, places = arguments.path("output", output), arguments.paths("cards", cards)
    with arguments.naming("method"):
        load_method(card, places)
    compute = arguments.compute(device, precision, max_memory, allow_tf32)
    with arguments.naming("colour"):
        wish = Wish(overwrite=overwrite, colour=check_colour(colour))
    lr = arguments.clip("clip", clip, wish.colour)
    return restore_clips(card, [lr], folder, compute, places, Silent(), wish)[0]


def degrade_one(clip: object, degradation: object, seed: object) -> npt.NDArray[np.uint8]:
    """See mgld_bench.degrade()."""
    with arguments.naming("degradation"):
        named = str(degradation) if isinstance(degradation, Path) else arguments.text("degradation", degradation)
        card = load_degradation(named)
    card = card.model_copy(update={"salt": arguments.whole("seed", seed)})
    frames, _plan = degrade_clip(arguments.clip("clip", clip), card, clip_name="")
    return np.stack(frames)
