"""mgld-bench datasets: list, prepare, verify, rebuild."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.listing import list_what
from mgld_bench.cli.options import (
    DEFAULT_WORKSPACE,
    Cards,
    Clips,
    FolderToWrite,
    Json,
    Limit,
    Quiet,
    Workspace,
    WorkspaceToWrite,
    split_names,
)

if TYPE_CHECKING:
    from mgld_bench.cards.schemas import DegradationCard

Dataset = Annotated[str, typer.Argument(help="Name of a dataset card, or a card file.")]
Degradation = Annotated[
    str,
    typer.Option(
        "--degradation",
        help="Degradation card, or existing: the LR that came with the set; default: the dataset's own if built, else existing.",
    ),
]

app = typer.Typer(
    no_args_is_help=True, help="Datasets: list them; prepare, verify and rebuild their pairs.", rich_markup_mode=None
)


@app.command("list")
def list_datasets(workspace: Workspace = DEFAULT_WORKSPACE, cards: Cards = None, json_output: Json = False) -> None:
    """List the datasets and what is missing to use each.

    Example: mgld-bench datasets list
    """
    list_what("datasets", "", workspace, cards, json_output)


@app.command("prepare")
def prepare(
    name: Dataset,
    source: Annotated[
        Path | None,
        typer.Option("--source", help="Folder of the official download; default: none, for datasets that ship with a package."),
    ] = None,
    degradation: Degradation = "",
    use_existing_lq: Annotated[
        bool, typer.Option("--use-existing-lq", help="Use the LR clips that come with the set instead of building them.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Clips to build at the same time.")] = 1,
    clips: Clips = "",
    limit: Limit = None,
    force: Annotated[
        bool, typer.Option("--force", help="Build even if the encoders here fail their check; the pairs then record it.")
    ] = False,
    workspace: WorkspaceToWrite = DEFAULT_WORKSPACE,
    cards: Cards = None,
    quiet: Quiet = False,
) -> None:
    """Build the pairs of a dataset from its official download, or take over LR clips that come with it; finished pairs are kept.

    Example: mgld-bench datasets prepare reds4 --source ~/REDS --workers 4
    """
    from mgld_bench.cards.loader import load_dataset, load_degradation
    from mgld_bench.cli.display import duration, progress_display
    from mgld_bench.clips.atomic import require_writable
    from mgld_bench.engine.run import build_pairs
    from mgld_bench.engine.safe_writes import sole_writer
    from mgld_bench.engine.staged_units import bring_side_files
    from mgld_bench.errors import InputError
    from mgld_bench.pairs.planning import plan_pairs
    from mgld_bench.pairs.stored import EXISTING
    from mgld_bench.pairs.subset import Subset

    card = load_dataset(name, cards or ())
    chosen = degradation or card.degradation
    if use_existing_lq and degradation not in ("", EXISTING):
        raise InputError("--use-existing-lq and --degradation exclude each other: LR is either taken over or built")
    how = None if use_existing_lq or chosen in ("", None, EXISTING) else load_degradation(chosen, cards or ())
    require_writable(workspace)
    bring_side_files(workspace, to_write=True)
    subset = Subset(split_names(clips), limit)
    planned = plan_pairs(card, how, source, workspace, subset)
    if card.clips or not planned:
        subset.check([clip.name for clip in card.clips])
    with sole_writer(workspace):
        missing = [pair for pair in planned if not pair.built]
        for pair, seconds in build_pairs(missing, workspace, workers, progress_display(quiet), force):
            typer.echo(f"{card.name} {pair.clip}: {pair.frames} frames in {duration(seconds)}")
    if how is None and card.degradation:
        typer.echo(
            f"to use them: --degradation existing with run and report (by itself where no pairs are built by {card.degradation})"
        )
    typer.echo(f"{card.name}: {len(planned)} clips are ready in {workspace / 'pairs' / card.name / planned[0].degradation_name}")


@app.command("verify")
def verify(
    name: Dataset,
    mode: Annotated[
        Literal["hashes", "from-stream", "full"],
        typer.Option(
            help="hashes: the frames on disk; from-stream: LR rebuilt from what is stored; full: built again from ground truth."
        ),
    ] = "hashes",
    degradation: Degradation = "",
    workspace: Workspace = DEFAULT_WORKSPACE,
    cards: Cards = None,
    json_output: Json = False,
) -> None:
    """Check prepared pairs and show exactly what drifted: frames, parameters, encoder. Exit code 1 where something did.

    Example: mgld-bench datasets verify demo --mode full
    """
    from mgld_bench.engine.staged_units import bring_clip, bring_side_files
    from mgld_bench.errors import CheckError
    from mgld_bench.pairs.verify import verify_pair

    bring_side_files(workspace)
    prepared = _prepared(name, degradation, workspace, cards)
    for clip in prepared.clips:
        bring_clip(workspace, prepared.folder, clip)
    found = {clip: verify_pair(prepared.folder, clip, mode, prepared.card) for clip in prepared.clips}
    if json_output:
        problems: dict[str, list[str]] = {clip: list(result.problems) for clip, result in found.items()}
        print_json(problems | {"missing": prepared.missing})
    else:
        for clip, result in found.items():
            _print_clip("DRIFTED" if result.problems else "ok", clip, result.problems)
    drifted = [clip for clip, result in found.items() if result.problems]
    if drifted or prepared.missing:
        parts = [f"drifted: {', '.join(drifted)}"] if drifted else []
        parts += [f"not prepared: {', '.join(prepared.missing)}"] if prepared.missing else []
        raise CheckError(f"{prepared.label}: {'; '.join(parts)}")


@app.command("rebuild")
def rebuild(
    name: Dataset,
    clips: Annotated[list[str] | None, typer.Argument(help="Clips; default: all that are prepared.")] = None,
    degradation: Degradation = "",
    workspace: FolderToWrite = DEFAULT_WORKSPACE,
    cards: Cards = None,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Rebuild missing or damaged LR frames from the stored bitstreams, or from ground truth; intact frames are left alone.

    No encoder is needed. Frames are compared with the pair's side file before anything is replaced. Exit code 1 where a pair is
    still damaged.

    Example: mgld-bench datasets rebuild reds4 000 011
    """
    from mgld_bench.cli.display import progress_display
    from mgld_bench.engine.progress import stage
    from mgld_bench.engine.safe_writes import sole_writer
    from mgld_bench.errors import CheckError, InputError, did_you_mean
    from mgld_bench.pairs.rebuild import PairRebuild, rebuild_pair
    from mgld_bench.pairs.stored import recorded_sha256, require_side

    prepared = _prepared(name, degradation, workspace, cards)
    for clip in clips or ():
        if clip not in prepared.clips:
            hint = did_you_mean(clip, prepared.clips, f"prepared are {', '.join(prepared.clips)}")
            raise InputError(f"{prepared.label}: clip {clip} is not prepared; {hint}")
    chosen = [clip for clip in prepared.clips if not clips or clip in clips]
    frames = {clip: len(recorded_sha256(prepared.folder, clip, require_side(prepared.folder, clip), "LQ")) for clip in chosen}
    progress = progress_display(quiet)
    found: dict[str, PairRebuild] = {}
    with sole_writer(workspace), stage(progress, "rebuild", sum(frames.values())):
        for clip in chosen:
            progress.unit(f"{prepared.dataset} {clip}")
            found[clip] = rebuild_pair(prepared.folder, clip, prepared.card)
            progress.advance(frames[clip])
            if not json_output:
                state = "FAILED" if found[clip].problems else "rebuilt" if found[clip].rebuilt else "intact"
                _print_clip(state, clip, found[clip].problems)
    if json_output:
        rows = {clip: {"rebuilt": result.rebuilt, "problems": list(result.problems)} for clip, result in found.items()}
        print_json(rows)
    failed = [clip for clip, result in found.items() if result.problems]
    if failed:
        raise CheckError(
            f"{prepared.label}: still damaged: {', '.join(failed)}; to build a pair again, delete its side file "
            f"({prepared.folder}/<clip>.json) and run: {prepared.prepare_command}"
        )


