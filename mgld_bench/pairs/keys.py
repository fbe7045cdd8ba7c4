"""The key of a pair: a digest of everything that its frames depend on."""

from __future__ import annotations

from mgld_bench.cards.loader import resolved_card
from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.digest import text_digest
from mgld_bench.clips.ffmpeg import ffmpeg_identity

PAIRS_REVISION = 1
"""Raised when a change of the code changes the frames of pairs: older pairs are then built again."""

_PROSE = ("title", "notes", "publication")


def pair_key(source: str, dataset: str, clip: str, degradation: DegradationCard | None) -> str:
    """The key of one pair. ``source``: SourceClip.digest(); ``degradation`` None: LR is taken as it is."""
    what: dict[str, object] = {"unit": "pair", "revision": PAIRS_REVISION, "source": source, "dataset": dataset, "clip": clip}
    if degradation is not None:
        card = resolved_card(degradation)
        what["degradation"] = {field: value for field, value in card.items() if field not in _PROSE}
        what["ffmpeg"] = ffmpeg_identity().sha256
    return text_digest(what)
