"""What several verbs share: options, and the exit codes besides 0 for done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

FAILED: Final = 1
"""A check or a gate failed."""
WRONG_USE: Final = 2
"""Wrong use or bad input."""
INCOMPLETE: Final = 3
"""Something that was asked for has no result."""
INTERRUPTED: Final = 130
"""Ctrl-C."""


def _go_offline(asked: bool) -> bool:
    if asked:
        from mgld_bench.weights.offline import go_offline

        go_offline()
    return asked


def _trust_cards(asked: bool) -> bool:
    if asked:
        from mgld_bench.restoring.trust import trust_cards

        trust_cards()
    return asked


def _use_threads(count: int | None) -> int | None:
    if count is not None:
        from mgld_bench.threads import use_threads

        use_threads(count)
    return count


def _workspace_to_read(folder: Path) -> Path:
    return usable_workspace(folder, to_write=False)


def _workspace_to_write(folder: Path) -> Path:
    return usable_workspace(folder, to_write=True)


def usable_workspace(folder: Path, *, to_write: bool) -> Path:
    """The workspace that the user names. Raises InputError where it is a file, or cannot be used: before any work."""
    from mgld_bench.clips.atomic import require_place
    from mgld_bench.home import expanded

    folder = expanded(folder)
    require_place(folder, "--workspace", to_write=to_write)
    return folder


def _folder_here(folder: Path) -> Path:
    """A workspace for a verb that writes in it what is not a unit's."""
    from mgld_bench.engine.address import address_of
    from mgld_bench.errors import InputError

    address = address_of(folder)
    if address:
        raise InputError(
            f"--workspace {address}: this verb needs a folder; an address is for run, worker, prepare, report, compare"
        )
    return usable_workspace(folder, to_write=True)


def workspace_named(text: str | Path) -> Path:
    """The folder of --workspace: as it is named, or that which stands here for an address."""
    from mgld_bench.engine.address import workspace_folder

    return workspace_folder(str(text))


def check_home() -> None:
    """Raise InputError where the folder of weights and kept scores is a file. One that cannot be written to may be shared."""
    from mgld_bench.clips.atomic import require_place
    from mgld_bench.home import HOME_VARIABLE, bench_home

    home = bench_home()
    named = f"${HOME_VARIABLE}" if os.environ.get(HOME_VARIABLE) else "the folder for weights and scores,"
    require_place(home, named, to_write=False)


_WORKSPACE_HELP: Final = "Folder for pairs, restored clips, results and reports"
_OR_ADDRESS: Final = f"{_WORKSPACE_HELP}; or for clips an address, as s3://bucket/prefix, with --store."
Workspace = Annotated[
    Path,
    typer.Option("--workspace", "-w", parser=workspace_named, metavar="FOLDER", callback=_workspace_to_read, help=_OR_ADDRESS),
]
WorkspaceToWrite = Annotated[
    Path,
    typer.Option("--workspace", "-w", parser=workspace_named, metavar="FOLDER", callback=_workspace_to_write, help=_OR_ADDRESS),
]
FolderToWrite = Annotated[
    Path,
    typer.Option(
        "--workspace", "-w", parser=workspace_named, metavar="FOLDER", callback=_folder_here, help=f"{_WORKSPACE_HELP}."
    ),
]
StoreUrl = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="MGLD_BENCH_STORE",
        show_envvar=False,
        help="SQLAlchemy URL of the results database; default: $MGLD_BENCH_STORE, else results.sqlite in the workspace.",
    ),
]
Methods = Annotated[
    str, typer.Option("--methods", help="Only these methods, separated by commas; default: all methods of the report.")
]
Datasets = Annotated[
    str, typer.Option("--datasets", help="Only these datasets, separated by commas; default: all datasets of the report.")
]
Metrics = Annotated[
    str, typer.Option("--metrics", help="Only these metrics, separated by commas; default: all metrics of the report.")
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="DATASET=DIR",
        help="Folder of a dataset's official download; may be repeated; default: pairs already in the workspace.",
    ),
]
LowResolution = Annotated[
    str,
    typer.Option(
        "--degradation",
        help="LR clips: a degradation card, or existing for those that came with the sets; default: those of the dataset's card, "
        "or existing where only these are prepared.",
    ),
]
Cards = Annotated[
    list[Path] | None,
    typer.Option(
        "--cards",
        help="Folder with cards of your own; may be repeated; default: only $MGLD_BENCH_CARDS and the shipped cards.",
    ),
]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda or cuda:1; default: cuda where there is one, else cpu.")]
Precision = Annotated[str, typer.Option("--precision", help="float32, float16 or bfloat16.")]
AllowTF32 = Annotated[
    bool,
    typer.Option("--allow-tf32", help="Let GPUs round float32 to TF32: faster, different frames; default: exact float32."),
]
MaxMemory = Annotated[
    str, typer.Option("--max-memory", help="Memory that a method may use, such as 8G; default: half of the device's.")
]
Offline = Annotated[
    bool, typer.Option("--offline", callback=_go_offline, help="Use no network: fail where something would be downloaded.")
]
TrustCards = Annotated[
    bool,
    typer.Option(
        "--trust-cards",
        callback=_trust_cards,
        help="Let the chosen method cards execute the programs that they state, from now on; each is printed the first time.",
    ),
]
Clips = Annotated[str, typer.Option("--clips", help="Only these clips, by name, separated by commas; default: all clips.")]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="Only the first so many clips of each dataset; default: all clips.")
]
Protocol = Annotated[
    str, typer.Option("--protocol", help="Protocol card: metric variants and frames; default: that of the report's card.")
]
Colour = Annotated[
    str,
    typer.Option(
        "--colour",
        help="Matrix and range of video without tags: bt601, bt709, bt601-full or bt709-full; "
        "default: bt709 from 720 rows on, else bt601, of limited range.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        callback=_use_threads,
        help="Threads on the CPU; default: $OMP_NUM_THREADS, else as many as the cores that this process may use.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only, no progress.")]
SkipUnavailable = Annotated[
    bool, typer.Option("--skip-unavailable", help="Leave what cannot run here as a gap, without exit code 3 at the end.")
]

DEFAULT_WORKSPACE = Path("workspace")


def split_names(text: str) -> tuple[str, ...]:
    """The names in a comma-separated option, in order.

    >>> split_names("psnr, ssim")
    ('psnr', 'ssim')
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())


def parse_sources(texts: list[str] | None) -> dict[str, Path]:
    """The folders of DATASET=DIR options, by dataset."""
    from mgld_bench.home import expanded

    sources = {}
    for text in texts or []:
        name, equals, folder = text.partition("=")
        if not equals or not folder:
            raise typer.BadParameter(f"{text!r}: write DATASET=DIR", param_hint="--source")
        sources[name] = expanded(Path(folder))
    return sources
