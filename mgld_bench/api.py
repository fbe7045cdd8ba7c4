"""The Python interface. Heavy imports happen when a function is called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import torch

    from mgld_bench.cards.schemas import Card, CardKind
    from mgld_bench.comparing.gates.outcome import GateOutcome

    Frames: TypeAlias = str | Path | npt.NDArray[np.uint8] | torch.Tensor | Sequence[npt.NDArray[np.uint8] | torch.Tensor]
    """A clip on disk, or its frames in memory."""


def load_card(name: str | Path, kind: CardKind | None = None) -> Card:
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
    from mgld_bench.engine import arguments

    if kind is not None:
        arguments.choice("kind", kind, list(loader.SCHEMAS))
    with arguments.naming("name"):
        return loader.load_card(str(name) if isinstance(name, Path) else arguments.text("name", name), kind)


def score(
    restored: Frames | Mapping[str, Frames] | Sequence[str | Path],
    gt: Frames | None = None,
    metrics: str | Sequence[str] | None = None,
    device: str | None = None,
    colour: str = "",
    *,
    protocol: str | Sequence[str] = "mgld-2024",
    cards: Sequence[str | Path] = (),
    frames: int | Sequence[int] | None = None,
    shift: Sequence[float] = (0.0, 0.0),
    clips: str | Sequence[str] = (),
    limit: int | None = None,
    skip_unavailable: bool = False,
    level: str = "both",
    store: str = "",
    fresh: bool = False,
) -> pd.DataFrame:
    """Score a restored clip, or a folder of clips, against its ground truth or without; of one method or of several.

    Scores of files are kept, as by `mgld-bench score`: the second call takes no time. Those of frames in memory are not.

    Args:
        restored: a clip (folder of frames, or video), a folder of clips, or frames in memory: uint8 RGB, (n, height, width, 3) or
            (n, 3, height, width), as an array, a tensor, or a list of frames. For several methods: a mapping from their names to
            any of these, a list of folders, or a folder of folders of clips.
        gt: its ground truth, likewise; folders of clips are paired by name.
        metrics: short names of the protocol (psnr), full names (psnr.y.crop4), or "all" for every metric of the protocol;
            default: those that need no weights.
        device: cpu, cuda or cuda:1; default: cpu.
        colour: matrix and range of video without tags: bt601, bt709, bt601-full or bt709-full; default: bt709 from 720 rows on,
            else bt601, of limited range.
        protocol: name of a protocol card, or a card file: what short names stand for, and which frames count. Of several, in a
            list, each is scored, and column ``protocol`` comes first; metrics that a protocol has not are left out there.
        cards: folders with cards of your own.
        frames: the frame numbers (from 0) that make up a clip's score; default: those of the protocol.
        shift: pixels (down, right) by which restored frames are known to be shifted; accepted, not corrected.
        clips: only the clips with these names; default: all.
        limit: only the first so many clips; default: all.
        skip_unavailable: leave out metrics that cannot run here, instead of refusing to start.
        level: "clip": only the rows of clips; "frame": only those of frames; "both".
        store: SQLAlchemy URL of the database that keeps scores; default: scores.sqlite in $MGLD_BENCH_HOME.
        fresh: score everything anew, also what has been scored before.

    Returns:
        One row per clip and metric (column ``frame`` is <NA>), and one per scored frame; columns clip, metric, frame, value; with
        several methods, method comes first. With level="clip" there is no column ``frame``. ``attrs`` holds the protocol, which
        direction is better by metric, and the notes of scores.

    Raises:
        InputError: an argument is wrong (the message names it), clips do not match each other, a metric cannot run, or something
            failed; everything else is then scored and kept.
    """
    from mgld_bench.engine.score_from_python import score_places

    _begin()
    return score_places(
        restored, gt, metrics, device, colour, protocol, cards, frames, shift, clips, limit, skip_unavailable, level, store, fresh
    )


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
    clips: str | Sequence[str] = (),
    limit: int | None = None,
    protocol: str = "",
    degradation: str = "",
    allow_tf32: bool = False,
    level: str = "both",
) -> pd.DataFrame:
    """Build the pairs, restore and score what a report card asks for, as ``mgld-bench run`` does.

    Finished units are kept in the workspace and never done again.

    Args:
        report: name of a report card, or a card file.
        methods: names of method cards; default: those of the report. Likewise ``datasets`` and ``metrics``.
        workspace: folder for pairs, restored clips, results and reports; or an address, such as s3://bucket/prefix.
        sources: by dataset, the folder of its official download; needed where its pairs are not built yet.
        cards: folders with cards of your own.
        store: SQLAlchemy URL of the results database; default: a SQLite file in the workspace.
        device: cpu, cuda or cuda:1; default: cuda where there is one.
        precision: float32, float16 or bfloat16.
        max_memory: memory that a method may use, such as "8G"; default: half of the device's.
        workers: number of processes that build pairs.
        skip_unavailable: leave out what cannot run here, without an error at the end.
        clips: only the clips with these names; default: all.
        limit: only the first so many clips of each dataset; default: all.
        protocol: name of a protocol card, or a card file; default: that of the report's card.
        degradation: LR clips: a degradation card, or existing for those that came with the sets; default: those of the dataset's
            card, or existing where only these are prepared.
        allow_tf32: let GPUs round float32 to TF32: faster, different frames.
        level: "clip": only the rows of clips; "frame": only those of frames; "both".

    Returns:
        One row per dataset, clip, method and metric (column ``frame`` is <NA>), and one per scored frame; columns dataset, clip,
        method, metric, frame, value. With level="clip" there is no column ``frame``.

    Raises:
        InputError: an argument is wrong (the message names it), something cannot run here, or units failed; all others are done
            and kept.
    """
    import pandas as pd

    from mgld_bench.clips.atomic import require_place
    from mgld_bench.engine import arguments
    from mgld_bench.engine.score_tables import LEVELS, at_level, rows_of
    from mgld_bench.engine.session import Session

    _begin()
    arguments.choice("level", level, LEVELS)
    places, names = arguments.paths("cards", cards), arguments.names("datasets", datasets)
    card = arguments.suite(report, names, protocol, places)
    arguments.compute(device, precision, max_memory, allow_tf32)
    processes = arguments.whole("workers", workers, least=1)
    folder = arguments.workspace(workspace)
    require_place(folder, "workspace:", to_write=True)
    with Session.open(
        card,
        workspace=folder,
        methods=arguments.names("methods", methods),
        datasets=names,
        metrics=arguments.names("metrics", metrics),
        sources=arguments.folders("sources", sources),
        cards=places,
        store=store,
        device=device or "",
        precision=precision,
        max_memory=max_memory,
        allow_tf32=allow_tf32,
        degradation=degradation,
        protocol=protocol,
        clips=arguments.names("clips", clips),
        limit=arguments.limit(limit),
    ) as session:
        for obstacle in session.suite.obstacles:
            if obstacle.wrong_use and not skip_unavailable:
                raise arguments.wrong(f"{obstacle.kind}s", obstacle.reason)
        command = [f"mgld_bench.run({card!r}, …)"]
        session.run(command, skip_unavailable=skip_unavailable, workers=processes)
        scores = session.scores()
    rows = [(unit.dataset, unit.clip, unit.method, *row) for unit, result in scores for row in rows_of(result)]
    return at_level(pd.DataFrame(rows, columns=["dataset", "clip", "method", "metric", "frame", "value"]), level)


def compare(
    *sides: str | Path,
    baselines: bool = False,
    gt: str | Path | None = None,
    datasets: str | Sequence[str] = (),
    metrics: str | Sequence[str] = (),
    protocol: str = "",
    margins: Mapping[str, float] | None = None,
    workspace: str | Path = "workspace",
    store: str = "",
    cards: Sequence[str | Path] = (),
    device: str = "",
    gate: str | Path | Mapping[str, object] | None = None,
) -> pd.DataFrame:
    """Compare methods clip by clip, as ``mgld-bench compare`` does.

    Args:
        sides: the reference, then what is compared with it: methods of the workspace ("mine", or "mine@12" as of run 12),
            workspaces or databases ("../other:mine"), outputs of score, or folders of restored clips.
        baselines: compare the one side with every other method of its store.
        gt: ground truth of folders; these are scored under ``protocol`` on ``device``.
        datasets: only these; default: all that both sides have. Likewise ``metrics``, by short or full names.
        protocol: only scores of this protocol; default: there has to be just one.
        margins: by metric, the difference below which methods are equivalent.
        workspace: where methods are looked for, or the URL ``store``; with ``cards``: folders with cards of your own.
        gate: rules that must hold: a file of them, the name of shipped ones ("nightly"), or their content, such as
            {"reference": "accepted", "rules": [{"metric": "psnr", "max_drop": 0.1}]}. See gate_outcome().

    Returns:
        One row per comparison, dataset and metric: means, difference, low and high (its 95 % interval, NaN where there is none),
        p, p_holm, wins, ties, losses, verdict, because, … ``attrs`` holds notes, what is missing, and everything as JSON.

    Raises:
        InputError: a side stands for nothing, or what is compared was not done alike.
    """
    from mgld_bench.comparing.from_python import compare_sides

    _begin()
    chosen = margins or {}
    return compare_sides(sides, baselines, gt, datasets, metrics, protocol, chosen, workspace, store, cards, device, gate)


def gate_outcome(table: pd.DataFrame) -> GateOutcome:
    """What the gate of ``compare(…, gate=…)`` came to: as the exit code of ``mgld-bench compare … --gate`` states it.

    Args:
        table: what compare() gave.

    Returns:
        ``outcome`` (passed, failed or incomplete), ``exit_code`` (0, 1 or 3), and the findings: what every rule saw.

    Raises:
        InputError: no gate was checked.
    """
    from mgld_bench.comparing.from_python import outcome_in

    return outcome_in(table)


def restore(
    method: str,
    clip: Frames,
    output: str | Path,
    device: str | None = None,
    precision: str = "float32",
    overwrite: bool = False,
    *,
    colour: str = "",
    cards: Sequence[str | Path] = (),
    max_memory: str = "",
    allow_tf32: bool = False,
) -> Path:
    """Restore one LR clip with the method of a card.

    What was done before an interruption is kept, and the rest is done now.

    Args:
        method: name of a method card, or a card file.
        clip: a folder of frames, a video, or frames in memory, as for score(), which are then called "clip".
        output: folder for the restored clip: output/<clip name>/%08d.png.
        device: cpu, cuda or cuda:1; default: cuda where there is one.
        precision: float32, float16 or bfloat16.
        overwrite: replace a clip of this name in ``output`` that a different method or checkpoint restored.
        colour: matrix and range of video without tags, as for score().
        cards: folders with cards of your own.
        max_memory: memory that the method may use, such as "8G"; default: half of the device's.
        allow_tf32: let GPUs round float32 to TF32: faster, different frames.

    Returns:
        The folder of the restored frames.

    Raises:
        InputError: the method or the clip cannot be used.
    """
    from mgld_bench.engine.from_python import restore_one

    _begin()
    return restore_one(method, clip, output, device, precision, overwrite, colour, cards, max_memory, allow_tf32)


def degrade(clip: Frames, degradation: str = "realbasicvsr", seed: int = 0) -> npt.NDArray[np.uint8]:
    """The LR frames of a ground-truth clip.

    The random draw depends on the card and on ``seed``, not on the clip's name: it differs from that of a dataset's clip.

    Args:
        clip: as for restore().
        degradation: name of a degradation card, or a card file.
        seed: used in place of the card's salt.

    Returns:
        Frames (T, H / scale, W / scale, 3), uint8 RGB; the scale is the card's, 4 unless it says something else.

    Raises:
        InputError: the frames cannot be degraded.
    """
    from mgld_bench.engine.from_python import degrade_one

    return degrade_one(clip, degradation, seed)


def _begin() -> None:
    """What the environment asks for, as for the command line."""
    from mgld_bench.threads import use_threads
    from mgld_bench.weights.offline import obey_environment

    obey_environment()
    use_threads()
