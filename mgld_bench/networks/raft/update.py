"""RAFT's recurrent update: from correlations and the current flow to a correction of the flow."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

MOTION_CHANNELS = 128


class UpdateBlock(nn.Module):
    """One step of the refinement, at 1/8 of the images' size. Names as in princeton-vl/RAFT (core/update.py).

    Args:
        correlation_channels: of what Correlation.look_up() returns.
        hidden_channels: of the recurrent state.
        context_channels: of the context features.
    """

    def __init__(self, correlation_channels: int, hidden_channels: int, context_channels: int) -> None:
        super().__init__()
        self.encoder = MotionEncoder(correlation_channels)
        self.gru = SeparableGRU(hidden_channels, context_channels + MOTION_CHANNELS)
        self.flow_head = FlowHead(hidden_channels)
        self.mask = nn.Sequential(
            nn.Conv2d(hidden_channels, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 8 * 8 * 9, kernel_size=1),
        )

    def forward(self, hidden: Tensor, context: Tensor, correlations: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
        """The next hidden state and the correction of the flow, from maps (n, ., h, w).

        Args:
            hidden: (n, hidden_channels, h, w).
            context: (n, context_channels, h, w).
            correlations: (n, correlation_channels, h, w).
            flow: the current flow (n, 2, h, w), in pixels at 1/8 of the size.

        Returns:
            The hidden state (n, hidden_channels, h, w) and the correction (n, 2, h, w).
        """
        motion = self.encoder(flow, correlations)
        hidden = self.gru(hidden, torch.cat([context, motion], dim=1))
        return hidden, self.flow_head(hidden)

    def upsampling_logits(self, hidden: Tensor) -> Tensor:
        """The hidden state (n, hidden_channels, h, w) to logits (n, 8 * 8 * 9, h, w) for upsample_flow()."""
        logits: Tensor = 0.25 * self.mask(hidden)
        return logits


class MotionEncoder(nn.Module):
    """Correlations and flow in 128 channels, of which the last two are the flow itself.

    Args:
        correlation_channels: of the correlations.
    """

    def __init__(self, correlation_channels: int) -> None:
        super().__init__()
        self.convc1 = nn.Conv2d(correlation_channels, 256, kernel_size=1)
        self.convc2 = nn.Conv2d(256, 192, kernel_size=3, padding=1)
        self.convf1 = nn.Conv2d(2, 128, kernel_size=7, padding=3)
        self.convf2 = nn.Conv2d(128, 64, kernel_size=3, padding=1)
        self.conv = nn.Conv2d(192 + 64, MOTION_CHANNELS - 2, kernel_size=3, padding=1)

    def forward(self, flow: Tensor, correlations: Tensor) -> Tensor:
        """A flow (n, 2, h, w) and correlations (n, correlation_channels, h, w) to (n, 128, h, w)."""
        from_correlations = functional.relu_(self.convc2(functional.relu_(self.convc1(correlations))))
        from_flow = functional.relu_(self.convf2(functional.relu_(self.convf1(flow))))
        both = functional.relu_(self.conv(torch.cat([from_correlations, from_flow], dim=1)))
        return torch.cat([both, flow], dim=1)


class SeparableGRU(nn.Module):
    """A gated recurrent unit with convolutions along the rows, then one with convolutions along the columns.

    Args:
        hidden_channels: of the state.
        input_channels: of the inputs.
    """

    def __init__(self, hidden_channels: int, input_channels: int) -> None:
        super().__init__()
        channels = hidden_channels + input_channels
        self.convz1 = nn.Conv2d(channels, hidden_channels, kernel_size=(1, 5), padding=(0, 2))
        self.convr1 = nn.Conv2d(channels, hidden_channels, kernel_size=(1, 5), padding=(0, 2))
        self.convq1 = nn.Conv2d(channels, hidden_channels, kernel_size=(1, 5), padding=(0, 2))
        self.convz2 = nn.Conv2d(channels, hidden_channels, kernel_size=(5, 1), padding=(2, 0))
        self.convr2 = nn.Conv2d(channels, hidden_channels, kernel_size=(5, 1), padding=(2, 0))
        self.convq2 = nn.Conv2d(channels, hidden_channels, kernel_size=(5, 1), padding=(2, 0))

    def forward(self, hidden: Tensor, inputs: Tensor) -> Tensor:
        """The next hidden state (n, hidden_channels, h, w), from the current one and inputs (n, input_channels, h, w)."""
        hidden = _gated_step(hidden, inputs, self.convz1, self.convr1, self.convq1)
        return _gated_step(hidden, inputs, self.convz2, self.convr2, self.convq2)


class FlowHead(nn.Module):
    """The correction of the flow, from the hidden state.

    Args:
        hidden_channels: of the state.
    """

    def __init__(self, hidden_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(hidden_channels, 256, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(256, 2, kernel_size=3, padding=1)

    def forward(self, hidden: Tensor) -> Tensor:
        """(n, hidden_channels, h, w) to (n, 2, h, w) in pixels of that map."""
        correction: Tensor = self.conv2(functional.relu_(self.conv1(hidden)))
        return correction


def upsample_flow(flow: Tensor, logits: Tensor) -> Tensor:
    """A flow at 8 times the size, in pixels of that size: each pixel a weighted mean of its 3x3 neighbours.

    Args:
        flow: (n, 2, h, w).
        logits: (n, 9 * 8 * 8, h, w): neighbour, then row and column in the 8x8 block; softmax over the neighbours.

    Returns:
        (n, 2, 8 * h, 8 * w).
    """
    count, _, height, width = flow.shape
    weights = logits.view(count, 1, 9, 8, 8, height, width).softmax(dim=2)
    neighbours = functional.unfold(8 * flow, kernel_size=3, padding=1).view(count, 2, 9, 1, 1, height, width)
    blocks = (weights * neighbours).sum(dim=2)
    return blocks.permute(0, 1, 4, 2, 5, 3).reshape(count, 2, 8 * height, 8 * width)


def _gated_step(hidden: Tensor, inputs: Tensor, update: nn.Module, reset: nn.Module, candidate: nn.Module) -> Tensor:
    both = torch.cat([hidden, inputs], dim=1)
    z = torch.sigmoid(update(both))
    r = torch.sigmoid(reset(both))
    q = torch.tanh(candidate(torch.cat([r * hidden, inputs], dim=1)))
    return (1 - z) * hidden + z * q
