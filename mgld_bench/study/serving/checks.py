"""What has to be right before the first participant: the videos are all there and alike, and no text names a method."""

from __future__ import annotations

from pathlib import Path

from mgld_bench.errors import InputError
from mgld_bench.study.blinding import require_blind
from mgld_bench.study.folder import Study, StudyClip, StudyFolder

MEDIA_TYPES = {".webm": "video/webm", ".mp4": "video/mp4"}
_AGAIN = "make the study again: mgld-bench study new"


def check_study(folder: StudyFolder, study: Study) -> None:
    """Raise InputError for the first thing that would stop a participant, or show what is hidden."""
    require_blind(study.card, study.methods)
    for clip in study.clips:
        _check_videos(folder, study, clip)


def media_type(study: Study) -> str:
    """The one type of all videos; see `check_study`."""
    return MEDIA_TYPES[Path(study.clips[0].low_resolution).suffix]


def _check_videos(folder: StudyFolder, study: Study, clip: StudyClip) -> None:
    here = f"study {study.name}: clip {clip.dataset}/{clip.clip}"
    for name in (*clip.videos.values(), clip.low_resolution):
        file = folder.videos / name
        if Path(name).name != name or file.is_symlink() or not file.is_file():
            raise InputError(f"{here}: {file}: there is no such video inside the study's folder; {_AGAIN}")
        if Path(name).suffix not in MEDIA_TYPES or Path(name).suffix != Path(study.clips[0].low_resolution).suffix:
            raise InputError(f"{here}: {name}: all videos of a study are of one type, WebM or MP4; {_AGAIN}")
    sizes = {name: (folder.videos / name).stat().st_size for name in clip.videos.values()}
    if len(set(sizes.values())) > 1:
        raise InputError(f"{here}: its videos have different sizes, by which a participant could tell them apart; {_AGAIN}")
