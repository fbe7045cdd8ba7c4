"""The usual way to score: metric by metric, method by method, frame by frame, decoding again each time.

So do common scripts, and the PyPI package vsreval: a metric is a function of two pictures, from pyiqa; for the warping error the
ground truth's flow is estimated anew for every method; VMAF is an ffmpeg command on the files.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import torch
import torchvision
from torch import Tensor

from mgld_bench.clips.ffmpeg import ffmpeg_binary
from mgld_bench.metrics.flow.estimators import flow_estimators
from mgld_bench.metrics.flow.sources import load_flow_network
from mgld_bench.metrics.natural.statistics import load_model
from mgld_bench.metrics.weight_files import weight_file
from mgld_bench.networks.gmflow import matching as gmflow_matching
from mgld_bench.networks.gmflow import transformer as gmflow_transformer
from mgld_bench.networks.layers.optical_flow import warp
from mgld_bench.weights.locate import locate
from mgld_bench.weights.reading import read_state_dict

ClipScore = Callable[[Sequence[Path], Sequence[Path]], float]
"""From the files of a restored clip and of its ground truth."""
_ATTEND = "attend"
"""The function of networks/gmflow/attention.py, under the name by which its users import it."""


def usual_metrics() -> dict[str, Callable[[], ClipScore]]:
    """By the name of our metric: what loads the metric and returns the function that scores one clip."""
    return {
        "psnr.rgb": _psnr,
        "ssim.y-full": _ssim,
        "lpips.alex": _lpips,
        "dists": _dists,
        "vmaf.v0.6.1neg": _vmaf,
        "niqe.pyiqa": _niqe,
        "brisque.pyiqa": _brisque,
        "we.gmflow.l1": _warping_error,
    }


def read(path: Path) -> Tensor:
    """A frame as pyiqa wants it: (1, 3, h, w) float32 RGB in [0, 1]."""
    stored = cv2.imread(str(path))
    assert stored is not None
    frame = cv2.cvtColor(stored, cv2.COLOR_BGR2RGB)
    return torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255


def _per_frame(score: Callable[[Tensor, Tensor], Any]) -> ClipScore:
    @torch.no_grad()
    def of_clip(restored: Sequence[Path], reference: Sequence[Path]) -> float:
        pairs = zip(restored, reference, strict=True)
        return float(np.mean([float(score(read(ours), read(theirs))) for ours, theirs in pairs]))

    return of_clip


def _without_reference(score: Callable[[Tensor], Any]) -> ClipScore:
    @torch.no_grad()
    def of_clip(restored: Sequence[Path], reference: Sequence[Path]) -> float:
        return float(np.mean([float(score(read(path))) for path in restored]))

    return of_clip


def _psnr() -> ClipScore:
    from pyiqa.archs.psnr_arch import psnr

    return _per_frame(psnr)


def _ssim() -> ClipScore:
    from pyiqa.archs.ssim_arch import SSIM

    return _per_frame(SSIM(test_y_channel=True))


def _lpips() -> ClipScore:
    from pyiqa.archs import lpips_arch

    with _backbone(lpips_arch.models, "alexnet"):
        network = lpips_arch.LPIPS(net="alex", pretrained=False)
    network.load_state_dict(read_state_dict(locate(weight_file("lpips-alex-linear"))), strict=False)
    return _per_frame(network.eval())


def _dists() -> ClipScore:
    from pyiqa.archs import dists_arch

    with _backbone(dists_arch.models, "vgg16"):
        network = dists_arch.DISTS(pretrained=False)
    network.load_state_dict(read_state_dict(locate(weight_file("dists"))), strict=False)
    return _per_frame(network.eval())


@contextmanager
def _backbone(models: ModuleType, name: str) -> Iterator[None]:
    """Give pyiqa the backbone that is at hand: its classes would download torchvision's file when they are built."""
    network = getattr(torchvision.models, name)(weights=None)
    network.load_state_dict(read_state_dict(locate(weight_file(name))), strict=False)
    original = getattr(models, name)
    setattr(models, name, lambda weights: network)
    try:
        yield
    finally:
        setattr(models, name, original)


def _niqe() -> ClipScore:
    from pyiqa.archs.niqe_arch import calculate_niqe

    model = {key: torch.from_numpy(value) for key, value in load_model("niqe_live.npz").items()}
    mean, covariance = model["mu"].reshape(1, -1), model["cov"]
    return _without_reference(lambda frame: calculate_niqe(frame, mu_pris_param=mean, cov_pris_param=covariance))


def _brisque() -> ClipScore:
    from pyiqa.archs.brisque_arch import brisque

    model = {key: torch.from_numpy(value).float() for key, value in load_model("brisque_live.npz").items()}
    coefficients, vectors = model["coefficients"].reshape(-1, 1), model["support_vectors"]
    return _without_reference(lambda frame: brisque(frame, sv_coef=coefficients, sv=vectors))


def _warping_error() -> ClipScore:
    network = load_flow_network(flow_estimators()["gmflow"], "cpu")

    @torch.no_grad()
    def of_clip(restored: Sequence[Path], reference: Sequence[Path]) -> float:
        values = []
        for index in range(1, len(restored)):
            # Both pictures go through the whole network for every pair.
            with _scores_written_out():
                features = [network.features(255 * read(reference[place])) for place in (index, index - 1)]
                flow = network.flow(*features)
            warped = warp(255 * read(restored[index - 1]), flow)
            values.append(float((255 * read(restored[index]) - warped).abs().mean()))
        return float(np.mean(values))

    return of_clip


@contextmanager
def _scores_written_out() -> Iterator[None]:
    """GMFlow's attention as in the authors' code: the scores of all tokens with all tokens as one matrix."""
    modules: tuple[ModuleType, ...] = (gmflow_matching, gmflow_transformer)
    originals = [getattr(module, _ATTEND) for module in modules]
    for module in modules:
        setattr(module, _ATTEND, _attend_plainly)
    try:
        yield
    finally:
        for module, original in zip(modules, originals, strict=True):
            setattr(module, _ATTEND, original)


def _attend_plainly(query: Tensor, key: Tensor, value: Tensor, _block_bytes: int, scale: float | None = None) -> Tensor:
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    return scores.softmax(-1) @ value


def _vmaf() -> ClipScore:
    convert = "scale=flags=bicubic:out_color_matrix=bt601:out_range=limited,format=yuv420p"
    graph = f"[0:v]{convert}[a];[1:v]{convert}[b];[a][b]libvmaf=n_threads=2:model=version=vmaf_v0.6.1neg"

    def of_clip(restored: Sequence[Path], reference: Sequence[Path]) -> float:
        inputs = [part for files in (restored, reference) for part in ("-i", str(files[0].parent / "%08d.png"))]
        command = [ffmpeg_binary(), "-nostdin", *inputs, "-lavfi", graph, "-f", "null", "-"]
        messages = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        return float(messages.rsplit("VMAF score: ", 1)[1].split()[0])

    return of_clip
