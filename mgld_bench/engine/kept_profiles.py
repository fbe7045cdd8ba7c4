"""Measured costs of methods, kept in the results database: each with the input, the device, the machine and the versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any, Final

from sqlalchemy import inspect, select

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.digest import text_digest
from mgld_bench.engine.origins import Origin, restored_origin
from mgld_bench.engine.profiling import RANDOM, MethodProfile, ProfileInput
from mgld_bench.engine.schema.tables import ProfileRow
from mgld_bench.engine.store import Store
from mgld_bench.methods.compute import Compute, machine_name
from mgld_bench.restoring.loading import parse_options, restorer_class
from mgld_bench.restoring.profiling import ProfileResult
from mgld_bench.restoring.record import library_versions
from mgld_bench.threads import threads

_TUPLES: Final = ("seconds", "first_frame")


@dataclass(frozen=True)
class KeptProfile:
    """A measurement as it was kept."""

    identity: str
    method: str
    measured_at: str
    """UTC, ISO 8601."""
    origin: Origin
    """Machine, device, precision and versions of libraries."""
    weights: str
    """Which weights it ran with, in words."""
    result: ProfileResult
    threads: int | None = None
    """That it may have used; None where it is not known."""

    @property
    def random(self) -> bool:
        """Whether it ran with random weights, because its own were not there."""
        return self.weights.startswith(RANDOM)


def profile_identity(card: MethodCard, measured: ProfileInput) -> str:
    """What a measurement is of: the method's code and options, and the size of the input. Weights cost the same, whichever.

    Raises:
        InputError: the card's restorer or options are wrong.
    """
    return text_digest(
        {
            "profile": 1,
            "method": card.name,
            "restorer": card.restorer,
            "revision": restorer_class(card).revision,
            "options": parse_options(card).model_dump(mode="json"),
            "size": [measured.width, measured.height],
            "frames": measured.frames,
        }
    )


def here(compute: Compute) -> Origin:
    """Where a measurement would be made now."""
    return restored_origin(_place(compute.describe_device(), compute.arithmetic))


def keep_profile(store: Store, card: MethodCard, profile: MethodProfile) -> None:
    """Keep a measurement that was made on this machine, at this moment."""
    result = profile.result
    measured = ProfileInput(result.width, result.height, result.frames)
    facts = {
        "result": asdict(result),
        "weights": profile.weights,
        "threads": threads(),
        **_place(result.device, result.precision),
    }
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    with store.transaction(writing=True) as session:
        session.add(ProfileRow(identity=profile_identity(card, measured), method=card.name, measured_at=now, facts=facts))


def kept_profiles(store: Store, identities: Iterable[str]) -> list[KeptProfile]:
    """The measurements of these identities, the latest first; none in a database of before there was a table of them."""
    wanted = sorted(set(identities))
    with store.transaction(writing=False) as session:
        if not inspect(session.connection()).has_table(ProfileRow.__tablename__):
            return []
        latest = select(ProfileRow).order_by(ProfileRow.measured_at.desc(), ProfileRow.id.desc())
        return [_kept(row) for row in session.scalars(latest.where(ProfileRow.identity.in_(wanted)))]


def profiles_of(store: Store, card: MethodCard) -> list[KeptProfile]:
    """Every measurement of a method as this card has it, whatever the input, the latest first; likewise none.

    Raises:
        InputError: the card's restorer or options are wrong.
    """
    with store.transaction(writing=False) as session:
        if not inspect(session.connection()).has_table(ProfileRow.__tablename__):
            return []
        latest = select(ProfileRow).order_by(ProfileRow.measured_at.desc(), ProfileRow.id.desc())
        every = [_kept(row) for row in session.scalars(latest.where(ProfileRow.method == card.name))]
    inputs = {one.identity: ProfileInput(one.result.width, one.result.height, one.result.frames) for one in every}
    mine = {identity for identity, measured in inputs.items() if profile_identity(card, measured) == identity}
    return [one for one in every if one.identity in mine]


def _kept(row: ProfileRow) -> KeptProfile:
    facts: Mapping[str, Any] = row.facts
    result: dict[str, Any] = {name: tuple(value) if name in _TUPLES else value for name, value in facts["result"].items()}
    origin = restored_origin(facts)
    return KeptProfile(
        row.identity, row.method, row.measured_at, origin, facts["weights"], ProfileResult(**result), facts.get("threads")
    )


def _place(device: str, precision: str) -> dict[str, Any]:
    return {"machine": machine_name(), "device": device, "precision": precision, "versions": library_versions()}
