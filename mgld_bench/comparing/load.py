"""Reading the sides of a comparison, wherever they are: who is compared with whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from mgld_bench.cards.loader import has_card
from mgld_bench.comparing.from_folders import FolderScoring, distinct_names, score_states
from mgld_bench.comparing.from_scores import CSV_NAME, read_csv, read_json
from mgld_bench.comparing.from_store import StorePlace, load_state, methods_of
from mgld_bench.comparing.operands import Operand, parse_operand
from mgld_bench.comparing.state import State
from mgld_bench.engine.clip_choice import method_sources
from mgld_bench.engine.credentials import without_credentials
from mgld_bench.engine.staged_units import bring_side_files
from mgld_bench.engine.store import Store, open_store, sqlite_address
from mgld_bench.errors import InputError, did_you_mean, first_of


@dataclass(frozen=True)
class Pairing:
    """A state and the one that it is compared with."""

    reference: State
    candidate: State


@dataclass(frozen=True)
class Places:
    """Where methods are looked for."""

    workspace: Path
    store: str = ""
    """URL of the results database; "": the workspace's own."""
    protocol: str = ""
    """Only scores of this protocol; "": there has to be just one."""
    cards: tuple[Path, ...] = ()


def load_pairings(texts: Sequence[str], places: Places, scoring: Callable[[], FolderScoring]) -> tuple[Pairing, ...]:
    """The first operand against each further one.

    Stores or workspaces without a method are compared method by method, with those methods that both have.

    Args:
        texts: at least two operands; see parse_operand().
        places: where methods are.
        scoring: gives how folders are to be scored; called only where there are some.

    Raises:
        InputError: an operand stands for nothing, or not for one method; or folders cannot be scored.
    """
    if len(texts) < 2:
        raise InputError("one side is missing: name what is compared with what, e.g. mgld-bench compare bicubic mine")
    operands = [parse_operand(text) for text in texts]
    _require_different(operands)
    with ExitStack() as open_stores:
        reader = _Reader(places, open_stores)
        for operand in operands:
            reader.require_clear(operand)
        if all(operand.kind == "store" and not operand.method for operand in operands):
            return tuple(reader.method_by_method(operands))
        folders = reader.folders(operands, scoring)
        first, *others = [folders[operand.text] if operand.kind == "folder" else reader.one(operand) for operand in operands]
        return tuple(Pairing(first, other) for other in others)


def _require_different(operands: Sequence[Operand]) -> None:
    seen: dict[tuple[str, str, int | None], str] = {}
    for operand in operands:
        place = operand.place if "://" in operand.place or not operand.place else str(Path(operand.place).resolve())
        key = (place, operand.method, operand.run)
        if key in seen:
            raise InputError(f"{operand.text}: is the same as {seen[key]}: a comparison with itself shows nothing")
        seen[key] = operand.text


@dataclass(frozen=True)
class AgainstAll:
    """A method against the baselines of its store."""

    pairings: tuple[Pairing, ...]
    left_out: tuple[str, ...]
    """Methods with scores that are no baselines, and why; one line for each reason."""
    broken: tuple[str, ...]
    """Baselines that cannot be compared, and why; one line each."""


def load_against_all(text: str, places: Places) -> AgainstAll:
    """Every baseline of the same store against this method: the other methods that have a card here and scores.

    What has no card is a state of something else, such as the checkpoints of nights.

    Raises:
        InputError: there is no such method, or no baseline.
    """
    operand = parse_operand(text)
    with ExitStack() as open_stores:
        reader = _Reader(places, open_stores)
        reader.require_clear(operand)
        if operand.kind not in ("method", "store"):
            raise InputError(f"{text}: baselines are methods of the same workspace: name a method, or WORKSPACE:METHOD")
        mine = reader.one(operand)
        place = reader.place(operand.place)
        scored = [name for name in methods_of(place) if name != mine.method]
        unknown = [name for name in scored if not has_card(name, places.cards)]
        elsewhere = [name for name in scored if name not in unknown and not _has(place, name, mine)]
        left_out = _left_out(unknown, "no card of them is here (--cards)")
        left_out += _left_out(elsewhere, f"they have no scores of protocol {mine.protocol}")
        pairings, broken = [], []
        for name in scored:
            if name not in unknown and name not in elsewhere:
                try:
                    pairings.append(Pairing(load_state(place, name, protocol=mine.protocol), mine))
                except InputError as error:
                    broken.append(f"against {name}: {error}")
        if not pairings:
            reasons = "".join(f"; {line}" for line in (*left_out, *broken))
            where = operand.place or "the workspace"
            raise InputError(f"{where}: no baseline has scores beside {mine.method}: run one first{reasons}")
        return AgainstAll(tuple(pairings), tuple(left_out), tuple(broken))


def _left_out(names: Sequence[str], reason: str) -> list[str]:
    return [f"not among the baselines, because {reason}: {first_of(names)}"] if names else []


def _has(place: StorePlace, method: str, like: State) -> bool:
    """Whether the method has scores under the protocol of ``like``."""
    return any(unit.protocol == like.protocol for unit, _ in place.store.recorded("score", [method]))


