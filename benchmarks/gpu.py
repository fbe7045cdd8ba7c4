"""MGLD-VSR on one GPU, measured in one command of at most eight minutes from cold, without network.

    python benchmarks/gpu.py                  # on the GPU: a table as it goes, and gpu.jsonl in --output
    python benchmarks/gpu.py --check          # anywhere, before that: all phases, small and without values
    python benchmarks/gpu.py carry DIR        # here: the packages that such a machine may lack, as files
    python benchmarks/gpu.py --packages DIR   # there: install from these what is missing, then measure
    python benchmarks/gpu.py tables FILE      # the rows of a gpu.jsonl as Markdown

The phases: 1 versions, device and ceilings; 2 single operations; 3 weights drawn on the device; 4 seconds per frame at 512x512;
5 at 1280x720; 6 where the time goes; 7 the longest kernels; 8 other methods and metrics; tests those of tests/gpu; 9
torch.compile, which comes last since nothing can end it early. Each has a deadline. What fails, or does not fit the memory, is
a row of its own and ends nothing else. Exit code: 0 all measured, 1 something failed, 3 something was skipped.
"""

from __future__ import annotations

import time

BEGAN = time.monotonic()

import argparse  # noqa: E402 - the time that imports take counts
import faulthandler  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

MINUTES = 8.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", nargs="?", choices=["run", "carry", "tables"], default="run")
    parser.add_argument("path", nargs="?", type=Path, help="of carry and tables")
    parser.add_argument("--check", action="store_true", help="whether every phase runs, without a GPU")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--phases", default="", help="some of them, separated by commas")
    parser.add_argument("--packages", type=Path, help="folder of `carry`: install from it what is missing")
    parser.add_argument("--without", default="", help="with carry: packages that the other machine has, separated by commas")
    parser.add_argument("--output", type=Path, default=Path(os.environ.get("OUT", "build/gpu")))
    options = parser.parse_args()
    if options.action != "run" and options.path is None:
        parser.error(f"{options.action} needs a path")
    if options.action == "carry":
        from gpu_bench.carry import download

        return download(options.path, options.without)
    if options.packages is not None:
        from gpu_bench.carry import install

        install(options.packages)
    if options.action == "tables":
        from gpu_bench.tables import as_markdown

        print(as_markdown(options.path.read_text(encoding="utf-8")))
        return 0
    from gpu_bench.carry import use_checkout

    use_checkout(options.output / "version")
    try:
        return check(options) if options.check else run(options)
    except ValueError as error:
        # What fails while something is measured is contained there.
        parser.error(str(error))


def run(options: argparse.Namespace) -> int:
    import torch
    from gpu_bench.phases import PHASES, chosen
    from gpu_bench.scale import Scale
    from gpu_bench.session import Session, open_lines, run_phases

    if not torch.cuda.is_available():
        print("PyTorch finds no CUDA GPU here: --check is what can be done without one", file=sys.stderr)
        return 2
    seconds = 60 * options.minutes
    # Ends what hangs, with a traceback that shows where; all rows until then are on disk.
    faulthandler.dump_traceback_later(max(1.0, seconds - (time.monotonic() - BEGAN)), exit=True)
    with open_lines(options.output) as lines:
        session = Session(Scale(), lines, BEGAN)
        run_phases(session, chosen(PHASES, options.phases), seconds)
    return outcome(session.failed, session.skipped)


def check(options: argparse.Namespace) -> int:
    from gpu_bench.check import check_everything

    failed, skipped = check_everything(options.output, options.phases)
    return outcome(failed, skipped)


def outcome(failed: list[str], skipped: list[str]) -> int:
    for what, names in (("failed", failed), ("skipped", skipped)):
        if names:
            print(f"{what}: {'; '.join(names)}", flush=True)
    return 1 if failed else 3 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
