"""The executor on real clips: what is done once stays done, and what an option changes is done again, no more."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.cards.loader import load_report
from mgld_bench.clips.image import read_image
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.engine.store import open_store
from mgld_bench.errors import InputError
from tests.helpers.command import call, process
from tests.helpers.run_state import database, files
from tests.helpers.suite_cards import write_cards


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A finished run of the small suite: its cards, its workspace."""
    folder = tmp_path_factory.mktemp("suite")
    cards = write_cards(folder / "cards")
    workspace = folder / "workspace"
    done = process("run", "small", "--cards", cards, "--workspace", workspace, "--device", "cpu")
    assert done.code == 0, done.err
    return cards, workspace


def todo(cards: Path, workspace: Path, *more: str) -> list[tuple[str, ...]]:
    """What is to be done by the plan: (kind, clip, method, metric)."""
    answer = call("run", "small", "--cards", cards, "--workspace", workspace, "--device", "cpu", "--dry-run", "--json", *more)
    assert answer.code == 0, answer.err
    units = json.loads(answer.out)["units"]
    return [(u["kind"], u["clip"], u.get("method", ""), u.get("metric", "")) for u in units if not u["done"]]


def test_the_run_leaves_every_unit(suite: tuple[Path, Path]) -> None:
    cards, workspace = suite
    rows = database(workspace)
    kinds = [row[1] for row in rows["units"]]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"pair": 2, "restore": 4, "score": 12}
    assert len(rows["clip_scores"]) == 12
    assert len(rows["frame_scores"]) == 12 * 3
    assert load_report("small", [cards]).protocol == "few"
    facts = json.loads((workspace / "restored/tiny/compact/bunny.json").read_text())["facts"]
    assert facts["method"]["options"]["tile"] == 24
    assert facts["weights"]["network"] == "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d"
    # The store alone says what a restored clip and a score were made of, for comparisons with other stores.
    with open_store("", workspace, create=False) as store:
        made = {unit.key: unit.facts["made_of"] for unit, _ in store.recorded("restore", ["compact"])}
        assert {**facts, "revision": 1} in made.values()
        scored = [unit for unit, _ in store.recorded("score", ["compact"])]
        assert [(unit.facts["restored_key"] in made, unit.facts["frames"]) for unit in scored] == [(True, "all")] * 6
    assert (workspace / "restored/tiny/bicubic/bunny/00000002.png").is_file()
    assert (workspace / "pairs/tiny/realbasicvsr/LQ/bikes/00000000.png").is_file()


def test_a_second_run_does_nothing_and_touches_nothing(suite: tuple[Path, Path]) -> None:
    cards, workspace = suite
    before = {path: path.stat().st_mtime_ns for path in (workspace / "restored").rglob("*")}
    rows = database(workspace)
    done = call("run", "small", "--cards", cards, "--workspace", workspace, "--device", "cpu")
    assert done.code == 0, done.err
    assert {path: path.stat().st_mtime_ns for path in (workspace / "restored").rglob("*")} == before
    assert database(workspace) == rows
    assert todo(cards, workspace) == []


def test_another_option_redoes_only_what_depends_on_it(suite: tuple[Path, Path]) -> None:
    cards, workspace = suite
    card = cards / "baselines/compact.yaml"
    text = card.read_text()
    try:
        card.write_text(text.replace("tile_pad: 4", "tile_pad: 6"))
        assert set(todo(cards, workspace)) == {
            *(("restore", clip, "compact", "") for clip in ("bunny", "bikes")),
            *(("score", clip, "compact", m) for clip in ("bunny", "bikes") for m in ("psnr.rgb", "vmaf.v0.6.1neg", "niqe.pyiqa")),
        }
    finally:
        card.write_text(text)
    assert todo(cards, workspace) == []


def test_one_metric_more_is_one_metric_more(suite: tuple[Path, Path]) -> None:
    cards, workspace = suite
    units = todo(cards, workspace, "--metrics", "psnr,ssim")
    assert set(units) == {("score", clip, method, "ssim.rgb") for clip in ("bunny", "bikes") for method in ("bicubic", "compact")}


def test_the_salt_of_the_degradation_redoes_everything(suite: tuple[Path, Path], tmp_path: Path) -> None:
    _, workspace = suite
    other = write_cards(tmp_path / "cards")
    (other / "datasets/degradations").mkdir()
    (other / "datasets/degradations/salted.yaml").write_text("name: salted\nextends: realbasicvsr\nsalt: 1\n")
    dataset = other / "datasets/tiny.yaml"
    dataset.write_text(dataset.read_text().replace("degradation: realbasicvsr", "degradation: salted"))
    assert len(todo(other, workspace)) == 2 + 4 + 12


def test_changed_prose_redoes_nothing(suite: tuple[Path, Path]) -> None:
    cards, workspace = suite
    card = cards / "baselines/compact.yaml"
    text = card.read_text()
    try:
        card.write_text(text + "title: Another name in print\nnotes: Further notes.\n")
        assert todo(cards, workspace) == []
    finally:
        card.write_text(text)


