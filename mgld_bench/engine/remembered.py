"""Restored clips whose method has lost its files since: finished results that were moved, weights that were deleted."""

from __future__ import annotations

import json

from pydantic import ValidationError

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.engine.keys import restore_key_of
from mgld_bench.errors import InputError
from mgld_bench.methods.restorer import FilesAwayError
from mgld_bench.restoring.loading import parse_options, restorer_class
from mgld_bench.restoring.record import RestoreRecord
from mgld_bench.weights.locate import status


def remembered_key(record: RestoreRecord | None, card: MethodCard, pair: str, dataset: str, precision: str) -> str | None:
    """The key of a restored clip by its record, where the method's files are away and everything else is as it was.

    Args:
        record: That of the restored clip in the workspace.
        card: The method.
        pair: The key of the clip's pair.
        dataset: The clip's dataset.
        precision: In which the method computes.

    Returns:
        None where there is no such clip, or where the card, the pair or a file is different now: then its scores are not those
        that are asked for.
    """
    if record is None or record.precision != precision or record.facts.get("pair") != pair:
        return None
    try:
        if not _same_method(record.facts.get("method"), card) or not _only_away(card):
            return None
        files = _files(record, card, dataset)
    except InputError:
        return None
    if files is None:
        # Side files of version 0.1 do not have the digest of finished results.
        return record.key
    key = restore_key_of(pair, card, precision, record.facts.get("weights", {}), files, record.way)
    return key if key == record.key else None


def _same_method(recorded: object, card: MethodCard) -> bool:
    """Whether a restored clip was made by this card, whatever its title and notes are by now."""
    try:
        before = MethodCard.model_validate_json(json.dumps(recorded))
    except ValidationError:
        return False
    same_files = (before.restorer, before.weights) == (card.restorer, card.weights)
    return same_files and parse_options(before).model_dump() == parse_options(card).model_dump()


def _only_away(card: MethodCard) -> bool:
    """Whether each weight file is right or missing; a different one in its place makes different frames."""
    return all(state.verified or not state.present for state in map(status, card.weights.values()))


def _files(record: RestoreRecord, card: MethodCard, dataset: str) -> str | None:
    """The digest of what the clip was made of, as recorded where that is away; None where it is not recorded."""
    try:
        return restorer_class(card).depends_on(parse_options(card), dataset, record.name)
    except FilesAwayError:
        recorded = record.facts.get("files")
        return recorded if isinstance(recorded, str) else None
