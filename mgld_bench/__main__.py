"""``python -m mgld_bench``: the command line."""

from mgld_bench.cli.main import main

if __name__ == "__main__":
    main()
