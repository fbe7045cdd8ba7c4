"""The files of the players, in a folder beside the page: videos, maps, profiles, scores of single frames, and the scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.players.as_report import AsReport, as_report
from mgld_bench.comparing.players.played import PlayedClip, PlayerFiles, Players
from mgld_bench.comparing.players.sources import Source, find_sources
from mgld_bench.comparing.standing import frame_gains
from mgld_bench.engine.progress import Progress
from mgld_bench.report.figures.style import method_styles
from mgld_bench.report.maps.frames import mapped_frames
from mgld_bench.report.maps.write import draw_maps
from mgld_bench.report.page.clip_entries import Sides, clip_entries
from mgld_bench.report.page.clip_scores import Origins, clip_scores
from mgld_bench.report.page.colours import for_dark
from mgld_bench.report.page.render_html import PLAYER_SCRIPTS
from mgld_bench.report.page.scripts import data_script
from mgld_bench.report.page.static_files import write_static
from mgld_bench.report.page.windows import worst_windows
from mgld_bench.report.profiles.write import draw_profiles
from mgld_bench.report.videos.wanted import VideoWish
from mgld_bench.report.videos.write import encode_videos

FOLDER_SUFFIX: Final = ".files"
"""The folder of verdict.html is verdict.files."""
_STATIC: Final = Path(__file__).parent / "static"
STYLES: Final = ("vendor/uPlot.min.css", "clips.css", "players.css", "comparison.css")
SCRIPTS: Final = (*PLAYER_SCRIPTS, "curves.js")
"""In the order in which they build on each other; state.js comes before all, comparison.js last."""


def folder_beside(page: Path) -> Path:
    """Where the files of a page's players are."""
    return page.with_name(page.stem + FOLDER_SUFFIX)


def write_players(comparison: Comparison, protocol: ProtocolCard, page: Path, wish: VideoWish, progress: Progress) -> Players:
    """Encode what is missing, and put everything that the page plays beside it; nothing where there are no frames.

    Args:
        comparison: whose clips.
        protocol: under which they were scored.
        page: the file of the page.
        wish: which videos.
        progress: hears how much there is to do, and how far it is.

    Raises:
        InputError: a frame cannot be read, or a file cannot be written.
    """
    if wish.choice == "none":
        return Players(notes=("no players were asked for (--videos none)",))
    sources, notes = find_sources(comparison)
    if not sources:
        return Players(notes=notes or ("no clip can be watched",))
    report, folder, root = as_report(comparison, sources, protocol), folder_beside(page), page.parent
    played = encode_videos(report.data, folder, wish, progress, root)
    playing = any(side["videos"] for sides in played.sides.values() for side in sides.values())
    frames = mapped_frames(worst_windows(report.data)) if playing else {}
    draw_maps(report.data, frames, folder, wish.kept, progress, root)
    draw_profiles(report.data, playing, folder, wish.kept, progress, root)
    write_static(folder / "page")
    for file in sorted(_STATIC.iterdir()):
        write_bytes_atomic(folder / "page" / file.name, file.read_bytes())
    _write_data(comparison, report, played.sides, folder)
    clips = {(source.dataset, source.clip): _played(comparison, report, source) for source in sources}
    files = PlayerFiles(quote(folder.name), STYLES, SCRIPTS)
    return Players(files, clips, (*notes, *([played.note] if played.note else [])))


def _played(comparison: Comparison, report: AsReport, source: Source) -> PlayedClip:
    gains = frame_gains(comparison, source.dataset, source.clip)
    # Of frames that are all alike, none is the worst.
    differ = len(set(gains.values())) > 1
    worst, best = (choose(gains, key=lambda frame: gains[frame]) if differ else None for choose in (min, max))
    return PlayedClip(report.clip_id(source.dataset, source.clip), worst, best)


def _write_data(comparison: Comparison, report: AsReport, sides: Sides, folder: Path) -> None:
    data = report.data
    for source in data.pictures:
        cells = [cell for cell in data.cells if cell.dataset == source.dataset]
        entry = next(one for one in clip_entries(data, sides) if (one["dataset"], one["clip"]) == (source.dataset, source.clip))
        scores = clip_scores(data, source.dataset, source.clip, cells, Origins())
        _write(folder, f"clips/{entry['id']}", scores)
    _write(folder, "report", _report(comparison, report, sides))


def _report(comparison: Comparison, report: AsReport, sides: Sides) -> dict[str, Any]:
    """What the players and curves know beside a clip's own data, and which methods and metric they are opened with."""
    data, styles = report.data, method_styles(report.data)
    contest, names = comparison.contests[0], list(data.methods)
    about = [report.methods.get(state.name) for state in (contest.candidate, contest.reference)]
    shown = [name for name in about if name] or names
    return {
        "methods": [
            {
                "name": name,
                "title": title,
                "colour": [styles[name].colour, for_dark(styles[name].colour)],
                "line": styles[name].line,
                "own": False,
            }
            for name, title in data.method_headings.items()
        ],
        "metrics": [
            {"name": name, "title": data.metric_headings[name], "direction": facts.direction, "digits": facts.digits}
            | {"per_frame": facts.per_frame}
            for name, facts in data.metrics.items()
        ],
        "lines": [{"dataset": cell.dataset, "metric": cell.metric} for cell in data.cells],
        "clips": clip_entries(data, sides),
        "about": {"method": shown[0], "against": shown[-1]},
    }


def _write(folder: Path, name: str, value: object) -> None:
    write_bytes_atomic(folder / "data" / f"{name}.js", data_script(name, value).encode())
