"""The networks of a latent diffusion method, loaded and on their device."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

import torch
from torch import Tensor, nn

from mgld_bench.errors import InputError, WrongCheckpointError
from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.graphs import Graphed
from mgld_bench.methods.diffusion.options import DECODER, DIFFUSION, DiffusionSizes
from mgld_bench.networks.autoencoder.network import Autoencoder
from mgld_bench.networks.diffusion.structure_encoder import StructureEncoder
from mgld_bench.networks.diffusion.text_tower import TextTower
from mgld_bench.networks.diffusion.unet import DenoisingUNet
from mgld_bench.networks.layers.fused import kernel_fault
from mgld_bench.networks.layers.speed_up import speed_up
from mgld_bench.networks.layers.speedups import Speedups
from mgld_bench.networks.sizes.diffusion import EMPTY_PROMPT, TextTowerConfig
from mgld_bench.weights.diffusion import autoencoder_entries, split_groups
from mgld_bench.weights.loading import load_strictly
from mgld_bench.weights.reading import read_state_dict

_LOG: Final = logging.getLogger(__name__)
_GRAPHED_PIXELS: Final = 10 * 64 * 64
"""Latent pixels up to which launching the kernels of a step takes longer than their work."""
_MIXINGS: Final = {0: "no temporal mixing", 1: "temporal mixing of version 1", 2: "temporal mixing of version 2"}


class DiffusionNetworks:
    """U-Net, structure encoder, first stage and decoder, in the type in which they compute, and the empty prompt's embedding.

    The text tower is dropped once that is embedded; its shapes stay, so that its parameters can be counted.
    """

    def __init__(
        self,
        sizes: DiffusionSizes,
        weights: Mapping[str, Path] | None,
        compute: Compute,
        title: str,
        *,
        compiled: bool = False,
        partial: bool = False,
    ) -> None:
        """Build and load the networks.

        Args:
            sizes: of all networks.
            weights: the files of the roles ``diffusion`` and ``decoder``; None: random but fixed weights.
            compute: where and in which type the networks compute.
            title: the method's name, for messages.
            compiled: whether what runs in every step goes through torch.compile, at its first use.
            partial: whether a role without a file gets random but fixed weights.

        Raises:
            InputError: if a file is missing, or is not a checkpoint of ``title``.
        """
        self.device, self.dtype = compute.torch_device(), compute.dtype()
        # Random weights need real tensors; official ones are taken as they lie in the file.
        filled = weights is None or partial
        with self.device if filled else torch.device("meta"):
            self.unet, self.structure, self.text_tower, self.first_stage = _diffusion_half(sizes)
            self.decoder = Autoencoder(sizes.decoder)
        self.flow_state: dict[str, Tensor] | None = None
        """The optical flow network in the diffusion file, by its own names; None if there is none."""
        if filled:
            for network in self._all():
                fill_with_fixed_weights(network)
        if weights is not None:
            self._load(weights, title, () if partial else (DIFFUSION, DECODER))
        with compute.float32_as_asked():
            self.text = self._embed_empty_prompt(sizes.text)
        """The empty prompt's embedding (1, tokens, width) float32."""
        self.text_tower = self.text_tower.to("meta")
        self.speedups = _usable(compute.chosen_speedups(), self.device)
        """The faster ways that are used."""
        for network in (self.unet, self.structure, self.first_stage, self.decoder):
            _in_channels_last(network.eval().requires_grad_(False).to(self.device, self.dtype))
            speed_up(network, self.speedups)
        self.one_encoder = self.speedups.shared_encoder and self.first_stage.encodes_like(self.decoder)
        """Whether the first stage's encoder gives the decoder's features too."""
        with torch.no_grad():
            self._text_keys = self.unet.text_keys(self.text)
        self._steps: dict[int, Tensor] = {}
        self._predict = torch.compile(self.predict, dynamic=False) if compiled else self.predict
        self._graphed = Graphed(self.predict) if self.speedups.graphs and not compiled and self.device.type == "cuda" else None

    def denoise(self, latents: Tensor, condition: Tensor, timestep: int) -> Tensor:
        """The noise predicted for tiles.

        Args:
            latents: the noisy tiles (n, 4, s, s) float32.
            condition: the latents of the LR frames in the same places, of the same shape.
            timestep: the step of the 1000-step schedule.

        Returns:
            The noise (n, 4, s, s).
        """
        few = latents[:, 0].numel() <= _GRAPHED_PIXELS
        predict = self._graphed if self._graphed is not None and few else self._predict
        return predict(latents, condition, self._step(timestep))

    def predict(self, latents: Tensor, condition: Tensor, step: Tensor) -> Tensor:
        """As `denoise`, with the step as a tensor (1,) or as prepared, and never compiled."""
        if not step.is_floating_point():
            noise: Tensor = self.unet(latents, step, self._text_keys, self.structure(condition, step))
            return noise
        of_unet, of_structure = step.split([self.unet.step_width, self.structure.step_width], dim=1)
        structure = self.structure(condition, self.structure.packed(of_structure))
        noise = self.unet(latents, self.unet.packed(of_unet), self._text_keys, structure)
        return noise

    def _step(self, timestep: int) -> Tensor:
        """The step as predict() takes it; prepared once, it is kept."""
        if timestep in self._steps:
            return self._steps[timestep]
        step = torch.full((1,), timestep, device=self.device)
        if self.speedups.prepared_steps:
            step = torch.cat([self.unet.step_values(step), self.structure.step_values(step)], dim=1)
            self._steps[timestep] = step
        return step

    def by_role(self) -> dict[str, nn.Module]:
        """All networks by name."""
        return {
            "unet": self.unet,
            "structure": self.structure,
            "text": self.text_tower,
            "first_stage": self.first_stage,
            "decoder": self.decoder,
        }

    def trained(self) -> dict[str, int]:
        """See `trained_parameters`."""
        return trained_parameters(self.unet, self.structure, self.decoder)

    def _all(self) -> tuple[nn.Module, ...]:
        return tuple(self.by_role().values())

    def _load(self, weights: Mapping[str, Path], title: str, needed: Sequence[str]) -> None:
        for role in needed:
            if role not in weights:
                raise InputError(f"{title} needs a weight file of role {role}: its card names none")
        if DIFFUSION in weights:
            half = self.unet, self.structure, self.text_tower, self.first_stage
            self.flow_state = _load_diffusion_half(half, weights[DIFFUSION], title)
        if DECODER in weights:
            _load_decoder(self.decoder, weights[DECODER], title)

    def _embed_empty_prompt(self, size: TextTowerConfig) -> Tensor:
        """(1, tokens, width) float32 on the device."""
        tokens = torch.tensor([EMPTY_PROMPT[: size.context_length]])
        # In float32 also where the file has half precision: it runs once.
        tower = self.text_tower.eval().to(self.device, torch.float32)
        with torch.no_grad():
            embedding: Tensor = tower.embed(tokens.to(self.device) % size.vocabulary)
        return embedding


