"""mgld-bench profile: the cost of methods."""

from __future__ import annotations

from typing import Annotated

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import (
    DEFAULT_WORKSPACE,
    INTERRUPTED,
    AllowTF32,
    Cards,
    Device,
    FolderToWrite,
    Json,
    MaxMemory,
    Precision,
    Quiet,
    StoreUrl,
    Threads,
)


def profile(
    methods: Annotated[list[str], typer.Argument(metavar="METHOD", help="Names of method cards, or card files.")],
    size: Annotated[str, typer.Option("--size", metavar="WIDTHxHEIGHT", help="Size of the input in pixels.")] = "128x128",
    frames: Annotated[int, typer.Option("--frames", min=1, help="Number of frames of the input.")] = 10,
    device: Device = "",
    threads: Threads = None,
    precision: Precision = "float32",
    allow_tf32: AllowTF32 = False,
    max_memory: MaxMemory = "",
    workspace: FolderToWrite = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    cards: Cards = None,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Measure parameters, FLOPs, seconds per frame and peak memory of methods, each in a process of its own.

    The input is a moving texture. Missing weights are replaced by random ones, which cost the same, except in methods
    whose amount of work depends on the values. Results are kept in the workspace's database, where tables of costs find them:
    mgld-bench run table6 measures what is missing and prints its table.

    Example: mgld-bench profile realesrgan bicubic --size 128x128 --frames 10
    """
    from psutil import getloadavg

    from mgld_bench.cards.loader import load_method
    from mgld_bench.cli.profile_display import as_json, print_profiles
    from mgld_bench.engine.kept_profiles import keep_profile
    from mgld_bench.engine.machine import compute_on
    from mgld_bench.engine.profiling import MethodProfile, ProfileInput, parse_size, profile_alone, require_profilable
    from mgld_bench.engine.store import open_store
    from mgld_bench.threads import busy_warning
    from mgld_bench.threads import threads as threads_in_use

    width, height = parse_size(size)
    chosen = [load_method(method, cards or ()) for method in methods]
    compute = compute_on(device, precision, max_memory, allow_tf32)
    for card in chosen:
        require_profilable(card)
    warning = busy_warning(getloadavg()[0], threads_in_use())
    if warning is not None:
        print_progress(warning)
    profiles: list[MethodProfile] = []
    try:
        with open_store(store, workspace, create=True) as database:
            for card in chosen:
                log = print_nothing if quiet else print_progress
                profiles.append(profile_alone(card, compute, ProfileInput(width, height, frames), log))
                keep_profile(database, card, profiles[-1])
    except KeyboardInterrupt:
        # Unlike the other verbs, this one cannot be resumed.
        print_progress("mgld-bench: interrupted; what was measured is printed below, the rest must be measured again")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        # After an error or Ctrl-C, too, so that no measurement is lost.
        if profiles and json_output:
            print_json([as_json(each) for each in profiles])
        elif profiles:
            print_profiles(profiles)


def print_nothing(_line: str) -> None:
    """Print no progress."""


def print_progress(line: str) -> None:
    """Print a line about the progress on standard error."""
    typer.echo(line, err=True)
