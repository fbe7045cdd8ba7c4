"""A small study on disk: clips of a few frames, each of its own colour and pattern per method, without a workspace."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.report.videos.encodings import EXACT, encode
from mgld_bench.study.card import StudyCard
from mgld_bench.study.folder import Study, StudyClip, StudyFolder
from mgld_bench.study.store import VoteStore
from mgld_bench.study.votes import GROUND_TRUTH, Trial

METHODS = ("bicubic", "realesrgan", "mgld-vsr")
CLIPS = (("demo", "bikes"), ("vid<b>eo", "a'; DROP TABLE votes; --<script>alert(1)</script>"))
"""Names that must act nowhere, and be seen nowhere."""
RATE = 10.0
QUESTIONS = (
    {"name": "overall", "text": "Which one looks better & sharper <i>to you</i>?"},
    {"name": "stability", "text": "Which one is steadier from frame to frame?"},
)


@dataclass(frozen=True)
class SmallStudy:
    """The study, and the secret part of each participant's link."""

    folder: StudyFolder
    study: Study
    tokens: tuple[str, ...]

    def store(self) -> VoteStore:
        """Its database."""
        return VoteStore(self.folder.votes)


def frames_of(method: str, clip: int, count: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """The frames of a method: noise of its own in every pixel, so that a pixel off shows."""
    generator = np.random.default_rng([clip, *method.encode()])
    return generator.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def make_study(
    folder: Path,
    participants: int = 2,
    frames: int = 4,
    size: tuple[int, int] = (96, 64),
    pairs: int = 3,
    expired: int = 0,
    **card: Any,
) -> SmallStudy:
    """A study of two clips and three methods; each participant has one pair to train, then ``pairs``, a repeat and a trap.

    After the ``participants`` come ``expired`` ones, whose links work no more.
    """
    videos = folder / "videos"
    videos.mkdir(parents=True)
    clips = tuple(_clip(videos, index, frames, size) for index in range(len(CLIPS)))
    fields = {"name": "small", "title": "A small study", "methods": METHODS, "questions": QUESTIONS, "clips": ("demo/bikes",)}
    study = Study(
        name="small",
        card=StudyCard.model_validate({**fields, **card}),
        created_at="2026-01-01T00:00:00Z",
        methods=METHODS,
        clips=clips,
        rate=RATE,
        exact=True,
    )
    place = StudyFolder(folder)
    place.description.write_text(study.model_dump_json(), encoding="utf-8")
    store = VoteStore(place.votes)
    tokens = tuple(secrets.token_urlsafe(32) for _ in range(participants + expired))
    for index, token in enumerate(tokens):
        store.add_participant(token, f"{2999 if index < participants else 2020}-01-01T00:00:00Z", trials(pairs))
    store.close()
    return SmallStudy(place, study, tokens)


def trials(pairs: int) -> Sequence[Trial]:
    """Training, pairs, a repeat of the first, a trap."""
    kinds = ["training", *["pair"] * pairs, "repeat", "trap"]
    found = []
    for position, kind in enumerate(kinds):
        dataset, clip = CLIPS[position % 2]
        left, right = METHODS[position % 3], METHODS[(position + 1) % 3]
        if kind == "trap":
            left, right = GROUND_TRUTH, "bicubic"
        repeats = 1 if kind == "repeat" else None
        fields = {"position": position, "kind": kind, "dataset": dataset, "clip": clip, "left": left, "right": right}
        found.append(Trial.model_validate({**fields, "repeats": repeats}))
    return found


def _clip(videos: Path, index: int, frames: int, size: tuple[int, int]) -> StudyClip:
    width, height = size
    names = {method: f"{index}-{method}{EXACT.suffix}" for method in (*METHODS, GROUND_TRUTH)}
    for method, name in names.items():
        _encode(frames_of(method, index, frames, width, height), videos / name)
    low = f"{index}-lr{EXACT.suffix}"
    _encode(frames_of("lr", index, frames, width, height), videos / low)
    _pad([videos / name for name in names.values()])
    dataset, clip = CLIPS[index]
    return StudyClip(
        dataset=dataset,
        clip=clip,
        frames=frames,
        size=size,
        low_resolution_size=size,
        videos=names,
        low_resolution=low,
    )


def _encode(frames: npt.NDArray[np.uint8], file: Path) -> None:
    encode(ArrayClip(file.stem, frames), Fraction(RATE), EXACT, file, lambda: None)


def _pad(files: Sequence[Path]) -> None:
    """Make all as long as the longest, by an element of Matroska that stands for nothing (Void, with a size of eight bytes)."""
    longest = max(file.stat().st_size for file in files) + 9
    for file in files:
        rest = longest - file.stat().st_size - 9
        with file.open("ab") as opened:
            opened.write(b"\xec\x01" + rest.to_bytes(7, "big") + bytes(rest))
