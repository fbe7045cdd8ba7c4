"""Files that stand in the place of data: pointers of Git LFS and git-annex, web pages, nothing at all."""

from __future__ import annotations


def stand_in(data: bytes) -> str | None:
    """What a file that begins with ``data`` is, and what to do; None where it is none of these.

    >>> stand_in(b"version https://git-lfs.github.com/spec/v1")
    'is a Git LFS pointer, not the file itself; fetch it with: git lfs pull'
    """
    start = data[:512].lstrip().lower()
    if not data:
        return "is empty; copy or create it again"
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself; fetch it with: git lfs pull"
    if b"/annex/objects/" in start and len(data) < 512:
        return "is a git-annex pointer, not the file itself; fetch it with: git annex get"
    if start.startswith((b"<!doctype html", b"<html")):
        return "is a web page, not the file itself; download it again"
    return None
