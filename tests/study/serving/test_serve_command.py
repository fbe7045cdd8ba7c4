"""`mgld-bench study serve`: what it prints and refuses before it serves, and how it ends."""

from __future__ import annotations

import shutil
import signal
import socket
import sys
from pathlib import Path

import pytest

from mgld_bench.study.serving.listening import is_loopback
from tests.helpers.command import call
from tests.helpers.small_study import SmallStudy, make_study
from tests.helpers.study_server import Person, serving


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallStudy:
    return make_study(tmp_path_factory.mktemp("made") / "small", participants=2, frames=2, pairs=1)


@pytest.fixture
def study(made: SmallStudy, tmp_path: Path) -> Path:
    """A copy, to break."""
    return Path(shutil.copytree(made.folder.path, tmp_path / "small"))


def test_a_proxys_sub_path_a_killed_server_and_one_that_is_asked_to_end(made: SmallStudy, study: Path) -> None:
    """Votes are on disk before their answers go out; whoever was there before goes on with the same page."""
    with serving(study, "--root-path", "/vsr/", "--proxy", "127.0.0.1") as server:
        assert server.lines[0] == "study small: 2 participants: 0 have begun, 0 of them have finished"
        assert server.lines[1] == "participants need a window of 224 x 214 pixels at least"
        assert server.lines[2] == f"serving on {server.base}/vsr/s/LINK/; Ctrl-C ends, and every vote is kept"
        uncut = Person(f"{server.base}/vsr", made.tokens[0])
        uncut.begin()
        uncut.watch(0)
        assert uncut.answer(0, ["left", "tie"]).status == 200
        assert uncut.ask("GET", f"../{made.tokens[0]}").headers["location"] == f"{made.tokens[0]}/"
        behind_tls = uncut.ask("GET", "state", headers={"Cookie": "", "X-Forwarded-Proto": "https"})
        assert "secure" in behind_tls.headers["set-cookie"].lower()
        cut = Person(server.base, made.tokens[1])
        cut.begin()
        cut.watch(0)
        server.process.kill()
        server.process.wait()
        port = server.port
    with serving(study, "--host", "0.0.0.0", port=port) as server:
        assert server.lines[0] == "study small: 2 participants: 2 have begun, 0 of them have finished"
        assert "without TLS" in server.lines[2]
        assert cut.answer(0, ["right", "right"]).status == 200
        assert cut.state()["answered"] == 1
        uncut = Person(server.base, made.tokens[0])
        assert uncut.state()["answered"] == 1
        untrusted = uncut.ask("GET", "state", headers={"Cookie": "", "X-Forwarded-Proto": "https"})
        assert "secure" not in untrusted.headers["set-cookie"].lower()
        assert server.end() == 130
    assert server.lines[-1] == "mgld-bench: interrupted; every vote is kept, the same command serves on"
    assert not any(token in line for token in made.tokens for line in server.lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=["SIGINT", "SIGHUP"])
@pytest.mark.slow
def test_every_ending_signal_ends_it(study: Path, number: signal.Signals) -> None:
    with serving(study) as server:
        server.process.send_signal(number)
        assert server.process.wait(timeout=60) == 130


def test_a_proxy_by_a_name_would_never_be_believed(study: Path) -> None:
    done = call("study", "serve", study, "--proxy", "127.0.0.1,localhost")
    assert (done.code, done.err) == (
        2,
        "mgld-bench: --proxy localhost: is no address; write addresses or networks, such as 127.0.0.1\n",
    )


def test_an_address_that_cannot_be_had(study: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = call("study", "serve", study, "--port", str(port))
    assert done.code == 2
    assert (
        done.err == f"mgld-bench: port {port} of 127.0.0.1 is in use: end what uses it, or choose a different one with --port\n"
    )
    # An address for examples in documents: no machine has it.
    elsewhere = call("study", "serve", study, "--host", "192.0.2.1")
    assert (elsewhere.code, elsewhere.err) == (2, "mgld-bench: --host 192.0.2.1: this machine does not have this address\n")
    wrong = call("study", "serve", study, "--root-path", "/a b")
    assert (wrong.code, wrong.err) == (2, "mgld-bench: --root-path '/a b': write a path such as /study\n")


def test_without_the_packages_of_the_extra(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mgld_bench.study.serving.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = call("study", "serve", study)
    assert (done.code, done.err) == (2, "mgld-bench: study serve needs uvicorn: pip install 'mgld-bench[study]'\n")


def test_a_folder_without_a_study(tmp_path: Path) -> None:
    done = call("study", "serve", tmp_path)
    assert done.code == 2
    assert "there is no study" in done.err


def test_videos_that_are_missing_elsewhere_or_told_apart_by_size(study: Path) -> None:
    video = study / "videos" / "0-bicubic.webm"
    content = video.read_bytes()
    video.write_bytes(content + b"\0")
    done = call("study", "serve", study)
    assert done.code == 2
    assert "clip demo/bikes: its videos have different sizes, by which a participant could tell them apart" in done.err
    video.unlink()
    assert "there is no such video inside the study's folder" in call("study", "serve", study).err
    (study / "outside.webm").write_bytes(content)
    video.symlink_to(study / "outside.webm")
    assert "there is no such video inside the study's folder" in call("study", "serve", study).err
    video.unlink()
    text = (study / "study.json").read_text(encoding="utf-8")
    (study / "study.json").write_text(text.replace('"0-bicubic.webm"', '"../outside.webm"'), encoding="utf-8")
    assert "there is no such video inside the study's folder" in call("study", "serve", study).err


@pytest.mark.parametrize("field", ["title", "text"])
def test_texts_that_name_a_method(made: SmallStudy, study: Path, field: str) -> None:
    text = made.folder.description.read_text(encoding="utf-8")
    shown = {"title": "A small study", "text": "Which one is steadier"}[field]
    (study / "study.json").write_text(text.replace(shown, "Is MGLD-VSR better?"), encoding="utf-8")
    done = call("study", "serve", study)
    assert done.code == 2
    assert "its title, consent or questions name mgld-vsr, which participants would read" in done.err


def test_which_addresses_only_this_machine_reaches() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "127.9.9.9")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.5", "study.example")] == [False] * 4
