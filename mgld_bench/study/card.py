"""The card of a study; its schema is with those of the other cards, so that all cards are found and checked alike."""

from __future__ import annotations

from mgld_bench.cards.studies import Design as Design  # noqa: PLC0414 - the parts of a study are imported from its room
from mgld_bench.cards.studies import Question as Question  # noqa: PLC0414
from mgld_bench.cards.studies import Screening as Screening  # noqa: PLC0414
from mgld_bench.cards.studies import StudyCard as StudyCard  # noqa: PLC0414
