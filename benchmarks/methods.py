"""Seconds per frame and peak memory of every method on this machine, each in a process of its own.

    python benchmarks/methods.py [--methods rvrt,bsrgan] [--size 320x180] [--frames 5] [--device cuda] [--precision float16]

The input is a moving texture; weights that are not at hand are replaced by random but fixed ones, which cost the same. Without
--methods: all cards except those of finished results and of diffusion models, which sample in many steps and take minutes per
frame on a CPU; of cards that differ only in their weights, one. A method that fails is reported in its row, does not end the
others, and makes the exit code 1.

Memory: what restoring took on top of the loaded weights; process: the most that the process took; GPU: the most that PyTorch had
allocated there, weights included.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import metadata

from mgld_bench.cards.loader import list_cards, load_method
from mgld_bench.cards.schemas import MethodCard
from mgld_bench.cli.display import size
from mgld_bench.engine.cost_columns import short_count, short_seconds
from mgld_bench.engine.machine import compute_on
from mgld_bench.engine.profiling import MethodProfile, ProfileInput, parse_size, profile_alone
from mgld_bench.errors import InputError

FINISHED_RESULTS = "mgld_bench.methods.results:FinishedResults"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", default="", help="names of cards, separated by commas")
    parser.add_argument("--size", default="320x180", help="width x height of the input")
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--device", default="", help="default: cuda where there is one")
    parser.add_argument("--precision", default="float32")
    options = parser.parse_args()
    if options.frames < 1:
        parser.error("--frames: at least 1")
    try:
        measured = ProfileInput(*parse_size(options.size), options.frames)
        compute = compute_on(options.device, options.precision, "")
        cards = chosen_cards(options.methods)
    except InputError as error:
        parser.error(str(error))
    print(f"{options.frames} frames of {options.size}, {compute.device}, {compute.precision}, {os.cpu_count()} cores, ", end="")
    print(f"torch {metadata.version('torch')}\n")
    print(f"{'method':24} {'parameters':>10} {'GFLOPs/frame':>12} {'s/frame':>8} {'memory':>9} ", end="")
    print(f"{'process':>9} {'GPU':>9}  weights", flush=True)
    failed = 0
    for number, (card, alike) in enumerate(cards.items(), 1):
        log(f"{card.name} ({number} of {len(cards)})")
        try:
            row = cells(profile_alone(card, compute, measured, log))
            row += f"; the same cost: {', '.join(alike)}" if alike else ""
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with one method stands in its row and in the exit code
            failed += 1
            row = f"failed: {error}"
        print(f"{card.name:24} {row}", flush=True)
    return 1 if failed else 0


def chosen_cards(names: str) -> dict[MethodCard, list[str]]:
    """Each card with the names of those that cost the same."""
    if names:
        return {load_method(name.strip()): [] for name in names.split(",")}
    cards = [load_method(entry.name) for entry in list_cards("method")]
    found: dict[str, list[MethodCard]] = {}
    for card in cards:
        if card.restorer != FINISHED_RESULTS and "steps" not in card.options:
            found.setdefault(f"{card.restorer} {sorted(card.options.items())}", []).append(card)
    return {first: [card.name for card in others] for first, *others in found.values()}


def cells(profile: MethodProfile) -> str:
    result = profile.result
    flops = "-" if result.flops_per_frame is None else f"{result.flops_per_frame / 1e9:,.1f}"
    gpu = "-" if result.peak_gpu is None else size(result.peak_gpu)
    return (
        f"{short_count(result.total_parameters):>10} {flops:>12} {short_seconds(result.seconds_per_frame):>8} "
        f"{size(result.resident_increase):>9} {size(result.peak_resident):>9} {gpu:>9}  {profile.weights}"
    )


def log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