@dataclass(frozen=True)
class _Prepared:
    """The pairs of a dataset that are in a workspace."""

    dataset: str
    how: str
    """Name of the degradation, or ``existing``."""
    folder: Path
    clips: list[str]
    missing: list[str]
    """Clips of the card that are not prepared."""
    prepare_command: str
    card: DegradationCard | None
    """That of the degradation; None where LR came with the set, or its card is not known here."""

    @property
    def label(self) -> str:
        return f"{self.dataset} ({self.how})"


def _prepared(name: str, degradation: str, workspace: Path, cards: list[Path] | None) -> _Prepared:
    """Find the pairs of a dataset. Raises InputError where none is prepared."""
    from mgld_bench.cards.loader import has_card, load_dataset, load_degradation
    from mgld_bench.errors import InputError
    from mgld_bench.pairs.choice import choose_lr
    from mgld_bench.pairs.stored import EXISTING, list_pairs, pairs_folder

    card = load_dataset(name, cards or ())
    asked = load_degradation(degradation, cards or ()).name if Path(degradation).is_file() else degradation
    chosen = choose_lr(card, workspace, asked)
    how = chosen.name
    if chosen.note and not asked:
        typer.echo(chosen.note, err=True)
    clips, folder = list_pairs(workspace, card.name, how), pairs_folder(workspace, card.name, how)
    source = "" if any(layout.package for layout in card.layouts) else " --source DIR"
    choice = "" if how == card.degradation else " --use-existing-lq" if how == EXISTING else f" --degradation {how}"
    command = f"mgld-bench datasets prepare {card.name}{source}{choice if card.degradation else ''}"
    if not clips:
        raise InputError(f"{folder}: no prepared pairs; build them with: {command}")
    missing = [entry.name for entry in card.clips if entry.name not in clips]
    named = degradation if Path(degradation).is_file() else how
    made_by = load_degradation(named, cards or ()) if how != EXISTING and has_card(named, cards or ()) else None
    return _Prepared(card.name, how, folder, clips, missing, command, made_by)


def _print_clip(state: str, clip: str, problems: Sequence[str]) -> None:
    typer.echo(f"{state:8} {clip}")
    for problem in problems:
        typer.echo(f"    {problem}")
