"""A method's state out of a results database: the latest clips that it restored, and the scores of just these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from natsort import natsorted
from pydantic import ValidationError

from mgld_bench.cards.loader import has_card, load_method, load_protocol
from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.digest import text_digest
from mgld_bench.comparing.frames import Frames, NoFrames, WorkspaceFrames
from mgld_bench.comparing.hardware import hardware_of
from mgld_bench.comparing.profiled import kept_measurements
from mgld_bench.comparing.state import Parts, RestoredClip, Scored, State
from mgld_bench.engine.origins import FRAMES, MADE_OF, RESTORED, RESTORED_KEY, SHORT_SIDE, restored_origin, scoring_origin
from mgld_bench.engine.plan import restored_folder
from mgld_bench.engine.store import FinishedUnit, RecordedRun, RecordedUnit, Store
from mgld_bench.errors import InputError, did_you_mean, first_of
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.restoring.record import read_record, record_path


@dataclass(frozen=True)
class StorePlace:
    """An open results database."""

    store: Store
    shown: str
    """As the user wrote it; "" for the workspace that all share."""
    workspace: Path | None = None
    """Whose side files know what older databases do not; None where there is no workspace."""
    cards: tuple[Path, ...] = ()


def methods_of(place: StorePlace) -> tuple[str, ...]:
    """The methods that have scores, in the order in which they were first scored."""
    return tuple(dict.fromkeys(unit.method for unit, _ in place.store.recorded("score")))


def load_state(place: StorePlace, method: str, run: int | None = None, protocol: str = "") -> State:
    """The state of a method.

    Per clip, the scores are those of the restored clip that was scored last: an older checkpoint's are never mixed in.

    Args:
        place: where it is looked for.
        method: its name.
        run: count only this run and those before it.
        protocol: count only scores of this protocol; "": there has to be just one.

    Raises:
        InputError: there is no such method or run, several protocols, or its clips were not all restored by the same thing.
    """
    units = _Units(place, method, run)
    chosen = units.scores_of(protocol)
    latest = _latest(chosen, units)
    origins = dict.fromkeys(tuple(sorted(scoring_origin(units.runs[unit.run].provenance).parts.items())) for _, unit in latest)
    scores = place.store.scores(unit.key for unit, _ in latest)
    table: dict[tuple[str, str], dict[str, Scored]] = {}
    for unit in _in_order([unit for unit, _ in latest], chosen[0][0].protocol, place.cards):
        if unit.key in scores:
            table.setdefault((unit.dataset, unit.metric), {})[unit.clip] = _scored(unit, scores[unit.key])
    keys = {(unit.dataset, unit.clip): units.restored_key(unit) for unit, _ in latest}
    clips = {clip: units.restored(*clip, key) for clip, key in keys.items()}
    _require_one_thing(method, place.shown, clips)
    card = _card(method, clips, place.cards)
    return State(
        method=method,
        place=place.shown,
        protocol=chosen[0][0].protocol,
        scores=table,
        clips=clips,
        scored_on=tuple(dict(parts) for parts in origins),
        card=card,
        run=run,
        notes=tuple(_older_scores(chosen, latest)),
        frames=_frames(place, method, clips),
        profiles=kept_measurements(place.store, card, clips.values()),
    )


class _Units:
    """The units of one method, and what is recorded of the clips that it restored."""

    def __init__(self, place: StorePlace, method: str, run: int | None) -> None:
        self.place, self.method = place, method
        found = place.store.recorded("score", [method])
        if not found:
            known = methods_of(place)
            hint = did_you_mean(method, known, f"there are {', '.join(known)}" if known else "it holds no scores at all")
            raise InputError(f"{place.shown or 'the workspace'}: no scores of {method}: {hint}")
        self.found = [(unit, made) for unit, made in found if run is None or made.run <= run]
        if not self.found:
            first = min(made.run for _, made in found)
            raise InputError(f"{method}@{run}: the first run with scores of {method} is {first}: write {method}@{first} or later")
        restored = place.store.recorded("restore", [method])
        self.units = {unit.key: unit for unit, made in restored if run is None or made.run <= run}
        self._keys_of_clip: dict[tuple[str, str], list[str]] = {}
        for unit in self.units.values():
            self._keys_of_clip.setdefault((unit.dataset, unit.clip), []).append(unit.key)
        self._origins: dict[str, Mapping[str, Any]] = {}
        for score, _ in self.found:
            if score.facts.get(RESTORED):
                self._origins.setdefault(self.restored_key(score), score.facts[RESTORED])
        self.restore_runs = {unit.key: made.run for unit, made in restored}
        self.runs: Mapping[int, RecordedRun] = place.store.runs({made.run for _, made in (*self.found, *restored)})
        self.pairs: dict[tuple[str, str], list[str]] = {}
        for unit, _ in place.store.recorded("pair"):
            self.pairs.setdefault((unit.dataset, unit.clip), []).append(unit.key)

    def scores_of(self, protocol: str) -> list[tuple[FinishedUnit, RecordedUnit]]:
        """The score units of one protocol."""
        known = tuple(dict.fromkeys(unit.protocol for unit, _ in self.found))
        if protocol and protocol not in known:
            raise InputError(f"{self.method}: no scores of protocol {protocol}: there are those of {', '.join(known)}")
        if not protocol and len(known) > 1:
            raise InputError(f"{self.method} has scores of several protocols ({', '.join(known)}): choose one with --protocol")
        return [(unit, made) for unit, made in self.found if protocol in ("", unit.protocol)]

    def restored_key(self, score: FinishedUnit) -> str:
        """The key of the clip that was scored; "" where that is not known: version 0.1 did not record it."""
        if score.facts.get(RESTORED_KEY):
            return str(score.facts[RESTORED_KEY])
        of_clip = self._keys_of_clip.get((score.dataset, score.clip), [])
        return of_clip[0] if len(of_clip) == 1 else ""

    def restored(self, dataset: str, clip: str, key: str) -> RestoredClip:
        """What is known of the restored clip with this key."""
        unit = self.units.get(key)
        made_of: Mapping[str, Any] = unit.facts.get(MADE_OF, {}) if unit else {}
        if not made_of and self.place.workspace is not None and key:
            record = read_record(record_path(restored_folder(self.place.workspace, dataset, self.method), clip))
            made_of = record.facts if record is not None and record.key == key else {}
        pairs = self.pairs.get((dataset, clip), [])
        pair = str(made_of.get("pair", pairs[0] if len(pairs) == 1 else ""))
        if unit is None:
            return RestoredClip(pair, made_of, self._origin(key), key=key)
        return RestoredClip(
            pair,
            {**made_of, **({"way": unit.facts["way"]} if unit.facts.get("way") else {})},
            self._origin(key),
            unit.seconds / unit.frames if unit.frames and unit.seconds else None,
            unit.facts.get("peak_memory"),
            unit.facts.get("peak_gpu_memory"),
            key,
            hardware_of(unit.facts, self._origin(key)),
        )

    def _origin(self, key: str) -> Parts:
        """Where the clip was restored: from a score of it, else from the run of its unit."""
        if key and key in self._origins:
            return restored_origin(self._origins[key]).parts
        if key in self.restore_runs:
            return restored_origin(self.runs[self.restore_runs[key]].provenance).parts
        return {}


_Latest = list[tuple[FinishedUnit, RecordedUnit]]


def _latest(chosen: Sequence[tuple[FinishedUnit, RecordedUnit]], units: _Units) -> _Latest:
    """Per clip, the scores of the restored clip that was scored last; per metric, the last of these."""
    current = {(unit.dataset, unit.clip): units.restored_key(unit) for unit, _ in chosen}
    found: dict[tuple[str, str, str], tuple[FinishedUnit, RecordedUnit]] = {}
    for unit, made in chosen:
        if units.restored_key(unit) == current[unit.dataset, unit.clip]:
            found[unit.dataset, unit.metric, unit.clip] = (unit, made)
    return list(found.values())


def _in_order(units: Sequence[FinishedUnit], protocol: str, cards: Sequence[Path]) -> list[FinishedUnit]:
    """Dataset by dataset as they were scored; the metrics as the protocol has them, then by name; clips in natural order."""
    datasets = list(dict.fromkeys(unit.dataset for unit in units))
    known = list(load_protocol(protocol, cards).metrics.values()) if has_card(protocol, cards) else []

    def place(unit: FinishedUnit) -> tuple[int, int, str]:
        return datasets.index(unit.dataset), known.index(unit.metric) if unit.metric in known else len(known), unit.metric

    return sorted(natsorted(units, key=lambda unit: unit.clip), key=place)


def _older_scores(chosen: Sequence[tuple[FinishedUnit, RecordedUnit]], latest: _Latest) -> list[str]:
    left = {unit.key for unit, _ in chosen} - {unit.key for unit, _ in latest}
    if not left:
        return []
    run = max(made.run for unit, made in chosen if unit.key in left)
    method = chosen[0][0].method
    return [f"{method}: {len(left)} scores of earlier states are not used; the latest of them is {method}@{run}"]


def _frames(place: StorePlace, method: str, clips: Mapping[tuple[str, str], RestoredClip]) -> Frames:
    if place.workspace is None:
        return NoFrames("its frames are not in a database, and the folder of the workspace was not named")
    keys = {where: restored.key for where, restored in clips.items()}
    return WorkspaceFrames(place.workspace, method, keys, {where: restored.pair for where, restored in clips.items()})


def _scored(unit: FinishedUnit, score: ClipScore) -> Scored:
    choice = unit.facts.get(FRAMES, "")
    short_side = unit.facts.get(SHORT_SIDE)
    return Scored(
        score.value,
        score.per_frame,
        (choice if isinstance(choice, str) else ", ".join(map(str, choice)))
        + ("" if short_side is None else f", short side {short_side}"),
        unit.facts.get("revision"),
        unit.facts.get("files"),
    )


def _require_one_thing(method: str, place: str, clips: Mapping[tuple[str, str], RestoredClip]) -> None:
    """Refuse clips that were restored with different options, weights or revisions: they are not one method's."""
    by_thing: dict[str, list[str]] = {}
    for (dataset, clip), restored in clips.items():
        if restored.made_of:
            card = restored.made_of.get("method", {})
            deciding = [card.get("restorer"), card.get("options"), restored.made_of.get("weights")]
            by_thing.setdefault(text_digest(deciding), []).append(f"{dataset} {clip}".strip())
    if len(by_thing) > 1:
        first, second = list(by_thing.values())[:2]
        raise InputError(
            f"{place or 'the workspace'}: the clips of {method} were not all restored by the same card and weights: "
            f"{first_of(first, 3)}, but {first_of(second, 3)} with others; run the suite again, or name an earlier state as "
            f"{method}@RUN"
        )


def _card(method: str, clips: Mapping[tuple[str, str], RestoredClip], cards: Sequence[Path]) -> MethodCard | None:
    for restored in clips.values():
        if "method" in restored.made_of:
            try:
                return MethodCard.model_validate(restored.made_of["method"])
            except ValidationError:
                # A card of a version with other fields: what is here now is shown.
                break
    return load_method(method, cards) if has_card(method, cards) else None
