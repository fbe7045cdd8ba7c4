"""Digests are those of hashlib, and a cache never gives the digest of another content."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgld_bench.clips.digest import DigestCache, file_sha256, frames_sha256, stack_sha256, text_digest
from mgld_bench.clips.reading import open_clip
from mgld_bench.errors import InputError
from tests.helpers.clip_samples import Make, make_frames


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    content = os.urandom(3_000_000)
    path.write_bytes(content)
    assert file_sha256(path) == hashlib.sha256(content).hexdigest()


def test_file_that_is_not_there(tmp_path: Path) -> None:
    for cache in (None, DigestCache()):
        with pytest.raises(InputError, match="gone: cannot be read: No such file"):
            file_sha256(tmp_path / "gone", cache)


def test_frames() -> None:
    frames = make_frames()
    assert frames_sha256(iter(frames)) == [hashlib.sha256(frame.tobytes()).hexdigest() for frame in frames]
    assert stack_sha256(iter(frames)) == hashlib.sha256(frames.tobytes()).hexdigest()


def test_frames_that_are_views() -> None:
    views = make_frames()[:, ::2, ::-1]
    assert frames_sha256(views) == frames_sha256(np.ascontiguousarray(views))
    assert stack_sha256(views) == stack_sha256(np.ascontiguousarray(views))


def test_text() -> None:
    expected = hashlib.sha256('{"a":[1,2.5,"ü",null,true],"b":{}}'.encode()).hexdigest()
    assert text_digest({"b": {}, "a": [1, 2.5, "ü", None, True]}) == expected


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), plain, max_size=5))
def test_text_digest_depends_on_the_content_alone(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))
    assert text_digest(turned) == text_digest(value)
    assert text_digest(json.loads(json.dumps(value))) == text_digest(value)
    assert text_digest({**value, "one more": 1}) != text_digest(value) or "one more" in value


@pytest.mark.parametrize("value", [float("nan"), [float("inf")]])
def test_text_without_a_json_form(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        text_digest(value)


def test_cache_reads_an_unchanged_file_once(tmp_path: Path) -> None:
    path, memory = tmp_path / "a", tmp_path / "memory.json"
    path.write_bytes(b"one")
    time.sleep(2.1)
    cache = DigestCache(memory)
    digest = file_sha256(path, cache)
    cache.save()
    [entry] = json.loads(memory.read_text()).values()
    assert entry["sha256"] == digest
    # A digest that nobody can have computed shows that it is the remembered one.
    memory.write_text(memory.read_text().replace(digest, "remembered"))
    assert file_sha256(path, DigestCache(memory)) == "remembered"
    assert file_sha256(tmp_path / ".." / tmp_path.name / "a", DigestCache(memory)) == "remembered"
    # The same size and the same time of change, but another content.
    times = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert file_sha256(path, DigestCache(memory)) == hashlib.sha256(b"two").hexdigest()


def test_cache_does_not_trust_a_file_that_changed_just_now(tmp_path: Path) -> None:
    path, memory = tmp_path / "a", tmp_path / "memory.json"
    cache = DigestCache(memory)
    for content in (b"one", b"two", b"six"):
        path.write_bytes(content)
        assert file_sha256(path, cache) == hashlib.sha256(content).hexdigest()
    cache.save()
    assert not memory.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"/a": 3}', '{"/a": {"state": [1, 2], "sha256": "x"}}', "\x00"])
def test_broken_cache_is_an_empty_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "memory.json").write_text(content)
    path = tmp_path / "a"
    path.write_bytes(b"one")
    assert file_sha256(path, DigestCache(tmp_path / "memory.json")) == hashlib.sha256(b"one").hexdigest()


def test_clip_takes_its_digest_from_the_cache(frame_folder: Make, tmp_path: Path) -> None:
    folder = frame_folder(make_frames())
    expected = open_clip(folder).digest()
    time.sleep(2.1)
    cache = DigestCache(tmp_path / "memory.json")
    assert open_clip(folder, cache=cache).digest() == expected
    cache.save()
    memory = tmp_path / "memory.json"
    memory.write_text(memory.read_text().replace(file_sha256(folder / "00000002.png"), "0" * 64))
    assert open_clip(folder, cache=DigestCache(memory)).digest() != expected
