"""Inputs like those of public bug reports, from the command line to what it prints, where no test of a room holds them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mgld_bench.clips.ffmpeg import ffmpeg_binary
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.metrics.metric import Frames
from tests.helpers.command import Done, call
from tests.helpers.metric_samples import degrade


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(folder: str, frames: Frames) -> None:
    for index, frame in enumerate(frames):
        write_frame(Path(folder) / frame_name(index), frame)


def strict(text: str) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return dict(json.loads(text, parse_constant=refuse))


def score(*arguments: str) -> Done:
    return call("score", *arguments, "--quiet")


def test_a_frame_that_is_identical_is_null_in_json_with_the_reason_beside_it(bikes: Frames) -> None:
    restored = degrade(bikes[:3])
    restored[1] = bikes[1]
    save("GT/000", bikes[:3])
    save("out/000", restored)
    save("GT/001", bikes[3:5])
    save("out/001", degrade(bikes[3:5]))
    done = score("out", "--gt", "GT", "--metrics", "psnr", "--json")
    assert done.code == 0
    found = strict(done.out)
    clip = found["clips"]["000"]["psnr.rgb"]
    assert clip["value"] is None and clip["value_is"].startswith("infinite")
    assert clip["frames"]["1"] is None and list(clip["frames_are"]) == ["1"]
    assert found["means"]["psnr.rgb"]["value"] is None
    assert found["clips"]["001"]["psnr.rgb"]["value"] > 20


def test_one_black_frame_and_small_frames_cost_only_the_metric_that_cannot_use_them(bikes: Frames) -> None:
    fade = bikes[:3].copy()
    fade[1] = 0
    save("fade/GT", fade)
    save("fade/out", np.concatenate([degrade(fade[:1]), fade[1:2], degrade(fade[2:])]))
    done = score("fade/out", "--gt", "fade/GT", "--metrics", "psnr,ssim,niqe", "--json")
    assert done.code == 2
    assert "niqe.pyiqa of frame 1 is not a number" in done.err
    assert sorted(strict(done.out)["clips"]["out"]) == ["psnr.rgb", "ssim.rgb"]
    small = bikes[:2, :64, :64]
    save("small/GT", small)
    save("small/out", degrade(small))
    done = score("small/out", "--gt", "small/GT", "--metrics", "psnr,niqe", "--json")
    assert done.code == 2
    assert "64x64" in done.err
    assert list(strict(done.out)["clips"]["out"]) == ["psnr.rgb"]


def test_what_restore_video_wrote_is_one_clip_and_lr_of_every_fourth_pixel_is_known_as_shifted(bikes: Frames) -> None:
    save("GT/000", bikes[:5])
    Path("lr").mkdir()
    size = f"{bikes.shape[2] // 4}x{bikes.shape[1] // 4}"
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", "30000/1001", "-i", "-"]
    coded = ["-c:v", "libx264rgb", "-qp", "0", "lr/000.mp4"]
    raw = np.ascontiguousarray(bikes[:5, ::4, ::4]).tobytes()
    subprocess.run([ffmpeg_binary(), "-loglevel", "error", *given, *coded], input=raw, check=True)
    assert call("restore", "bicubic", "lr/000.mp4", "r", "--device", "cpu", "--video", "--quiet").code == 0
    assert {path.name for path in Path("r").iterdir()} >= {"000", "000.json", "000.mkv"}
    # The first of four pixels lies 1.5 pixels before their middle: a fault of the LR clip, which scores would measure.
    refused = score("r", "--gt", "GT", "--metrics", "psnr")
    assert refused.code == 2
    assert "--shift 1.5,1.5 (down, right)" in refused.err
    declared = score("r", "--gt", "GT", "--metrics", "psnr", "--shift", "1.5,1.5", "--json")
    assert list(strict(declared.out)["clips"]) == ["000"]


def test_untagged_video_of_720_rows_is_bt709_and_what_is_left_is_the_codings(bunny: Frames) -> None:
    true = np.ascontiguousarray(np.tile(bunny[:2, :, :160], (1, 4, 1, 1))[:, :720])
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{true.shape[2]}x720", "-r", "25", "-i", "-"]
    how = ["-vf", "scale=out_color_matrix=bt709:out_range=tv,setparams=colorspace=unknown", "-pix_fmt", "yuv420p", "-crf", "8"]
    command = [ffmpeg_binary(), "-loglevel", "error", *given, *how, "-c:v", "libx264", "gt.mp4"]
    subprocess.run(command, input=true.tobytes(), check=True)
    noise = np.random.default_rng(1).normal(0, 3, true.shape)
    restored = np.clip(np.rint(true + noise), 0, 255).astype(np.uint8)
    save("out", restored)
    values = {}
    for colour in ("", "bt709", "bt601"):
        done = score("out", "--gt", "gt.mp4", "--metrics", "psnr", "--json", *(["--colour", colour] if colour else []))
        assert done.code == 0, done.err
        values[colour] = strict(done.out)["means"]["psnr.rgb"]["value"]
    assert values[""] == values["bt709"] > values["bt601"]
    errors = [np.mean((one.astype(float) - other) ** 2) for one, other in zip(restored, true, strict=True)]
    before_coding = float(np.mean(10 * np.log10(255**2 / np.array(errors))))
    assert values[""] < before_coding < values[""] + 3


def test_a_colour_for_nothing_is_mentioned_and_notes_of_many_clips_are_one_line(bikes: Frames) -> None:
    for name in ("a", "b", "c", "d", "e"):
        for side, frames in (("GT", bikes[:1, :48, :64]), ("out", degrade(bikes[:1, :48, :64]))):
            Path(side, name).mkdir(parents=True)
            cv2.imwrite(f"{side}/{name}/0.jpg", frames[0])
    done = score("out", "--gt", "GT", "--metrics", "psnr", "--colour", "bt709")
    assert done.code == 0
    assert done.err.splitlines()[0] == "note: --colour bt709 changes nothing: it is for video without tags, and there is none"
    lossy = [line for line in done.out.splitlines() if "restored clip: stored with lossy compression" in line]
    assert [line.split(":")[1] for line in lossy] == [" clips a, b, c and 2 more"]
