"""Runs the fixtures of the diffusion methods' samplers, tiles and frame handling (MGLD-VSR and StableSR)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mgld_bench.methods.diffusion.geometry import Geometry, truncated
from mgld_bench.methods.diffusion.motion import Motion, flow_pictures, guidance_gradient, guidance_loss
from mgld_bench.methods.diffusion.noise import NoiseSchedule, respaced_schedule, training_schedule
from mgld_bench.methods.diffusion.sampler import Guidance, LatentTiling, Step, noised, sampling_steps
from mgld_bench.methods.tiling.diffusion import gaussian_weights, merge, picture_boxes, strided_starts
from tests.parity.fixture import Fixture
from tests.parity.runners.diffusion_networks import structure_encoder_from, unet_from

Outputs = dict[str, "np.ndarray[Any, Any]"]


def schedule(fixture: Fixture) -> Outputs:
    config, call = fixture.facts["config"], fixture.facts["call"]
    full = training_schedule(config["linear_start"], config["linear_end"], config["timesteps"])
    respaced = {steps: respaced_schedule(steps, full) for steps in call["steps"]}
    found: Outputs = {f"tile_weights_{size}": gaussian_weights(size, size).numpy() for size in call["tile_sizes"]}
    for name, output in fixture.facts["outputs"].items():
        if "steps" in output:
            chosen = full if output["steps"] is None else respaced[output["steps"]]
            found[name] = getattr(chosen, output["buffer"]) if "buffer" in output else np.asarray(chosen.timesteps)
    return found


def guidance(fixture: Fixture) -> Outputs:
    latents = tensor(fixture, "latents")
    outputs = fixture.facts["outputs"]
    found = {
        name: guidance_loss(latents, motion_of(fixture, output["masks"]), "official")[None]
        for name, output in outputs.items()
        if name != "gradient"
    }
    found["gradient"] = guidance_gradient(latents, motion_of(fixture, outputs["gradient"]["masks"]), "official")
    return {name: value.numpy() for name, value in found.items()}


def motion_of(fixture: Fixture, masks: list[str]) -> Motion:
    """The fixture's flows with the named occlusions: O and P."""
    to_next = tensor(fixture, "flow_bwd_prop")[0]
    whole = {"ones": torch.ones_like(to_next[:, :1]), "zeros": torch.zeros_like(to_next[:, :1])}
    occlusions = [whole[name] if name in whole else tensor(fixture, name)[0] for name in masks]
    return Motion(to_next, tensor(fixture, "flow_fwd_prop")[0], occlusions[0] > 0.5, occlusions[1] > 0.5)


def sampling(fixture: Fixture) -> Outputs:
    config, call = fixture.facts["config"], fixture.facts["call"]
    assert (config["parameterization"], config["clip_denoised"]) == ("eps", False)
    full, thinned = schedules(config["schedule"], call["steps"])
    condition, denoise = tensor(fixture, "init_latent"), denoiser(fixture)
    start = noised(condition, tensor(fixture, "noise_x_T"), full)
    tiling = LatentTiling(call["tile_size"], call["tile_overlap"])
    guide = Guidance((motion_of(fixture, ["fwd_occs", "bwd_occs"]),), -call["guidance_scale"], "official")
    found: Outputs = {"x_T": start.numpy()}
    for name, chosen in (("guided", guide), ("plain", None)):
        noise = in_order(tensor(fixture, "noise_steps"))
        steps = list(sampling_steps(start, condition, denoise, noise, thinned, tiling, chosen))
        found |= {f"{part}_{name}": value for part, value in stacked(steps).items()}
    return found


def stablesr_sampler(fixture: Fixture) -> Outputs:
    config, call = fixture.facts["config"], fixture.facts["call"]
    assert (config["parameterization"], config["clip_denoised"], config["beta_schedule"]) == ("eps", False, "linear")
    full, thinned = schedules(config, call["steps"])
    assert call["start_timestep"] == config["timesteps"] - 1
    condition = tensor(fixture, "latent")
    start = noised(condition, tensor(fixture, "noise_T"), full)
    tiling = LatentTiling(call["tile_size"], call["tile_overlap"])
    noise = in_order(tensor(fixture, "noise_steps"))
    states = stacked(list(sampling_steps(start, condition, denoiser(fixture), noise, thinned, tiling)))["latents"]
    return {
        "x_T": start.numpy(),
        "states": states,
        "samples": states[-1],
        "tile_weights": gaussian_weights(tiling.size, tiling.size).numpy(),
        "betas": thinned.betas,
        "ori_timesteps": np.asarray(thinned.timesteps),
        "posterior_log_variance": thinned.posterior_log_variance_clipped,
    }


def schedules(config: dict[str, Any], steps: int) -> tuple[NoiseSchedule, NoiseSchedule]:
    full = training_schedule(config["linear_start"], config["linear_end"], config["timesteps"])
    return full, respaced_schedule(steps, full)


