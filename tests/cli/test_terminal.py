"""Terminals that are not UTF-8, file names that are no text, and outputs that cannot be written: never a traceback."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from mgld_bench.clips.writing import frame_name, write_frame
from tests.helpers.clip_samples import make_frames
from tests.helpers.command import call


def bench(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "mgld_bench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=300, env={**os.environ, **environment})


def store(folder: Path, darker: int = 0) -> Path:
    for index, frame in enumerate(make_frames(count=2, height=48, width=64)):
        write_frame(folder / frame_name(index), frame - frame // 8 * darker)
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    store(tmp_path / "gt" / "a")
    store(tmp_path / "out" / "a", darker=1)
    return tmp_path


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_scores_are_printed_whatever_the_encoding(folders: Path, encoding: str) -> None:
    done = bench("score", folders / "out", "--gt", folders / "gt", "--metrics", "psnr", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    arrow = "\u2191" if encoding == "utf-8" else "^"
    assert f"rgb {arrow}" in done.stdout.decode(encoding)


@pytest.mark.parametrize("verb", ["list metrics", "list methods", "list datasets", "list reports", "weights list"])
def test_every_list_is_printed_whatever_the_encoding(verb: str) -> None:
    done = bench(*verb.split(), PYTHONIOENCODING="cp1252")
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr


def test_clips_whose_names_are_no_text(folders: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    for side in ("gt", "out"):
        (folders / side / "a").rename(folders / side / name)
        store(folders / side / "b", darker=int(side == "out"))
    scored = bench("score", folders / "out", "--gt", folders / "gt", "--metrics", "psnr", "--json", "-o", folders / "csv")
    assert scored.returncode == 0, scored.stderr
    assert "caf\\xe9" in json.loads(scored.stdout)["clips"]
    assert "caf\\xe9,psnr.rgb" in (folders / "csv" / "scores.csv").read_text(encoding="utf-8")
    restored = bench("restore", "bicubic", folders / "gt" / name, folders / "restored")
    assert restored.returncode == 0, restored.stderr
    assert json.loads((folders / "restored" / "caf\\xe9.json").read_text(encoding="utf-8"))["name"] == "caf\\xe9"
    gone = bench("score", folders / f"gone-{name}")
    assert (gone.returncode, b"Traceback" in gone.stderr) == (2, False)


def test_long_names(tmp_path: Path) -> None:
    for size in (250, 251):
        store(tmp_path / f"in{size}" / ("\u9577" * 83 + "x" * (size - 249)))
    fits = bench("restore", "bicubic", tmp_path / "in250", tmp_path / "out")
    assert fits.returncode == 0, fits.stderr
    assert len(list((tmp_path / "out").glob("*/*.png"))) == 2
    too_long = bench("restore", "bicubic", tmp_path / "in251", tmp_path / "out")
    assert too_long.returncode == 2
    assert b"its name is too long" in too_long.stderr
    assert b"Traceback" not in too_long.stderr


VERBS_OF_A_WORKSPACE = [
    "run demo",
    "run demo --dry-run",
    "report demo",
    "datasets prepare demo",
    "datasets verify demo",
    "doctor",
]


@pytest.mark.parametrize("verb", [*VERBS_OF_A_WORKSPACE, "datasets rebuild demo", "list datasets", "datasets list", "demo"])
@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_workspace_that_is_a_file_is_one_line_everywhere(tmp_path: Path, verb: str, below: str) -> None:
    (tmp_path / "file").touch()
    done = call(*verb.split(), "-w", tmp_path / "file" / below)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"mgld-bench: --workspace {tmp_path / 'file' / below}: cannot be used: ")
    assert (tmp_path / "file").is_file()


@pytest.mark.parametrize("verb", ["score gt --metrics niqe", "weights list", "list methods", "weights fetch all", "doctor"])
def test_a_home_that_is_a_file_is_one_line_everywhere(tmp_path: Path, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "gt").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "file"))
    done = call(*verb.split())
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"mgld-bench: $MGLD_BENCH_HOME {tmp_path / 'file'}: cannot be used: it is not a folder; name a folder of your own\n"
    )


def test_folders_that_cannot_be_written_to_are_found_before_any_work(tmp_path: Path) -> None:
    folder, home = tmp_path / "locked", tmp_path / "home"
    for place in (folder, home):
        place.mkdir()
        place.chmod(0o555)
    unprivileged = ["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    prefix = ["setpriv", *unprivileged] if os.geteuid() == 0 else []
    if prefix and not shutil.which("setpriv"):
        pytest.skip("root may write anywhere")
    command = [*prefix, sys.executable, "-m", "mgld_bench"]
    for verb in ("run demo", "report demo"):
        done = subprocess.run([*command, *verb.split(), "-w", str(folder / "ws")], capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"mgld-bench: --workspace {folder / 'ws'}: cannot be written to: permission denied")
    environment = {**os.environ, "MGLD_BENCH_HOME": str(home)}
    doctor = [*command, "doctor", "home", "-w", str(folder)]
    done = subprocess.run(doctor, capture_output=True, text=True, timeout=120, env=environment)
    assert done.stdout.startswith(f"warning  home: the folder {home}: cannot be written to")


def test_any_error_of_the_file_system_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    target = str(tmp_path / "file" / "x")
    program = (
        "import sys; from pathlib import Path; from mgld_bench.cli import main\n"
        f"main.app.command('touch')(lambda: Path({target!r}).touch())\n"
        "sys.argv = ['mgld-bench', 'touch']\n"
        "main.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    why = "Not a directory: something in this path is a file, not a folder"
    assert done.stderr == f"mgld-bench: {tmp_path / 'file' / 'x'}: {why} (--debug shows where)\n"


ACTING = "a\x1b]0;owned\x07\x1b[2J\n\x9b31m\u202eb"
"""A name that sets a terminal's title, wipes it, begins a line, and turns the rest around."""


