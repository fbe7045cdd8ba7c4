"""Branch coverage of each room after the suite, and a failure where one is below its floor: ``python .ci/coverage_floors.py``."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import coverage
from coverage.exceptions import NoDataError

FLOORS = {"cards": 90, "clips": 90, "pairs": 90, "engine": 90, "statistics": 90, "comparing": 90}
"""Percent, of lines and branches together; rooms where a gap costs somebody's data or a wrong number."""
ELSEWHERE = 80


def main() -> int:
    """Print a line per room; 1 where a floor is broken."""
    measured = coverage.Coverage()
    measured.load()
    low = []
    for room in sorted(path.parent.name for path in Path("mgld_bench").glob("*/__init__.py")):
        floor = FLOORS.get(room, ELSEWHERE)
        try:
            percent = measured.report(include=[f"*/mgld_bench/{room}/*"], file=io.StringIO())
        except NoDataError:
            percent = 0.0
        if percent < floor:
            low.append(room)
        print(f"{room:12} {percent:5.1f} %   floor {floor} %{'   BELOW' if percent < floor else ''}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
