"""The verbs that campaigns interrupt: where each starts, its command, and what there has to be once it is done."""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml

from mgld_bench.clips.writing import frame_name, write_frame
from tests.campaigns.killable import Program
from tests.helpers.clip_samples import make_frames
from tests.helpers.file_server import Served, Site
from tests.helpers.night_suite import write_checkpoint, write_night_cards
from tests.helpers.run_state import database, side_file

_DATED: re.Pattern[str] = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?")
_OWN = ("errors.txt", ".digests.json", ".sha256.json", ".lock", "calibration.json", ".results.sqlite.lock")
"""Files that are not the verb's results, by the end of their names."""

_NEEDED = ("prepare",)
"""What other verbs start from."""


@dataclass(frozen=True)
class Verb:
    """A command that can be interrupted and given again."""

    name: str
    arguments: tuple[str, ...]
    """In a folder with ``cards``, ``workspace`` and whatever the start has."""
    start: Path
    """A folder with all that it begins with; copied for every trial."""
    expected: Mapping[str, object] = field(default_factory=dict)
    """What there is after it was not interrupted; see `state`."""
    seconds: float = 0.0
    """How long that took."""
    calls: tuple[int, ...] = ()
    """How many calls of each kind on files it made, where they are counted."""


def state(folder: Path) -> dict[str, object]:
    """Everything in a folder but times, facts of the machine, and the dates of reports: equal for two runs of the same work."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = _DATED.sub("DATE", path.relative_to(folder).as_posix())
        if name.endswith(_OWN) or name == "home" or (name.startswith("home/") and path.suffix == ".json"):
            # What the home keeps of files that have not just changed depends on the time.
            continue
        if path.is_symlink() or path.is_dir():
            found[name] = "link" if path.is_symlink() else "folder"
        elif path.name == "results.sqlite":
            found[name] = database(path.parent)
        elif path.suffix == ".sqlite":
            found[name] = _rows(path)
        elif "/reports/" in f"/{name}" or path.suffix in (".html", ".md"):
            # Run numbers and dates stand in them.
            found[name] = "file"
        elif path.suffix == ".json" and path.parent.parts[-1] != "home":
            found[name] = side_file(path)
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def done_units(folder: Path) -> dict[str, object]:
    """What is finished, each with the moment of its making: side files by their time, units of the store by theirs."""
    found: dict[str, object] = {}
    for top in ("workspace/pairs", "workspace/restored", "out"):
        for path in (folder / top).rglob("[!.]*.json"):
            if any(part.startswith(".") for part in path.relative_to(folder).parts):
                # Of a clip that is not finished.
                continue
            # With --video a finished clip's side file is written once more.
            frames = path.with_suffix("")
            found[str(path)] = (frames if frames.is_dir() else path).stat().st_mtime_ns
    store = folder / "workspace/results.sqlite"
    if store.exists():
        with closing(sqlite3.connect(store)) as connection, connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            if "units" in tables:
                found |= dict(connection.execute("SELECT key, finished_at FROM units").fetchall())
    return found


def _rows(path: Path) -> list[object]:
    """Of a store of kept scores: what is scored, without times and runs."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute("SELECT key, kind, metric, frames FROM units ORDER BY key").fetchall()


