"""Programs that cards make the suite execute: those of somebody else's card run only once a user has trusted them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Final

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.cards.shipped_folder import shipped_folder
from mgld_bench.cards.validation import folder_of
from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.clips.digest import text_digest
from mgld_bench.errors import InputError
from mgld_bench.home import bench_home

_TRUSTING: Final = "MGLD_BENCH_TRUST_CARDS"
"""Set by --trust-cards, also for the worker processes of a run."""


def trust_cards() -> None:
    """From now on, whatever a chosen card executes is trusted, printed, and remembered for this user."""
    os.environ[_TRUSTING] = "1"


def require_trust(card: MethodCard, executes: str) -> None:
    """Pass where ``card`` may execute what it states.

    Args:
        card: a method card.
        executes: the program, with its arguments and environment, in one line; "" where there is none.

    Raises:
        InputError: it is not a card of the suite, and nobody has trusted this program yet.
    """
    if not executes or _is_shipped(card):
        return
    digest, known = text_digest(executes), _known()
    if digest in known:
        return
    if _TRUSTING not in os.environ:
        raise InputError(
            f"method {card.name}: its card would execute: {executes}; read the card, then add --trust-cards to let it run"
        )
    sys.stderr.write(f"trusted from now on: method {card.name} executes: {executes}\n")
    write_json_atomic(_file(), {**known, digest: executes})


def _is_shipped(card: MethodCard) -> bool:
    """Whether every option that the card sets was written in a card of the suite."""
    folders = [folder_of(card, ["options", option]) for option in card.options]
    return all(folder is not None and folder.resolve() == shipped_folder() / "baselines" for folder in folders)


def _known() -> dict[str, str]:
    try:
        known = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _file() -> Path:
    return bench_home() / "trusted-programs.json"
