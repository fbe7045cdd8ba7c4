"""Arguments of Python callers: checked and converted; every error names the argument."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from mgld_bench.cards.loader import load_dataset, load_protocol, load_report
from mgld_bench.clips.arrays import clip_of_frames, is_frames
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.reading import open_clip
from mgld_bench.engine.address import is_address, workspace_folder
from mgld_bench.engine.clip_choice import Source, method_sources
from mgld_bench.engine.machine import compute_on
from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.home import expanded
from mgld_bench.methods.compute import Compute, Precision


@contextmanager
def naming(argument: str) -> Iterator[None]:
    """A block whose InputError is about ``argument``: its message begins with that name."""
    try:
        yield
    except InputError as error:
        if str(error).startswith(argument):
            raise
        raise InputError(f"{argument}: {error}") from None


def wrong(argument: str, problem: str) -> InputError:
    """The error about an argument."""
    return InputError(f"{argument}: {problem}")


def text(argument: str, value: object) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value:
        raise InputError(f"{argument}: must be text, not {value!r}")
    return value


def choice(argument: str, value: object, known: Sequence[str]) -> str:
    """One of ``known``."""
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{argument}: {value!r} is none of {', '.join(known)}{_hint(value, known)}")
    return value


def whole(argument: str, value: object, least: int | None = None) -> int:
    """A whole number, of any library, and not below ``least``."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]  # what is none raises TypeError
    except TypeError:
        raise InputError(f"{argument}: must be a whole number, not {value!r}") from None
    if least is not None and number < least:
        raise InputError(f"{argument}: must be {least} or more, not {number}")
    return number


def limit(value: object) -> int | None:
    """How many of the first clips; None: all."""
    return None if value is None else whole("limit", value, least=1)


def names(argument: str, value: object) -> tuple[str, ...]:
    """Names, as a list or as text with commas; () for None."""
    if value is None:
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, Sequence) or not all(isinstance(name, str) for name in listed):
        raise InputError(f"{argument}: must be a name or a list of names, not {value!r}")
    return tuple(part.strip() for name in listed for part in name.split(",") if part.strip())


def path(argument: str, value: object) -> Path:
    """A path; ~ is the user's home."""
    if not isinstance(value, (str, Path)) or not str(value):
        raise InputError(f"{argument}: must be a path, not {value!r}")
    return expanded(Path(value))


def workspace(value: object) -> Path:
    """The folder of a workspace: a path, or that which stands here for an address."""
    if isinstance(value, str) and is_address(value):
        return workspace_folder(value)
    return path("workspace", value)


def paths(argument: str, values: object) -> tuple[Path, ...]:
    """Paths, in a list; one alone is a list of one."""
    if isinstance(values, (str, Path)):
        return (path(argument, values),)
    if not isinstance(values, Sequence):
        raise InputError(f"{argument}: must be a list of paths, not {values!r}")
    return tuple(path(f"{argument}[{index}]", value) for index, value in enumerate(values))


def frame_numbers(argument: str, value: object) -> tuple[int, ...]:
    """Frame numbers from 0: one, or several; () for None and "all"."""
    if value is None or value == "all":
        return ()
    listed = value if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
    numbers = tuple(dict.fromkeys(whole(argument, number) for number in listed))
    if not numbers or min(numbers) < 0:
        raise InputError(f"{argument}: must be frame numbers from 0, not {value!r}")
    return numbers


def pair(argument: str, value: object) -> tuple[float, float]:
    """Two numbers."""
    try:
        first, second = (float(part) for part in value)  # type: ignore[attr-defined]  # what cannot be read raises TypeError
        if not abs(first) + abs(second) < 1e4:
            raise ValueError
    except (TypeError, ValueError):
        raise InputError(f"{argument}: must be two numbers, pixels down and right, such as (0, -2), not {value!r}") from None
    return first, second


def clip(argument: str, value: object, colour: str = "") -> Clip:
    """A folder of frames, a video of which the samples are ``colour``, or frames in memory (see clip_of_frames)."""
    if isinstance(value, (str, Path)):
        with naming(argument):
            return open_clip(path(argument, value), colour=colour)
    return clip_of_frames(value, argument)


def source(argument: str, value: object) -> Path | Clip:
    """A clip, a folder of clips, or frames in memory."""
    return path(argument, value) if isinstance(value, (str, Path)) else clip_of_frames(value, argument)


def sources(argument: str, value: object, ground_truth: object) -> dict[str, Source]:
    """The clips of one or several methods, by method."""
    if isinstance(value, Mapping):
        if not value:
            raise InputError(f"{argument}: is empty; name at least one method")
        return {str(name): source(f"{argument}[{name!r}]", clips) for name, clips in value.items()}
    if isinstance(value, (str, Path)) or (isinstance(value, (list, tuple)) and value and not is_frames(value)):
        truth = path("gt", ground_truth) if isinstance(ground_truth, (str, Path)) else None
        with naming(argument):
            return method_sources(paths(argument, value), truth)
    return {"restored": clip_of_frames(value, argument)}


def compute(device: object, precision: object, max_memory: object, allow_tf32: bool = False) -> Compute:
    """Where and how to compute; see compute_on(). None is the default device, and "" half of its memory."""
    choice("precision", precision, get_args(Precision))
    with naming("max_memory"):
        compute_on("cpu", "float32", text("max_memory", max_memory) if max_memory != "" else "")
    with naming("device"):
        return compute_on("" if device is None else text("device", device), str(precision), str(max_memory), allow_tf32)


def folders(argument: str, value: object) -> dict[str, Path]:
    """Folders by name; {} for None."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{argument}: must be a mapping from names to folders, not {value!r}")
    return {str(name): path(f"{argument}[{name!r}]", folder) for name, folder in value.items()}


def suite(report: object, datasets: Sequence[str], protocol: object, cards: Sequence[Path]) -> str:
    """The report's name or file, checked with what is named beside it."""
    card = str(report) if isinstance(report, Path) else text("report", report)
    with naming("report"):
        load_report(card, cards)
    with naming("datasets"):
        for name in datasets:
            load_dataset(name, cards)
    with naming("protocol"):
        if protocol != "":
            load_protocol(text("protocol", protocol), cards)
    return card


def _hint(value: object, known: Sequence[str]) -> str:
    hint = did_you_mean(str(value), known)
    return f"; {hint}" if hint else ""
