"""Every weight file that a method card or a metric names, with what uses it, and finding those that a user asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

from mgld_bench.cards.loader import load_method, usable_cards
from mgld_bench.cards.schemas import MethodCard, WeightFile
from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.metrics.catalogue import describe, metric_names
from mgld_bench.metrics.weight_files import weight_files
from mgld_bench.restoring.loading import parse_options, restorer_class
from mgld_bench.weights.locate import recorded_sha256


@dataclass(frozen=True)
class WeightEntry:
    """One weight file and its users."""

    weight: WeightFile
    methods: tuple[str, ...]
    """Names of method cards."""
    metrics: tuple[str, ...]
    """Full names of metrics."""
    alias: str = ""
    """Its name in the metrics' weights.yaml."""

    @property
    def users(self) -> tuple[str, ...]:
        """Methods and metrics."""
        return (*self.methods, *self.metrics)

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it comes from: a package, the addresses in order, what to do by hand."""
        package = (f"the package {self.weight.package}",) if self.weight.package else ()
        nowhere = (f"nowhere: {self.weight.unpublished}",) if self.weight.unpublished else ()
        return (*package, *self.weight.url, *((self.weight.obtain,) if self.weight.obtain else ()), *nowhere)

    def means(self, name: str) -> bool:
        """Whether ``name`` selects this file: its own name, or that of a method, a metric, or a family of metrics."""
        if name in (self.weight.file, PurePath(self.weight.file).name, self.alias) or name in self.methods:
            return True
        return any(metric == name or metric.startswith(f"{name}.") for metric in self.metrics)

    def recorded(self, path: Path | None) -> str | None:
        """The sha256 recorded at its first use; None where the whole sha256 is pinned or nothing is recorded.

        Args:
            path: The file; None where it is missing.
        """
        return None if path is None or self.weight.sha256 else recorded_sha256(path)


def weight_entries(cards: Sequence[Path], problems: list[str]) -> list[WeightEntry]:
    """Every weight file once: those of methods first, then those of weights.yaml, then those that only metrics name.

    Args:
        cards: Additional card folders.
        problems: What is wrong with a card, or with an installed metric, is added to it, and hides no other files.
    """
    methods: dict[WeightFile, list[str]] = {}
    for card in _method_cards(cards, problems):
        for weight in card.weights.values():
            methods.setdefault(weight, []).append(card.name)
    aliases = {weight: alias for alias, weight in weight_files().items()}
    metrics: dict[WeightFile, list[str]] = {}
    for name in metric_names():
        try:
            needed = describe(name).weights
        except InputError as error:
            # Of a package that is broken.
            problems.append(str(error))
            continue
        for weight in needed.values():
            metrics.setdefault(weight, []).append(name)
    every = dict.fromkeys((*methods, *aliases, *metrics))
    return [
        WeightEntry(weight, tuple(methods.get(weight, ())), tuple(metrics.get(weight, ())), aliases.get(weight, ""))
        for weight in every
    ]


def network_check(weight: WeightFile, cards: Sequence[Path]) -> Callable[[Path], None]:
    """What checks, as far as that is cheap, that a file holds the network that the first method with this weight file needs.

    The card's class and options are looked at now, before a file is fetched for them; the check raises InputError where the file
    holds something different.

    Raises:
        InputError: The class cannot be imported, or an option is wrong.
    """
    for card in _method_cards(cards, []):
        for role, used in card.weights.items():
            if used == weight:
                return partial(restorer_class(card).check_file, parse_options(card), role)
    return _nothing


def _nothing(_file: Path) -> None:
    """No method uses the file."""


def _method_cards(cards: Sequence[Path], problems: list[str]) -> Iterator[MethodCard]:
    entries, wrong = usable_cards("method", cards)
    problems += wrong
    for entry in entries:
        try:
            card = load_method(entry.name, cards)
        except InputError as error:
            problems.append(str(error))
        else:
            yield card


def chosen(entries: Sequence[WeightEntry], name: str, cards: Sequence[Path]) -> list[WeightEntry]:
    """The files that ``name`` selects: a file, a method, a metric, a family of metrics such as lpips, or "all".

    Returns:
        The entries; none for a method or metric that needs no file.

    Raises:
        InputError: ``name`` is none of these.
    """
    if name == "all":
        return [entry for entry in entries if not entry.weight.unpublished]
    found = [entry for entry in entries if entry.means(name)]
    if found:
        return found
    methods = [listed.name for listed in usable_cards("method", cards)[0]]
    if name in methods or any(metric.startswith(f"{name}.") for metric in metric_names()):
        return []
    try:
        needed = set(describe(name).weights.values())
    except InputError:
        known = [*methods, *metric_names(), *(PurePath(entry.weight.file).name for entry in entries)]
        hint = did_you_mean(name, known, "see mgld-bench weights list")
        raise InputError(f"{name}: neither a weight file nor a method nor a metric; {hint}") from None
    return [entry for entry in entries if entry.weight in needed]
