"""Bytes of a finished workspace changed after the fact: each change that would move a number is refused or redone."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

import mgld_bench
from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.engine.store import open_store
from mgld_bench.errors import CheckError, InputError
from mgld_bench.nightly.history import Night, begin, finish
from tests.campaigns.campaign import Campaign
from tests.campaigns.mutations import damage_bytes, damage_json
from tests.engine.test_yesterday import ENCODER, YESTERDAY
from tests.helpers.command import call

Scores = dict[tuple[str, str, float], float]
"""By method, metric and frame; -1: of the clip."""
KINDS: Final = (
    *("ground truth", "low resolution", "restored", "side file", "record", "stream", "scores", "units"),
    *("under way", "night", "kept"),
)
SAMPLE: Final = len(KINDS)
_NIGHT: Final = Night(
    *(0, "yesterday", "bicubic", "/checkpoint.pth", "0" * 64, "night-1", "quality", "2026-01-01T00:00:00+00:00", "", "", "", ""),
    *(False, None, (), {}),
)


def run(workspace: Path) -> Scores:
    """The scores that the program gives for the workspace."""
    table = mgld_bench.run(
        "yesterday", methods=["bicubic"], metrics=["psnr", "ssim"], workspace=workspace, cards=[YESTERDAY / "cards"]
    )
    frames = table["frame"].fillna(-1)
    return dict(zip(zip(table["method"], table["metric"], frames, strict=True), table["value"], strict=True))


def forget_scores(workspace: Path) -> None:
    with closing(sqlite3.connect(workspace / "results.sqlite")) as database:
        for table in ("frame_scores", "clip_scores"):
            database.execute(f"delete from {table}")
        database.execute("delete from units where kind = 'score'")
        database.commit()


@dataclass(frozen=True)
class Finished:
    """What is changed, and what it gives while nothing is."""

    workspace: Path
    scores: Scores
    pictures: dict[str, str]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A workspace whose scores this version has made, with three nights and a report."""
    if ffmpeg_identity().sha256 != ENCODER:
        pytest.skip("its keys were made with another build of ffmpeg")
    workspace = tmp_path_factory.mktemp("finished") / "workspace"
    shutil.copytree(YESTERDAY / "workspace", workspace)
    forget_scores(workspace)
    run(workspace)
    with open_store("", workspace, create=True) as store:
        for _ in range(3):
            night = begin(store, _NIGHT)
            finish(store, night.id, "accepted", "no loss", facts={"lines": ["psnr: as before"]}, becomes_reference=True)
    return Finished(workspace, run(workspace), report(workspace))


def report(workspace: Path) -> dict[str, str]:
    """sha256 of the pictures and videos of a new report, by their names."""
    shutil.rmtree(workspace / "reports", ignore_errors=True)
    choice = ("--methods", "bicubic", "--metrics", "psnr,ssim", "--format", "html", "--quiet")
    places = ("--workspace", workspace, "--cards", YESTERDAY / "cards")
    done = call("report", "yesterday", *choice, *places, "--videos", "previews")
    assert done.code == 0, done.err
    (folder,) = (workspace / "reports/yesterday").glob("20*")
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.suffix in (".png", ".svg", ".mp4", ".webp", ".jpg")
    }


def put_under_way(workspace: Path) -> None:
    """Bicubic's clip as a run leaves it that is killed after its first frame."""
    folder = workspace / "restored/yesterday/bicubic"
    record = json.loads((folder / "bunny.json").read_text())
    home = folder / ".bunny.partial"
    (home / "frames").mkdir(parents=True)
    first = sorted((folder / "bunny").iterdir())[0]
    first.rename(home / "frames" / first.name)
    entry = {"index": 0, "sha256": record["sha256"][0], "seconds": 0.1, "peak_memory": 1, "peak_gpu_memory": None}
    (home / "journal.jsonl").write_text(f"{json.dumps(entry)}\n")
    (home / "key").write_text(record["key"])
    (home / "way").write_text("")
    shutil.rmtree(folder / "bunny")
    (folder / "bunny.json").unlink()
    forget_scores(workspace)
    with closing(sqlite3.connect(workspace / "results.sqlite")) as database:
        database.execute("delete from units where kind = 'restore' and method = 'bicubic'")
        database.commit()


