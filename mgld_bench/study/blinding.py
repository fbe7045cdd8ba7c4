"""What participants read says nothing of the methods that they compare."""

from __future__ import annotations

import re

from mgld_bench.errors import InputError, first_of
from mgld_bench.study.card import StudyCard


def require_blind(card: StudyCard, methods: tuple[str, ...]) -> None:
    """Raise InputError where the title, the consent or a question names one of the methods, however it is spelt (Real-ESRGAN)."""
    text = "\n".join((card.title, card.consent, *(question.text for question in card.questions)))
    named = [name for name in methods if re.search(rf"(?<![\w-]){_spelled(name)}(?![\w-])", text, re.IGNORECASE)]
    if named:
        raise InputError(
            f"study {card.name}: its title, consent or questions name {first_of(named)}, which participants would read: "
            "reword the card, and make the study again"
        )


def _spelled(name: str) -> str:
    """A pattern for a method's name as people write it."""
    return r"[-_. ]?".join(re.escape(character) for character in name if character.isalnum())
