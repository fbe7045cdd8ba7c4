"""MGLD-VSR in the authors' arrangement: what their test script does on a GPU, with our networks.

Theirs: float16 autocast over everything, float32 weights in NCHW; of these, autocast keeps the rounded copies only where they
require a gradient, which their training split decides; xformers' attention, which is flash attention (for the autoencoders'
heads of 512 channels its other kernel); one latent tile and one segment at a time; five frames at once in the autoencoders; the
text tower for every picture tile, and the text's keys and values for every frame and step; RAFT for each direction by itself;
guidance frame by frame in float32. Source: IanYeung/MGLD-VSR, vsr_val_ddpm_text_T_vqganfin_oldcanvas_tile.py and the modules
that it uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from gpu_bench.builds import compute_on, fill, weights_drawn_on_the_device
from gpu_bench.scale import Scale
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.geometry import Geometry
from mgld_bench.methods.diffusion.motion import Motion, flow_pictures
from mgld_bench.methods.diffusion.noise import SeededNoise
from mgld_bench.methods.diffusion.options import LATENT_REDUCTION, GuidanceRule
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.networks.autoencoder.config import SCALE_FACTOR
from mgld_bench.networks.autoencoder.temporal import DecoderMixing
from mgld_bench.networks.diffusion.text_tower import TextTower
from mgld_bench.networks.layers.group_norm import GroupNorm32
from mgld_bench.networks.layers.optical_flow import inconsistent, resize_flow, warp
from mgld_bench.networks.layers.speedups import Speedups
from mgld_bench.networks.sizes.diffusion import EMPTY_PROMPT

GUIDANCE = "mgld_bench.methods.diffusion.sampler.guidance_gradient"


def authors_mgld(scale: Scale) -> AuthorsMGLD:
    """With drawn weights, the same as of `mgld`."""
    with weights_drawn_on_the_device():
        return AuthorsMGLD(MGLDOptions(**scale.diffusion()), compute_on(scale, "float32", Speedups.none()))


class AuthorsMGLD(MGLDVSR):
    """See the module."""

    def __init__(self, options: MGLDOptions, compute: Compute) -> None:
        super().__init__(options, None, compute)
        networks, diffusion = self._networks, self._diffusion
        for network in (networks.unet, networks.structure, networks.first_stage, networks.decoder):
            _in_nchw(network)
        _require_gradients(networks.unet, "spade", "temporal")
        _require_gradients(networks.structure, "")
        _require_gradients(networks.decoder, "fusion_layer", "temporal")
        for module in [*networks.first_stage.modules(), *networks.decoder.modules()]:
            if isinstance(module, DecoderMixing):
                module.forward = _MixedByConvolution(module)  # type: ignore[method-assign, assignment]
            elif isinstance(module, GroupNorm32):
                module.forward = _Normalised(module)  # type: ignore[method-assign, assignment]
                module.activated = _Swished(module)  # type: ignore[method-assign]
        with networks.device:
            self._tower = TextTower(options.networks.text)
        fill(self._tower)
        self._text = networks.text
        networks.denoise = self._denoise  # type: ignore[method-assign]
        diffusion._tiles_at_once = lambda pictures: 1  # type: ignore[method-assign]
        diffusion._encode = self._encoded  # type: ignore[method-assign]
        diffusion._decode = self._decoded  # type: ignore[method-assign]

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        with self.arranged():
            yield from super().restore(clip, start)

    @contextmanager
    def arranged(self) -> Iterator[None]:
        """Autocast, attention and guidance as theirs inside the block."""
        kind = self._networks.device.type
        # On a CPU only to see that it works: its autocast has no float16 in older versions.
        half = torch.float16 if kind == "cuda" else torch.bfloat16
        backends = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]
        if kind != "cuda":
            backends.append(SDPBackend.MATH)
        with torch.autocast(kind, half), sdpa_kernel(backends), mock.patch(GUIDANCE, _gradient):
            yield

    def _denoise(self, latents: Tensor, condition: Tensor, timestep: int) -> Tensor:
        networks = self._networks
        timesteps = torch.tensor([timestep]).to(networks.device)
        structure = networks.structure(condition, timesteps)
        text = self._text.repeat_interleave(len(latents), 0)
        noise: Tensor = networks.unet(latents, timesteps, text, structure)
        return noise

    def _encoded(self, pictures: Tensor, noise: SeededNoise) -> Tensor:
        networks = self._networks
        posterior = networks.first_stage.posterior(pictures)
        with torch.no_grad():
            tokens = torch.tensor([EMPTY_PROMPT]).to(networks.device)
            self._text = self._tower.embed(tokens % self._tower.token_embedding.num_embeddings)
        return SCALE_FACTOR * posterior.sample(noise.posterior(posterior.mean.shape))

    def _decoded(self, latents: Tensor, pictures: Tensor, frames: int, features: Sequence[Tensor] | None = None) -> Tensor:
        decoder = self._networks.decoder
        with torch.no_grad():
            # They encode to the end, and throw the posterior away.
            decoder.moments(pictures)
        features = decoder.features(pictures)
        return decoder.decode(latents / SCALE_FACTOR, features, self.options.decoder_fusion).float()

    def _motions(self, padded: Tensor, segments: int) -> list[Motion]:
        with torch.no_grad():
            return [self._motion(part) for part in padded.chunk(segments)]

    def _motion(self, padded: Tensor) -> Motion:
        pictures = flow_pictures(padded)
        size = padded.shape[-2] // LATENT_REDUCTION, padded.shape[-1] // LATENT_REDUCTION
        to_next = resize_flow(self._flow(pictures[:-1], pictures[1:]).float(), size)
        to_previous = resize_flow(self._flow(pictures[1:], pictures[:-1]).float(), size)
        occluded = inconsistent(to_next, to_previous)[:, None], inconsistent(to_previous, to_next)[:, None]
        return Motion(to_next, to_previous, *occluded)

    def _segments_at_once(self, geometry: Geometry) -> int:
        return 1


class _Normalised:
    """The autoencoders' normalisation: plain, so that under autocast its result is float32."""

    def __init__(self, norm: GroupNorm32) -> None:
        self._norm = norm

    def __call__(self, maps: Tensor) -> Tensor:
        norm = self._norm
        return functional.group_norm(maps, norm.num_groups, norm.weight, norm.bias, norm.eps)


