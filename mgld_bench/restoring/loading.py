"""From a method card to a restorer that is ready to run."""

from __future__ import annotations

import importlib
from typing import Final

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.cards.validation import field_error, folder_of, validate_options
from mgld_bench.errors import InputError, WrongCheckpointError, broken_module
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import AnyRestorer, Restorer, RestorerOptions
from mgld_bench.restoring.finding import module_exists
from mgld_bench.restoring.trust import require_trust
from mgld_bench.weights.locate import forget_record
from mgld_bench.weights.missing import locate_all

_OWN: Final = "mgld_bench.methods."


def restorer_class(card: MethodCard) -> type[AnyRestorer]:
    """The class that the card names. Raises InputError if it cannot be imported or is not a Restorer."""
    module_name, _, class_name = card.restorer.partition(":")
    try:
        module = importlib.import_module(module_name)
    except broken_module() as error:
        reason = " ".join(str(error).split())
        raise field_error(card, ["restorer"], f"cannot import {module_name}: {type(error).__name__}: {reason}") from None
    found = getattr(module, class_name, None)
    if found is None:
        raise field_error(card, ["restorer"], f"{module_name} has no {class_name}")
    if not (isinstance(found, type) and issubclass(found, Restorer)):
        raise field_error(card, ["restorer"], f"{card.restorer} is not a Restorer")
    return found


def parse_options(card: MethodCard) -> RestorerOptions:
    """The card's options as the restorer's own type. Raises InputError for an unknown option or a wrong value."""
    options = validate_options(card, restorer_class(card).Options)
    texts = [name for name, value in card.options.items() if isinstance(value, str)]
    options._written_in = {name: folder for name in texts if (folder := folder_of(card, ["options", name]))}
    return options


def _check_here(card: MethodCard) -> RestorerOptions:
    """The card's options, where the method may run and what it needs beside weights is here; else raises InputError."""
    options, method = parse_options(card), restorer_class(card)
    require_trust(card, method.executes(options))
    method.check_here(options)
    return options


def load_restorer(card: MethodCard, compute: Compute) -> AnyRestorer:
    """The card's restorer, built with its options and weights. Raises InputError where `why_unavailable` would give a reason."""
    options = _check_here(card)
    compute.check()
    files = locate_all(tuple(card.weights.values()), card.name)
    try:
        return restorer_class(card)(options, dict(zip(card.weights, files, strict=True)), compute)
    except WrongCheckpointError as error:
        if any(weight.not_pinned for weight, file in zip(card.weights.values(), files, strict=True) if file == error.file):
            forget_record(error.file)
        raise


def load_untrained(card: MethodCard, compute: Compute) -> AnyRestorer:
    """The card's restorer with random but fixed weights instead of its files. Raises InputError for wrong options."""
    options = parse_options(card)
    compute.check()
    return restorer_class(card)(options, None, compute)


def why_not_ready(card: MethodCard) -> str | None:
    """What the method lacks to run on the CPU here, in one line, without importing any code but the suite's own; None: nothing.

    Listings ask this: a card is code, which only what uses the method runs. The class and the options of somebody else's method
    are checked by `why_unavailable`.
    """
    module_name, _, _ = card.restorer.partition(":")
    try:
        if module_name.startswith(_OWN):
            _check_here(card)
        elif not module_exists(module_name):
            raise field_error(card, ["restorer"], f"there is no module {module_name}")
        locate_all(tuple(card.weights.values()), card.name)
    except InputError as error:
        return str(error)
    return None


def why_unavailable(card: MethodCard, compute: Compute) -> str | None:
    """Why the method cannot run here, in one line; None if it can. Builds no network, but imports what the card names."""
    try:
        _check_here(card)
        compute.check()
        locate_all(tuple(card.weights.values()), card.name)
    except InputError as error:
        return str(error)
    return None
