"""Damage of files at random: of bytes, of text, and of what JSON, YAML, CSV, PNG and SQLite hold."""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
import struct
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import yaml

Mutate = Callable[[random.Random, bytes], bytes]

_COUNTS: Final = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    1 << 40,
    (1 << 63) - 1,
    (1 << 64) - 1,
)
_TEXTS: Final = (
    "",
    " ",
    "\0",
    "\x1b[2J",
    "\u202e",
    "\U0001f600" * 50,
    "x" * 70_000,
    "../../etc/passwd",
    "/dev/zero",
    "~nosuchuser",
)
_NUMBERS: Final = ("9" * 30, "9" * 5000, "1e400", "-1", "-0", "0", "0.5", "1e-320", "NaN", "Infinity", "-Infinity", "0x10", "١٢")
_WRONG: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 0.5, 10**9, 10**30, 1e308, float("nan"), float("inf"), [], {}, [[]], {"": {}}, [None] * 3),
    *_TEXTS,
    "\ud800",
    "٣",
)
_IN_ROWS: Final = (None, b"\xff\x00", "text", 2**62, -1, 1e308, "{", "[1, 2]", '{"a": ' * 600, "\x1b", "9" * 5000, "null")


def damage_bytes(draw: random.Random, content: bytes) -> bytes:
    """One to four changes of bytes: flips, cuts, copies, numbers in place of numbers."""
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        place = draw.randrange(len(data) + 1)
        length = draw.choice((1, 2, 4, 8, 16, 64, len(data) // 2 + 1))
        draw.choice(_ON_BYTES)(draw, data, place, length)
    return bytes(data)


def _flip(draw: random.Random, data: bytearray, place: int, _length: int) -> None:
    if place < len(data):
        data[place] ^= 1 << draw.randrange(8)


def _cut(_draw: random.Random, data: bytearray, place: int, _length: int) -> None:
    del data[place:]


def _leave_out(_draw: random.Random, data: bytearray, place: int, length: int) -> None:
    del data[place : place + length]


def _repeat(_draw: random.Random, data: bytearray, place: int, length: int) -> None:
    data[place:place] = data[place : place + length]


def _insert(draw: random.Random, data: bytearray, place: int, length: int) -> None:
    data[place:place] = draw.randbytes(min(length, 64))


def _overwrite(draw: random.Random, data: bytearray, place: int, length: int) -> None:
    count = min(length, 64)
    data[place : place + count] = draw.choice((draw.randbytes(count), bytes(count), b"\xff" * count))


def _count(draw: random.Random, data: bytearray, place: int, _length: int) -> None:
    size, number = draw.choice((2, 4, 8)), draw.choice(_COUNTS)
    data[place : place + size] = (number % (1 << 8 * size)).to_bytes(size, draw.choice(("little", "big")))


def _splice(draw: random.Random, data: bytearray, place: int, length: int) -> None:
    other = draw.randrange(len(data) + 1)
    data[place : place + length] = data[other : other + length]


_ON_BYTES: Final = (_flip, _flip, _cut, _leave_out, _repeat, _insert, _overwrite, _count, _count, _splice)


def damage_text(draw: random.Random, content: bytes) -> bytes:
    """A change of words, numbers, lines or brackets of a text; sometimes of its bytes."""
    if draw.random() < 0.3:
        return damage_bytes(draw, content)
    text = content.decode("utf-8", "replace")
    place = draw.randrange(len(text) + 1)
    end = min(len(text), place + draw.choice((1, 3, 10, 40)))
    bracket = draw.choice("[{(\"'")
    put = draw.choice(
        (draw.choice(_TEXTS), draw.choice(_NUMBERS), bracket * draw.choice((1, 30, 3000)), "\n" * 3, ": ", "- ", ",", "&a *a")
    )
    if draw.random() < 0.3:
        lines = text.splitlines(keepends=True)
        draw.shuffle(lines)
        return "".join(lines).encode("utf-8", "surrogatepass")
    return f"{text[:place]}{put}{text[end if draw.random() < 0.5 else place :]}".encode("utf-8", "surrogatepass")


def _somewhere(draw: random.Random, value: Any) -> tuple[Any, Any]:
    """A container inside ``value``, and a key or index of it."""
    here, key = {"": value}, ""
    while isinstance(here[key], (dict, list)) and here[key] and draw.random() < 0.8:
        here = here[key]
        key = draw.choice(list(here) if isinstance(here, dict) else list(range(len(here))))  # type: ignore[assignment]
    return here, key


def damage_value(draw: random.Random, value: Any) -> Any:
    """A value of JSON with something in it of a wrong type, far too large or deep, gone, or twice."""
    whole = {"": value}
    here, key = _somewhere(draw, value)
    if key == "" and here is not whole and here == whole:
        here = whole
    kind = draw.random()
    if kind < 0.15:
        del here[key]
    elif kind < 0.25 and isinstance(here[key], list):
        here[key] = here[key] * draw.choice((2, 1000))
    elif kind < 0.3:
        nested: Any = 1
        for _ in range(draw.choice((50, 900))):
            nested = [nested] if draw.random() < 0.5 else {"a": nested}
        here[key] = nested
    elif kind < 0.4 and isinstance(here, dict):
        here[draw.choice(_TEXTS)] = here[key]
    elif isinstance(here[key], int) and kind < 0.6:
        here[key] = draw.choice((here[key] + 1, -here[key], here[key] * 10**6, 10**9))
    else:
        here[key] = draw.choice(_WRONG)
    return whole.get("")


def damage_json(draw: random.Random, content: bytes) -> bytes:
    """JSON with a wrong value; sometimes damaged as text."""
    if draw.random() < 0.3:
        return damage_text(draw, content)
    return json.dumps(damage_value(draw, json.loads(content))).encode()


def damage_yaml(draw: random.Random, content: bytes) -> bytes:
    """YAML with a wrong value; sometimes damaged as text."""
    if draw.random() < 0.4:
        return damage_text(draw, content)
    value = damage_value(draw, yaml.safe_load(content))
    with suppress(yaml.YAMLError, UnicodeError, RecursionError):
        return yaml.safe_dump(value, allow_unicode=draw.random() < 0.5).encode("utf-8", "surrogatepass")
    return damage_text(draw, content)


def damage_lines(draw: random.Random, content: bytes) -> bytes:
    """A journal, one JSON value in each line: one of them wrong; sometimes damaged as text."""
    lines = content.splitlines()
    place = draw.randrange(len(lines))
    lines[place] = damage_json(draw, lines[place])
    return b"\n".join(lines) + b"\n"


def damage_csv(draw: random.Random, content: bytes) -> bytes:
    """CSV with a wrong field; sometimes damaged as text."""
    if draw.random() < 0.4:
        return damage_text(draw, content)
    rows = list(csv.reader(io.StringIO(content.decode())))
    row = draw.choice(rows)
    if row:
        row[draw.randrange(len(row))] = draw.choice((*_TEXTS, *_NUMBERS, "x" * 140_000))
    if draw.random() < 0.2:
        draw.choice(rows).append("more")
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode("utf-8", "surrogatepass")


def damage_png(draw: random.Random, content: bytes) -> bytes:
    """A PNG with a wrong chunk, mostly with right checksums, so that the damage reaches what is behind them."""
    if draw.random() < 0.3:
        return damage_bytes(draw, content)
    chunks, place = [], 8
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        chunks.append([content[place + 4 : place + 8], content[place + 8 : place + 8 + length]])
        place += 12 + length
    chosen = draw.choice(chunks)
    if draw.random() < 0.3:
        chosen[1] = zlib.compress(damage_bytes(draw, zlib.decompress(chosen[1]))) if chosen[0] == b"IDAT" else b""
    elif draw.random() < 0.2:
        chunks.insert(
            draw.randrange(len(chunks)), [draw.choice((b"IDAT", b"PLTE", b"tRNS", b"zTXt", b"eXIf", b"IHDR")), draw.randbytes(9)]
        )
    else:
        chosen[1] = damage_bytes(draw, chosen[1])
    return content[:8] + b"".join(
        struct.pack(">I", len(inner)) + kind + inner + struct.pack(">I", zlib.crc32(kind + inner)) for kind, inner in chunks
    )


def damage_database(draw: random.Random, content: bytes, scratch: Path) -> bytes:
    """A SQLite database with a wrong value, or without a table; sometimes with wrong bytes. ``scratch``: a file to work in."""
    if draw.random() < 0.4:
        return damage_bytes(draw, content)
    scratch.write_bytes(content)
    with closing(sqlite3.connect(scratch)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for _ in range(draw.choice((1, 1, 3))):
            table = draw.choice(tables)
            columns = [row[1] for row in database.execute(f'pragma table_info("{table}")')]
            if not columns or draw.random() < 0.05:
                database.execute(f'drop table if exists "{table}"')
                continue
            some = "" if draw.random() < 0.5 else f" where rowid % 3 = {draw.randrange(3)}"
            with suppress(sqlite3.Error):
                database.execute(f'update "{table}" set "{draw.choice(columns)}" = ?{some}', (draw.choice(_IN_ROWS),))
        database.commit()
    found = scratch.read_bytes()
    scratch.unlink()
    return found