def test_deleted_frames_are_restored_again_only_where_a_score_needs_them(suite: tuple[Path, Path], tmp_path: Path) -> None:
    cards, workspace = suite
    side = workspace / "restored/tiny/bicubic/bunny.json"
    away = side.rename(tmp_path / "bunny.json")
    try:
        assert todo(cards, workspace) == []
        assert ("restore", "bunny", "bicubic", "") in todo(cards, workspace, "--metrics", "ssim")
    finally:
        away.rename(side)


def test_frames_of_another_option_are_never_scored(suite: tuple[Path, Path], tmp_path: Path) -> None:
    cards, workspace = suite
    card = cards / "baselines/compact.yaml"
    text = card.read_text()
    arguments = ("--cards", cards, "--device", "cpu", "--methods", "compact")
    copy = tmp_path / "workspace"
    shutil.copytree(workspace, copy)
    try:
        card.write_text(text.replace("tile_pad: 4", "tile_pad: 6"))
        assert call("run", "small", *arguments, "--workspace", copy).code == 0
    finally:
        card.write_text(text)
    # The first option's scores are all there, but the frames on disk are now the second's.
    assert todo(cards, copy, "--methods", "compact") == []
    units = todo(cards, copy, "--methods", "compact", "--metrics", "ssim")
    assert ("restore", "bunny", "compact", "") in units


def test_frames_that_were_changed_after_they_were_made_are_not_scored(suite: tuple[Path, Path], tmp_path: Path) -> None:
    cards, workspace = suite
    copy = tmp_path / "workspace"
    shutil.copytree(workspace, copy)
    for changed in ("restored/tiny/bicubic/bunny", "pairs/tiny/realbasicvsr/GT/bikes"):
        path = copy / changed / frame_name(0)
        write_frame(path, 255 - read_image(path)[1])
    run = call(
        "run", "small", "--cards", cards, "--workspace", copy, "--device", "cpu", "--methods", "bicubic", "--metrics", "ssim"
    )
    assert run.code == 3
    line = run.err.strip().splitlines()[-1]
    assert "bicubic/bunny: frame 0 was changed after it was made: its sha256 differs; delete that folder" in line
    assert "GT/bikes: frame 0 was changed after it was made: its sha256 differs; run: mgld-bench datasets rebuild tiny" in line
    assert not [row for row in database(copy)["units"] if row[5] == "ssim.rgb" and row[4] == "bicubic"]


def test_a_clip_that_fails_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    cards = write_cards(tmp_path / "cards")
    (cards / "baselines/mine.yaml").write_text(f"name: mine\nextends: results\noptions: {{folder: {tmp_path / 'out'}}}\n")
    workspace = tmp_path / "workspace"
    arguments = ("run", "small", "--cards", cards, "--workspace", workspace, "--device", "cpu", "--metrics", "psnr")
    assert call(*arguments, "--methods", "bicubic").code == 0
    shutil.copytree(workspace / "restored/tiny/bicubic", tmp_path / "out")
    spoilt = tmp_path / "out/bunny/00000001.png"
    kept = spoilt.read_bytes()
    spoilt.write_bytes(kept[:200])
    failed = call(*arguments, "--methods", "mine,bicubic")
    assert failed.code == 3
    last = failed.err.strip().splitlines()[-1]
    assert "1 failed" in last
    assert "tiny bunny mine" in last
    assert "00000001.png" in last
    rows = [row[2:6] for row in database(workspace)["units"] if row[1] == "score"]
    assert ("tiny", "bikes", "mine", "psnr.rgb") in rows
    assert ("tiny", "bunny", "mine", "psnr.rgb") not in rows
    spoilt.write_bytes(kept)
    assert call(*arguments, "--methods", "mine,bicubic").code == 0
    done = database(workspace)
    keys = {row[4]: row[0] for row in done["units"] if row[1] == "score" and row[3] == "bunny"}
    values = {unit: value for unit, value, _ in done["clip_scores"]}
    assert values[keys["mine"]] == values[keys["bicubic"]]


def test_the_report_shows_what_is_missing_as_a_gap_and_what_was_lossy(suite: tuple[Path, Path]) -> None:
    cards, workspace = suite
    methods = "bicubic,compact,realesr-animevideov3"
    answer = call("report", "small", "--cards", cards, "--workspace", workspace, "--methods", methods, "--format", "csv,md")
    assert answer.code == 3, answer.err
    assert "incomplete" in answer.err
    table = (workspace / "reports/small/table.md").read_text()
    assert "– (0/2)" in table
    assert "0 of 2 clips scored: not scored yet" in table
    assert "LR of Tiny is made by realbasicvsr." in table
    assert "Tiny: the ground truth of 2 of 2 clips was stored with lossy compression" in table
    scores = (workspace / "reports/small/scores.csv").read_text()
    for row in database(workspace)["clip_scores"]:
        assert repr(row[1]) in scores
    run = json.loads((workspace / "reports/small/run.json").read_text())
    assert "imageio-ffmpeg" in json.dumps(run)


