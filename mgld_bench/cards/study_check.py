"""What the fields of a study's card must have in common."""

from __future__ import annotations

from collections.abc import Sequence

from mgld_bench.cards.studies import StudyCard
from mgld_bench.cards.validation import field_error
from mgld_bench.errors import did_you_mean


def check_study(card: StudyCard) -> None:
    """Raise InputError, with file, line and field, where the card contradicts itself."""
    for field in ("methods", "clips", "datasets", "trap_clips"):
        _check_once(card, field, getattr(card, field))
    names = [question.name for question in card.questions]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise field_error(card, ("questions", index, "name"), f"{name} is there twice")
    if card.of and card.of not in card.methods:
        hint = did_you_mean(card.of, card.methods, f"there are: {', '.join(card.methods)}")
        raise field_error(card, ("of",), f"{card.of} is none of the methods; {hint}")
    if card.crop is not None and any(side % 2 for side in card.crop):
        raise field_error(card, ("crop",), "width and height must be even numbers")
    _check_clips(card)
    _check_design(card)


def _check_once(card: StudyCard, field: str, names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise field_error(card, (field, index), f"{name} is there twice")


def _check_clips(card: StudyCard) -> None:
    if card.clips and (card.spread is not None or card.datasets):
        field = "spread" if card.spread is not None else "datasets"
        raise field_error(card, (field,), "the card names its clips: remove this field, or clips")
    if not card.clips and card.spread is None:
        raise field_error(card, ("clips",), "names no clip; name some as dataset/clip, or set spread and datasets")
    if not card.clips and not card.datasets:
        raise field_error(card, ("datasets",), "is missing: where are the clips of the spread chosen from?")


def _check_design(card: StudyCard) -> None:
    clips = len(card.clips) or card.spread or 0
    most = len(card.pairs) * clips
    asked = most if card.design.pairs_each is None else card.design.pairs_each
    if asked > most:
        raise field_error(
            card, ("design", "pairs_each"), f"{len(card.pairs)} pairs of methods on {clips} clips are no more than {most} pairs"
        )
    if card.design.repeats > asked:
        raise field_error(card, ("design", "repeats"), f"no more than the {asked} pairs of a participant can be repeated")
    if clips < 2 and asked + card.design.repeats > 1:
        raise field_error(card, ("clips",), "one clip would be seen several times in a row; name at least 2")
    screening = card.screening
    if screening.wrong_traps is not None and screening.wrong_traps >= card.design.traps:
        raise field_error(
            card, ("screening", "wrong_traps"), f"with {card.design.traps} traps nobody can answer more than that wrongly"
        )
    if screening.inconsistent_repeats is not None and not card.design.repeats:
        raise field_error(card, ("screening", "inconsistent_repeats"), "the design has no repeats")