def make_verbs(top: Path, here: Path, program: Program, site: Site, wanted: Collection[str] | None = None) -> list[Verb]:
    """Every verb, or those ``wanted``, after what they start from was made by those before them.

    ``here``: the folder in which each is done, since some results name it.
    """
    shared = ("--cards", "cards", "--workspace", "workspace")
    suite = ("small", "--device", "cpu", "--methods", "bicubic,mine", "--metrics", "psnr,ssim", *shared)
    base = top / "base"
    _write_suite(base)
    verbs: list[Verb] = []

    def add(name: str, start: Path, *arguments: str) -> Path:
        """Run the verb undisturbed; returns the folder in which it was done."""
        done = top / f"{name}-done"
        if wanted is not None and name not in (*wanted, *_NEEDED):
            return done
        shutil.copytree(start, here, symlinks=True)
        ended = program.run(arguments, here, here / "home")
        assert ended.code == 0, (name, ended.errors)
        if wanted is None or name in wanted:
            verbs.append(Verb(name, arguments, start, state(here), ended.seconds, ended.calls))
        here.rename(done)
        return done

    prepared = add("prepare", base, "datasets", "prepare", "tiny", "--source", "source", "--workers", "2", *shared)
    add("restore", base, "restore", "bicubic", "lr", "out", "--video", "--device", "cpu")
    ran = add("run", base, "run", *suite, "--source", "tiny=source", "--workers", "2", "--quiet")
    add("run on", prepared, "run", *suite, "--quiet")
    add("score", base, "score", "restored", "--gt", "gt", "--metrics", "psnr,vmaf")
    if (ran / "workspace").is_dir():
        # So that the next report is written.
        shutil.rmtree(ran / "workspace/reports")
    add("report", ran, "report", *suite[:1], *suite[3:], "--videos", "previews", "--quiet")
    add("compare", ran, "compare", "bicubic", "mine", *shared, "--output", "verdict.md", "--output", "verdict.json")
    add("clean", _cluttered(ran, top / "cluttered"), "clean", "--yes", "--workspace", "workspace")
    add(
        "nightly", _night(top / "night"), "nightly", "watch", "--checkpoint", "checkpoints", *shared, "--device", "cpu", "--quiet"
    )
    add("fetch", _weights(top / "weights", site), "weights", "fetch", "mine", "--cards", "cards")
    return verbs


def _write_suite(folder: Path) -> None:
    """Three clips of three small frames, as GT, LR and finished results, and the cards of a suite of them."""
    for seed, clip in enumerate(("a", "b", "c")):
        for index, frame in enumerate(make_frames(3, 64, 96, seed)):
            write_frame(folder / "source/GT" / clip / frame_name(index), frame)
            write_frame(folder / "gt" / clip / frame_name(index), frame)
            write_frame(folder / "restored" / clip / frame_name(index), frame - frame // 8)
            write_frame(folder / "lr" / clip / frame_name(index), np.ascontiguousarray(frame[::4, ::4]))
    clips = [{"name": clip, "frames": 3} for clip in ("a", "b", "c")]
    _write_cards(
        folder / "cards",
        {
            "datasets/tiny.yaml": {
                "name": "tiny",
                "degradation": "realbasicvsr",
                "layouts": [{"name": "common", "ground_truth": "GT/{clip}"}],
                "clips": clips,
            },
            "baselines/mine.yaml": {"name": "mine", "extends": "results", "options": {"folder": "../../restored"}},
            "reports/small.yaml": {
                "name": "small",
                "protocol": "smoke",
                "methods": ["bicubic", "mine"],
                "datasets": [{"name": "tiny", "metrics": ["psnr", "ssim"]}],
                "plots": ["strip"],
            },
        },
    )


def _cluttered(ran: Path, folder: Path) -> Path:
    """After a run, with what no unit owns."""
    if ran.is_dir():
        shutil.copytree(ran, folder, symlinks=True)
        for place in ("restored/tiny/gone/a", "pairs/tiny/realbasicvsr/GT/gone"):
            for index in range(3):
                write_frame(folder / "workspace" / place / frame_name(index), np.zeros((8, 8, 3), np.uint8))
    return folder


def _night(folder: Path) -> Path:
    write_night_cards(folder / "cards", ("bunny-left", "bikes-left"))
    write_checkpoint(folder / "checkpoints/step1.pth", 1, age=300)
    return folder


def _weights(folder: Path, site: Site) -> Path:
    content = np.random.default_rng(1).bytes(400_000)
    address = site.put("net.pth", Served(content, pause=0.02))
    weight = {"file": "net.pth", "url": [address], "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    card = {"name": "mine", "restorer": "mgld_bench.methods.rrdbnet:RRDBNetRestorer", "weights": {"network": weight}}
    _write_cards(folder / "cards", {"baselines/mine.yaml": card})
    return folder


def _write_cards(folder: Path, cards: Mapping[str, object]) -> None:
    for name, card in cards.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(card))
