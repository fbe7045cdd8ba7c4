"""The measurements of a method's costs that a results database keeps."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import inspect, select

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.comparing.hardware import hardware_of
from mgld_bench.comparing.state import Profiled, RestoredClip
from mgld_bench.engine.cost_columns import short_count
from mgld_bench.engine.schema.tables import ProfileRow
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError


def kept_measurements(store: Store, card: MethodCard | None, clips: Iterable[RestoredClip]) -> tuple[Profiled, ...]:
    """Those of the method that restored these clips: of its code, options and revision; the latest first.

    Args:
        store: where they are looked for.
        card: the method's; without one it is not known what was measured.
        clips: what it restored: a measurement of another revision is none of theirs.
    """
    if card is None or not _any(store, card.name):
        return ()
    # Here, because they import torch.
    from mgld_bench.engine.kept_profiles import profiles_of
    from mgld_bench.restoring.loading import restorer_class

    try:
        revisions = {clip.made_of["revision"] for clip in clips if "revision" in clip.made_of}
        if revisions - {restorer_class(card).revision}:
            return ()
        found = profiles_of(store, card)
    except InputError:
        # The method is of a package that is not installed here.
        return ()
    return tuple(
        Profiled(
            f"{one.result.width}x{one.result.height}, {one.result.frames} frames",
            one.result.seconds,
            one.result.peak_resident,
            one.result.peak_gpu,
            short_count(one.result.total_parameters),
            hardware_of({"device": one.result.device, "threads": one.threads}, one.origin.parts),
            one.measured_at,
        )
        for one in found
    )


def _any(store: Store, method: str) -> bool:
    with store.transaction(writing=False) as session:
        if not inspect(session.connection()).has_table(ProfileRow.__tablename__):
            return False
        return session.scalars(select(ProfileRow.id).where(ProfileRow.method == method)).first() is not None
