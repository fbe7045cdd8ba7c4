from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgld_bench.clips.reading import open_clip
from mgld_bench.degradation.video import decode_video, encode_video
from mgld_bench.errors import InputError
from mgld_bench.pairs.verify import PairVerification, VerifyMode, verify_pair
from tests.helpers.damaged_pairs import edit_side, touch_up


@pytest.mark.parametrize("mode", ["hashes", "from-stream", "full"])
def test_a_fresh_pair_has_no_problems(mode: VerifyMode, built: Path) -> None:
    assert verify_pair(built, "bunny", mode) == PairVerification()


def test_a_changed_frame_is_named(built: Path) -> None:
    touch_up(built / "LQ" / "bunny" / "00000003.png")
    found = verify_pair(built, "bunny")
    assert found.frames == (f"{built / 'LQ' / 'bunny'}: frame 3 differs from the side file",)
    assert found.parameters == found.encoder == ()


def test_a_changed_ground_truth_frame_is_named(built: Path) -> None:
    touch_up(built / "GT" / "bunny" / "00000001.png")
    assert verify_pair(built, "bunny").frames == (f"{built / 'GT' / 'bunny'}: frame 1 differs from the side file",)


def test_missing_frames_are_counted(built: Path) -> None:
    (built / "LQ" / "bunny" / "00000004.png").unlink()
    assert verify_pair(built, "bunny").frames == (f"{built / 'LQ' / 'bunny'}: has 4 frames, the side file has 5",)


def test_a_missing_folder_and_a_missing_stream_are_named(built: Path) -> None:
    shutil.rmtree(built / "GT" / "bunny")
    (built / "bunny.video1.mp4").unlink()
    found = verify_pair(built, "bunny").frames
    assert len(found) == 2
    assert str(built / "GT" / "bunny") in found[0]
    assert found[1] == f"{built / 'bunny.video1.mp4'}: missing"


def test_a_parameter_that_its_seed_does_not_give_is_named(built: Path) -> None:
    def change(side: dict[str, Any]) -> None:
        side["plan"]["operations"][3]["frames"][2]["quality"] = 29

    edit_side(built, change)
    (found,) = verify_pair(built, "bunny").parameters
    assert found.startswith("plan.operations.3.frames.2.quality: 29 in the side file, ")
    assert found.endswith(" drawn from its seed")


def test_another_encoder_is_named(built: Path) -> None:
    edit_side(built, lambda side: side["made_with"].update(x264="core 164", numpy="1.0"))
    found = verify_pair(built, "bunny")
    assert found.frames == found.parameters == ()
    (line,) = found.encoder
    assert line.startswith("x264: built with core 164, here is core ")


def test_frames_that_the_stream_does_not_give_are_measured(built: Path) -> None:
    """A pair whose LR frames and side file were made differently, as by a different OpenCV."""
    low = built / "LQ" / "bunny"
    touch_up(low / "00000002.png")

    def change(side: dict[str, Any]) -> None:
        from mgld_bench.clips.digest import frames_sha256

        side["LQ"]["sha256"] = frames_sha256(open_clip(low).frames())
        side["made_with"]["opencv"] = "4.0.0"

    edit_side(built, change)
    assert verify_pair(built, "bunny") == PairVerification()
    found = verify_pair(built, "bunny", "from-stream")
    # One of 28 * 40 * 3 samples is one level off: 10 log10(255^2 * 3360) = 83.39 dB.
    assert found.frames == ("from bunny.video2.mp4: frame 2 rebuilt differently: off by up to 1 level, PSNR 83.39 dB",)
    assert [line.split(":")[0] for line in found.encoder] == ["opencv"]


def test_a_full_rebuild_names_the_first_operation_that_differs(built: Path) -> None:
    """A pair whose second video compression was made by a different encoder: here the same one at a different bit rate."""
    side = json.loads((built / "bunny.json").read_text())
    stream = side["streams"][1]
    height, width = stream["size"]
    frames = np.stack(list(decode_video(built / stream["file"], height, width, 5)))
    encode_video(frames, height, width, "mpeg4", 10_000, built / stream["file"])
    edit_side(built, lambda side: side["after"].update(video_2="0" * 64))
    found = verify_pair(built, "bunny", "full")
    assert found.frames[0] == f"{built / 'bunny.video2.mp4'}: not the bitstream of the side file"
    assert found.frames[1].startswith("from bunny.video2.mp4: frames 0, 1, 2, 3, 4 rebuilt differently: off by up to ")
    assert found.frames[2].startswith(
        "full rebuild: video_2 is the first operation whose result differs; after video_2 the frames are off by up to "
    )
    assert found.frames[2].endswith(" dB")


def test_a_difference_before_the_encoder_is_measured_after_it(built: Path) -> None:
    edit_side(built, lambda side: side["after"].update(blur_1="0" * 64))
    (line,) = verify_pair(built, "bunny", "full").frames
    assert line == "full rebuild: blur_1 is the first operation whose result differs; after video_1 the frames are the same again"


def test_a_pair_taken_over_is_compared_by_its_frames(built: Path) -> None:
    def change(side: dict[str, Any]) -> None:
        kept = {name: side[name] for name in ("key", "GT", "LQ")}
        side.clear()
        side.update(kept, degradation=None)

    edit_side(built, change)
    assert verify_pair(built, "bunny", "full") == PairVerification()
    touch_up(built / "LQ" / "bunny" / "00000000.png")
    assert verify_pair(built, "bunny").frames == (f"{built / 'LQ' / 'bunny'}: frame 0 differs from the side file",)


def test_a_pair_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.json: missing: the pair of clip nothing is not built"):
        verify_pair(tmp_path, "nothing")


def test_a_damaged_side_file_is_an_error_that_names_the_field(built: Path) -> None:
    edit_side(built, lambda side: side["plan"].update(seed="none"))
    with pytest.raises(InputError, match=r"bunny\.json: plan\.seed: "):
        verify_pair(built, "bunny")
