"""Which parameters of the diffusion methods their authors trained."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from mgld_bench.networks.autoencoder.network import Autoencoder
from mgld_bench.networks.diffusion.structure_encoder import StructureEncoder
from mgld_bench.networks.diffusion.unet import DenoisingUNet


def stablesr_trained(unet: DenoisingUNet, structure: StructureEncoder, decoder: Autoencoder) -> dict[str, int]:
    """Stage 1: the U-Net's SPADE layers and the structure encoder; stage 2: the decoder's fusion."""
    return {
        "stage 1": count(unet, lambda name: ".spade." in name) + count(structure),
        "stage 2": count(decoder, lambda name: "fusion_layer" in name),
    }


def mgld_trained(unet: DenoisingUNet, structure: StructureEncoder, decoder: Autoencoder) -> dict[str, int]:
    """As the published configuration trains: what has "temporal" in its name too, but for one normalisation, which has not."""
    parts = stablesr_trained(unet, structure, decoder)
    return {
        "stage 1": parts["stage 1"] + count(unet, lambda name: "temporal" in name),
        "stage 2": parts["stage 2"] + count(decoder, lambda name: "temporal" in name),
    }


def count(network: nn.Module, chosen: Callable[[str], bool] = lambda _name: True) -> int:
    """Parameters of ``network`` whose name is chosen."""
    return sum(parameter.numel() for name, parameter in network.named_parameters() if chosen(name))
