"""Bytes of a finished workspace changed after the fact: each change that would move a number is refused or redone."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

import mgld_bench
from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.errors import CheckError, InputError
from tests.campaigns.campaign import Campaign
from tests.campaigns.mutations import damage_bytes, damage_json
from tests.engine.test_yesterday import ENCODER, YESTERDAY

Scores = dict[tuple[str, str, float], float]
"""By method, metric and frame; -1: of the clip."""
KINDS: Final = ("ground truth", "low resolution", "restored", "side file", "record", "stream", "scores", "units")
SAMPLE: Final = 8


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


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose scores this version has made."""
    if ffmpeg_identity().sha256 != ENCODER:
        pytest.skip("its keys were made with another build of ffmpeg")
    workspace = tmp_path_factory.mktemp("finished") / "workspace"
    shutil.copytree(YESTERDAY / "workspace", workspace)
    forget_scores(workspace)
    run(workspace)
    return workspace


def tamper(draw: random.Random, workspace: Path, kind: str) -> str:
    """Change something of this kind; returns what."""
    places = {
        "ground truth": "pairs/*/*/GT/*/*.png",
        "low resolution": "pairs/*/*/LQ/*/*.png",
        "restored": "restored/*/*/*/*.png",
        "side file": "pairs/*/*/*.json",
        "record": "restored/*/*/*.json",
        "stream": "pairs/*/*/*.mp4",
    }
    if kind in ("scores", "units"):
        return _tamper_with_database(draw, workspace / "results.sqlite", kind)
    files = sorted(workspace.glob(places[kind]))
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
    table = draw.choice(("clip_scores", "frame_scores")) if kind == "scores" else "units"
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


def test_a_change_that_would_move_a_number_is_refused_or_redone(campaign: Campaign, finished: Path, tmp_path: Path) -> None:
    right = run(finished)
    counts = {"refused": 0, "right": 0}
    draw = campaign.draw
    failures: list[str] = []
    for number in range(campaign.trials(SAMPLE, 800)):
        kind, again = KINDS[number % len(KINDS)], draw.random() < 0.6
        workspace = tmp_path / "workspace"
        shutil.rmtree(workspace, ignore_errors=True)
        shutil.copytree(finished, workspace)
        if again and kind not in ("scores", "units"):
            forget_scores(workspace)
        what = f"number {number}: {tamper(draw, workspace, kind)}"
        try:
            found = run(workspace)
        except (InputError, CheckError) as error:
            counts["refused"] += 1
            if "\n" in str(error):
                failures.append(f"{what}: {error}")
        else:
            counts["right"] += found == right
            if found != right:
                failures.append(f"{what}: {found} for {right}")
        campaign.keep(failures, changes=number + 1, **counts)
    assert not failures, "\n\n".join(failures)
