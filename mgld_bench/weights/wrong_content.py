"""What a file really is that should be a weight file: found by its first and last bytes, without reading it whole.

Downloads often leave something different under the right name: a Git LFS pointer, the page that asks for a login or warns of a
missing virus scan, an error message, an archive around the file, or only its beginning.
"""

from __future__ import annotations

import json
import pickle
import re
import struct
import zipfile
from pathlib import Path, PurePath
from typing import Final

from mgld_bench.weights.limits import SAFETENSORS_HEADER, check_zip

_HEAD: Final = 4096
"""Bytes that are looked at; a pointer is shorter, and a page names itself in its first lines."""
_POINTERS: Final = {b"version https://git-lfs.github.com/spec/": "a Git LFS pointer", b"/annex/objects/": "a git-annex pointer"}
_PAGE: Final = re.compile(
    rb"^(<!--.*?-->\s*)*(<\?xml[^>]*>\s*)?(<!doctype html|<html|<head|<body|<script)", re.IGNORECASE | re.DOTALL
)
_ARCHIVES: Final = {b"\x1f\x8b": "gzip", b"Rar!": "RAR", b"7z\xbc\xaf\x27\x1c": "7z", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_CHECKPOINTS: Final = frozenset({".pth", ".pt", ".ckpt"})
_ZIP: Final = b"PK\x03\x04"
_PICKLE: Final = b"\x80"
_OLDER: Final = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch.save began before 1.6, and begins where its zip format is switched off."""
_TAR_MARK: Final = (257, b"ustar")
_AGAIN: Final = "get it again"
_BROWSER: Final = "download it in a browser, then: mgld-bench weights add FILE"
_DAMAGE: Final = (
    pickle.UnpicklingError,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
)
"""What reading cut or overwritten bytes raises depends on where they stop making sense."""


def wrong_content(path: Path, name: str = "") -> str | None:
    """What the file is instead of a weight file, and what to do, as the rest of a sentence; None where nothing speaks against it.

    Args:
        path: the file.
        name: the file's name in its card, whose suffix says what is expected; "": that of ``path``. Under a name without a suffix
            that is known, only what is wrong as a file of any kind counts: nothing, a pointer, a page.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if size == 0:
        return f"is an empty file; {_AGAIN}"
    with path.open("rb") as file:
        head = file.read(_HEAD)
    suffix = PurePath(name or path.name).suffix.lower()
    reason = _pointer(head) or _page(head)
    if reason is None and suffix in _CHECKPOINTS:
        reason = _no_checkpoint(path, head)
    if reason is None and suffix == ".safetensors":
        reason = _no_safetensors(head, path, size)
    return reason


def damaged_inside(path: Path, name: str = "") -> str | None:
    """As `wrong_content`, for what only a walk through the whole file finds: a checkpoint of the older format that is cut off."""
    if PurePath(name or path.name).suffix.lower() not in _CHECKPOINTS:
        return None
    with path.open("rb") as file:
        if file.read(len(_OLDER)) != _OLDER:
            return None
    from mgld_bench.weights.containers import check_limits, read_restricted

    try:
        check_limits(path)
        read_restricted(path)
    except _DAMAGE as error:
        return f"is a damaged or truncated checkpoint ({' '.join(str(error).split()) or type(error).__name__}); {_AGAIN}"
    return None


def _pointer(head: bytes) -> str | None:
    for start, what in _POINTERS.items():
        if head.startswith(start):
            found = re.search(rb"^size (\d+)\s*$", head, re.MULTILINE)
            whole = f" of {int(found[1])} bytes" if found else ""
            way = "git lfs pull" if "LFS" in what else "git annex get"
            return f"is {what}, not the file{whole} that it stands for; {way} in its repository fetches that, or download it"
    return None


def _page(head: bytes) -> str | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _PAGE.match(text):
        lower = text.lower()
        if b"google drive" in lower or b"virus scan" in lower or b"drive.google.com" in lower:
            return f"is an HTML page (Google Drive's virus-scan warning or quota page), not the file; {_BROWSER}"
        return f"is an HTML page (a login or a prompt?), not the file; {_BROWSER}"
    if text.startswith(b"<?xml") or re.match(rb"<error>", text, re.IGNORECASE):
        return f"is an XML document (a server's error message?), not the file; {_BROWSER}"
    return None


def _no_checkpoint(path: Path, head: bytes) -> str | None:
    """Why the file is not one that torch.save has written, and not a plain pickle or tar file either."""
    if head.startswith(_ZIP):
        try:
            check_zip(path)
            with zipfile.ZipFile(path):
                return None
        except pickle.UnpicklingError as error:
            return f"is not a checkpoint: {error}"
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError):
            # The list of a zip file's entries is at its end.
            return f"is a truncated or damaged checkpoint (its end is missing); {_AGAIN}"
    for start, kind in _ARCHIVES.items():
        if head.startswith(start):
            return f"is a {kind} archive, not a checkpoint; unpack it"
    place, mark = _TAR_MARK
    if head.startswith(_PICKLE) or head[place : place + len(mark)] == mark:
        return None
    if b"\x00" not in head and _is_text(head):
        return f"is a text file that begins {_shown(head)}, not a checkpoint; {_AGAIN}"
    return f"is not a checkpoint: it begins with {head[:8].hex(' ')}, and no PyTorch file does; {_AGAIN}"


def _no_safetensors(head: bytes, path: Path, size: int) -> str | None:
    """Why the file is not a whole .safetensors file: the length of a JSON header, the header, the tensors it describes."""
    (length,) = struct.unpack("<Q", head[:8].ljust(8, b"\xff"))
    if head[8:9] not in (b"{", b" ") or length > size:
        text = f" but a text file that begins {_shown(head)}" if b"\x00" not in head and _is_text(head) else ""
        return f"is not a .safetensors file{text}, or is truncated; {_AGAIN}"
    if length > SAFETENSORS_HEADER:
        return f"is not a .safetensors file that is read: its header is longer than {SAFETENSORS_HEADER >> 20} MB; {_AGAIN}"
    if 8 + length > size:
        return f"is a truncated .safetensors file; {_AGAIN}"
    with path.open("rb") as file:
        file.seek(8)
        header = file.read(length)
    try:
        entries = [entry for name, entry in json.loads(header).items() if name != "__metadata__"]
        end = max((int(entry["data_offsets"][1]) for entry in entries), default=0)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError):
        return f"is a damaged .safetensors file; {_AGAIN}"
    if 8 + length + end > size:
        return f"is a truncated .safetensors file: {size} of {8 + length + end} bytes; {_AGAIN}"
    return None


def _is_text(head: bytes) -> bool:
    try:
        # The last character may be cut.
        head[: max(1, len(head) - 3)].decode()
    except UnicodeDecodeError:
        return False
    return True


def _shown(head: bytes) -> str:
    text = " ".join(head[:60].decode(errors="replace").split())
    return f'"{text[:40]}"' if text else "with blanks"
