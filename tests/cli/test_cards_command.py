"""mgld-bench cards check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mgld_bench.cards.loader import list_cards
from mgld_bench.cards.shipped_folder import shipped_folder
from tests.helpers.command import Done, call

METHOD = "name: {}\nrestorer: mgld_bench.methods.bicubic:Bicubic\n"
DATASET = "name: {}\nlayouts: [{{name: a, ground_truth: '{{clip}}'}}]\nclip_count: 2\n"


def check(folder: Path, *arguments: str | Path) -> Done:
    """The command, run in ``folder``, with no card folders from the environment."""
    return call("cards", "check", *arguments, cwd=folder, environment={"MGLD_BENCH_CARDS": ""})


def write(folder: Path, files: dict[str, str]) -> None:
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_every_shipped_card_is_right_but_the_one_that_has_to_be_extended(tmp_path: Path) -> None:
    done = check(tmp_path, shipped_folder(), "--json")
    rows = json.loads(done.out)
    assert {(row["kind"], row["name"]) for row in rows} == {(entry.kind, entry.name) for entry in list_cards()}
    wrong = [row for row in rows if not row["ok"]]
    assert [row["name"] for row in wrong] == ["results"]
    assert "options.folder: name the folder of the finished frames or videos" in wrong[0]["error"]
    assert done.code == 2
    assert done.err.splitlines()[-1] == f"mgld-bench: 1 of {len(rows)} cards is wrong"


def test_right_cards_are_listed_with_what_they_resolve_to(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "mine/baselines/step-1000.yaml": (
                "name: step-1000\nextends: bsrgan\nweights: {network: {file: /data/step_1000.pth}}\noptions: {tile: 64}\n"
            ),
            "mine/baselines/step-2000.yaml": "name: step-2000\nextends: step-1000\n",
            "mine/datasets/own.yaml": DATASET.format("own") + "degradation: mild\n",
            "mine/datasets/degradations/mild.yaml": "name: mild\nextends: realbasicvsr\nsalt: 3\n",
            "mine/reports/protocols/three.yaml": "name: three\nmetrics: {psnr: psnr.y.crop4}\nframes: [0, 50, 99]\n",
            "mine/reports/my-steps.yaml": (
                "name: my-steps\nprotocol: three\ndatasets: [{name: own, metrics: [psnr, ssim.rgb]}]\n"
                "methods: [bicubic, step-2000]\n"
            ),
        },
    )
    done = check(tmp_path, "mine")
    assert done.code == 0, (done.out, done.err)
    restorer = "mgld_bench.methods.rrdbnet:RRDBNetRestorer"
    assert done.out.splitlines() == [
        "ok    dataset own: 2 clips, degradation mild",
        "ok    degradation mild: extends realbasicvsr: profile mgld, salt 3",
        f"ok    method step-1000: extends bsrgan: {restorer}, weights: network /data/step_1000.pth",
        f"ok    method step-2000: extends step-1000: {restorer}, weights: network /data/step_1000.pth",
        "ok    report my-steps: 2 methods on own, protocol three",
        "ok    protocol three: psnr.y.crop4 on frames 0, 50, 99",
    ]
    # One file, or one kind, of the folder: the other cards of the folder are found as well.
    one = check(tmp_path, "mine/reports/my-steps.yaml", "mine/baselines")
    assert [line.split(":")[0] for line in one.out.splitlines()] == [
        "ok    report my-steps",
        "ok    method step-1000",
        "ok    method step-2000",
    ]


def test_every_wrong_card_is_reported_with_file_line_and_field(tmp_path: Path) -> None:
    report = "name: {}\nprotocol: {}\ndatasets:\n  - name: {}\n    metrics: [{}]\nmethods:\n  - bicubic\n  - {}\n"
    wrong = {
        "baselines/base.yaml": ("name: base\nextends: bicubik\n", "2: extends: there is no method "),
        "baselines/class.yaml": ("name: class\nrestorer: nowhere:Thing\n", "2: restorer: cannot import nowhere"),
        "baselines/broken.yaml": ("name: broken\nrestorer: broken:Thing\n", "2: restorer: cannot import broken: "),
        "baselines/field.yaml": (METHOD.format("field") + "titel: x\n", "3: titel: unknown field; did you mean title?"),
        "baselines/name.yaml": (METHOD.format("other"), '1: name: must be "name", the name of its file, not "other"'),
        "baselines/options.yaml": (
            "name: options\nextends: bsrgan\noptions:\n  tiel: 3\n",
            "4: options.tiel: unknown field; did you mean tile",
        ),
        "datasets/lost.yaml": (DATASET.format("lost") + "degradation: gone\n", '4: degradation: there is no degradation "gone"'),
        "reports/r1.yaml": (report.format("r1", "mgld", "reds4", "psnr", "rvrt"), '2: protocol: there is no protocol "mgld"'),
        "reports/r2.yaml": (
            report.format("r2", "mgld-2024", "reds", "psnr", "rvrt"),
            '4: datasets[0].name: there is no dataset "reds"; did you mean reds4',
        ),
        "reports/r3.yaml": (
            report.format("r3", "mgld-2024", "reds4", "psnr, pnsr", "rvrt"),
            "5: datasets[0].metrics[1]: metric pnsr does not exist",
        ),
        "reports/r4.yaml": (
            report.format("r4", "mgld-2024", "videolq", "niqe, psnr", "rvrt"),
            "5: datasets[0].metrics[1]: metric psnr.rgb needs ground truth, and videolq has none",
        ),
        "reports/r5.yaml": (
            report.format("r5", "mgld-2024", "reds4", "psnr", "field"),
            "8: methods[1]: baselines/field.yaml:3: titel: unknown field",
        ),
        "reports/r6.yaml": (
            report.format("r6", "mgld-2024", "reds4", "psnr", "rvrt") + "table: {digits: {PSNR: 1, pnsr: 2}}\n",
            "9: table.digits.pnsr: metric pnsr does not exist",
        ),
        "reports/protocols/p.yaml": (
            "name: p\nmetrics:\n  psnr: psnr.rgb\n  s: ssim.rbg\n",
            "4: metrics.s: metric ssim.rbg does not exist",
        ),
    }
    write(tmp_path, {file: text for file, (text, _) in wrong.items()})
    # A module of the user's that fails when it is imported.
    write(tmp_path, {"broken.py": "x = = 1\n", "baselines/good.yaml": METHOD.format("good")})
    done = check(tmp_path, "baselines", "datasets", "reports", "reports/protocols/p.yaml")
    lines = done.out.splitlines()
    assert len(lines) == len(wrong) + 1
    assert sum(line.startswith("ok    method good: ") for line in lines) == 1
    for file, (_, error) in wrong.items():
        assert sum(line.startswith(f"WRONG {file}:{error}") for line in lines) == 1, (file, lines)
    assert done.code == 2
    assert done.err.splitlines()[-1] == f"mgld-bench: {len(wrong)} of {len(lines)} cards are wrong"


def test_a_card_elsewhere_is_known_by_its_fields_or_by_the_kind_that_is_given(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.yaml": METHOD.format("a"),
            "b.yaml": "name: b\nextends: demo\ntitle: B\n",
            "c.txt": METHOD.format("c"),
            "more/z.yaml": METHOD.format("z"),
            "y.yaml": "name: y\nextends: z\n",
        },
    )
    done = check(tmp_path, "a.yaml", "b.yaml", "c.txt", "none.yaml", "y.yaml", "--json")
    rows = {row["file"]: row for row in json.loads(done.out)}
    assert (rows["a.yaml"]["kind"], rows["a.yaml"]["ok"], rows["a.yaml"]["error"]) == ("method", True, None)
    assert (rows["b.yaml"]["kind"], rows["b.yaml"]["summary"]) == (None, None)
    assert rows["b.yaml"]["error"].startswith("b.yaml: the fields do not show what kind of card this is")
    assert rows["c.txt"]["error"] == "c.txt: not a card file (.yaml or .yml)"
    assert rows["none.yaml"]["error"] == "none.yaml: no such card file"
    assert not rows["y.yaml"]["ok"]
    assert done.code == 2

    named = check(tmp_path, "b.yaml", "y.yaml", "--kind", "report", "--cards", "more")
    assert named.out.splitlines()[0] == ("ok    report b: extends demo: 3 methods on demo, protocol mgld-2024")
    assert named.out.splitlines()[1].startswith("WRONG y.yaml:2: extends: ")
    assert check(tmp_path, "y.yaml", "--cards", "more").code == 0


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    write(tmp_path, {"mine/bicubic.yaml": METHOD.format("bicubic")})
    done = check(tmp_path, "mine")
    assert done.code == 2
    assert 'is a method card named "bicubic" too; rename one of them' in done.out


@pytest.mark.parametrize("arguments", [["nothing"], ["."]])
def test_folders_without_cards(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "nothing").mkdir()
    done = check(tmp_path, *arguments)
    assert done.code == 2
    assert done.err.splitlines()[-1].startswith(f"mgld-bench: {arguments[0]}: contains no cards")


def test_help_has_an_example(tmp_path: Path) -> None:
    assert "Example: mgld-bench cards check my-cards/baselines/" in " ".join(check(tmp_path, "--help").out.split())
