"""Which methods are the user's own, for whoever highlights them."""

from __future__ import annotations

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.cards.shipped_folder import shipped_folder
from mgld_bench.cards.validation import folder_of
from mgld_bench.report.collect.data import ReportData


def highlighted_methods(data: ReportData) -> frozenset[str]:
    """Those that the report card highlights; where it names none, those whose cards did not come with the suite, if some did."""
    if data.card.highlight:
        return frozenset(data.card.highlight)
    own = frozenset(name for name, card in data.methods.items() if _own(card))
    return own if len(own) < len(data.methods) else frozenset()


def _own(card: MethodCard) -> bool:
    folder = folder_of(card, ("name",))
    # Cards of one's own may lie in the checkout too, but not in its folder of methods.
    return folder is not None and folder.resolve() != shipped_folder() / "baselines"
