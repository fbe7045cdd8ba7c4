"""Where reports lie: each in a dated folder of its own; ``latest``, and a link for each file, lead to the newest.

    reports/table1/2026-11-28T07-32-10Z/table.csv
    reports/table1/latest                        -> 2026-11-28T07-32-10Z
    reports/table1/table.csv, index.html, plots  -> 2026-11-28T07-32-10Z/…

Scripts and bookmarks that know a report by its name alone go on working, and no report overwrites one before it. A name leads to
the newest report that has it: where the last one was asked for as CSV only, ``index.html`` is still the page before that.
"""

from __future__ import annotations

import errno
import html
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from mgld_bench.clips.atomic import TEMPORARY, hidden_name, require_writable, write_bytes_atomic
from mgld_bench.clips.held import UNFINISHED, held, is_held
from mgld_bench.errors import InputError

LATEST = "latest"
NO_LINKS = "latest.txt"
"""In place of ``latest`` where there are no links: the name of the newest folder."""
RECORD = "run.json"
_NO_SUCH_THING = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
"""What file systems without links report, and Windows where a user may not make any."""


@contextmanager
def dated_folder(top: Path) -> Iterator[Path]:
    """A new folder below ``top`` for one report, which is the latest as soon as the block ends without an error.

    Otherwise it is removed, and the report before it stays the latest.

    Raises:
        InputError: ``top`` cannot be written to.
    """
    require_writable(top)
    remove_left_over(top)
    folder = _new_folder(top, datetime.now(timezone.utc))
    try:
        with held(folder / UNFINISHED):
            yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        _lead_to(top, folder)
    except OSError as error:
        raise InputError(f"{top}: cannot be written to: {error.strerror}; the report is in {folder}") from None


def remove_left_over(top: Path) -> None:
    """Remove what a process that was killed has left below ``top``: reports half-way, and the mark that it was making links."""
    linking = top / hidden_name(LATEST, TEMPORARY)
    if linking.is_file() and not is_held(linking):
        linking.unlink(missing_ok=True)
    for folder in top.iterdir():
        mark = folder / UNFINISHED
        if not folder.is_symlink() and mark.is_file() and not is_held(mark):
            shutil.rmtree(folder)


def _new_folder(top: Path, moment: datetime) -> Path:
    name = f"{moment:%Y-%m-%dT%H-%M-%SZ}"
    for number in range(1, 1000):
        folder = top / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise InputError(f"{top}: holds a thousand reports of one second; move them away")


def _lead_to(top: Path, folder: Path) -> None:
    """Let ``latest`` and the names at the top lead to ``folder``. Two reports wait for each other."""
    with held(top / hidden_name(LATEST, TEMPORARY)):
        _replace_links(top, folder)


def _replace_links(top: Path, folder: Path) -> None:
    names = sorted(entry.name for entry in folder.iterdir())
    # Copying a workspace may turn its links into what they led to; "latest" too.
    _keep_older_report(top, [*names, LATEST])
    if _has_links(top):
        for name in names:
            _link(top / name, f"{folder.name}/{name}")
        (top / NO_LINKS).unlink(missing_ok=True)
        # Last: it stands for all of them.
        _link(top / LATEST, folder.name)
    else:
        _copy(top, folder, names)
    for place in top.iterdir():
        if place.is_symlink() and not place.exists():
            # Somebody has deleted the folder to which it led.
            place.unlink()


def _keep_older_report(top: Path, names: list[str]) -> None:
    """Move the report that version 0.1 wrote at the top into a dated folder of its own."""
    if (top / NO_LINKS).exists():
        # What stands at the top is a copy of a dated folder.
        return
    older = [top / name for name in dict.fromkeys((*names, *_recorded(top))) if (top / name).exists()]
    older = [path for path in older if not path.is_symlink()]
    if older:
        newest = max(path.stat().st_mtime for path in older)
        folder = _new_folder(top, datetime.fromtimestamp(newest, timezone.utc))
        for path in older:
            path.rename(folder / path.name)


def _recorded(top: Path) -> list[str]:
    """The names at the top that the record there knows."""
    try:
        files = json.loads((top / RECORD).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [RECORD, *(str(name).split("/")[0] for name in files)]


def _has_links(top: Path) -> bool:
    """Whether links can be made in ``top``; where they cannot be made just now, as on a full disk, an error."""
    try:
        _link(top / hidden_name(LATEST, ".try"), ".")
    except NotImplementedError:
        return False
    except OSError as error:
        if error.errno in _NO_SUCH_THING:
            return False
        raise
    (top / hidden_name(LATEST, ".try")).unlink()
    return True


def _link(place: Path, target: str) -> None:
    """Replace ``place`` by a link to ``target``, relative to its folder, in one step."""
    temporary = place.with_name(hidden_name(place.name, ".link"))
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target, target_is_directory=(place.parent / target).is_dir())
    temporary.replace(place)


def _copy(top: Path, folder: Path, names: list[str]) -> None:
    """Where the file system has no links: copies of the files, and a page that leads to the one in ``folder``."""
    for name in names:
        if name == "index.html":
            address = html.escape(f"{folder.name}/{name}")
            page = f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={address}">'
            page += f'<title>Newest report</title><p><a href="{address}">The newest report</a>\n'
            write_bytes_atomic(top / name, page.encode())
        elif (folder / name).is_file():
            write_bytes_atomic(top / name, (folder / name).read_bytes())
    write_bytes_atomic(top / NO_LINKS, f"{folder.name}\n".encode())
