"""A comparison as a user asks for it, from the command line or from Python: names resolved, sides loaded, compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mgld_bench.cards.loader import has_card, load_protocol
from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.comparing.compare import Wish, compare
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.from_folders import FolderScoring
from mgld_bench.comparing.gates.check import GateResult, check_gate
from mgld_bench.comparing.gates.gate import ACCEPTED, COSTS, Gate, metric_name
from mgld_bench.comparing.load import Pairing, Places, load_against_all, load_pairings
from mgld_bench.engine.progress import Progress
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import describe

DEFAULT_PROTOCOL = "mgld-2024"


@dataclass(frozen=True)
class CompareRequest:
    """What a user asks for."""

    sides: tuple[str, ...]
    """The reference first; see `mgld_bench.comparing.operands`."""
    against_all: bool = False
    """The one side with every other method of its store."""
    ground_truth: Path | None = None
    """Of folders."""
    datasets: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    """Short names of the protocol, or full variants."""
    protocol: str = ""
    margins: Mapping[str, float] = field(default_factory=dict)
    """By short or full name."""
    workspace: Path = Path("workspace")
    store: str = ""
    cards: tuple[Path, ...] = ()
    device: str = ""
    command: tuple[str, ...] = ()


def run_request(request: CompareRequest, progress: Progress) -> Comparison:
    """Load the sides, scoring folders where there are some, and compare them. Raises InputError where that cannot be done."""
    if not request.against_all:
        pairings = _load_sides(request, progress)
        return compare(pairings, _wish_of(request, pairings))
    if len(request.sides) != 1:
        raise InputError("--baselines compares one method with all others: name just that one")
    found = load_against_all(request.sides[0], _places(request))
    return compare(found.pairings, replace(_wish_of(request, found.pairings), notes=found.left_out, missing=found.broken))


def run_gate(request: CompareRequest, gate: Gate, progress: Progress) -> tuple[Comparison, GateResult]:
    """The same, and what the rules of a gate see in it."""
    if request.against_all:
        raise InputError("--gate needs one reference: it cannot be combined with --baselines")
    sides = gate_sides(request.sides, gate.reference)
    protocol = protocol_named(request.protocol, request.cards)
    named = [metric_name(rule, protocol) for rule in gate.rules]
    metrics = request.metrics or tuple(name for name in dict.fromkeys(named) if name not in COSTS)
    request = replace(request, sides=sides, metrics=metrics)
    pairings = _load_sides(request, progress)
    # Everything that both sides have is compared, so that a rule's missing metric is a finding of that rule.
    comparison = compare(pairings, replace(_wish_of(request, pairings), metrics=()))
    return comparison, check_gate(gate, comparison, protocol_named(comparison.protocol or request.protocol, request.cards))


def gate_sides(sides: tuple[str, ...], reference: str) -> tuple[str, ...]:
    """The reference and what is compared with it.

    >>> gate_sides(("mine",), "bicubic")
    ('bicubic', 'mine')
    >>> gate_sides(("before", "after"), "accepted")
    ('before', 'after')

    Raises:
        InputError: the gate's reference is not the first side, or nobody knows what was accepted.
    """
    if reference == ACCEPTED:
        if len(sides) < 2:
            raise InputError(
                "the gate compares with what was accepted, which nightly runs know and compare does not: name it first, as "
                f"mgld-bench compare ACCEPTED {' '.join(sides)} --gate …"
            )
        return sides
    if len(sides) > 1 and sides[0] != reference:
        raise InputError(f"the gate's reference is {reference}, but the first side is {sides[0]}: leave one of them out")
    return sides if len(sides) > 1 else (reference, *sides)


def _load_sides(request: CompareRequest, progress: Progress) -> tuple[Pairing, ...]:
    """Who is compared with whom."""

    def scoring() -> FolderScoring:
        protocol = load_protocol(request.protocol or DEFAULT_PROTOCOL, request.cards)
        return FolderScoring(request.ground_truth, request.metrics, protocol, request.device, request.command, progress)

    return load_pairings(request.sides, _places(request), scoring)


def _places(request: CompareRequest) -> Places:
    return Places(request.workspace, request.store, request.protocol, request.cards)


def _wish_of(request: CompareRequest, pairings: tuple[Pairing, ...]) -> Wish:
    """The names of metrics, resolved by the protocol of the sides."""
    used = next((state.protocol for pair in pairings for state in (pair.reference, pair.candidate) if state.protocol), "")
    protocol = protocol_named(used or request.protocol, request.cards)
    return Wish(
        datasets=request.datasets,
        metrics=tuple(resolve(name, protocol) for name in request.metrics),
        margins={resolve(name, protocol): value for name, value in request.margins.items()},
        command=" ".join(request.command),
        against_all=request.against_all,
        cards=request.cards,
    )


def protocol_named(name: str, cards: tuple[Path, ...]) -> ProtocolCard:
    """The protocol of this name; the default one where there is no card of it here, or no name."""
    return load_protocol(name if name and has_card(name, cards) else DEFAULT_PROTOCOL, cards)


def resolve(metric: str, protocol: ProtocolCard) -> str:
    """The full variant of a metric's name. Raises InputError where there is none."""
    return describe(protocol.resolve(metric)).name
