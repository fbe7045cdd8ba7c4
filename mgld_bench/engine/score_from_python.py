"""score() of the Python interface: every argument is checked and named, then clips are scored, under one or several protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mgld_bench.cards.loader import load_protocol
from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.colour import check_colour
from mgld_bench.engine import arguments
from mgld_bench.engine.clip_choice import choose_clips
from mgld_bench.engine.kept_scores import KeptScores
from mgld_bench.engine.machine import compute_on
from mgld_bench.engine.metric_choice import choose_metrics, require_runnable
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.score_folders import FolderScores, ScoreRequest, new_scores, score_folders
from mgld_bench.engine.score_protocols import SideBySide, choose_under, score_under
from mgld_bench.engine.score_tables import LEVELS, at_level, score_table
from mgld_bench.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_COMMAND = ["mgld_bench.score(…)"]


def score_places(
    restored: object,
    gt: object,
    metrics: object,
    device: object,
    colour: str,
    protocol: object,
    cards: object,
    frames: object,
    shift: object,
    clips: object,
    limit: object,
    skip_unavailable: bool,
    level: str,
    store: str,
    fresh: bool,
) -> pd.DataFrame:
    """See mgld_bench.score()."""
    import pandas as pd

    arguments.choice("level", level, LEVELS)
    several = not isinstance(protocol, str | Path)
    with arguments.naming("protocol"):
        named = arguments.names("protocol", protocol) if several else (str(protocol),)
        known = [load_protocol(arguments.text("protocol", name), arguments.paths("cards", cards)) for name in named]
    if several and frames is not None:
        raise arguments.wrong("frames", "each of several protocols chooses its own; leave it out")
    names, has_reference = arguments.names("metrics", metrics), gt is not None
    with arguments.naming("protocol" if several else "metrics"):
        result = SideBySide(choose_under(names, known, has_reference)) if several else None
    with arguments.naming("metrics"):
        choices = [one.choice for one in result.under] if result else [choose_metrics(names, known[0], has_reference)]
        if not skip_unavailable:
            for choice in choices:
                require_runnable(choice)
    with arguments.naming("device"):
        compute = compute_on("cpu" if device is None else arguments.text("device", device), "float32", "")
    with arguments.naming("colour"):
        untagged = check_colour(colour)
    chosen_frames = arguments.frame_numbers("frames", frames) or known[0].frames
    request = ScoreRequest(
        choices[0].runnable, chosen_frames, arguments.pair("shift", shift), compute.device, known[0].short_side
    )
    methods = arguments.sources("restored", restored, gt)
    truth = None if gt is None else arguments.source("gt", gt)
    on_disk = not any(isinstance(place, Clip) for place in (*methods.values(), truth))
    with KeptScores(store if on_disk else "sqlite://", _COMMAND, compute, Silent().log, fresh) as kept:
        chosen = choose_clips(methods, truth, arguments.names("clips", clips), arguments.limit(limit), kept.cache, untagged)
        if result:
            score_under(chosen, request, kept, Silent(), result)
        else:
            scores = new_scores(chosen, request)
            score_folders(chosen, request, kept, Silent(), scores)
    one_method = len(methods) == 1 and not isinstance(restored, Mapping)
    if result is None:
        scores.raise_failures()
        return at_level(_table(scores, known[0], one_method), level)
    if result.failures:
        raise InputError(f"{len(result.failures)} failed; everything else is scored: {'; '.join(result.failures)}")
    tables = _labelled(result, one_method)
    whole = pd.concat(tables, ignore_index=True)
    whole.attrs = {
        "protocol": [one.protocol.name for one in result.under],
        "direction": {name: way for table in tables for name, way in table.attrs["direction"].items()},
        "notes": list(dict.fromkeys(note for table in tables for note in table.attrs["notes"])),
    }
    return at_level(whole, level)


def _table(scores: FolderScores, protocol: ProtocolCard, one_method: bool) -> pd.DataFrame:
    table = score_table(scores, protocol.name)
    return table.drop(columns="method") if one_method else table


def _labelled(result: SideBySide, one_method: bool) -> Sequence[pd.DataFrame]:
    """The rows of each protocol, with its name in the first column."""
    tables = []
    for one in result.under:
        table = _table(result.only(one), one.protocol, one_method)
        table.insert(0, "protocol", one.protocol.name)
        tables.append(table)
    return tables