def test_a_metric_that_has_no_value_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    cards = write_cards(tmp_path / "cards")
    (cards / "baselines/mine.yaml").write_text(f"name: mine\nextends: results\noptions: {{folder: {tmp_path / 'out'}}}\n")
    for clip in ("bunny", "bikes"):
        for index in range(3):
            write_frame(tmp_path / f"out/{clip}" / frame_name(index), np.zeros((128, 192, 3), np.uint8))
    workspace = tmp_path / "workspace"
    arguments = ("run", "small", "--cards", cards, "--workspace", workspace, "--device", "cpu")
    failed = call(*arguments, "--methods", "bicubic,mine", "--metrics", "psnr,niqe")
    assert failed.code == 3
    assert "2 failed" in failed.err.splitlines()[-1]
    assert "niqe.pyiqa" in failed.err.splitlines()[-1]
    scored = {row[3:6] for row in database(workspace)["units"] if row[1] == "score"}
    assert scored == {
        *((clip, "bicubic", metric) for clip in ("bunny", "bikes") for metric in ("psnr.rgb", "niqe.pyiqa")),
        *((clip, "mine", "psnr.rgb") for clip in ("bunny", "bikes")),
    }


BROKEN_METHODS = {
    "raises": """
from mgld_bench.methods.bicubic import Bicubic

class Method(Bicubic):
    def restore(self, clip, start=0):
        yield next(super().restore(clip, start))
        None + 1
""",
    "leaves": "import sys\n\nsys.exit('no licence')\n",
    "panics": "class Panic(BaseException):\n    pass\n\n\nraise Panic('of a library in Rust')\n",
}


def test_a_broken_method_does_not_keep_the_others_from_being_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cards = write_cards(tmp_path / "cards")
    for name, code in BROKEN_METHODS.items():
        (tmp_path / f"{name}.py").write_text(code)
        (cards / f"baselines/{name}.yaml").write_text(f"name: {name}\nrestorer: {name}:Method\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    command = ("run", "small", "--cards", cards, "--workspace", tmp_path / "workspace", "--device", "cpu", "--metrics", "psnr")
    run = call(*command, "--methods", "raises,bicubic")
    assert run.code == 3
    assert "Traceback" not in run.err
    assert "restore tiny bunny raises: failed with TypeError: unsupported operand" in run.err
    assert "(raises.py, line 7)" in run.err
    assert {row[4] for row in database(tmp_path / "workspace")["units"] if row[1] == "score"} == {"bicubic"}
    listed = call("list", "methods", "--cards", cards)
    assert listed.code == 0, listed.err
    refused = call(*command, "--methods", "leaves,panics,bicubic", "--skip-unavailable")
    assert "cannot import leaves: SystemExit: no licence" in refused.err
    assert "cannot import panics: Panic: of a library in Rust" in refused.err
    assert refused.code == 0, refused.err


def test_two_runs_do_not_share_a_workspace(suite: tuple[Path, Path]) -> None:
    cards, workspace = suite
    with sole_writer(workspace):
        with pytest.raises(InputError, match="another run"), sole_writer(workspace):
            pass
        # A metric that is not scored yet, since a run with nothing to do needs no lock.
        refused = process("run", "small", "--cards", cards, "--workspace", workspace, "--device", "cpu", "--metrics", "ssim")
    assert refused.code == 2
    assert "another run" in refused.err
    assert "Traceback" not in refused.err


def test_what_cannot_run_stops_before_the_work_begins(suite: tuple[Path, Path], tmp_path: Path) -> None:
    cards, _ = suite
    arguments = ("run", "small", "--cards", cards, "--workspace", tmp_path, "--device", "cpu", "--methods", "bicubic,nonsense")
    refused = call(*arguments)
    assert refused.code == 2
    assert "nonsense" in refused.err
    assert "--skip-unavailable" in refused.err
    assert files(tmp_path) == {}


LOADED = """
import sys
from mgld_bench.cli.main import main
try:
    main()
finally:
    heavy = ("torch", "torchvision", "pyiqa", "pandas", "matplotlib", "scipy.stats", "skvideo", "alembic.command")
    print("loaded:", *(name for name in heavy if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("verb", ["run", "run --dry-run", "report", "compare bicubic compact", "list methods"])
def test_where_nothing_is_to_be_done_nothing_is_loaded_that_does_it(suite: tuple[Path, Path], verb: str) -> None:
    cards, workspace = suite
    words = verb.split()
    name = [] if words[0] in ("compare", "list") else ["small"]
    place = [] if words[0] == "list" else ["--workspace", str(workspace)]
    command = [words[0], *name, *words[1:], *place, "--cards", str(cards)]
    if verb in ("run", "report"):
        assert call(*command).code == 0
    done = subprocess.run([sys.executable, "-c", LOADED, *command], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1].strip() == "loaded:"
