"""No text of a study names one of its methods."""

from __future__ import annotations

import pytest

from mgld_bench.errors import InputError
from mgld_bench.study.blinding import require_blind
from mgld_bench.study.card import StudyCard

METHODS = ("mgld-vsr", "sharp")


def card(**fields: object) -> StudyCard:
    questions = [{"name": "overall", "text": "Which one is sharper, the mgld-vsr-like one or not?"}]
    return StudyCard.model_validate({"name": "s", "methods": METHODS, "title": "A study", "questions": questions, **fields})


def test_only_whole_names_count_and_case_does_not() -> None:
    require_blind(card(), METHODS)
    with pytest.raises(InputError, match="its title, consent or questions name mgld-vsr, sharp, which participants would read"):
        require_blind(card(title="Sharp: better than MGLD VSR?"), METHODS)
    with pytest.raises(InputError, match="name realesrgan,"):
        require_blind(card(title="Is Real-ESRGAN better?"), ("realesrgan", "x"))
    with pytest.raises(InputError, match="its title, consent or questions name mgld-vsr, sharp, which participants would read"):
        require_blind(card(title="Is MGLD-VSR good?", consent="You will see\nSharp."), METHODS)
