"""The Python interface. Heavy imports happen when a function is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from mgld_bench.cards.schemas import Card, CardKind
    from mgld_bench.clips.clip import Clip
    from mgld_bench.metrics.metric import ClipScore


def load_card(name: str, kind: CardKind | None = None) -> Card:
    """The card of this name or in this YAML file, with ``extends`` resolved.

    >>> load_card("reds4").name
    'reds4'

    Args:
        name: name of a card, or path of a card file.
        kind: dataset, method, degradation, protocol or report; needed only where cards of several kinds share the name.

    Raises:
        InputError: there is no such card, or it is invalid.
    """
    from mgld_bench.cards import loader

    return loader.load_card(name, kind)


def score(
    restored: str | Path,
    gt: str | Path | None = None,
    metrics: Sequence[str] | None = None,
    device: str | None = None,
    colour: str = "",
) -> pd.DataFrame:
    """Score a restored clip, or a folder of clips, against its ground truth or without.

    Args:
        restored: a clip (folder of frames, or video), or a folder of clips.
        gt: its ground truth, likewise; folders of clips are paired by name.
        metrics: short names of protocol mgld-2024 (psnr), full names (psnr.y.crop4), or "all" for every metric of the protocol;
            default: those that need no weights.
        device: cpu, cuda or cuda:1; default: cpu.
        colour: matrix and range of video without tags: bt601, bt709, bt601-full or bt709-full; default: bt709 from 720 rows on,
            else bt601, of limited range.

    Returns:
        One row per clip and metric (column ``frame`` is <NA>), and one per scored frame; columns clip, metric, frame, value.

    Raises:
        InputError: clips do not match each other, or a metric cannot run.
    """
    import pandas as pd

    from mgld_bench.cards.loader import load_protocol
    from mgld_bench.clips.colour import check_colour
    from mgld_bench.engine.progress import Silent
    from mgld_bench.engine.score_folders import choose_metrics, require_runnable, score_folders
    from mgld_bench.threads import use_threads
    from mgld_bench.weights.offline import obey_environment

    obey_environment()
    use_threads()
    choice = choose_metrics(metrics or (), load_protocol("mgld-2024"), has_reference=gt is not None)
    require_runnable(choice)
    reference = None if gt is None else Path(gt)
    scores = score_folders(Path(restored), reference, choice.runnable, None, device or "cpu", Silent(), check_colour(colour))
    rows = [(clip, *row) for clip, results in scores.items() for result in results for row in _rows(result)]
    table: pd.DataFrame = pd.DataFrame(rows, columns=["clip", "metric", "frame", "value"])
    table["frame"] = table["frame"].astype("Int64")
    return table


def run(
    report: str,
    *,
    methods: Sequence[str] = (),
    datasets: Sequence[str] = (),
    metrics: Sequence[str] = (),
    workspace: str | Path = "workspace",
    sources: Mapping[str, str | Path] | None = None,
    cards: Sequence[str | Path] = (),
    store: str = "",
    device: str | None = None,
    precision: str = "float32",
    max_memory: str = "",
    workers: int = 1,
    skip_unavailable: bool = False,
) -> pd.DataFrame:
    """Build the pairs, restore and score what a report card asks for, as ``mgld-bench run`` does.

    Finished units are kept in the workspace and never done again.

    Args:
        report: name of a report card, or a card file.
        methods: names of method cards; default: those of the report. Likewise ``datasets`` and ``metrics``.
        workspace: folder for pairs, restored clips, results and reports.
        sources: by dataset, the folder of its official download; needed where its pairs are not built yet.
        cards: folders with cards of your own.
        store: SQLAlchemy URL of the results database; default: a SQLite file in the workspace.
        device: cpu, cuda or cuda:1; default: cuda where there is one.
        precision: float32, float16 or bfloat16.
        max_memory: memory that a method may use, such as "8G"; default: half of the device's.
        workers: number of processes that build pairs.
        skip_unavailable: leave out what cannot run here, without an error at the end.

    Returns:
        One row per dataset, clip, method and metric (column ``frame`` is <NA>), and one per scored frame; columns dataset, clip,
        method, metric, frame, value.

    Raises:
        InputError: something cannot run here, or units failed; all others are done and kept.
    """
    import pandas as pd

    from mgld_bench.engine.session import Session
    from mgld_bench.threads import use_threads
    from mgld_bench.weights.offline import obey_environment

    obey_environment()
    use_threads()
    with Session.open(
        report,
        workspace=Path(workspace),
        methods=methods,
        datasets=datasets,
        metrics=metrics,
        sources={name: Path(folder) for name, folder in (sources or {}).items()},
        cards=[Path(folder) for folder in cards],
        store=store,
        device=device or "",
        precision=precision,
        max_memory=max_memory,
    ) as session:
        session.run([f"mgld_bench.run({report!r}, …)"], skip_unavailable=skip_unavailable, workers=workers)
        scores = session.scores()
    rows = [(unit.dataset, unit.clip, unit.method, *row) for unit, result in scores for row in _rows(result)]
    table: pd.DataFrame = pd.DataFrame(rows, columns=["dataset", "clip", "method", "metric", "frame", "value"])
    table["frame"] = table["frame"].astype("Int64")
    return table


def restore(
    method: str,
    clip: str | Path | npt.NDArray[np.uint8],
    output: str | Path,
    device: str | None = None,
    precision: str = "float32",
    overwrite: bool = False,
) -> Path:
    """Restore one LR clip with the method of a card.

    What was done before an interruption is kept, and the rest is done now.

    Args:
        method: name of a method card, or a card file.
        clip: a folder of frames, a video, or frames (T, H, W, 3) uint8 RGB, which are then called "clip".
        output: folder for the restored clip: output/<clip name>/%08d.png.
        device: cpu, cuda or cuda:1; default: cuda where there is one.
        precision: float32, float16 or bfloat16.
        overwrite: replace a clip of this name in ``output`` that a different method or checkpoint restored.

    Returns:
        The folder of the restored frames.

    Raises:
        InputError: the method or the clip cannot be used.
    """
    from mgld_bench.engine.machine import compute_on
    from mgld_bench.engine.progress import Silent
    from mgld_bench.engine.restore_folders import Wish, restore_clips
    from mgld_bench.threads import use_threads
    from mgld_bench.weights.offline import obey_environment

    obey_environment()
    use_threads()
    compute = compute_on(device or "", precision, "")
    done = restore_clips(method, [_clip(clip)], Path(output), compute, (), Silent(), Wish(overwrite=overwrite))
    return done[0]


def degrade(clip: str | Path | npt.NDArray[np.uint8], degradation: str = "realbasicvsr", seed: int = 0) -> npt.NDArray[np.uint8]:
    """The LR frames of a ground-truth clip.

    The random draw depends on the card and on ``seed``, not on the clip's name: it differs from that of a dataset's clip.

    Args:
        clip: as for restore().
        degradation: name of a degradation card, or a card file.
        seed: used in place of the card's salt.

    Returns:
        Frames (T, H/4, W/4, 3), uint8 RGB.

    Raises:
        InputError: the frames cannot be degraded.
    """
    import numpy as np

    from mgld_bench.cards.loader import load_degradation
    from mgld_bench.degradation.pipeline import degrade_clip

    card = load_degradation(degradation).model_copy(update={"salt": seed})
    frames, _plan = degrade_clip(_clip(clip), card, clip_name="")
    return np.stack(frames)


def _clip(source: str | Path | npt.NDArray[np.uint8]) -> Clip:
    from mgld_bench.clips.clip import ArrayClip
    from mgld_bench.clips.reading import open_clip

    return open_clip(Path(source)) if isinstance(source, (str, Path)) else ArrayClip("clip", source)


def _rows(score: ClipScore) -> list[tuple[str, int | None, float]]:
    """(metric, frame, value): the clip's score, without a frame, and then that of each frame."""
    return [
        (score.metric, None, score.value),
        *((score.metric, frame, value) for frame, value in (score.per_frame or {}).items()),
    ]
