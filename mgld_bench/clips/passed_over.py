"""What is passed over in folders of frames, folders of clips and datasets: files that systems and people leave there.

Whatever is not in this list and is no frame or clip is an error, because it may be a frame in a format that is not read.
"""

from __future__ import annotations

import re

_FOLDERS = frozenset(
    {
        "__macosx",  # zip files made on macOS
        "@eadir",  # thumbnails: Synology
        "#recycle",
        "@recycle",  # waste bins: Synology, QNAP
        "$recycle.bin",
        "system volume information",  # Windows
        "lost+found",  # the root of a disk
        "__pycache__",
    }
)
_LOG_FOLDERS = frozenset({"log", "logs", "tensorboard", "tb", "tb_logger", "wandb", "runs"})
_FILES = frozenset(
    {
        "icon\r",  # macOS
        "readme",
        "license",
        "licence",
        "copying",
        "notice",
        "authors",
        "changelog",
        "citation",
        "makefile",
        "md5sums",
        "sha1sums",
        "sha256sums",
    }
)
_SUFFIXES = frozenset(
    {
        *(".txt", ".md", ".rst", ".pdf", ".html", ".htm", ".url"),  # notes
        *(".json", ".jsonl", ".csv", ".tsv", ".yaml", ".yml", ".xml", ".ini", ".cfg", ".toml"),  # side files and settings
        *(".log", ".out", ".err", ".sh", ".py", ".bat"),  # nohup.out, logs of a cluster, the script that made the frames
        *(".md5", ".sha1", ".sha256"),
        ".db",  # Thumbs.db, ehthumbs.db
    }
)
_ARCHIVES = frozenset({".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar"})
_ODD = re.compile(
    r"zone\.identifier$"  # where Windows downloaded a file from: a stream that became a file, with or without its colon
    r"|^events\.out\.tfevents\."
    r"|~$"  # what an editor leaves
    r"|\.db:encryptable$",
    re.IGNORECASE,
)


def is_passed_over(name: str, is_folder: bool) -> bool:
    """Whether an entry of a folder is neither a frame nor a clip, by its name alone.

    >>> [is_passed_over(name, is_folder=False) for name in ("._000.png", "000.png:Zone.Identifier", "nohup.out", "000.tif")]
    [True, True, True, False]
    """
    lowered = name.lower()
    if name.startswith("."):  # .DS_Store, macOS's ._000.png, .ipynb_checkpoints, our own temporary files
        return True
    if is_folder:
        return lowered in _FOLDERS
    return lowered in _FILES or _suffix(lowered) in _SUFFIXES or _ODD.search(lowered) is not None


def is_archive(name: str) -> bool:
    """Whether this is a packed file, such as the download that lies beside the clips that were unpacked from it."""
    return _suffix(name.lower()) in _ARCHIVES


def is_log_folder(name: str) -> bool:
    """Whether a folder of this name, if it contains no frames, holds logs and is not a clip whose frames are missing."""
    return name.lower() in _LOG_FOLDERS


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:] if dot > 0 else ""
