"""Which LR clips of a dataset are meant: those built by its degradation card, by a different one, or those that came with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cards.schemas import DatasetCard
from mgld_bench.pairs.stored import EXISTING, list_pairs


@dataclass(frozen=True)
class ChosenLR:
    """The LR clips of a dataset that a command works with."""

    name: str
    """Name of the degradation that builds them, or ``existing``: those that came with the set."""
    note: str = ""
    """Why they are not those of the dataset's card, in one line; "" where they are."""


def choose_lr(card: DatasetCard, workspace: Path, asked: str = "", can_build: bool = False) -> ChosenLR:
    """The LR clips to use: what is asked for, else what the card says, else those that came with the set if only they are there.

    Args:
        card: The dataset.
        workspace: Where pairs are.
        asked: Name of a degradation, or ``existing``; "": no wish.
        can_build: Whether the pairs of the card can be built now, because their source is given or a package carries it.
    """
    own = card.degradation or EXISTING
    if asked == own or (not asked and own == EXISTING):
        return ChosenLR(own)
    if asked:
        return ChosenLR(
            asked, f"{card.heading}: {_described(asked)}: a different instance of the test set than its card's, {own}"
        )
    if can_build or list_pairs(workspace, card.name, own) or not list_pairs(workspace, card.name, EXISTING):
        return ChosenLR(own)
    return ChosenLR(
        EXISTING,
        f"{card.heading}: only {_described(EXISTING)} is prepared, and is used: a different instance of the test set than its "
        f"card's, {own}",
    )


def instance_label(card: DatasetCard, name: str) -> str:
    """What is printed beside the dataset's name where its LR is not that of its card; else ""."""
    if name == (card.degradation or EXISTING):
        return ""
    return "existing LR" if name == EXISTING else f"LR by {name}"


def _described(name: str) -> str:
    return "the LR that came with the set (existing)" if name == EXISTING else f"LR by {name}"
