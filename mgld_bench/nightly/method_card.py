"""The method card of a checkpoint: it extends one that the suite has, with this file in place of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from mgld_bench.cards.loader import load_method, load_report
from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.clips.digest import text_digest
from mgld_bench.engine.keys import weights_sha256
from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.nightly.checkpoint import CheckpointFile
from mgld_bench.restoring.loading import parse_options, restorer_class


@dataclass(frozen=True)
class Base:
    """What the checkpoint's card extends."""

    method: str
    role: str
    """The weight file that the checkpoint is."""


def choose_base(suite: str, method: str, role: str, cards: Sequence[Path]) -> Base:
    """The method that a checkpoint is one of, and which of its weight files it is.

    Args:
        suite: name of a report card, or a card file.
        method: its name; "": the suite's only one with weight files.
        role: which weight file; "": the card's only one, or that called ``network``.
        cards: further folders with cards.

    Raises:
        InputError: they are not clear.
    """
    if not method:
        with_weights = [name for name in load_report(suite, cards).methods if load_method(name, cards).weights]
        if len(with_weights) != 1:
            listed = ", ".join(with_weights) or "none"
            raise InputError(f"--method: name the card that the checkpoint is one of; methods of {suite} with weights: {listed}")
        method = with_weights[0]
    card = load_method(method, cards)
    roles = list(dict.fromkeys((*card.weights, *restorer_class(card).optional_roles)))
    if not roles:
        raise InputError(f"--method {method}: its card has no weight files; name one that a checkpoint can stand in for")
    if not role:
        role = roles[0] if len(roles) == 1 else "network"
        if role not in roles:
            raise InputError(
                f"--role: {method} takes several weight files: {', '.join(roles)}; name the one that the checkpoint is"
            )
    if role not in roles:
        hint = did_you_mean(role, roles, f"there are {', '.join(roles)}")
        raise InputError(f"--role {role}: {method} has no such weight file: {hint}")
    return Base(method, role)


def write_card(folder: Path, base: Base, checkpoint: CheckpointFile, cards: Sequence[Path]) -> MethodCard:
    """Write the card into ``folder``, which can be named among card folders; returns it.

    Its name says what decides its frames: the same weights, options and revision always give the same one.

    Raises:
        InputError: another weight file of the method is missing, or its options are wrong.
    """
    extended = load_method(base.method, cards)
    draft = _draft("nightly-draft", base, checkpoint)
    _write(folder, draft)
    resolved = load_method("nightly-draft", [folder, *cards])
    decisive = {
        "restorer": resolved.restorer,
        "revision": restorer_class(resolved).revision,
        "options": parse_options(resolved).model_dump(mode="json"),
        "weights": weights_sha256(resolved),
    }
    name = f"{base.method}-{text_digest(decisive)[:10]}"
    (folder / "baselines" / "nightly-draft.yaml").unlink()
    _write(folder, {**_draft(name, base, checkpoint), "title": f"{extended.title}, {checkpoint.path.name}"})
    return load_method(name, [folder, *cards])


def copy_card(folder: Path, card: MethodCard, name: str, base: Base, checkpoint: CheckpointFile) -> None:
    """Write the same card under a further name, under which everything is restored and scored again."""
    _write(folder, {**_draft(name, base, checkpoint), "title": f"{card.title}, again"})


def _draft(name: str, base: Base, checkpoint: CheckpointFile) -> dict[str, object]:
    return {
        "name": name,
        "title": name,
        "extends": base.method,
        "weights": {base.role: {"file": str(checkpoint.path), "sha256": checkpoint.sha256}},
    }


def _write(folder: Path, card: dict[str, object]) -> None:
    text = yaml.safe_dump(card, sort_keys=False, allow_unicode=True)
    write_bytes_atomic(folder / "baselines" / f"{card['name']}.yaml", text.encode())