def _usable(speedups: Speedups, device: torch.device) -> Speedups:
    """Without the Triton kernels where the device cannot use them."""
    if not (speedups.fused_norms or speedups.fused_modulation or speedups.fused_gates):
        return speedups
    fault = kernel_fault(device)
    if fault is None:
        return speedups
    _LOG.warning("normalisations and gates are computed by PyTorch, which is slower: no Triton kernels on %s: %s", device, fault)
    return replace(speedups, fused_norms=False, fused_modulation=False, fused_gates=False)


def check_file(sizes: DiffusionSizes, role: str, file: Path, title: str) -> None:
    """Raise InputError where a file does not hold the networks of its role. Only names and shapes of a large file are read."""
    with torch.device("meta"):
        if role == DIFFUSION:
            _load_diffusion_half(_diffusion_half(sizes), file, title)
        elif role == DECODER:
            _load_decoder(Autoencoder(sizes.decoder), file, title)


_Half: TypeAlias = tuple[DenoisingUNet, StructureEncoder, TextTower, Autoencoder]
"""The networks of the file of role ``diffusion``."""


def _diffusion_half(sizes: DiffusionSizes) -> _Half:
    return (
        DenoisingUNet(sizes.unet),
        StructureEncoder(sizes.structure),
        TextTower(sizes.text),
        Autoencoder(sizes.first_stage),
    )


def _load_diffusion_half(networks: _Half, source: Path, title: str) -> dict[str, Tensor] | None:
    """Load the networks; returns the tensors of the optical flow network, if the file has one."""
    groups = split_groups(read_state_dict(source), source, title, temporal=networks[0].config.temporal)
    states = (groups.unet, groups.structure, groups.text, groups.first_stage)
    names = ("U-Net", "structure encoder", "text tower", "first stage")
    for network, state, part in zip(networks, states, names, strict=True):
        load_strictly(network, state, source, f"{title}'s {part}", assign=True)
    return groups.flow


def _load_decoder(decoder: Autoencoder, source: Path, title: str) -> None:
    entries = autoencoder_entries(read_state_dict(source), source)
    found, wanted = entries.temporal_version, decoder.config.temporal_version
    if found != wanted:
        raise WrongCheckpointError(
            source,
            f"no checkpoint of {title}'s decoder: it has {_MIXINGS[found]}, the card asks for {_MIXINGS[wanted]} "
            "(option networks.decoder.temporal_version)",
        )
    load_strictly(decoder, entries.state, source, f"{title}'s decoder", assign=True)


def trained_parameters(unet: nn.Module, structure: nn.Module, decoder: nn.Module) -> dict[str, int]:
    """How many parameters the methods' authors trained, by stage.

    Stage 1: the U-Net's SPADE and temporal layers, and the structure encoder; stage 2: the decoder's fusion and its temporal
    mixing. StableSR has no temporal layers. As the published configurations train: what has "temporal" in its name, which one
    normalisation does not.
    """
    return {
        "stage 1": _count(unet, ".spade.", "temporal") + _count(structure, ""),
        "stage 2": _count(decoder, "fusion_layer", "temporal"),
    }


def _count(network: nn.Module, *parts: str) -> int:
    """Parameters of ``network`` that have one of these in their names."""
    return sum(tensor.numel() for name, tensor in network.named_parameters() if any(part in name for part in parts))


def _in_channels_last(network: nn.Module) -> None:
    """The faster order of a CPU's and a GPU's convolutions. Temporal convolutions have five axes and stay as they are."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)
