"""A process of its own in which pyiqa downloads what one of its metrics needs: ``python -m … NAME FOLDER``.

Its libraries read where to keep files, which mirror to use and how to tell progress when they are imported, from the environment.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mgld_bench.errors import InputError
from mgld_bench.metrics.pyiqa.building import build


def main() -> int:
    """Build the metric once; the exit code, after the reason on the last line of stderr where it cannot be built."""
    name, folder = sys.argv[1:]
    try:
        build(name, Path(folder), "cpu", network=True)
    except InputError as error:
        sys.stderr.write(f"\n{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
