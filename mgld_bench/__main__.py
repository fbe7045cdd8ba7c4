"""The command line, as ``mgld-bench`` and ``python -m mgld_bench``."""

from __future__ import annotations

import sys

from mgld_bench.signals import end_as_by_ctrl_c


def main() -> None:
    """Run the command line; a signal that arrives while it is still being loaded ends it in one line too."""
    try:
        end_as_by_ctrl_c()
        from mgld_bench.cli.main import main as run
    except KeyboardInterrupt:
        sys.stderr.write("mgld-bench: interrupted\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
