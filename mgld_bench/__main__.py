"""The command line, as ``mgld-bench`` and ``python -m mgld_bench``."""

from __future__ import annotations

import sys

from mgld_bench.signals import end_as_by_ctrl_c, interrupted


def main() -> None:
    """Run the command line; a signal that arrives while it is still being loaded ends it in one line too."""
    try:
        end_as_by_ctrl_c()
        from mgld_bench.cli.main import main as run

        run()
    except (KeyboardInterrupt, Exception) as error:
        if not isinstance(error, KeyboardInterrupt) and not interrupted():
            raise
        sys.stderr.write("mgld-bench: interrupted\n")
        sys.exit(130)
    finally:
        # Python ends itself by SIGINT in place of its exit code where an interrupt went through code that was made of text, as
        # that of dataclasses is, although it was caught. Running some other code that was made of text makes it forget that.
        exec("")  # noqa: S102


if __name__ == "__main__":
    main()
