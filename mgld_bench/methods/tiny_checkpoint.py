"""Checkpoints of ``mgld-vsr-tiny`` that restore something, for trying out what is done with checkpoints every night.

Nothing is trained: the decoder's weights are set so that it hands the features of the LR frame through, at half the size. That
is a blurred frame, which damaged weights make worse, as they do with a trained network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save
from torch import Tensor, nn

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.networks.autoencoder.network import Autoencoder

STEP: Final = 5e-4
"""Deviation of what a step adds to every weight."""
_COLOURS: Final = 3


def write_tiny_checkpoint(path: Path | str, step: int, damage: float = 0.0) -> Path:
    """Write a checkpoint of role ``decoder``, as a training run would leave one after ``step``.

    >>> import tempfile
    >>> write_tiny_checkpoint(f"{tempfile.mkdtemp()}/step1.safetensors", step=1).name
    'step1.safetensors'

    Args:
        path: ends in .safetensors; its folder is made.
        step: decides in which direction the weights have moved a little; the same one gives the same file.
        damage: deviation of what is added to every weight on top; 0.02 is a loss of several dB of PSNR.

    Returns:
        The path of the file.
    """
    generator = torch.Generator().manual_seed(step)
    state = {
        name: (tensor + (STEP + damage) * torch.randn(tensor.shape, generator=generator)).contiguous()
        for name, tensor in handing_through().items()
    }
    write_bytes_atomic(Path(path), save(state))
    return Path(path)


def handing_through() -> dict[str, Tensor]:
    """The decoder's weights, which hand the LR frame through."""
    network = Autoencoder(TINY.decoder).requires_grad_(False)
    for module in network.modules():
        if not isinstance(module, nn.GroupNorm):
            for parameter in module.parameters(recurse=False):
                parameter.zero_()
    # Residual blocks, attention and temporal mixing of zeros add nothing to their input. What is left is one path: the encoder's
    # first convolution, its downsampling, the fusion at half the size, and the upsampling.
    weight = dict(network.named_parameters())
    for channel in range(_COLOURS):
        weight["encoder.conv_in.weight"][channel, channel, 1, 1] = 1
        weight["encoder.down.0.downsample.conv.weight"][channel, channel, :2, :2] = 1 / 4
        weight["decoder.fusion_layer_1.encode_enc_1.conv_out.weight"][channel, channel] = 1
        # x and -x: the activation before the last convolution is x * sigmoid(x), and that of x less that of -x is x again.
        for sign, copy in ((1, channel), (-1, channel + _COLOURS)):
            weight["decoder.up.1.upsample.conv.weight"][copy, channel, 1, 1] = sign
            weight["decoder.conv_out.weight"][channel, copy, 1, 1] = sign
    return network.state_dict()
