"""The RealBasicVSR degradation behind the interface of all degradations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.degradation.canary import encoder_canary
from mgld_bench.degradation.drawing import draw_plan
from mgld_bench.degradation.interface import Pipeline, Watch
from mgld_bench.degradation.pipeline import degrade_frames, finish_frames
from mgld_bench.degradation.plan import DegradationPlan
from mgld_bench.degradation.profiles import PROFILES
from mgld_bench.errors import InputError

_FIELDS: Final = ("name", "pipeline", "profile", "scale", "salt", "bitrate_reference_pixels")
"""The fields of a card that have been part of the keys of pairs from the first version on."""


class RealBasicVSR(Pipeline[DegradationPlan]):
    """Blur, resize, noise, JPEG and video compression, twice; see `pipeline`. LR is made again from the last bitstream."""

    encodes = True

    def plan(self, dataset: str, clip: ClipSize) -> DegradationPlan:
        """See `draw_plan`."""
        return draw_plan(self.card, dataset, clip.name, (clip.height, clip.width), clip.frame_count)

    def carry_out(
        self, source: Iterable[Frame], plan: DegradationPlan, streams: Mapping[str, Path], watch: Watch
    ) -> Iterator[Frame]:
        """See `degrade_frames`."""
        return degrade_frames(source, plan, streams, watch)

    def once_more(self, plan: DegradationPlan, ground_truth: Callable[[], Clip], stream: Path | None) -> Iterator[Frame]:
        """See `finish_frames`: no encoder, no noise, no ground truth."""
        if stream is None:
            raise InputError("the pair has no bitstream")
        return finish_frames(plan, stream)

    def identity(self) -> dict[str, object]:
        """The card's fields, and the ffmpeg of this machine."""
        card = self.card.model_dump(mode="json")
        return {"degradation": {field: card[field] for field in _FIELDS}, "ffmpeg": ffmpeg_identity().sha256}

    def channels(self, plan: DegradationPlan) -> str:
        """Those of the profile."""
        return PROFILES[plan.profile].channels

    def problems_here(self) -> list[str]:
        """Those of the encoders."""
        return encoder_canary()
