"""Paths in cards that are relative to the card's own file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mgld_bench.cards.schemas import CardKind
from mgld_bench.cards.tree import Tree, follow, merge
from mgld_bench.errors import InputError
from mgld_bench.home import expanded


def anchored(tree: Tree, kind: CardKind, folder: Path) -> Tree:
    """The tree of a card in ``folder`` with paths that are relative to its file made absolute."""
    if kind == "report":
        return _anchored_votes(_anchored_values(tree, folder, ["published", "file"]), folder)
    if kind == "published":
        return _anchored_values(tree, folder, ["file"])
    weights, gone = follow(tree, ["weights"])
    if kind == "method" and gone and isinstance(weights.value, dict):
        for role in weights.value:
            tree = _anchored_weight(tree, folder, role)
    return tree


def _anchored_values(tree: Tree, folder: Path, steps: Sequence[str]) -> Tree:
    """With the file of published values at ``steps`` made absolute. Raises InputError where it does not exist."""
    file, gone = follow(tree, steps)
    if gone != len(steps) or not isinstance(file.value, str):
        return tree
    path = (folder / file.value).resolve()
    if not path.is_file():
        raise InputError(f"{file.place}: {'.'.join(steps)}: {path} does not exist")
    absolute = Tree(str(path), file.place, file.text)
    for step in reversed(steps):
        absolute = Tree({step: absolute}, file.place)
    return merge(tree, absolute)


def _anchored_votes(tree: Tree, folder: Path) -> Tree:
    """With the files of votes that lie beside the card; the rest is looked for in the workspace, which a card does not know."""
    figures, gone = follow(tree, ["figures"])
    if not gone or not isinstance(figures.value, list):
        return tree
    anchored = []
    for figure in figures.value:
        votes, found = follow(figure, ["votes"])
        beside = folder / votes.value if found and isinstance(votes.value, str) else Path()
        absolute = {"votes": Tree(str(beside.resolve()), votes.place, votes.text)} if beside.is_file() else {}
        anchored.append(merge(figure, Tree(absolute, figure.place)) if absolute else figure)
    return merge(tree, Tree({"figures": Tree(anchored, figures.place)}, tree.place))


def _anchored_weight(tree: Tree, folder: Path, role: str) -> Tree:
    """A plain name is one in the weights folder, unless the file lies beside the card; ``./`` and ``../`` start from the card."""
    file, gone = follow(tree, ["weights", role, "file"])
    if gone != 3 or not isinstance(file.value, str) or follow(tree, ["weights", role, "package"])[1] == 3:
        return tree
    path = expanded(Path(file.value))
    beside = Path(os.path.normpath((folder / path).absolute()))
    if path.is_absolute() or not (beside.is_file() or file.value.startswith(("./", "../"))):
        return tree
    weight = Tree({"file": Tree(str(beside), file.place, file.text)}, file.place)
    return merge(tree, Tree({"weights": Tree({role: weight}, file.place)}, tree.place))
