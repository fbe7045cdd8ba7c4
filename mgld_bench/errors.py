"""The ways in which the suite refuses, and the wording that their messages share."""

from __future__ import annotations

import difflib
import errno
import os
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

_REMEDIES: Final = {
    errno.ENOSPC: "free some space, or use a different disk",
    errno.EDQUOT: "free some of your quota, or use a different disk",
    errno.EROFS: "use a folder of your own",
    errno.EACCES: "check who may use it, or use a folder of your own",
    errno.EPERM: "check who may use it, or use a folder of your own",
    errno.EMFILE: "raise the limit: ulimit -n 4096",
    errno.ENFILE: "close other programs",
    errno.ENAMETOOLONG: "use a shorter name, or a folder higher up",
    errno.EIO: "the disk, or the connection to it, may be failing",
    errno.ENOTDIR: "something in this path is a file, not a folder",
    errno.EISDIR: "move the folder away: a file belongs there",
}
"""What to do about errors of the operating system."""
_LONGEST: Final = 4000
"""Characters of a message; beyond it, its middle is left out."""


class _RefusalError(Exception):
    """An error whose message is for people: never longer than they would read, whatever a file had in it."""

    def __str__(self) -> str:
        text = super().__str__()
        if len(text) <= _LONGEST:
            return text
        return f"{text[: _LONGEST // 2]}… ({len(text)} characters) …{text[-_LONGEST // 4 :]}"


class InputError(_RefusalError):
    """Wrong use or bad input: one line with what, where (file, field, clip) and what to do. Exit code 2."""


class IncompleteError(InputError):
    """Something that was asked for has no result, and everything else is done: one line that names it. Exit code 3."""


class WrongCheckpointError(InputError):
    """A weight file that holds something different from what a network needs."""

    def __init__(self, file: Path | str, problem: str) -> None:
        """``problem``: what it is instead, as the rest of a sentence."""
        super().__init__(f"{file}: {problem}")
        self.file = Path(file)


class CheckError(_RefusalError):
    """A check or a gate failed on valid input: one line with which and by how much. Exit code 1."""


def broken() -> tuple[type[BaseException], ...]:
    """What the code of a method or metric may raise, whoever wrote it: all but an interrupt. It ends that part, not the run.

    Asked for where something was raised: libraries bring classes of their own that are no Exception, such as a panic of Rust's.
    Not GeneratorExit, by which whoever has enough frames closes what makes them.
    """
    return tuple(kind for kind in BaseException.__subclasses__() if kind not in (KeyboardInterrupt, GeneratorExit))


def broken_module() -> tuple[type[BaseException], ...]:
    """What a module may raise while it is imported, which closes no generator: see broken()."""
    return (*broken(), GeneratorExit)


def contained(error: BaseException, what: str = "") -> InputError:
    """The failure of ``what``, as one line: an InputError as it is; a file's error with its name; else with type and place."""
    if isinstance(error, InputError):
        return error
    if isinstance(error, OSError) and error.filename is not None:
        failure = InputError(f"{what}: {of_system(error)}" if what else of_system(error))
        failure.__cause__ = error
        return failure
    text = " ".join(str(error).split())
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    failure = InputError(f"{what} failed with {type(error).__name__}{f': {text}' if text else ''}{place}".lstrip())
    failure.__cause__ = error
    return failure


def of_system(error: OSError) -> str:
    """An error of the operating system in one line: which file, what is wrong with it and what to do, as far as that is known.

    >>> of_system(OSError(28, "No space left on device", "results.sqlite"))
    'results.sqlite: No space left on device: free some space, or use a different disk'
    """
    places = [os.fsdecode(place) for place in (error.filename, error.filename2) if isinstance(place, str | bytes | os.PathLike)]
    reason = error.strerror or " ".join(str(error).split()) or type(error).__name__
    remedy = _REMEDIES.get(error.errno or 0)
    return ": ".join([*[" -> ".join(places)][: len(places)], reason, *([remedy] if remedy else [])])


def sentence(text: str) -> str:
    """``text`` with a full stop, unless it ends like a sentence already.

    >>> sentence("did you mean bicubic?")
    'did you mean bicubic?'
    """
    return text if text.endswith((".", "?", "!")) else f"{text}."


def first_of(items: Sequence[object], most: int = 5, separator: str = ", ") -> str:
    """The first ``most`` items, and how many more there are.

    >>> first_of([3, 1, 4, 1, 5], most=3)
    '3, 1, 4 and 2 more'
    """
    more = len(items) - most
    shown = separator.join(str(item) for item in items[:most])
    return f"{shown} and {more} more" if more > 0 else shown


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """``did you mean x, y?`` with the known names nearest to ``name``; ``otherwise`` where none is near.

    >>> did_you_mean("pnsr", ["psnr", "lpips"])
    'did you mean psnr?'
    """
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"did you mean {', '.join(near)}?" if near else otherwise
