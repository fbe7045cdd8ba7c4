"""Servers that send anything but the file: each is one reason in a few words, the next is asked, and nothing is recorded."""

from __future__ import annotations

import gzip
import itertools
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.errors import InputError
from mgld_bench.weights import connection, download
from mgld_bench.weights.fetch import fetch
from mgld_bench.weights.locate import locate, status
from tests.helpers.checkpoints import checkpoint
from tests.helpers.file_server import Served, serving
from tests.helpers.raw_server import Say, answer, saying

WHOLE = checkpoint(elements=50_000)
HALF = WHOLE[: len(WHOLE) // 2]
ETAG = 'ETag: "one"'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MGLD_BENCH_OFFLINE", raising=False)
    monkeypatch.setattr(download, "PAUSE", 0.001)
    monkeypatch.setattr(connection, "PATIENCE", 0.3)
    return tmp_path / "home/weights"


@pytest.fixture(scope="module")
def mirror() -> Iterator[str]:
    with serving() as site:
        yield site.put("net.pth", Served(WHOLE))


def silent(_here: int, _total: int | None) -> None:
    """Nobody watches."""


def start_of(asked: bytes) -> int:
    found = re.search(rb"Range: bytes=(\d+)-", asked)
    return int(found[1]) if found else 0


def part(asked: bytes, content: bytes, total: object, most: int = 40_000) -> bytes:
    """A slice of ``content`` from where it was asked for, of which the server says that the whole has ``total`` bytes."""
    start = start_of(asked)
    body = content[start : start + most]
    if not body:
        return answer(f"Content-Range: bytes */{total}\r\nContent-Length: 0", status="416 Range Not Satisfiable")
    head = f"Content-Range: bytes {start}-{start + len(body) - 1}/{total}\r\nContent-Length: {len(body)}\r\n{ETAG}"
    return answer(head, body, "206 Partial Content")


def announced_then_cut(asked: bytes) -> Iterable[bytes]:
    """Half of the file, and then the claim that this was all of it."""
    if start_of(asked):
        return [answer(f"Content-Range: bytes */{start_of(asked)}\r\nContent-Length: 0", status="416 Range Not Satisfiable")]
    return [answer(f"Content-Length: {len(WHOLE)}\r\n{ETAG}", HALF)]


def crumbs() -> Iterator[bytes]:
    while True:
        time.sleep(0.05)
        yield b"x"


def endless(piece: bytes) -> Iterable[bytes]:
    return itertools.repeat(piece)


CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
NONSENSE: dict[str, tuple[Say, str]] = {
    "slices that end early": (lambda asked: [part(asked, HALF, len(WHOLE))], "bytes, and not the rest|416"),
    "slices of unknown length": (lambda asked: [part(asked, WHOLE, "*")], "does not announce the length"),
    "another length each time": (lambda asked: [part(asked, WHOLE, len(WHOLE) + start_of(asked))], "announced|not the rest"),
    "a cut file that is called whole": (announced_then_cut, "HTTP 416|connection lost"),
    "compressed": (
        lambda _: [answer(f"Content-Encoding: gzip\r\nContent-Length: {len(gzip.compress(WHOLE))}", gzip.compress(WHOLE))],
        r"encoding that was not asked for \(gzip\)",
    ),
    "a part that was not asked for": (
        lambda _: [answer("Content-Range: bytes 5-9/100\r\nContent-Length: 5", b"12345", "206 Partial Content")],
        "different part",
    ),
    "a range that contradicts itself": (
        lambda _: [answer("Content-Range: bytes 0-9/5\r\nContent-Length: 10", b"1234567890", "206 Partial Content")],
        "contradicts itself",
    ),
    "a range of 5000 digits": (
        lambda _: [answer(f"Content-Range: bytes 0-{'9' * 5000}/*", b"x", "206 Partial Content")],
        "HTTP 206",
    ),
    "half an address": (lambda _: [answer("Location: http://[::1", status="302 Found")], "no address"),
    "a port beyond all ports": (
        lambda _: [answer("Location: http://127.0.0.1:99999999/x", status="302 Found")],
        "no address|cannot be reached",
    ),
    "a port that is none": (lambda _: [answer("Location: http://127.0.0.1:a/x", status="302 Found")], "no address|cannot be"),
    "a host of dots": (lambda _: [answer(f"Location: http://{'.' * 300}/x", status="302 Found")], "no address|cannot be reached"),
    "a name that is no name": (lambda _: [answer("Location: http://\xff\xfe/x", status="302 Found")], "no address|cannot be"),
    "no HTTP": (lambda _: [b"\x00\xff" * 100], "cannot be reached"),
    "a header without end": (lambda _: [b"HTTP/1.1 200 OK\r\nX: ", *[b"x" * 1000] * 100], "cannot be reached"),
    "a drip of header": (lambda _: itertools.chain([b"HTTP/1.1 200 OK\r\nX: "], crumbs()), "fewer than"),
    "continue, without end": (lambda _: endless(b"HTTP/1.1 100 Continue\r\n\r\n"), "fewer than"),
    "a drip of content": (lambda _: itertools.chain([answer("Content-Length: 300000")], crumbs()), "fewer than"),
    "a drip of a chunk's length": (
        lambda _: itertools.chain([answer("Transfer-Encoding: chunked")], crumbs()),
        "fewer than|lost",
    ),
    "a drip of refusal": (lambda _: itertools.chain([b"HTTP/1.1 404 "], crumbs()), "fewer than"),
    "a chunk that is none": (lambda _: [answer("Transfer-Encoding: chunked", b"zz\r\nxx")], "connection lost"),
    "a negative chunk": (lambda _: [answer("Transfer-Encoding: chunked", b"-5\r\nxxxxxxxxxx")], "connection lost"),
    "more than any disk": (lambda _: [answer("Content-Length: 99999999999999999", b"x")], "are free"),
    "a negative length": (lambda _: [answer("Content-Length: -1", WHOLE)], "does not announce the length"),
    "an escape sequence": (lambda _: [answer("X: y", status="404 \x1b[31mred\x07")], "HTTP 404"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_of_one_mirror_is_its_reason_and_the_next_is_asked(name: str, home: Path, mirror: str) -> None:
    say, reason = NONSENSE[name]
    with saying(say) as address:
        alone = WeightFile(file="net.pth", url=(address,))
        started = time.monotonic()
        with pytest.raises(InputError, match=reason) as caught:
            fetch(alone, silent)
        assert time.monotonic() - started < 5
        assert "\n" not in str(caught.value)
        assert not (home / "net.pth").exists() and not (home / "net.pth.sha256").exists()
        assert not status(alone).verified
        # What this one left is not continued by the other.
        assert fetch(WeightFile(file="net.pth", url=(address, mirror)), silent).read_bytes() == WHOLE
        assert locate(alone).read_bytes() == WHOLE


@pytest.mark.parametrize("size", [len(WHOLE), None])
def test_a_body_without_end_is_stopped_where_the_file_ends(home: Path, size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "LARGEST", 1 << 21)
    most = 0

    def watch(here: int, _total: int | None) -> None:
        nonlocal most
        most = max(most, here)

    endlessly = saying(lambda _: itertools.chain([answer("Transfer-Encoding: chunked")], endless(CHUNK)))
    with endlessly as address, pytest.raises(InputError, match=f"sends more than the {size or 1 << 21} bytes"):
        fetch(WeightFile(file="net.pth", url=(address,), size=size), watch)
    assert most <= (size or 1 << 21)
    assert list(home.glob("net*")) == []


def test_a_file_in_slices_is_put_together_and_checked(home: Path) -> None:
    with saying(lambda asked: [part(asked, WHOLE, len(WHOLE))]) as address:
        wanted = WeightFile(file="net.pth", url=(address,))
        assert fetch(wanted, silent).read_bytes() == WHOLE
        assert status(wanted).verified


def test_a_long_reason_cannot_be_longer_than_a_line(home: Path) -> None:
    with saying(lambda _: [answer("X: y", status=f"404 {'long ' * 5000}")]) as address, pytest.raises(InputError) as caught:
        fetch(WeightFile(file="net.pth", url=(address,)), silent)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "name",
    ["net.pth.sha256", "NET.SHA256", ".net.pth.partial", ".net.pth.lock", ".sha256.json", "pyiqa/musiq.json", "a/.b/net.pth"],
)
def test_no_card_reaches_the_suites_own_records(home: Path, mirror: str, name: str) -> None:
    home.mkdir(parents=True)
    for file in (name, str(home / name)):
        with pytest.raises(InputError, match="keeps its own records under such names"):
            fetch(WeightFile(file=file, url=(mirror,)), silent)
    assert list(home.iterdir()) == []
