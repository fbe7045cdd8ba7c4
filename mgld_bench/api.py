"""The Python interface: score, restore, degrade, load_card. Heavy imports happen when they are called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from mgld_bench.cards.schemas import Card, CardKind
    from mgld_bench.clips.clip import Clip


def load_card(name: str, kind: CardKind | None = None) -> Card:
    """The card of this name or in this YAML file, ``extends`` resolved. Raises InputError where there is none or it is wrong."""
    from mgld_bench.cards import loader

    return loader.load_card(name, kind)


def score(
    restored: str | Path, gt: str | Path | None = None, metrics: Sequence[str] | None = None, device: str | None = None
) -> pd.DataFrame:
    """Score a restored clip, or a folder of clips, against its ground truth (or without).

    metrics: short names of protocol mgld-2024 (psnr), full variants (psnr.y.crop4), or "all" for every one of the protocol; None:
    those that need no weights.
    Returns one row per clip and metric (column ``frame`` is <NA>) and one per scored frame; columns clip, metric, frame, value.
    Raises InputError where clips do not fit each other or a metric cannot run.
    """
    import pandas as pd

    from mgld_bench.cards.loader import load_protocol
    from mgld_bench.engine.metric_choice import choose_metrics, require_runnable
    from mgld_bench.engine.progress import Silent
    from mgld_bench.engine.score_folders import score_folders
    from mgld_bench.weights.offline import obey_environment

    obey_environment()
    choice = choose_metrics(metrics or (), load_protocol("mgld-2024"), has_reference=gt is not None)
    require_runnable(choice)
    reference = None if gt is None else Path(gt)
    scores = score_folders(Path(restored), reference, choice.runnable, None, device or "cpu", Silent())
    rows: list[tuple[str, str, int | None, float]] = []
    for clip, results in scores.items():
        for result in results:
            rows.append((clip, result.metric, None, result.value))
            rows.extend((clip, result.metric, frame, value) for frame, value in (result.per_frame or {}).items())
    table: pd.DataFrame = pd.DataFrame(rows, columns=["clip", "metric", "frame", "value"])
    table["frame"] = table["frame"].astype("Int64")
    return table


def restore(
    method: str,
    clip: str | Path | npt.NDArray[np.uint8],
    output: str | Path,
    device: str | None = None,
    precision: str = "float32",
) -> Path:
    """Restore one LR clip with a method card into ``output``/<clip name>/%08d.png; returns that folder.

    clip: a folder of frames, a video, or frames (T, H, W, 3) uint8 RGB, which are then called "clip". What was done before an
    interruption is kept and gone on from. Raises InputError where the method or the clip cannot be used.
    """
    from mgld_bench.engine.progress import Silent
    from mgld_bench.engine.restore_folders import compute_on, restore_clips
    from mgld_bench.weights.offline import obey_environment

    obey_environment()
    done = restore_clips(method, [_clip(clip)], Path(output), compute_on(device or "", precision, ""), (), Silent())
    return done[0]


def degrade(clip: str | Path | npt.NDArray[np.uint8], degradation: str = "realbasicvsr", seed: int = 0) -> npt.NDArray[np.uint8]:
    """The LR frames (T, H/4, W/4, 3) uint8 RGB of a ground-truth clip.

    clip: as for restore. The draw depends on the card and on ``seed`` (in place of the card's salt), not on the clip's name, so
    that it is not the draw of a dataset's clip. Raises InputError where the frames cannot be degraded.
    """
    import numpy as np

    from mgld_bench.cards.loader import load_degradation
    from mgld_bench.pairs.build import degrade_clip

    card = load_degradation(degradation).model_copy(update={"salt": seed})
    frames, _plan = degrade_clip(_clip(clip), card, clip_name="")
    return np.stack(frames)


def _clip(source: str | Path | npt.NDArray[np.uint8]) -> Clip:
    from mgld_bench.clips.clip import ArrayClip
    from mgld_bench.clips.reading import open_clip

    return open_clip(Path(source)) if isinstance(source, (str, Path)) else ArrayClip("clip", source)
