"""The examples of docs/nightly.md for cron, systemd and CI: right as they are printed, and run where that is slow."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.helpers.night_suite import write_checkpoint, write_night_cards
from tests.helpers.project import ROOT
from tests.helpers.stand_ins import write_program

PAGE = (ROOT / "docs/nightly.md").read_text(encoding="utf-8")


def printed(name: str) -> str:
    """The block with this file name in its first or second line."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (block,) = [block for block in blocks if f"# {name}" in block.splitlines()[:2]]
    return str(block)


def ci_command() -> str:
    steps = yaml.safe_load(printed(".github/workflows/nightly.yml"))["jobs"]["nightly"]["steps"]
    return str(steps[0]["run"])


def test_all_three_run_the_same_night() -> None:
    service, script = printed("/etc/systemd/system/mgld-nightly.service"), printed("/srv/vsr/nightly.sh")
    for text in (service, script, ci_command()):
        assert re.search(r"mgld-bench nightly run demo --checkpoint \S*checkpoints/? --method realesrgan-official", text)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (Debian: systemd)")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    files = []
    for name in ("mgld-nightly.service", "mgld-nightly.timer"):
        text = printed(f"/etc/systemd/system/{name}").replace("User=vsr\n", "").replace("/srv/vsr", str(tmp_path))
        (tmp_path / name).write_text(text)
        files.append(str(tmp_path / name))
    program = write_program(tmp_path / "venv/bin", ROOT) / "mgld-bench"
    assert program.is_file()
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "mgld-nightly" in line]) == (0, [])


@pytest.mark.slow
def test_they_run_as_printed(tmp_path: Path) -> None:
    """On a suite of one clip, with cron's environment, in a shell of systemd's and of CI's kind."""
    write_night_cards(tmp_path / "cards", ["bunny-left"])
    write_checkpoint(tmp_path / "checkpoints/step1.pth", 1)
    write_program(tmp_path / "venv/bin", ROOT)
    (tmp_path / "secrets.env").write_text(f"export MGLD_BENCH_CARDS={tmp_path}/cards\n")

    def small(text: str) -> str:
        return (
            text.replace("/srv/vsr", str(tmp_path))
            .replace("nightly run demo", "nightly run watch")
            .replace("realesrgan-official", "compact")
        )

    def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        plain = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "vsr", **environment}
        return subprocess.run(command, env=plain, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)

    script = tmp_path / "nightly.sh"
    script.write_text(small(printed("/srv/vsr/nightly.sh")))
    cron = run(["/bin/sh", "-c", f"sh {script} >> {tmp_path}/nightly.log 2>&1"])
    log = (tmp_path / "nightly.log").read_text()
    assert cron.returncode == 0, log
    assert "night 1 of watch, step1.pth: accepted" in log

    service = printed("/etc/systemd/system/mgld-nightly.service")
    (start,) = re.findall(r"^ExecStart=(.*)", small(service), re.MULTILINE)
    cards = str(tmp_path / "cards")
    systemd = run(start.split(), MGLD_BENCH_CARDS=cards)
    assert systemd.returncode == 0, systemd.stderr
    assert "nothing new" in systemd.stdout

    path = f"{tmp_path}/venv/bin{os.pathsep}/usr/bin{os.pathsep}/bin"
    ci = run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", small(ci_command())], MGLD_BENCH_CARDS=cards, PATH=path)
    assert ci.returncode == 0, ci.stderr
    assert '"verdict": "accepted"' in (tmp_path / "night.json").read_text()
