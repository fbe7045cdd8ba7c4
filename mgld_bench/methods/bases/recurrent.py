"""Methods of the BasicVSR family: a recurrence through the whole clip, streamed frame by frame."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from pydantic import Field

from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.memory import memory_budget, over_budget
from mgld_bench.methods.bases.network_restorer import NetworkRestorer
from mgld_bench.methods.bases.pictures import to_frame, to_pictures
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.networks.sizes.basicvsr import FLOW_MULTIPLE, UPSAMPLED_CHANNELS

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mgld_bench.networks.basicvsr import BasicVSR

SMALLEST_SIDE: Final = 64
"""Of a frame, in pixels: mmediting refuses smaller ones, mmagic warns of them."""
_PREFIXES: Final = ("generator_ema.", "generator.", "")
"""In this order of preference: the authors test with the moving average."""
_CONSTANTS: Final = ("spynet.mean", "spynet.std")
STEP_BYTES: Final = 16_000
"""Per LR pixel for one frame with 64 channels in float32 (measured on a CPU: up to 15 000)."""


class RecurrentOptions(RestorerOptions):
    """Options of the whole family."""

    window: int = Field(default=0, ge=0)
    """Frames per recurrence: consecutive windows without overlap, like --max_seq_len of the authors' script. 0: the whole clip,
    or, if that does not fit the memory, equal windows of the greatest length that does."""

    @property
    @abstractmethod
    def mid_channels(self) -> int:
        """Channels of the recurrence's features."""


OptionsT = TypeVar("OptionsT", bound=RecurrentOptions)


