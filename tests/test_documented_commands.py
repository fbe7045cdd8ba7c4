"""README and CONTRIBUTING followed command by command, as they are printed, on stand-in data."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.project import ROOT
from tests.helpers.stand_ins import shrunk, small_checkout, write_clips, write_dataset, write_program

NOT_RUN = {
    "pip install . && mgld-bench demo": "tests/engine runs the demo's suite; the rest is pip's",
    "mgld-bench score": "tests/cli runs it",
    "mgld-bench weights": "needs the network; tests/weights runs it",
    "mgld-bench compare": "tests/cli runs it",
    "mgld-bench nightly": "tests/nightly runs it",
    "mgld-bench restore": "needs a GPU; tests/cli runs it",
    "mgld-bench list": "tests/cli runs it",
    "mgld-bench doctor": "tests/cli runs it",
    "mgld-bench profile": "tests/cli runs it",
    "mgld-bench clean": "tests/cli runs it",
    "mgld-bench worker": "needs PostgreSQL; tests/engine runs it",
    "mgld-bench status": "tests/cli runs it",
    "mgld-bench store": "tests/cli runs it",
    "mgld-bench study": "tests/study runs it",
}
"""Commands of README that are not followed here, by their beginning, and why."""


def commands(document: str) -> list[str]:
    """Every command that a document prints in a block, without its comment."""
    text = (ROOT / document).read_text(encoding="utf-8")
    lines = re.findall(r"^(?:    )?((?:pip install \. && )?mgld-bench .+)$", text, flags=re.MULTILINE)
    return [re.sub(r"\s+#.*", "", line).strip() for line in lines]


def printed_cards(document: str) -> dict[str, str]:
    """The cards that a document prints, by the path in their first line."""
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), flags=re.DOTALL)
    return dict(blocks)


class User:
    """Somebody at a shell, in an empty folder with a home of his own."""

    def __init__(self, top: Path) -> None:
        self.home = top / "home"
        self.here = top / "here"
        for folder in (self.home, self.here):
            folder.mkdir(parents=True)
        program = write_program(top / "bin", small_checkout(top / "checkout"))
        self._environment = os.environ | {
            "HOME": str(self.home),
            "PATH": f"{program}{os.pathsep}{os.environ['PATH']}",
            "MGLD_BENCH_HOME": str(top / "cache"),
            "MGLD_BENCH_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }

    def types(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command], cwd=self.here, env=self._environment, capture_output=True, text=True, timeout=600
        )

    def write(self, cards: dict[str, str]) -> None:
        for name, text in cards.items():
            path = self.here / name.replace("~", str(self.home))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(shrunk(text), encoding="utf-8")

    def done(self, command: str, missing: tuple[str, ...] = ()) -> str:
        """What a command prints; it ends with 0, or with 3 where it names what is missing here, such as weights."""
        answer = self.types(command)
        assert answer.returncode == (3 if missing else 0), f"{command}\n{answer.stdout}\n{answer.stderr}"
        assert [name for name in missing if name not in answer.stderr] == []
        return answer.stdout


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    found = User(tmp_path_factory.mktemp("user"))
    write_dataset(found.home / "REDS", "reds4", "train/train_sharp/{clip}")
    write_dataset(found.home / "UDM10", "udm10", "{clip}/truth", "{clip}/blur4")
    return found


def test_every_command_of_the_readme_is_followed_or_excused() -> None:
    followed = ("mgld-bench datasets ", "mgld-bench run ", "mgld-bench report ", "mgld-bench cards check ")
    assert len(commands("README.md")) > 20
    assert [line for line in commands("README.md") if not line.startswith((*followed, *NOT_RUN))] == []
    assert [start for start in NOT_RUN if not any(line.startswith(start) for line in commands("README.md"))] == []


def test_pairs_are_prepared_run_and_reported_as_the_readme_says(user: User) -> None:
    lines = [line for line in commands("README.md") if "reds4" in line or "--dry-run" in line]
    prepare, verify, rebuild, dry_run, run, report = lines
    assert "4 clips are ready" in user.done(prepare)
    assert user.done(verify).count("ok ") == 4
    assert user.done(rebuild).count("intact") == 4
    assert "restore" in user.done(dry_run)
    # Without a network, the learned metrics of table 1 have no weights: named, and the rest is done.
    shown = user.done(run, missing=("lpips.alex", "dists"))
    assert "written: table.csv" in shown
    table = (user.here / "workspace/reports/table1/table.csv").read_text()
    values = {tuple(line.split(",")[:3]): line.split(",")[4] for line in table.splitlines()[1:]}
    assert all(
        float(values["reds4", method, metric]) for method in ("bicubic", "realesrgan") for metric in ("psnr.rgb", "ssim.rgb")
    )
    user.done(report, missing=("lpips.alex",))
    assert "published" in (user.here / "workspace/reports/table1/table.md").read_text().casefold()


@pytest.mark.slow
def test_existing_lr_is_prepared_run_and_reported(user: User) -> None:
    (prepare,) = [line for line in commands("README.md") if "--use-existing-lq" in line]
    assert "10 clips are ready" in user.done(prepare)
    assert "10 of 10 clips prepared (existing LR)" in user.done("mgld-bench list datasets")
    assert user.done("mgld-bench datasets verify udm10").count("ok ") == 10
    user.done("mgld-bench run table1 --methods bicubic --datasets udm10 --metrics psnr")
    user.done("mgld-bench report table1 --methods bicubic --datasets udm10 --metrics psnr --format md")
    assert "UDM10 (existing LR)" in (user.here / "workspace/reports/table1/table.md").read_text()


@pytest.mark.slow
def test_finished_frames_become_a_method_as_the_readme_says(user: User) -> None:
    user.write(printed_cards("README.md"))
    check, run = [line for line in commands("README.md") if "mycards" in line]
    user.done(check)
    user.done("mgld-bench run demo --methods bicubic")
    shutil.copytree(user.here / "workspace/restored/demo/bicubic", user.home / "out/mine")
    assert "My method" in user.done(run)


@pytest.mark.slow
def test_cards_to_copy_work_as_contributing_says(user: User) -> None:
    cards = printed_cards("CONTRIBUTING.md")
    assert len(cards) == 8
    user.write(cards)
    write_clips(user.home / "data/my-set", ["street", "007"], "GT/{clip}", "LQ/{clip}")
    write_clips(user.home / "out", ["street", "007"], "{clip}")
    prepare, verify, run, in_table1, score = [line for line in commands("CONTRIBUTING.md") if "~/" in line]
    assert "2 clips are ready" in user.done(prepare)
    assert user.done(verify).count("ok ") == 2
    assert "My method" in user.done(run)
    user.done("mgld-bench datasets prepare reds4 --source ~/REDS")
    write_dataset(user.home / "out/reds4", "reds4", "{clip}")
    assert "My method" in user.done(in_table1, missing=("lpips.alex", "dists"))
    shutil.rmtree(user.home / "out/reds4")
    user.done(score)
