"""A study as it stands on disk: a folder that has all that serving it needs, and can be copied to a server.

studies/<name>/
  study.json      the card as resolved, clips, methods, videos; written last: it stands for the whole study
  videos/         one file per clip and method, LR and ground truth included; never served under their own names
  votes.sqlite    participants, trials, votes (see `store`)
  links.csv       the participants' links: whoever has one can vote; delete it once they are sent
  result/         what `study result` writes
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from mgld_bench.errors import InputError, of_system
from mgld_bench.plain_data import PlainData
from mgld_bench.study.card import StudyCard

FORMAT: Final = 1
"""The form of study.json."""


class StudyClip(PlainData):
    """A clip of the study and its videos, as file names inside ``videos/``."""

    dataset: str
    clip: str
    frames: int = Field(gt=0)
    size: tuple[int, int]
    """Width and height of what is shown of a restored clip, in pixels."""
    low_resolution_size: tuple[int, int]
    """Width and height of the LR video, which is enlarged already: the same part of the scene at the same size."""
    videos: dict[str, str]
    """Method (or GROUND_TRUTH) to file name. All files of a clip have the same number of bytes: their size says nothing."""
    low_resolution: str
    """The LR clip's file name."""
    digests: dict[str, str] = Field(default_factory=dict)
    """Of the frames of every side as the workspace records them, by method, GROUND_TRUTH and LR: which frames were judged."""


class Study(PlainData):
    """What was decided when the study was made; it does not change once there are participants."""

    format: int = FORMAT
    name: str
    card: StudyCard
    created_at: str
    methods: tuple[str, ...]
    clips: tuple[StudyClip, ...] = Field(min_length=1)
    """Those of the traps included, which may show nothing else."""
    rate: float = Field(gt=0, allow_inf_nan=False)
    """Frames per second at which all clips are played."""
    exact: bool
    """Whether the videos hold the frames bit for bit (VP9 in RGB), or close copies of them."""
    notes: tuple[str, ...] = ()
    """What was said when it was made: what this design can show, sizes, warnings."""

    def clip(self, dataset: str, name: str) -> StudyClip:
        """The clip of this name. Raises KeyError where the study has none."""
        for clip in self.clips:
            if (clip.dataset, clip.clip) == (dataset, name):
                return clip
        raise KeyError(f"{dataset}/{name}")


@dataclass(frozen=True)
class StudyFolder:
    """Where the parts of a study are."""

    path: Path

    @property
    def description(self) -> Path:
        """study.json."""
        return self.path / "study.json"

    @property
    def videos(self) -> Path:
        """The folder of the videos."""
        return self.path / "videos"

    @property
    def votes(self) -> Path:
        """The database of participants and votes."""
        return self.path / "votes.sqlite"

    @property
    def links(self) -> Path:
        """The participants' links, readable by the owner only."""
        return self.path / "links.csv"

    @property
    def result(self) -> Path:
        """Where the result is written."""
        return self.path / "result"


def load_study(folder: StudyFolder) -> Study:
    """Read study.json. Raises InputError where there is none, or a later release has written it."""
    try:
        text = folder.description.read_bytes()
    except FileNotFoundError as error:
        raise InputError(
            f"{folder.path}: there is no study: it has no study.json; make one with: mgld-bench study new CARD"
        ) from error
    except OSError as error:
        raise InputError(f"study {folder.path}: cannot be read: {of_system(error)}") from error
    try:
        study = Study.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{folder.description}: not a study of this release: {where + ': ' if where else ''}{first['msg']}"
        ) from error
    if study.format > FORMAT:
        raise InputError(f"{folder.description}: a later release has written it (format {study.format}); update mgld-bench")
    if study.methods != study.card.methods:
        raise InputError(f"{folder.description}: its methods are not those of its card: bring it back as it was made")
    return study
