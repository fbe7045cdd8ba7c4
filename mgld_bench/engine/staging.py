"""What a workspace at an address holds, brought here before it is needed and uploaded once it is finished.

The folder of this machine is a workspace like any other. At the address are the frames of pairs and restored clips with their
side files. A side file stands for its unit: it is uploaded last and removed first, so that what is half there is not there.
Frames are compared with the sha256 of their side files whenever they are read.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final

from filelock import FileLock

from mgld_bench.clips.atomic import PARTIAL, hidden_name, write_bytes_atomic
from mgld_bench.engine.address import address_errors, address_of, opened
from mgld_bench.engine.staged_files import files_of, is_plain, same_frames, side_of
from mgld_bench.errors import InputError

_KINDS: Final = ("pairs", "restored")
_MARKS, _LOCKS = ".marks", ".locks"


def staging_of(workspace: Path) -> Staging | None:
    """The address behind a workspace; None for a plain folder."""
    address = address_of(workspace)
    return Staging(workspace, address) if address else None


class Staging:
    """A folder of this machine, and the address that it stands for. Whatever fails there is an InputError, in one line."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address

    def bring_side_files(self) -> None:
        """Learn what is at the address: its side files come here, frames come when they are needed.

        What was removed at the address is removed here; what was finished here and not uploaded yet stays.
        """
        there = dict(self._sides_there())
        changed = [side for side, stamp in there.items() if self._mark(side)[0] != stamp or not (self.folder / side).exists()]
        with address_errors(self.address, "reading side files"):
            contents = self._files.cat([self._at(side) for side in changed], on_error="omit") if changed else {}
        by_path = {self._at(side): side for side in changed}
        for path, data in contents.items():
            side = by_path.get(str(path))
            if side is not None:
                self._take(side, data, there[side])
        for side in self._sides_here():
            if side not in there and self._mark(side)[1] == _sha256((self.folder / side).read_bytes()):
                with self._alone(side):
                    self._drop(side)
                    (self.folder / _MARKS / side).unlink(missing_ok=True)

    def require_writable(self) -> None:
        """Write a file at the address and remove it: before any work, not after an hour of it."""
        name = f".probes/{secrets.token_hex(8)}"
        self.write(name, b"can this be written?")
        self.remove(name)

    def upload_left(self) -> None:
        """Upload what was finished here while the address could not be reached."""
        for side in self._sides_here():
            if self._mark(side)[1] != _sha256((self.folder / side).read_bytes()):
                self.upload(*_split(side))

    def bring(self, base: str, clip: str) -> bool:
        """Have a unit's frames here: of the clip ``clip`` in the folder ``base``. Returns whether the address has it."""
        side = f"{base}/{clip}.json"
        with self._alone(side):
            data = self.read(side)
            content = None if data is None else side_of(data)
            if data is None or content is None:
                return False
            folder = self.folder / base
            names = files_of(clip, content)
            if self._local(side) != data or not all((folder / name).is_file() for name in names):
                self._download(base, clip, names)
                write_bytes_atomic(self.folder / side, data)
            self._set_mark(side, data)
        return True

    def upload(self, base: str, clip: str) -> None:
        """Upload a finished unit: its frames, and then its side file. The same frames of somebody else stay as they are."""
        side = f"{base}/{clip}.json"
        with self._alone(side):
            data = (self.folder / side).read_bytes()
            content = side_of(data)
            if content is None:
                return
            before = self.read(side)
            if before is not None and same_frames(side_of(before), content):
                # The first one's record is kept, here as well.
                write_bytes_atomic(self.folder / side, before)
                self._set_mark(side, before)
                return
            names = files_of(clip, content)
            with address_errors(self.address, f"uploading {base}/{clip}"):
                if before is not None:
                    self._files.rm_file(self._at(side))
                    self._remove_frames(base, clip)
                local = [self.folder / base / name for name in names]
                self._files.put([str(path) for path in local], [self._at(f"{base}/{name}") for name in names])
                self._require_whole(base, dict(zip(names, (path.stat().st_size for path in local), strict=True)))
                self._files.pipe_file(self._at(side), data)
            self._set_mark(side, data)

    def read(self, name: str) -> bytes | None:
        """The content of a file at the address; None where there is none."""
        with address_errors(self.address, f"reading {name}"):
            try:
                data: bytes = self._files.cat_file(self._at(name))
            except FileNotFoundError:
                return None
        return data

    def write(self, name: str, data: bytes) -> None:
        """Write a file at the address."""
        with address_errors(self.address, f"writing {name}"):
            self._files.pipe_file(self._at(name), data)

    def remove(self, name: str) -> None:
        """Remove a file from the address, if it is there."""
        with address_errors(self.address, f"removing {name}"):
            try:
                self._files.rm_file(self._at(name))
            except FileNotFoundError:
                return

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        return opened(self.address)

    @property
    def _files(self) -> Any:  # noqa: ANN401 - fsspec has no types
        return self._opened[0]

    def _at(self, name: str) -> str:
        return f"{self._opened[1]}/{name}"

    def _sides_there(self) -> Iterator[tuple[str, str]]:
        """The side files at the address, each with what changes when it does."""
        for kind in _KINDS:
            for dataset in self._folders(kind):
                for how in self._folders(dataset):
                    for entry in self._list(how):
                        name = _name(entry)
                        if entry["type"] == "file" and name.endswith(".json") and is_plain(name):
                            yield f"{how}/{name}", _stamp(entry)

    def _folders(self, name: str) -> list[str]:
        entries = [entry for entry in self._list(name) if entry["type"] == "directory" and is_plain(_name(entry))]
        return [f"{name}/{_name(entry)}" for entry in entries]

    def _list(self, name: str) -> list[dict[str, Any]]:
        with address_errors(self.address, f"listing {name}"):
            try:
                return list(self._files.ls(self._at(name), detail=True))
            except FileNotFoundError:
                return []

    def _require_whole(self, base: str, sizes: Mapping[str, int]) -> None:
        """Raise where a file that was uploaded is not there in its size."""
        found: dict[str, int] = {}
        for folder in dict.fromkeys(str(PurePosixPath(name).parent) for name in sizes):
            under = "" if folder == "." else f"{folder}/"
            entries = self._list(f"{base}/{folder}".removesuffix("/."))
            found |= {f"{under}{_name(entry)}": int(entry["size"] or 0) for entry in entries}
        wrong = [name for name, size in sizes.items() if found.get(name) != size]
        if wrong:
            raise OSError(f"{len(wrong)} of {len(sizes)} files are not there in their size, the first is {wrong[0]}")

    def _remove_frames(self, base: str, clip: str) -> None:
        for folder in (f"{base}/{clip}", f"{base}/GT/{clip}", f"{base}/LQ/{clip}"):
            if self._files.exists(self._at(folder)):
                self._files.rm(self._at(folder), recursive=True)

    def _download(self, base: str, clip: str, names: list[str]) -> None:
        """Bring files into a hidden folder, and move them to their places once all are there."""
        folder = self.folder / base
        hidden = folder / hidden_name(clip, f".brought{PARTIAL}")
        try:
            with self._whole(base, clip), address_errors(self.address, f"downloading {base}/{clip}"):
                shutil.rmtree(hidden, ignore_errors=True)
                for name in names:
                    (hidden / name).parent.mkdir(parents=True, exist_ok=True)
                self._files.get([self._at(f"{base}/{name}") for name in names], [str(hidden / name) for name in names])
                # Some storages pass over what is missing.
                for name in names:
                    (hidden / name).stat()
            self._drop(f"{base}/{clip}.json")
            for name in dict.fromkeys(str(PurePosixPath(name).parent) if "/" in name else name for name in names):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (hidden / name).rename(folder / name)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)

    @contextmanager
    def _whole(self, base: str, clip: str) -> Iterator[None]:
        """Have a frame that is missing name what to do: somebody has removed it, since the side file came last."""
        try:
            yield
        except InputError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            raise InputError(
                f"{self.address}: {base}/{clip}: its side file is there, and not all of its frames: remove {base}/{clip}.json "
                "there, and run the same command again, which makes the clip anew"
            ) from error

    def _take(self, side: str, data: bytes, stamp: str) -> None:
        """Take over a side file that is new or different at the address; frames of an older one are not its own."""
        content = side_of(data)
        if content is None:
            return
        base, clip = _split(side)
        with self._alone(side):
            if self._local(side) != data:
                self._drop(side)
                for name in ("GT", "LQ"):
                    if name in content:
                        # Of a pair that is built; its frames come when they are needed.
                        (self.folder / base / name / clip).mkdir(parents=True, exist_ok=True)
                write_bytes_atomic(self.folder / side, data)
            self._set_mark(side, data, stamp)

    def _drop(self, side: str) -> None:
        """Remove a unit from this machine."""
        base, clip = _split(side)
        (self.folder / side).unlink(missing_ok=True)
        for folder in (clip, f"GT/{clip}", f"LQ/{clip}"):
            shutil.rmtree(self.folder / base / folder, ignore_errors=True)

    def _sides_here(self) -> list[str]:
        found = [path for kind in _KINDS for path in self.folder.glob(f"{kind}/*/*/*.json")]
        return sorted(path.relative_to(self.folder).as_posix() for path in found if is_plain(path.name))

    def _local(self, side: str) -> bytes | None:
        try:
            return (self.folder / side).read_bytes()
        except FileNotFoundError:
            return None

    def _mark(self, side: str) -> tuple[str, str]:
        """What the side file was at the address when it was last seen there: its stamp, and its sha256."""
        try:
            stamp, digest = json.loads((self.folder / _MARKS / side).read_bytes())
        except (FileNotFoundError, ValueError):
            return "", ""
        return str(stamp), str(digest)

    def _set_mark(self, side: str, data: bytes, stamp: str = "") -> None:
        if stamp or self._mark(side)[1] != _sha256(data):
            write_bytes_atomic(self.folder / _MARKS / side, json.dumps([stamp, _sha256(data)]).encode())

    @contextmanager
    def _alone(self, side: str) -> Iterator[None]:
        """Keep other processes of this machine away from a unit."""
        lock = self.folder / _LOCKS / hashlib.sha256(side.encode()).hexdigest()[:24]
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            yield


def _split(side: str) -> tuple[str, str]:
    base, _, name = side.rpartition("/")
    return base, name.removesuffix(".json")


def _name(entry: Mapping[str, Any]) -> str:
    return PurePosixPath(str(entry["name"])).name


def _stamp(entry: Mapping[str, Any]) -> str:
    """What a storage has to say of a version of a file."""
    return " ".join(str(entry[name]) for name in ("size", "ETag", "etag", "md5Hash", "mtime") if name in entry)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
