"""The videos and posters of a report: those that are missing are made, and all are put into its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mgld_bench.cards.schemas import Crop
from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.clips.digest import text_digest
from mgld_bench.engine.progress import Progress
from mgld_bench.report.clip_ids import clip_id
from mgld_bench.report.collect.data import PictureSource, ReportData
from mgld_bench.report.middle import middle_frame
from mgld_bench.report.videos import posters, region
from mgld_bench.report.videos.budget import choose, readable
from mgld_bench.report.videos.kept import KeptFile, make_missing, missing, put
from mgld_bench.report.videos.wanted import Side, VideoChoice, VideoWish, WantedVideo, sides_of, wanted_videos


@dataclass(frozen=True)
class VideoSet:
    """What a report has."""

    sides: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """By clip_id() and side (LR, a method's name, GT): {"videos": [{kind, src, type, region}], "poster": src}, with addresses
    relative to the page, and the region {left, top, width, height} in pixels of the full clip, or None for whole frames."""
    files: tuple[Path, ...]
    note: str
    """Why it is less than what was asked for; else ""."""


def encode_videos(
    data: ReportData, folder: Path, wish: VideoWish, progress: Progress, page_folder: Path | None = None
) -> VideoSet:
    """Make what is missing, after stating how much it will be, and put everything into ``folder``/videos.

    Args:
        data: Its pictures are what is encoded.
        folder: The report's.
        wish: What is wanted.
        progress: Hears how much there is to do, and how far it is.
        page_folder: Where the page is, to which addresses are relative; default: ``folder``.

    Raises:
        InputError: A frame cannot be read, or a file cannot be written.
    """
    sources = {clip_id(source.dataset, source.clip): source for source in data.pictures}
    still = {name: _posters(source, data) for name, source in sources.items()}
    make_missing([file for files in still.values() for _, file in files], wish.kept, progress, "posters")
    regions = _regions(sources, wish, progress) if wish.choice != "none" else {}

    def wanted(choice: VideoChoice) -> list[WantedVideo]:
        return [] if choice == "none" else [video for name in sources for video in videos_of(name, choice)]

    def videos_of(name: str, choice: VideoChoice) -> Sequence[WantedVideo]:
        return list(wanted_videos(sources[name], choice, regions[name])) if choice != "none" else ()

    budget = choose(wanted, wish.choice, wish.limit, wish.kept)
    chosen = {name: videos_of(name, budget.choice) for name in sources}
    for line in filter(
        None, (budget.line, _announcement([video for some in chosen.values() for video in some], budget.size, wish))
    ):
        progress.log(line)
    make_missing([video.file for some in chosen.values() for video in some], wish.kept, progress, "videos")
    return _put(folder, page_folder or folder, wish.kept, chosen, still, budget.line)


def _posters(source: PictureSource, data: ReportData) -> list[tuple[Side, KeptFile]]:
    index = middle_frame(data.protocol, (source.low_resolution or source.full).frame_count)
    return [(side, posters.poster(side, index)) for side in sides_of(source)]


def _regions(sources: Mapping[str, PictureSource], wish: VideoWish, progress: Progress) -> dict[str, Crop]:
    """The part of each clip that is shown exactly; found once, and kept like the videos."""
    files = {name: _region_file(source) for name, source in sources.items()}
    make_missing(list(files.values()), wish.kept, progress, "crops")
    return {name: Crop.model_validate_json(file.place(wish.kept).read_bytes()) for name, file in files.items()}


def _region_file(source: PictureSource) -> KeptFile:
    pair = [side.content for side in sides_of(source) if side.key in {"LR", "GT"}]
    contents = pair or [sides_of(source)[0].content]
    key = text_digest({"region": contents, "size": [region.WIDTH, region.HEIGHT], "revision": region.REVISION})
    return KeptFile(key, ".json", 1, partial(_write_region, source))


def _write_region(source: PictureSource, path: Path, frame_done: Callable[[], None]) -> None:
    write_json_atomic(path, region.find_region(source).model_dump())
    frame_done()


def _announcement(videos: Sequence[WantedVideo], size: int, wish: VideoWish) -> str:
    """What is about to be encoded; "" where there is nothing to do."""
    new = missing([video.file for video in videos], wish.kept)
    if not new:
        return ""
    return (
        f"videos: {len(new)} of {len({video.file.key for video in videos})} to encode; all together they take about "
        f"{readable(size)} in {wish.kept} (without them: --videos none)"
    )


def _put(
    folder: Path,
    page_folder: Path,
    kept: Path,
    chosen: Mapping[str, Sequence[WantedVideo]],
    still: Mapping[str, Sequence[tuple[Side, KeptFile]]],
    note: str,
) -> VideoSet:
    written: list[Path] = []

    def address(file: KeptFile, name: str, ending: str) -> str:
        target = folder / "videos" / f"{name}.{ending}{file.suffix}"
        put(file, kept, target)
        written.append(target)
        return quote(target.relative_to(page_folder).as_posix())

    sides: dict[str, dict[str, dict[str, Any]]] = {}
    for name, files in still.items():
        sides[name] = {
            side.key: {"videos": [], "poster": address(file, f"{name}/{_file_stem(side.key)}", "poster")} for side, file in files
        }
        for video in chosen[name]:
            sides[name][video.side]["videos"].append(
                {
                    "kind": video.encoding.kind,
                    "src": address(video.file, f"{name}/{_file_stem(video.side)}", video.encoding.kind),
                    "type": video.encoding.media_type,
                    "region": None if video.region is None else video.region.model_dump(),
                }
            )
    return VideoSet(sides, tuple(written), note)


def _file_stem(side: str) -> str:
    """Apart from LR and GT also where a file system does not tell ``gt`` and ``GT`` apart."""
    return side if side in ("LR", "GT") else f"method.{side}"
