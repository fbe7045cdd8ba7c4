"""What differs between two states: cards, options, weights, revisions, precision, machines, versions: what keys are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgld_bench.comparing.state import State
from mgld_bench.errors import first_of

NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same on both sides."""

    group: str
    """method, weights, restored on, scored on, protocol or pairs."""
    name: str
    reference: str
    candidate: str

    @property
    def text(self) -> str:
        """In one line."""
        return f"{self.group}: {self.name}: {self.reference} → {self.candidate}"


def differing(reference: State, candidate: State) -> tuple[Difference, ...]:
    """Everything known that differs between two states, group by group; what is not recorded on one side is named as that."""
    ours, theirs = _facts(reference), _facts(candidate)
    found = []
    for group, name in dict.fromkeys((*ours, *theirs)):
        one, other = ours.get((group, name)), theirs.get((group, name))
        # A side of which the whole group is unknown is named once.
        if one != other and not (name != _ALL and _unknown(ours, theirs, group)):
            found.append(Difference(group, name, one or _absent(ours, group, name), other or _absent(theirs, group, name)))
    return tuple(found)


_ALL = "all of it"
_Facts = Mapping[tuple[str, str], str]


def _facts(state: State) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], set[str]] = {}
    for restored in state.clips.values():
        for key, value in (*_of_method(restored.made_of), *_of_origin("restored on", restored.origin)):
            found.setdefault(key, set()).add(value)
    for origin in state.scored_on:
        for key, value in _of_origin("scored on", origin):
            found.setdefault(key, set()).add(value)
    facts = {key: first_of(sorted(values), 3, " and ") for key, values in found.items()}
    if state.protocol:
        facts["protocol", "name"] = state.protocol
    for group in ("method", "restored on", "scored on", "protocol"):
        if not any(key[0] == group for key in facts):
            facts[group, _ALL] = NOT_RECORDED
    return facts


def _unknown(ours: _Facts, theirs: _Facts, group: str) -> bool:
    return (group, _ALL) in ours or (group, _ALL) in theirs


def _absent(facts: _Facts, group: str, name: str) -> str:
    # Version 0.1 recorded cards and weights, but not the revision of the code.
    return NOT_RECORDED if (group, _ALL) in facts or name == "revision" else "none"


def _of_method(made_of: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    card = made_of.get("method", {})
    for name in ("name", "restorer"):
        if card.get(name):
            yield ("method", name), str(card[name])
    if "revision" in made_of:
        yield ("method", "revision"), str(made_of["revision"])
    for name, value in _flat(card.get("options", {}), "options"):
        yield ("method", name), value
    for role, sha256 in made_of.get("weights", {}).items():
        file = card.get("weights", {}).get(role, {}).get("file", "")
        yield ("weights", role), f"{Path(file).name} (sha256 {sha256[:12]})" if file else f"sha256 {sha256[:12]}"
    for name, value in _flat(made_of.get("way", {}), "way"):
        yield ("method", name), value


def _of_origin(group: str, origin: Mapping[str, str]) -> Iterable[tuple[tuple[str, str], str]]:
    return (((group, name), value[:12] if name == "ffmpeg" else value) for name, value in origin.items())


def _flat(value: object, name: str) -> Iterator[tuple[str, str]]:
    """A nested value as dotted names: ("options.tile", "24")."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}")
    else:
        yield name, str(value)
