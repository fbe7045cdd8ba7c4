"""Metrics of pyiqa by name: what is known of them, their files, and that nothing is downloaded while scoring."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from io import BytesIO
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pyiqa.utils.download_util
import pytest
import torch

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import describe, load_metric, reason_unavailable
from mgld_bench.metrics.natural.statistics import load_model
from mgld_bench.metrics.pyiqa.files import WITHOUT_FILES, fetched_files, files_folder
from mgld_bench.metrics.pyiqa.metric import PyiqaMetric, build, without_network
from mgld_bench.metrics.pyiqa.package import fetch_pyiqa
from mgld_bench.scoring.score_pass import score_clip
from tests.helpers.metric_samples import Frames
from tests.helpers.scores import frame_scores

BRISQUE = "/chaofengc/IQA-PyTorch-Weights/resolve/main/brisque_svm_weights.pth"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    return tmp_path


class Mirror:
    """A server of files, as the mirrors of Hugging Face that HF_ENDPOINT names."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                content = mirror.files.get(self.path)
                self.send_response(200 if content is not None else 404)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Has the model of BRISQUE."""
    found = Mirror()
    model = load_model("brisque_live.npz")
    found.files[BRISQUE] = saved(tuple(torch.from_numpy(model[key]).float() for key in ("coefficients", "support_vectors")))
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{found.server.server_port}")
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def saved(value: object) -> bytes:
    buffer = BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def scores(name: str, restored: Frames, truth: Frames | None = None, chunk: int | None = None) -> list[float]:
    reference = None if truth is None else ArrayClip("clip", truth)
    found = score_clip(reference, {"m": ArrayClip("clip", restored)}, {"m": [load_metric(name)]}, chunk=chunk)["m"][name]
    return list(frame_scores(found).values())


def silent(_here: int, _total: int | None) -> None:
    pass


def test_facts_are_pyiqas_and_known_without_importing_it() -> None:
    code = (
        "import sys; from mgld_bench.metrics.catalogue import describe; "
        "print(*(describe(f'pyiqa.{name}') for name in ('topiq_nr', 'lpips', 'niqe')), sep='\\n'); "
        "print(sorted({'torch', 'pyiqa'} & set(sys.modules)))"
    )
    answers = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert "direction='higher', needs_reference=False" in answers[0]
    assert "direction='lower', needs_reference=True" in answers[1]
    assert "direction='lower', needs_reference=False" in answers[2]
    assert answers[3] == "[]"
    facts = describe("pyiqa.clipiqa+_vitL14_512.crop4")
    assert facts.definition.endswith("4 pixels cut from every side first")
    assert facts.files == {"pyiqa": metadata.version("pyiqa")}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pyiqa.clipqa", r"has no metric clipqa: did you mean clipiqa"),
        ("pyiqa.", "has no metric : it has "),
        ("pyiqa.fid", "compares two sets of pictures: it has no score per frame"),
        ("pyiqa.clipiqa", "needs files that are not here: mgld-bench weights fetch pyiqa.clipiqa"),
        ("pyiqa.maniqa.crop4", "needs files that are not here: mgld-bench weights fetch pyiqa.maniqa"),
    ],
)
def test_what_cannot_run_says_why(name: str, reason: str) -> None:
    assert reason in (reason_unavailable(name) or "")
    with pytest.raises(InputError, match=reason.replace("+", r"\+")):
        load_metric(name)


def test_without_the_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found = metadata.distribution

    def distribution(name: str) -> metadata.Distribution:
        if name == "pyiqa":
            raise metadata.PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(metadata, "distribution", distribution)
    assert reason_unavailable("pyiqa.vif") == "the package pyiqa is not installed (pip install pyiqa)"
    assert "is missing" in (reason_unavailable("musiq.koniq") or "")


def test_metrics_without_files_need_none(mirror: Mirror) -> None:
    for name in sorted(WITHOUT_FILES):
        assert reason_unavailable(f"pyiqa.{name}") is None
        assert load_metric(f"pyiqa.{name}").facts == describe(f"pyiqa.{name}")
    assert mirror.asked == []


@pytest.mark.parametrize("name", ["entropy", "gmsd", "ms_ssim", "nlpd", "piqe", "psnr", "ssim", "vif", "vsi"])
def test_a_metric_without_files_is_that_of_pyiqa(name: str, bunny: Frames, degraded: Frames) -> None:
    theirs = pyiqa.create_metric(name, device="cpu")
    restored, truth = degraded[:1, :176, :176], bunny[:1, :176, :176]
    images = [torch.from_numpy(frames).permute(0, 3, 1, 2) / 255 for frames in (restored, truth)]
    expected = float(theirs(*images) if theirs.metric_mode == "FR" else theirs(images[0]))
    full = f"pyiqa.{name}"
    assert scores(full, restored, truth if describe(full).needs_reference else None) == pytest.approx([expected], rel=1e-6)


def test_frames_go_in_one_by_one(bunny: Frames, degraded: Frames) -> None:
    together = scores("pyiqa.gmsd", degraded[:3], bunny[:3])
    assert scores("pyiqa.gmsd", degraded[:3], bunny[:3], chunk=1) == together
    assert len(set(together)) == 3
    restored, truth = (np.ascontiguousarray(frames[:1, 8:-8, 8:-8]) for frames in (degraded, bunny))
    assert scores("pyiqa.gmsd.crop8", degraded[:1], bunny[:1]) == scores("pyiqa.gmsd", restored, truth)


def test_files_are_fetched_once_recorded_and_then_used_without_the_network(mirror: Mirror, home: Path, bunny: Frames) -> None:
    assert "weights fetch pyiqa.brisque" in (reason_unavailable("pyiqa.brisque") or "")
    reported: list[tuple[int, int | None]] = []
    files = fetch_pyiqa("pyiqa.brisque", lambda here, total: reported.append((here, total)))
    assert mirror.asked == [BRISQUE]
    assert reported[-1] == (len(mirror.files[BRISQUE]),) * 2
    assert [file.read_bytes() for file in files] == [mirror.files[BRISQUE]]
    assert all(file.is_relative_to(home / "weights" / "pyiqa" / "brisque") for file in files)
    recorded = json.loads((home / "weights" / "pyiqa" / "brisque.json").read_text())
    assert recorded == {"pyiqa": metadata.version("pyiqa"), "files": fetched_files("brisque")}
    assert set(describe("pyiqa.brisque").files) == {"pyiqa", *recorded["files"]}

    assert fetch_pyiqa("brisque", silent) == files
    assert scores("pyiqa.brisque", bunny[:2]) == pytest.approx(scores("brisque.pyiqa", bunny[:2]), abs=0.1)
    assert mirror.asked == [BRISQUE]


def test_a_file_that_changed_is_refused_and_can_be_fetched_again(mirror: Mirror) -> None:
    (file,) = fetch_pyiqa("brisque", silent)
    whole = file.read_bytes()
    file.write_bytes(b"\0" + whole[1:])
    assert f"{file}: sha256 is" in (reason_unavailable("pyiqa.brisque") or "")
    with pytest.raises(InputError, match=r"metric pyiqa\.brisque cannot run: .*: mgld-bench weights fetch pyiqa\.brisque"):
        load_metric("pyiqa.brisque")
    fetch_pyiqa("brisque", silent)
    assert file.read_bytes() == whole
    assert reason_unavailable("pyiqa.brisque") is None
    assert mirror.asked == [BRISQUE] * 2
    file.unlink()
    assert f"{file} is missing" in (reason_unavailable("pyiqa.brisque") or "")
    (files_folder("brisque").parent / "brisque.json").write_text("{")
    assert "brisque.json: cannot be read" in (reason_unavailable("pyiqa.brisque") or "")


class Marking:
    """Leaves a file behind when its pickle is executed."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