def denoiser(fixture: Fixture) -> Callable[[Tensor, Tensor, int], Tensor]:
    config = fixture.facts["config"]
    unet = filled(unet_from(config["unet"]), fixture.weights("unet"))
    structure = filled(structure_encoder_from(config["structcond"]), fixture.weights("structcond"))
    context = tensor(fixture, "context")

    def denoise(latents: Tensor, condition: Tensor, timestep: int) -> Tensor:
        timesteps = torch.tensor([timestep])
        predicted: Tensor = unet(latents, timesteps, context, structure(condition, timesteps))
        return predicted

    return denoise


def filled(network: nn.Module, weights: dict[str, np.ndarray[Any, Any]]) -> nn.Module:
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()}, assign=True)
    return network.eval().requires_grad_(False)


def in_order(noise: Tensor) -> Callable[[], Tensor]:
    """The noise of the steps, one after the other."""
    draws: Iterator[Tensor] = iter(noise)
    return lambda: next(draws)


def stacked(steps: list[Step]) -> Outputs:
    return {
        "latents": torch.stack([step.latents for step in steps]).numpy(),
        "mean": torch.stack([step.mean for step in steps]).numpy(),
        "eps": torch.stack([step.noise for step in steps]).numpy(),
    }


def outer_tiles(fixture: Fixture) -> Outputs:
    call = fixture.facts["call"]
    image = tensor(fixture, "image")
    height, width = image.shape[-2:]
    places = picture_boxes(height, width, call["patch"], call["stride"])
    tiles = [(index + 1) * place.of(image) for index, place in enumerate(places)]
    found: Outputs = {
        name: np.asarray(strided_starts(axis["length"], axis["patch"], axis["stride"])) for name, axis in call["starts"].items()
    }
    found["patch_order"] = np.asarray([(place.top, place.bottom, place.left, place.right) for place in places])
    found["gathered"] = merge(image.shape, places, tiles).numpy()
    return found


def pixel_tiles(fixture: Fixture) -> Outputs:
    config, edit = fixture.facts["config"], fixture.facts["call"]["edit"]
    image = tensor(fixture, "image")
    height, width = image.shape[-2:]
    places = picture_boxes(height, width, config["size"], config["stride"])
    tiles = [
        place.of(image) * (1 + edit["gain_per_tile"] * index) + edit["offset_per_tile"] * index
        for index, place in enumerate(places)
    ]
    weights = gaussian_weights(*tiles[0].shape[-2:])
    return {
        "boxes": np.asarray([(place.top, place.bottom, place.left, place.right) for place in places]),
        "uniform": merge(image.shape, places, tiles).numpy(),
        "gaussian": merge(image.shape, places, tiles, weights).numpy(),
        "weight": weights.numpy(),
    }


def script(fixture: Fixture) -> Outputs:
    config, decoded = fixture.facts["config"], fixture.facts["call"]["decoded"]
    assert (config["upscale"], config["flow_divisor"]) == (4.0, 4)
    frames = fixture.input("frames")
    height, width = frames.shape[-2:]
    geometry = Geometry(height, width, True, config["min_short_side"], config["pad_multiple"])
    length, last = config["n_frames"], len(frames) - 1
    slots = [min(slot, last) for slot in range(-(-len(frames) // length) * length)]
    pictures = torch.from_numpy(frames[slots].astype(np.float32) / 255)
    padded = geometry.enlarge(pictures)
    flow = flow_pictures(padded)
    drawn = np.random.RandomState(decoded["random_state_seed"]).standard_normal(decoded["shape"])
    saved = truncated(geometry.saved(torch.from_numpy(drawn.astype(np.float32) * np.float32(decoded["scale"]))[0]))[None].numpy()
    segments = (len(slots) // length, length)
    model_input, flow_input = padded.reshape(*segments, *padded.shape[1:]), flow.reshape(*segments, *flow.shape[1:])
    return {
        "model_input": model_input.numpy(),
        "flow_input": flow_input.numpy(),
        "saved": saved,
        "frame_of_each_slot": np.asarray(slots),
        "scale": np.asarray([geometry.scale]),
        "size_after_upscale": np.asarray(geometry.enlarged),
        "padded": np.asarray([int(geometry.padded != geometry.enlarged)]),
        "model_input_shape": np.asarray(model_input.shape),
        "flow_input_shape": np.asarray(flow_input.shape),
        "saved_shape": np.asarray(saved.shape),
    }


def tensor(fixture: Fixture, name: str) -> Tensor:
    return torch.from_numpy(fixture.input(name))


RUNNERS = {
    ("mgld_diffusion", "schedule"): schedule,
    ("mgld_diffusion", "guidance"): guidance,
    ("mgld_diffusion", "sampling"): sampling,
    ("mgld_diffusion", "outer_tiles"): outer_tiles,
    ("mgld_diffusion", "script"): script,
    ("stablesr", "sampler"): stablesr_sampler,
    ("stablesr", "pixel_tiles"): pixel_tiles,
}