class RecurrentRestorer(NetworkRestorer[OptionsT]):
    """/255, network, clamp to [0, 1], times 255, round half to even; neither padding nor tiles.

    The features of the backward recurrence are kept for all frames of a window, everything else for one frame: memory is a
    constant plus about 280 bytes per LR pixel and frame in float32. Weights: role ``network``, a file of OpenMMLab or of the
    authors. In half precision the trunks are in half, flow and warping in float32.
    """

    fixed_weights_gain: ClassVar[float] = 0.5
    """With 1, each of forty residual blocks in a row would double the values."""

    @property
    @abstractmethod
    def recurrence(self) -> BasicVSR:
        """The recurrent network, or the recurrent part of it."""

    def prepare(self, frames: list[Tensor]) -> list[Tensor]:
        """What the recurrence takes for the ``frames`` of a window, each (1, 3, h, w) RGB in [0, 1]; by default the frames."""
        return frames

    def official_state(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The generator, preferably its moving average, without SPyNet's constants; discriminator and losses are dropped."""
        from mgld_bench.networks.spynet import basicsr_names

        prefix = next(prefix for prefix in _PREFIXES if any(name.startswith(prefix) for name in state))
        generator = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
        return basicsr_names({name: tensor for name, tensor in generator.items() if not name.endswith(_CONSTANTS)})

    def place(self, network: nn.Module) -> nn.Module:
        """On the device; all but SPyNet in the precision that was asked for."""
        import torch

        from mgld_bench.networks.layers.conversion import cast_except
        from mgld_bench.networks.spynet import SPyNet

        # Channels-last is the faster order for convolutions, on a CPU and on a GPU, and takes less memory for copies.
        network.to(self.device).to(memory_format=torch.channels_last)
        cast_except(network, self.dtype, [part for part in network.modules() if isinstance(part, SPyNet)])
        return network

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames; of the window that holds ``start``, what its later frames depend on is computed again."""
        import torch

        plan = _plan(self.options, clip.size, self.compute)
        while start < clip.frame_count:
            opening = start - start % plan.window
            closing = min(opening + plan.window, clip.frame_count)
            # Inference mode is that of the generator, not of whoever takes its frames.
            yield from torch.inference_mode()(self._restore_window)(clip, opening, closing, start, plan.store)
            start = closing

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """A window that memory decided, and frames smaller than the authors allow."""
        notes = {}
        plan = _plan(self.options, clip.size, self.compute)
        if not self.options.window and plan.window < clip.frame_count:
            notes["window"] = (
                f"{plan.window} frames, because the whole clip of {clip.frame_count} does not fit the memory; "
                "frames near the borders of a window see less of the clip"
            )
        if min(clip.height, clip.width) < SMALLEST_SIDE:
            notes["size"] = (
                f"frames of {clip.width} x {clip.height}: the authors' network is meant for at least {SMALLEST_SIDE} px, "
                "optical flow of smaller frames is poor"
            )
        return notes

    @classmethod
    def cutting(cls, options: OptionsT, clip: ClipSize, compute: Compute) -> Mapping[str, int | str]:
        """The window, if the whole clip does not fit the memory."""
        if options.window:
            return {}
        window = _plan(options, clip, compute).window
        return {"window": window} if window < clip.frame_count else {}

    def _restore_window(self, clip: Clip, opening: int, closing: int, start: int, store: str) -> Iterator[Frame]:
        """The frames ``start`` ... ``closing`` - 1 from a recurrence over ``opening`` ... ``closing`` - 1."""
        import torch

        frames = [to_pictures([frame]).to(self.device) for frame in clip.frames(opening, closing)]
        for restored in self.recurrence.stream(self.prepare(frames), start - opening, torch.device(store)):
            yield to_frame(restored[0])


@dataclass(frozen=True)
class RecurrenceMemory:
    """What a recurrence takes, in bytes per LR pixel; sides are rounded up to SPyNet's multiples of 32."""

    step: int
    """For a frame while it is computed."""
    frame: int
    """For each frame of the window, on the device, wherever its features are kept."""
    features: int
    """For the kept features of each frame."""


@dataclass(frozen=True)
class RecurrencePlan:
    """How a clip is cut and where features are kept."""

    window: int
    """Frames per recurrence."""
    store: str
    """The torch device on which backward features are kept."""


def _plan(options: RecurrentOptions, clip: ClipSize, compute: Compute) -> RecurrencePlan:
    """The windows of this clip, and where features are kept."""
    channels, size = options.mid_channels, compute.value_bytes
    step = STEP_BYTES * max(channels, UPSAMPLED_CHANNELS) // UPSAMPLED_CHANNELS * size // 4
    memory = RecurrenceMemory(step, frame=2 * 3 * 4, features=channels * size)
    return plan_recurrence(clip, options.window, memory, compute.device, compute)


def plan_recurrence(clip: ClipSize, window: int, memory: RecurrenceMemory, device: str, compute: Compute) -> RecurrencePlan:
    """How long a stretch of ``clip`` a bidirectional recurrence holds at once.

    Features go to the CPU's memory if the device is a GPU that cannot hold those of the window.

    Args:
        clip: the LR clip.
        window: frames per recurrence, taken as it is; 0: all frames, or as few equal windows as fit the memory.
        memory: what the recurrence takes.
        device: where it is computed.
        compute: what it may take.

    Raises:
        InputError: if not even a window of one frame fits.
    """
    pixels = _padded(clip.height) * _padded(clip.width)
    budget = compute.memory_budget()
    free = budget - pixels * memory.step
    wanted = min(window or clip.frame_count, clip.frame_count)
    store, longest = device, free // (pixels * (memory.frame + memory.features))
    if device != "cpu" and longest < wanted:
        with_host = min(free // (pixels * memory.frame), memory_budget("cpu") // (pixels * memory.features))
        if with_host > longest:
            store, longest = "cpu", with_host
    if window or longest >= wanted:
        return RecurrencePlan(wanted, store)
    if longest < 1:
        needed = pixels * (memory.step + memory.frame + (memory.features if device == "cpu" else 0))
        raise over_budget(f"clip {clip.name}: one frame of {clip.width} x {clip.height}", needed, budget)
    windows = -(-clip.frame_count // longest)
    return RecurrencePlan(-(-clip.frame_count // windows), store)


def _padded(side: int) -> int:
    return -(-side // FLOW_MULTIPLE) * FLOW_MULTIPLE
