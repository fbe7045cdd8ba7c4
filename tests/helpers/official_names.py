"""Names and shapes of the official checkpoints, from the tables beside the parity fixtures."""

from __future__ import annotations

import ast
from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "parity" / "fixtures"


def official_shapes(network: str, table: str = "parameters") -> dict[str, tuple[int, ...]]:
    """Name -> shape of every entry of tests/parity/fixtures/<network>/<table>.tsv."""
    rows = [line.split("\t") for line in (FIXTURES / network / f"{table}.tsv").read_text().splitlines()]
    return {name: tuple(ast.literal_eval(shape)) for name, shape in rows}
