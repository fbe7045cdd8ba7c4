"""Where cards are looked for, and which file holds which card."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mgld_bench.cards.shipped_folder import shipped_folder
from mgld_bench.errors import InputError, of_system

if TYPE_CHECKING:
    from mgld_bench.cards.schemas import CardKind

ENVIRONMENT = "MGLD_BENCH_CARDS"
SUFFIXES = (".yaml", ".yml")
KIND_FOLDERS: dict[str, CardKind] = {
    "datasets": "dataset",
    "datasets/degradations": "degradation",
    "baselines": "method",
    "reports": "report",
    "reports/protocols": "protocol",
    "reports/studies": "study",
    "reports/published": "published",
}
"""The subfolders of a card folder, and the kind of the cards in each; cards in the card folder itself may be of any kind."""


@dataclass(frozen=True)
class CardFile:
    """A file that holds a card; its stem is the card's name."""

    name: str
    path: Path
    kind: CardKind | None
    """None where its folder does not determine it."""


def search_path(first: Sequence[Path] = ()) -> list[Path]:
    """The card folders, in order: ``first``, those of $MGLD_BENCH_CARDS, the shipped one.

    Raises:
        InputError: One of them is not a folder.
    """
    named = [(path, "--cards") for path in first]
    named += [(Path(text), f"${ENVIRONMENT}") for text in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if text]
    for path, origin in named:
        if not path.is_dir():
            raise InputError(f"{origin}: {path} is not a folder")
    return [*(path for path, _ in named), shipped_folder()]


def card_files(folders: Sequence[Path]) -> Iterator[CardFile]:
    """Every card file of these folders, each file once. Raises InputError where a folder cannot be read."""
    seen: set[Path] = set()
    for folder in folders:
        for inner, kind in _kinds(folder).items():
            place = inner.resolve()
            for path in _listed(inner):
                # Only where a link leads is looked up: there are many cards, and this is done for each that is loaded.
                real = path.resolve() if path.is_symlink() else place / path.name
                if real not in seen:
                    seen.add(real)
                    yield CardFile(path.stem, path, kind)


def _listed(folder: Path) -> list[Path]:
    """The card files in a folder, by name. Raises InputError where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_file()]
        return sorted(folder / name for name in found if name.endswith(SUFFIXES))
    except OSError as error:
        raise InputError(f"card folder {folder}: cannot be read: {of_system(error)}") from None


def _kinds(folder: Path) -> dict[Path, CardKind | None]:
    """The folders to look in, and the kind of the cards in each."""
    found: dict[Path, CardKind | None] = {}
    # The shipped cards may lie in a checkout, whose root holds other YAML files.
    if folder.resolve() != shipped_folder():
        found[folder] = None
    for name, kind in KIND_FOLDERS.items():
        try:
            if (folder / name).is_dir():
                found[folder / name] = kind
        except OSError as error:
            raise InputError(f"card folder {folder}: cannot be read: {of_system(error)}") from None
    return found
