"""The names of clips: those that the user gave."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.naming import given_name, printable
from mgld_bench.clips.reading import find_clips, open_clip
from tests.helpers.clip_samples import Make, make_frames


def test_links_keep_their_own_names(tmp_path: Path, frame_folder: Make, make_video: Make) -> None:
    first, second = make_frames(seed=1), make_frames(seed=2)
    one, two = frame_folder(first, "one"), frame_folder(second, "two")
    links = tmp_path / "links"
    links.mkdir()
    (links / "two").symlink_to(one)
    (links / "one").symlink_to(two)
    (links / "three.mp4").symlink_to(make_video("stored.mp4", count=2))
    clips = {clip.name: clip for clip in find_clips(links)}
    assert list(clips) == ["one", "three", "two"]
    np.testing.assert_array_equal(clips["one"].frame(0), second[0])
    np.testing.assert_array_equal(clips["two"].frame(0), first[0])
    assert open_clip(links / "two").name == "two"
    assert open_clip(links / "two").digest() == open_clip(one).digest()


@pytest.mark.parametrize("spelling", ["{}/", "{}/.", "./{}", "../top/{}", "{}//"])
def test_every_spelling_of_a_link(tmp_path: Path, spelling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path / "top"
    (tmp_path / "target").mkdir()
    top.mkdir()
    (top / "link").symlink_to(tmp_path / "target")
    monkeypatch.chdir(top)
    assert given_name(Path(spelling.format("link"))) == "link"


def test_here_and_one_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "target" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    monkeypatch.chdir(tmp_path / "link")
    # A shell keeps the way by which it came; a process without one knows the real folder only.
    monkeypatch.setenv("PWD", str(tmp_path / "link"))
    assert given_name(Path()) == "link"
    assert given_name(Path("inner/..")) == "link"
    monkeypatch.setenv("PWD", "/elsewhere")
    assert given_name(Path()) == "target"
    monkeypatch.delenv("PWD")
    assert given_name(Path()) == "target"
    # Through a link, .. leads to the folder of its target.
    (tmp_path / "deep").symlink_to(tmp_path / "target" / "inner")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    assert given_name(Path("deep/..")) == "target"


def test_names_that_are_not_utf8(tmp_path: Path, frame_folder: Make) -> None:
    stored = os.fsdecode(b"caf\xe9")
    folder = frame_folder(make_frames(count=2), "set").rename(tmp_path / stored)
    for file in sorted(folder.iterdir()):
        file.rename(folder / f"{stored}{file.name}")
    clip = open_clip(folder)
    assert clip.name == "caf\\xe9"
    assert clip.facts.frame_names == ("caf\\xe900000000", "caf\\xe900000001")
    assert len(list(clip.frames())) == 2
    assert len(clip.digest()) == 64
    assert printable("café 這") == "café 這"