class _Reader:
    """Opens each store once."""

    def __init__(self, places: Places, open_stores: ExitStack) -> None:
        self._places, self._open = places, open_stores
        self._stores: dict[str, StorePlace] = {}

    def place(self, shown: str) -> StorePlace:
        """The store at a path or URL; "": that of the workspace that all share."""
        if shown not in self._stores:
            self._stores[shown] = self._opened(shown)
        return self._stores[shown]

    def require_clear(self, operand: Operand) -> None:
        """Refuse a bare name that is a folder as well as a method."""
        bare = operand.kind == "folder" and "/" not in operand.text and "\\" not in operand.text
        if bare and self._workspace_exists() and operand.text in methods_of(self.place("")):
            raise InputError(
                f"{operand.text} is a folder here and a method of the workspace: write ./{operand.text} for the folder"
            )

    def one(self, operand: Operand) -> State:
        """The state of an operand that stands for one method."""
        if operand.kind == "scores":
            return self._of_file(operand)
        place = self.place(operand.place)
        known = methods_of(place)
        if operand.method:
            if operand.kind == "method" and not known:
                raise InputError(
                    f"{operand.text}: neither a file nor a folder, and {self._workspace_name()} holds no scores; name the "
                    "workspace with --workspace"
                )
            return load_state(place, operand.method, operand.run, self._places.protocol)
        if len(known) != 1:
            listed = f"holds {', '.join(known)}" if known else "holds no scores"
            example = f": name one, as {operand.text}:{known[0]}" if known else ""
            raise InputError(f"{operand.text}: {listed}{example}")
        return load_state(place, known[0], protocol=self._places.protocol)

    def method_by_method(self, operands: Sequence[Operand]) -> Iterator[Pairing]:
        """The methods that the first store shares with each further one."""
        first, *others = [self.place(operand.place) for operand in operands]
        for place in others:
            shared = [name for name in methods_of(first) if name in methods_of(place)]
            if not shared:
                known = [f"{one.shown} has {first_of(methods_of(one)) or 'none'}" for one in (first, place)]
                raise InputError(f"no method is in both: {', '.join(known)}; name one of each, as {first.shown}:METHOD")
            for name in shared:
                protocol = self._places.protocol
                yield Pairing(load_state(first, name, protocol=protocol), load_state(place, name, protocol=protocol))

    def folders(self, operands: Sequence[Operand], scoring: Callable[[], FolderScoring]) -> dict[str, State]:
        """The states of the folders among the operands, by their texts; scored in one pass."""
        texts = [operand.text for operand in operands if operand.kind == "folder"]
        if not texts:
            return {}
        how = scoring()
        for text in texts:
            inside = list(method_sources([Path(text)], how.ground_truth))
            if len(inside) > 1:
                raise InputError(
                    f"{text}: holds folders of clips of {first_of(inside)}: name one of these, as {text}/{inside[0]}"
                )
        names = distinct_names([Path(text) for text in texts])
        states = score_states({name: Path(text) for name, text in zip(names, texts, strict=True)}, how)
        return {text: next(state for state in states if state.method == name) for name, text in zip(names, texts, strict=True)}

    def _of_file(self, operand: Operand) -> State:
        path = Path(operand.place)
        path = path / CSV_NAME if path.is_dir() else path
        states = read_csv(path, operand.place) if path.suffix == ".csv" else read_json(path, operand.place)
        names = [state.method for state in states]
        if operand.method:
            if operand.method not in names:
                hint = did_you_mean(operand.method, names, f"there are {', '.join(names)}")
                raise InputError(f"{operand.place}: no scores of {operand.method}: {hint}")
            return states[names.index(operand.method)]
        if len(states) > 1:
            raise InputError(f"{operand.place}: holds {', '.join(names)}: name one, as {operand.place}:{names[0]}")
        return states[0]

    def _opened(self, shown: str) -> StorePlace:
        cards = self._places.cards
        if not shown:
            if not self._workspace_exists():
                raise InputError(
                    f"{self._workspace_name()} has no results: run a suite first, or name its workspace with --workspace"
                )
            bring_side_files(self._places.workspace)
            store = open_store(self._places.store, self._places.workspace, create=False)
            return StorePlace(self._open.enter_context(store), "", self._places.workspace, cards)
        if "://" in shown:
            store = Store(shown, read_only=True)
            return StorePlace(self._open.enter_context(store), without_credentials(shown), None, cards)
        path = Path(shown)
        folder = path if path.is_dir() else None
        file = path / "results.sqlite" if folder else path
        store = Store(sqlite_address(file), read_only=True)
        return StorePlace(self._open.enter_context(store), shown, folder or path.parent, cards)

    def _workspace_exists(self) -> bool:
        return bool(self._places.store) or (self._places.workspace / "results.sqlite").is_file()

    def _workspace_name(self) -> str:
        return without_credentials(self._places.store) or f"workspace {self._places.workspace}"


def distinct(pairings: Sequence[Pairing]) -> tuple[Pairing, ...]:
    """The same, with the place in the name of each method that occurs in several places or states."""
    states = list({id(state): state for pairing in pairings for state in (pairing.reference, pairing.candidate)}.values())
    names = [state.name for state in states]
    renamed = {
        id(state): replace(state, method=f"{state.name} ({state.place})", run=None)
        if names.count(state.name) > 1 and state.place
        else state
        for state in states
    }
    return tuple(Pairing(renamed[id(pairing.reference)], renamed[id(pairing.candidate)]) for pairing in pairings)
