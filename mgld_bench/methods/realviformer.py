"""RealViformer: a recurrent transformer for real-world video with attention over channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.errors import InputError
from mgld_bench.memory import over_budget
from mgld_bench.methods.bases.network_restorer import NetworkRestorer
from mgld_bench.methods.bases.pictures import to_frame, to_pictures
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.networks.sizes.realviformer import MULTIPLE, RealViformerConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mgld_bench.networks.realviformer import RealViformer

_CONSTANTS: Final = ("spynet.mean", "spynet.std")
_STEP_BYTES: Final = 21_000
"""Per LR pixel for one frame of the published size in float32 (measured on a CPU)."""


class RealViformerOptions(RestorerOptions):
    """The window and the network."""

    window: int = Field(default=100, ge=0)
    """Frames per recurrence: windows one after the other that share nothing, as --interval of the authors' script; 0: all."""
    network: RealViformerConfig = RealViformerConfig()


class RealViformerRestorer(NetworkRestorer[RealViformerOptions]):
    """RealViformer x4. Source: inference_realviformer.py of Yuehan717/RealViformer (MIT).

    /255, mirrored at the top and the left to multiples of 4, network, cut, clamp to [0, 1], times 255, round half to even. The
    recurrence goes forward only: memory is that of one frame. Float32 whatever precision was asked for: in half precision, its
    users report, it gives values that are no numbers after a few frames of real video. Weights: role ``network``.
    """

    revision: ClassVar[int] = 1
    title: ClassVar[str] = "RealViformer"
    fixed_weights_gain: ClassVar[float] = 0.7
    network: RealViformer

    def create_network(self, options: RealViformerOptions) -> nn.Module:
        """The network of the card's size."""
        from mgld_bench.networks.realviformer import RealViformer

        return RealViformer(options.network)

    def official_state(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """All but SPyNet's constants."""
        return {name: tensor for name, tensor in state.items() if name not in _CONSTANTS}

    def place(self, network: nn.Module) -> nn.Module:
        """On the device, in float32."""
        return network.to(self.device)

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames; of the window that holds ``start``, the frames before it are computed again: later ones need them."""
        import torch

        self.cutting(self.options, clip.size, self.compute)
        window = self.options.window or clip.frame_count
        while start < clip.frame_count:
            opening = start - start % window
            closing = min(opening + window, clip.frame_count)
            # Inference mode is that of the generator, not of whoever takes its frames.
            yield from torch.inference_mode()(self._restore_window)(clip, opening, closing, start)
            start = closing

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """That half precision was asked for and not used."""
        if self.compute.precision == "float32":
            return {}
        return {"precision": f"computed in float32, not {self.compute.precision}, in which it overflows on real video"}

    @classmethod
    def cutting(cls, options: RealViformerOptions, clip: ClipSize, compute: Compute) -> Mapping[str, int | str]:
        """Nothing: a frame is computed whole. Raises InputError where its memory is not allowed."""
        pixels = _filled(clip.height) * _filled(clip.width)
        needed = pixels * _STEP_BYTES * options.network.num_feat // RealViformerConfig().num_feat
        if needed > compute.memory_budget():
            raise over_budget(f"clip {clip.name}: one frame of {clip.width} x {clip.height}", needed, compute.memory_budget())
        return {}

    def _restore_window(self, clip: Clip, opening: int, closing: int, start: int) -> Iterator[Frame]:
        """The frames ``start`` ... ``closing`` - 1 from a recurrence over ``opening`` ... ``closing`` - 1."""
        from torch.nn import functional

        top, left = _filled(clip.height) - clip.height, _filled(clip.width) - clip.width
        if top >= clip.height or left >= clip.width:
            raise InputError(
                f"clip {clip.name} is {clip.width}x{clip.height}: too small to be mirrored to a multiple of {MULTIPLE}"
            )

        def given() -> Iterator[Tensor]:
            for frame in clip.frames(opening, closing):
                picture = to_pictures([frame]).to(self.device)
                yield functional.pad(picture, (left, 0, top, 0), mode="reflect") if top or left else picture

        for index, restored in enumerate(self.network.stream(given()), start=opening):
            if index >= start:
                yield to_frame(restored[0, :, self.scale * top :, self.scale * left :])


def _filled(side: int) -> int:
    return -(-side // MULTIPLE) * MULTIPLE
