"""Phase "tests": those of tests/gpu, in a process of their own that has to end in time."""

from __future__ import annotations

import subprocess
import sys

from gpu_bench.carry import CHECKOUT
from gpu_bench.session import Session, Values

NO_TESTS = 5
"""Of pytest's exit codes."""


def suite(session: Session) -> None:
    """A row with how many passed; what failed is on stderr, in full."""
    session.attempt("pytest -m gpu tests/gpu", 20, lambda: _run(max(10.0, session.left)))


def _run(seconds: float) -> Values:
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", "tests/gpu"]
    try:
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as late:
        print(late.stdout, file=sys.stderr)
        raise TimeoutError(f"the tests took more than {seconds:.0f} s") from None
    print(done.stdout, done.stderr, file=sys.stderr, flush=True)
    summary = done.stdout.strip().rpartition("\n")[2]
    if done.returncode not in {0, NO_TESTS}:
        raise RuntimeError(summary or f"exit code {done.returncode}")
    return {"result": summary}