class _Swished(_Normalised):
    """x * sigmoid(x) of it, in two operations."""

    def __call__(self, maps: Tensor, added: Tensor | None = None) -> Tensor:
        normed = super().__call__(maps if added is None else maps + added[..., None, None])
        return normed * torch.sigmoid(normed)


class _MixedByConvolution:
    """The decoder's temporal mixing by one convolution in three dimensions over all frames."""

    def __init__(self, mixing: DecoderMixing) -> None:
        self._convolution: nn.Module = mixing.temporal_conv  # type: ignore[assignment]
        self._alpha = mixing.temporal_alpha

    def __call__(self, parts: list[Tensor], length: int) -> Sequence[Tensor]:
        (maps,) = parts
        clips = maps.view(-1, length, *maps.shape[1:]).transpose(1, 2)
        mixed = self._convolution(clips).transpose(1, 2).flatten(0, 1)
        parts[0] = self._alpha * mixed + (1 - self._alpha) * maps
        return parts


def _gradient(latents: Tensor, motion: Motion, rule: GuidanceRule) -> Tensor:
    """Of the loss as their loops compute it, frame by frame, in float32."""
    last = len(latents) - 1
    with torch.enable_grad():
        variable = latents.detach().requires_grad_()
        loss = torch.zeros((), device=latents.device)
        warped = torch.zeros_like(variable[:1])
        for index in range(last - 1, -1, -1):
            seen = ~motion.occluded_in_next[index]
            loss = loss + functional.l1_loss(seen * warped, seen * variable[index : index + 1])
            warped = warp(variable[index : index + 1], motion.to_next[index : index + 1])
        warped = torch.zeros_like(variable[:1])
        for index in range(1, last + 1):
            seen = ~motion.occluded_in_previous[index - 1]
            loss = loss + functional.l1_loss(seen * warped, seen * variable[index : index + 1])
            warped = warp(variable[index : index + 1], motion.to_previous[index - 1 : index])
        (gradient,) = torch.autograd.grad(loss, variable)
    return gradient


def _in_nchw(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.contiguous_format)


def _require_gradients(network: nn.Module, *parts: str) -> None:
    """Of the parameters that have one of these in their names: what the published configuration trains."""
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(any(part in name for part in parts))