def test_no_name_acts_on_a_terminal(tmp_path: Path) -> None:
    for side in ("gt", "out"):
        store(tmp_path / side / ACTING, darker=int(side == "out"))
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "mgld_bench", "score", "out", "--gt", "gt", "--metrics", "psnr", "-o", "csv"]
    environment = {**os.environ, "TERM": "xterm", "MGLD_BENCH_HOME": str(tmp_path / "home")}
    with subprocess.Popen(command, stdout=terminal, stderr=terminal, cwd=tmp_path, env=environment) as process:
        os.close(terminal)
        shown = b""
        with suppress(OSError):
            while piece := os.read(main, 65536):
                shown += piece
    os.close(main)
    text = shown.decode()
    assert process.returncode == 0, text
    assert "a\\x1b]0;owned\\x07" in text and "\\u202eb" in text
    # The bars of the program itself may act, the name may not.
    assert "\x1b[2K" in text
    assert not re.search("\x1b\\]|\x07|\x1b\\[2J|\x9b|\u202e", text)
    gone = bench("score", tmp_path / f"gone {ACTING}")
    assert gone.returncode == 2 and gone.stderr.decode().strip().isprintable()


def test_no_name_is_a_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    for side in ("gt", "=1+1"):
        for clip in ("=cmd|x", "@sum", "-1", "+2", "plain"):
            store(tmp_path / side / clip, darker=int(side != "gt"))
    done = call("score", "=1+1", "--gt", "gt", "--metrics", "psnr", "-o", "csv", "--quiet", cwd=tmp_path)
    assert done.code == 0, done.err
    for name in ("scores.csv", "frames.csv"):
        for line in csv.DictReader((tmp_path / "csv" / name).read_text(encoding="utf-8").splitlines()):
            assert line["clip"] == "plain" or line["clip"][:2] in ("'=", "'@", "'-", "'+")
            assert line["method"] == "'=1+1"
