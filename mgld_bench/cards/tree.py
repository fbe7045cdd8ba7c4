"""A card's YAML as a tree in which every value knows its file and line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import yaml

from mgld_bench.cards.shipped_folder import shipped_folder
from mgld_bench.errors import InputError
from mgld_bench.shown_text import visible, visible_name

_LARGEST: Final = 2**63
"""Whole numbers in cards are smaller: databases and other programs hold none beyond it."""

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | float | bool | None"
"""A value as JSON has it."""


@dataclass(frozen=True)
class Place:
    """Where something was written."""

    file: str
    line: int
    """From 1; 0 where it comes from no file."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Tree:
    """A value of a card: a mapping or a list of trees, or a scalar."""

    value: dict[str, Tree] | list[Tree] | str | int | float | bool | None
    place: Place
    text: str = ""
    """A scalar exactly as it was written."""


def read_tree(path: Path) -> Tree:
    """The mapping in a YAML file.

    Raises:
        InputError: The file cannot be read or is not YAML, has no mapping at the top, a key twice, an alias, a tag, a number that
            is not finite or has 20 digits and more, or a control character; with file and line.
    """
    file = shown_path(path)
    try:
        document = yaml.compose(path.read_text(encoding="utf-8"), Loader=_loader(path))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8 text (byte {error.start})") from error
    except yaml.reader.ReaderError as error:
        raise InputError(f"{file}: not YAML: {error.reason} (character {error.position})") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{file}:{line}: not YAML: {error.problem}") from error
    except RecursionError as error:
        raise InputError(f"{file}: not a card: nested too deeply") from error
    if not isinstance(document, yaml.MappingNode):
        raise InputError(f"{file}: a card is a mapping of fields, e.g. name: my-card")
    return _Builder(file).build(document)


def _loader(path: Path) -> type[yaml.SafeLoader | yaml.CSafeLoader]:
    """PyYAML's parser: for the shipped cards the one in C, ten times as fast, which deeply nested text of others may crash."""
    fast: type[yaml.CSafeLoader] | None = getattr(yaml, "CSafeLoader", None)
    return fast if fast is not None and path.is_relative_to(shipped_folder()) else yaml.SafeLoader


def merge(base: Tree, over: Tree) -> Tree:
    """``base`` updated with ``over``: mappings are merged key by key, everything else (lists, scalars) is replaced."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    merged = dict(base.value)
    for key, value in over.value.items():
        merged[key] = merge(merged[key], value) if key in merged else value
    return Tree(merged, over.place)


def plain(tree: Tree) -> Plain:
    """The values alone."""
    if isinstance(tree.value, dict):
        return {key: plain(value) for key, value in tree.value.items()}
    if isinstance(tree.value, list):
        return [plain(item) for item in tree.value]
    return tree.value


def as_tree(value: Plain, place: Place) -> Tree:
    """Plain values as a tree all of whose parts are at ``place``."""
    if isinstance(value, dict):
        return Tree({key: as_tree(inner, place) for key, inner in value.items()}, place)
    if isinstance(value, list):
        return Tree([as_tree(inner, place) for inner in value], place)
    return Tree(value, place, str(value))


def follow(tree: Tree, steps: Sequence[str | int]) -> tuple[Tree, int]:
    """The tree that ``steps`` lead to, as far as they exist, and how many of them exist."""
    for gone, step in enumerate(steps):
        inner = _child(tree, step)
        if inner is None:
            return tree, gone
        tree = inner
    return tree, len(steps)


def shown_path(path: Path) -> str:
    """A path as messages print it: relative where it is below the current folder."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _child(tree: Tree, step: str | int) -> Tree | None:
    if isinstance(tree.value, dict) and isinstance(step, str):
        return tree.value.get(step)
    if isinstance(tree.value, list) and isinstance(step, int) and step < len(tree.value):
        return tree.value[step]
    return None


class _Builder:
    """Turns PyYAML's nodes into a Tree; a node that is visited twice is an alias."""

    _SCALARS = ("str", "int", "float", "bool", "null")

    def __init__(self, file: str) -> None:
        self._file = file
        self._seen: set[int] = set()
        self._constructor = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node) -> Tree:
        place = Place(self._file, node.start_mark.line + 1)
        if id(node) in self._seen:
            raise InputError(f"{place}: YAML aliases are not supported in cards; use extends, or repeat the value")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return Tree(self._mapping(node, place), place)
        if isinstance(node, yaml.SequenceNode):
            return Tree([self.build(item) for item in node.value], place)
        return Tree(self._scalar(node, place), place, node.value)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Tree]:
        if node.tag != "tag:yaml.org,2002:map":
            raise InputError(f"{place}: YAML tag {node.tag} is not supported in cards")
        fields: dict[str, Tree] = {}
        for key, value in node.value:
            where = Place(self._file, key.start_mark.line + 1)
            if not isinstance(key, yaml.ScalarNode):
                raise InputError(f"{where}: the name of a field must be text")
            self._check_text(key.value, where)
            if key.value in fields:
                raise InputError(f"{where}: {key.value}: appears twice (first in line {fields[key.value].place.line})")
            tree = self.build(value)
            fields[key.value] = Tree(tree.value, where, tree.text)
        return fields

    def _scalar(self, node: yaml.Node, place: Place) -> str | int | float | bool | None:
        kind = node.tag.rpartition(":")[2]
        if kind == "timestamp":
            return str(node.value)
        if kind not in self._SCALARS or not node.tag.startswith("tag:yaml.org,2002:"):
            raise InputError(f"{place}: YAML tag {node.tag} is not supported in cards")
        try:
            value: str | int | float | bool | None = self._constructor.construct_object(node)
        except ValueError as error:
            raise InputError(f"{place}: {node.value[:40]} cannot be read as {kind}; put it in quotes") from error
        if isinstance(value, int) and abs(value) >= _LARGEST:
            raise InputError(f"{place}: {node.value[:40]}: this whole number is too large for a card")
        self._check_text(node.value, place)
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{place}: {node.value[:40]}: numbers in cards must be finite")
        return value

    def _check_text(self, text: str, place: Place) -> None:
        if visible(text) != text:
            raise InputError(f"{place}: {visible_name(text[:40])}: text in cards cannot contain control characters")