def test_a_file_that_would_be_executed_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    mirror.files[BRISQUE] = saved(Marking(mark))
    with pytest.raises(InputError, match=r"pyiqa\.brisque is not run: one of its files holds more than tensors and plain data"):
        fetch_pyiqa("brisque", silent)
    assert not mark.exists()
    assert "needs files that are not here" in (reason_unavailable("pyiqa.brisque") or "")


def test_what_cannot_be_fetched_leaves_no_record(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    del mirror.files[BRISQUE]
    with pytest.raises(InputError, match=r"metric pyiqa\.brisque cannot be built: HTTPError: HTTP Error 404"):
        fetch_pyiqa("brisque", silent)
    assert "needs files that are not here" in (reason_unavailable("pyiqa.brisque") or "")
    with pytest.raises(InputError, match="did you mean brisque"):
        fetch_pyiqa("brisqe", silent)
    monkeypatch.setenv("MGLD_BENCH_OFFLINE", "1")
    with pytest.raises(InputError, match="not fetched, because --offline"):
        fetch_pyiqa("brisque", silent)
    assert len(mirror.asked) == 1


def test_building_downloads_nothing_and_leaves_no_setting_behind(mirror: Mirror, tmp_path: Path) -> None:
    variables = dict(os.environ)
    places = torch.hub.get_dir(), vars(huggingface_hub.constants).copy(), pyiqa.utils.download_util.DEFAULT_CACHE_DIR
    for name in ("brisque", "clipiqa", "topiq_nr", "nima"):
        with pytest.raises(
            InputError, match=rf"pyiqa\.{name} needs files that are not here: mgld-bench weights fetch pyiqa\.{name}"
        ):
            build(name, tmp_path / "empty", "cpu")
    assert mirror.asked == []
    assert dict(os.environ) == variables
    assert (torch.hub.get_dir(), vars(huggingface_hub.constants), pyiqa.utils.download_util.DEFAULT_CACHE_DIR) == places
    for module in [module for name, module in sys.modules.items() if name.startswith("pyiqa.")]:
        assert getattr(module, "DEFAULT_CACHE_DIR", places[2]) == places[2]


def test_the_network_is_closed_for_one_thread_and_one_block_only(mirror: Mirror) -> None:
    address = ("127.0.0.1", mirror.server.server_port)

    def reach() -> None:
        socket.create_connection(address, timeout=5).close()

    reached: list[bool] = []

    def reach_in_thread() -> None:
        reach()
        reached.append(True)

    with without_network():
        with pytest.raises(ConnectionRefusedError):
            reach()
        with pytest.raises(ConnectionRefusedError):
            socket.getaddrinfo("localhost", 80)
        first, second = socket.socketpair()
        first.close()
        second.close()
        other = threading.Thread(target=reach_in_thread)
        other.start()
        other.join()
    assert reached == [True]
    reach()


def test_what_gives_several_numbers_or_fails_is_an_error(bunny: Frames) -> None:
    class Several(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.mean((0, 2, 3))

    class Failing(torch.nn.Module):
        def forward(self, _images: torch.Tensor) -> torch.Tensor:
            raise ValueError("at least 512 pixels")

    messages = {"does not give one number per frame": Several(), "pyiqa fails on frames of 320x192: at least 512": Failing()}
    for message, network in messages.items():
        metric = PyiqaMetric(describe("pyiqa.piqe"), 0, network, torch.device("cpu"))
        with pytest.raises(InputError, match=message):
            score_clip(None, {"m": ArrayClip("clip", bunny[:1])}, {"m": [metric]})