def tamper(draw: random.Random, workspace: Path, kind: str) -> str:
    """Change something of this kind; returns what."""
    places = {
        "ground truth": "pairs/*/*/GT/*/*.png",
        "low resolution": "pairs/*/*/LQ/*/*.png",
        "restored": "restored/*/*/*/*.png",
        "side file": "pairs/*/*/*.json",
        "record": "restored/*/*/*.json",
        "stream": "pairs/*/*/*.mp4",
        "under way": "restored/*/*/.*.partial/**/*",
        "kept": "videos/*/*",
    }
    if kind in ("scores", "units", "night"):
        return _tamper_with_database(draw, workspace / "results.sqlite", kind)
    if kind == "under way":
        put_under_way(workspace)
    files = sorted(path for path in workspace.glob(places[kind]) if path.is_file())
    file = draw.choice(files)
    before = file.read_bytes()
    if file.suffix == ".json":
        file.write_bytes(damage_json(draw, before))
    elif draw.random() < 0.5:
        # A picture or a video that is right in itself.
        file.write_bytes(draw.choice([other for other in files if other != file]).read_bytes())
    else:
        file.write_bytes(damage_bytes(draw, before))
    return str(file.relative_to(workspace))


def _tamper_with_database(draw: random.Random, file: Path, kind: str) -> str:
    table = {"scores": draw.choice(("clip_scores", "frame_scores")), "night": "nights"}.get(kind, "units")
    with closing(sqlite3.connect(file)) as database:
        columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
        column = draw.choice([name for name in columns if name != "notes"])
        rowids = [row for (row,) in database.execute(f"select rowid from {table}")]
        row = draw.choice(rowids)
        (value,) = database.execute(f"select {column} from {table} where rowid = ?", (row,)).fetchone()
        changed = (
            value + draw.choice((1e-9, 0.5, -3)) if isinstance(value, float) else draw.choice((0, 7, "x", f"{value}x", None))
        )
        try:
            database.execute(f"update {table} set {column} = ? where rowid = ?", (changed, row))
            database.commit()
        except sqlite3.IntegrityError:
            database.execute(f"delete from {table} where rowid = ?", (row,))
            database.commit()
    return f"{table}.{column} of row {row}: {changed!r}"


def test_a_change_that_would_move_a_number_is_refused_or_redone(campaign: Campaign, finished: Finished, tmp_path: Path) -> None:
    counts = {"refused": 0, "right": 0}
    draw = campaign.draw
    failures: list[str] = []
    for number in range(campaign.trials(SAMPLE, 800)):
        kind, again = KINDS[number % len(KINDS)], draw.random() < 0.6
        workspace = tmp_path / "workspace"
        shutil.rmtree(workspace, ignore_errors=True)
        shutil.copytree(finished.workspace, workspace)
        if again and kind not in ("scores", "units", "night", "kept"):
            forget_scores(workspace)
        what = f"number {number}: {tamper(draw, workspace, kind)}"
        try:
            found = run(workspace)
            shown = report(workspace) if kind == "kept" else finished.pictures
            if kind == "night":
                history = call("nightly", "history", "--json", "--workspace", workspace)
                if history.code:
                    raise InputError(history.err.strip())
        except (InputError, CheckError) as error:
            counts["refused"] += 1
            if "\n" in str(error):
                failures.append(f"{what}: {error}")
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            failures.append(f"{what}: {type(error).__name__}: {error}")
        else:
            right = (found, shown) == (finished.scores, finished.pictures)
            counts["right"] += right
            if not right:
                failures.append(f"{what}: {found} for {finished.scores}, {shown.items() ^ finished.pictures.items()}")
        campaign.keep(failures, changes=number + 1, **counts)
    assert not failures, "\n\n".join(failures)
