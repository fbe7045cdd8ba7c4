"""Methods of the BasicVSR family: a recurrence through the whole clip, streamed frame by frame."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar, Final, TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.methods.bases.network_restorer import NetworkRestorer
from mgld_bench.methods.bases.pictures import to_frame, to_pictures
from mgld_bench.methods.bases.recurrence_memory import RecurrenceMemory, RecurrencePlan, plan_recurrence
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.networks.basicvsr import UPSAMPLED_CHANNELS, BasicVSR
from mgld_bench.networks.layers.conversion import cast_except
from mgld_bench.networks.spynet import SPyNet, basicsr_names

SMALLEST_SIDE: Final = 64
"""Of a frame, in pixels: mmediting refuses smaller ones, mmagic warns of them."""
_PREFIXES: Final = ("generator_ema.", "generator.", "")
"""In this order of preference: the authors test with the moving average."""
_CONSTANTS: Final = ("spynet.mean", "spynet.std")
STEP_BYTES: Final = 16_000
"""Per LR pixel for one frame with 64 channels in float32 (measured on a CPU: up to 15 000)."""


class RecurrentOptions(RestorerOptions):
    """What all of the family have."""

    window: int = Field(default=0, ge=0)
    """Frames per recurrence: consecutive windows without overlap, as --max_seq_len of the authors' script. 0: the whole clip, or
    equal windows as long as the memory allows where it does not fit."""


OptionsT = TypeVar("OptionsT", bound=RecurrentOptions)


class RecurrentRestorer(NetworkRestorer[OptionsT]):
    """/255, network, clamp to [0, 1], times 255, round half to even; neither padding nor tiles.

    The features of the backward recurrence are kept for all frames of a window, everything else for one frame: memory is a
    constant plus about 280 bytes per LR pixel and frame in float32. Weights: role ``network``, a file of OpenMMLab or of the
    authors. In half precision the trunks are in half, flow and warping in float32.
    """

    made_up_gain: ClassVar[float] = 0.5
    """With 1, forty residual blocks in a row would double the values in each."""

    @property
    @abstractmethod
    def recurrence(self) -> BasicVSR:
        """The recurrent network, or the recurrent part of it."""

    def prepare(self, frames: list[Tensor]) -> list[Tensor]:
        """What the recurrence is given for all ``frames`` of a window, each (1, 3, h, w) RGB in [0, 1]; the frames themselves."""
        return frames

    def official_state(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The generator, by preference its moving average, without SPyNet's constants; discriminator and losses are dropped."""
        prefix = next(prefix for prefix in _PREFIXES if any(name.startswith(prefix) for name in state))
        generator = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
        return basicsr_names({name: tensor for name, tensor in generator.items() if not name.endswith(_CONSTANTS)})

    def place(self, network: nn.Module) -> nn.Module:
        """On the device; all but SPyNet in the precision that was asked for."""
        # Channels-last is the faster order of a CPU's and of a GPU's convolutions, and takes less memory for copies.
        network.to(self.device).to(memory_format=torch.channels_last)
        cast_except(network, self.dtype, [part for part in network.modules() if isinstance(part, SPyNet)])
        return network

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames; the window that holds ``start`` is computed anew as far as its frames from there on depend on it."""
        plan = self._plan(clip)
        while start < clip.frame_count:
            opening = start - start % plan.window
            closing = min(opening + plan.window, clip.frame_count)
            yield from self._restore_window(clip, opening, closing, start, plan.store)
            start = closing

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """The window where memory decided it, and frames that are smaller than the authors allow."""
        notes = {}
        plan = self._plan(clip)
        if not self.options.window and plan.window < clip.frame_count:
            notes["window"] = (
                f"{plan.window} frames, since the whole clip of {clip.frame_count} does not fit the memory; "
                "frames near the borders of a window see less of the clip"
            )
        if min(clip.height, clip.width) < SMALLEST_SIDE:
            notes["size"] = (
                f"frames of {clip.width} x {clip.height}: the authors' network is meant for {SMALLEST_SIDE} px and more, "
                "optical flow of smaller ones is poor"
            )
        return notes

    @torch.inference_mode()
    def _restore_window(self, clip: Clip, opening: int, closing: int, start: int, store: torch.device) -> Iterator[Frame]:
        """The frames ``start`` ... ``closing`` - 1 from a recurrence over ``opening`` ... ``closing`` - 1."""
        frames = [to_pictures([frame]).to(self.device) for frame in clip.frames(opening, closing)]
        for restored in self.recurrence.stream(self.prepare(frames), start - opening, store):
            yield to_frame(restored[0])

    def _plan(self, clip: Clip) -> RecurrencePlan:
        """Cut and memory for this clip."""
        channels, size = self.recurrence.mid_channels, self.dtype.itemsize
        step = STEP_BYTES * max(channels, UPSAMPLED_CHANNELS) // UPSAMPLED_CHANNELS * size // 4
        memory = RecurrenceMemory(step, frame=2 * 3 * 4, features=channels * size)
        return plan_recurrence(clip, self.options.window, memory, self.device, self.compute)
