"""Group normalisation in 32 groups, as all networks of Stable Diffusion have it."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.fused import group_norm
from mgld_bench.networks.layers.sizes import NORM_GROUPS
from mgld_bench.networks.layers.speed_up import Quick


class GroupNorm32(nn.GroupNorm, Quick):
    """Group normalisation in 32 groups, computed in float32 whatever the dtype of input and weights.

    Args:
        channels: of the input, a multiple of 32.
        eps: added to the variance.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__(NORM_GROUPS, channels, eps)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the base class
        """(n, channels, ...) in and out, in the dtype of the input."""
        if self.speedups.fused_norms:
            return self.fused(input)
        # Explicit, since PyTorch keeps the mean and deviation of half-precision input in half precision.
        weight, bias = self.weight.float(), self.bias.float()
        return functional.group_norm(input.float(), self.num_groups, weight, bias, self.eps).to(input.dtype)

    def activated(self, maps: Tensor, added: Tensor | None = None) -> Tensor:
        """SiLU of the normalisation of ``maps`` (n, channels, h, w), to which ``added`` (1 or n, channels) was added."""
        if self.speedups.fused_norms:
            return self.fused(maps, added, silu=True)
        return activated(self(maps if added is None else maps + added[..., None, None]))

    def fused(self, maps: Tensor, added: Tensor | None = None, *, silu: bool = False) -> Tensor:
        """The normalisation of maps + added in one pass, and SiLU of it; with channels last in memory."""
        normed: Tensor = group_norm(maps, added, self.weight, self.bias, self.num_groups, self.eps, silu)
        return normed


def activated(fresh: Tensor) -> Tensor:
    """x * sigmoid(x), which overwrites ``fresh``."""
    return functional.silu(fresh, inplace=True)
