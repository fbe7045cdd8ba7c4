"""The feed-forward part of a transformer."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Perceptron(nn.Module):
    """Two linear layers with a GELU between them."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., channels), the same shape."""
        output: Tensor = self.fc2(functional.gelu(self.fc1(tokens)))
        return output
