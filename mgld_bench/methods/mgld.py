"""MGLD-VSR: motion-guided latent diffusion for real-world video super-resolution."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import Field

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.errors import InputError
from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.methods.bases.pictures import to_pictures
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.options import LATENT_REDUCTION, DiffusionOptions, DiffusionSizes, GuidanceRule
from mgld_bench.methods.restorer import Restorer
from mgld_bench.methods.tiling.diffusion import Box, boxes, merge, picture_boxes, strided_starts
from mgld_bench.networks.autoencoder.config import SEQUENCE_AUTOENCODER

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mgld_bench.methods.diffusion.geometry import Geometry
    from mgld_bench.methods.diffusion.motion import Motion
    from mgld_bench.methods.diffusion.networks import DiffusionNetworks
    from mgld_bench.networks.raft.network import RAFT
    from mgld_bench.networks.spynet import SPyNet

TITLE: Final = "MGLD-VSR"
FLOW: Final = "flow"
"""Role of the optical flow network's own file; RAFT needs one only if the diffusion file has none."""
_RAFT_SIDE: Final = 128
"""Pixels that RAFT needs in both directions."""
_SPYNET_CONSTANTS: Final = ("mean", "std")
_MOST_CORRELATIONS: Final = 2 * 2**30
"""Bytes of RAFT's correlations that are stored at most; further ones are computed as they are looked up."""


class MGLDOptions(DiffusionOptions):
    """Options of MGLD-VSR; the defaults are those of the authors' test command."""

    picture_tile: int = Field(default=960, gt=0)
    picture_stride: int = Field(default=750, ge=LATENT_REDUCTION)
    decoder_fusion: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    guidance: float = Field(default=10.0, ge=0, allow_inf_nan=False)
    """Strength of the guidance by motion, the paper's eta; 0: none."""
    guidance_rule: GuidanceRule = "official"
    """official: what the authors' code computes, which made the published numbers; paper: equations 2 and 3 as printed."""
    segment: int = Field(default=5, ge=2)
    """Frames that are restored together."""
    temporal: bool = True
    """Whether the U-Net's temporal layers are used."""
    decoder_temporal: bool = True
    """Whether the decoder's temporal mixing is used (TM in the paper's Table 5)."""
    flow_network: Literal["raft", "spynet"] = "raft"
    networks: DiffusionSizes = DiffusionSizes(decoder=SEQUENCE_AUTOENCODER)


class MGLDVSR(Restorer[MGLDOptions]):
    """MGLD-VSR, segment by segment; nothing passes from one segment to the next.

    Weights: role ``diffusion`` (mgldvsr_unet.ckpt), ``decoder`` (video_vae_cfw.ckpt), and ``flow`` for SPyNet, or for RAFT where
    the diffusion file has none. float32 computes like the authors' script with ``--precision full`` on the CPU, but for the order
    of the noise: their latents are stored channels-last there, and filled in that order; on a GPU theirs are filled plane by
    plane, as ours are everywhere. float16 and bfloat16 need a GPU, where the authors use float16. Optical flow, guidance and
    sampler stay in float32.

    The last segment is filled up with the last frame. In pictures of up to one tile, every segment draws different noise (seed
    plus its number), where the authors' generator continues from segment to segment; in larger ones every tile and segment draws
    the same noise, as theirs. Source: Yang et al., ECCV 2024; IanYeung/MGLD-VSR (S-Lab License 1.0).
    """

    revision: ClassVar[int] = 1
    title: ClassVar[str] = TITLE
    """What a file should hold, for messages."""

    def __init__(self, options: MGLDOptions, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        from mgld_bench.methods.diffusion.latent_diffusion import LatentDiffusion
        from mgld_bench.methods.diffusion.networks import DiffusionNetworks

        super().__init__(options, weights, compute)
        _check_options(options)
        self._networks = DiffusionNetworks(
            options.networks, weights, compute, self.title, compiled=options.compile, partial=bool(self.optional_roles)
        )
        self._networks.unet.mix_frames = options.temporal
        self._diffusion = LatentDiffusion(self._networks, options, compute, options.decoder_temporal)
        without = self._networks.flow_state is None and FLOW in self.optional_roles and FLOW not in (weights or {})
        self._flow = _flow_network(options, None if without else weights, self._networks, compute)
        self._networks.flow_state = None

    @classmethod
    def check_file(cls, options: MGLDOptions, role: str, file: Path) -> None:
        """By the names and shapes of its networks."""
        from mgld_bench.methods.diffusion.networks import check_file

        check_file(options.networks, role, file, cls.title)

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames, one or more segments at a time. ``start`` has to be the first frame of a segment."""
        from mgld_bench.methods.diffusion.latent_diffusion import geometry_of

        geometry, length = geometry_of(clip, self.options), self.options.segment
        self._diffusion.check_memory(clip, length, *geometry.padded)
        segments = range(start // length, -(-clip.frame_count // length))
        restore = functools.partial(self._restored, clip, geometry)
        for chosen, restored in self._diffusion.in_turns(segments, self._segments_at_once(geometry), "segments", restore):
            yield from self._finished(restored, self._slots(clip, chosen), geometry)
            del restored

    def resume_point(self, finished: int) -> int:
        """The first frame of the segment."""
        return finished - finished % self.options.segment

    def networks(self) -> Mapping[str, nn.Module]:
        """All networks; the first stage includes its decoder, which is not used."""
        return {**self._networks.by_role(), FLOW: self._flow}

    def trained(self) -> Mapping[str, int]:
        """Stage 1: SPADE, temporal layers and structure encoder; stage 2: the decoder's temporal mixing and fusion."""
        return self._networks.trained()

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """Where the authors' script would differ, and where memory was short."""
        from mgld_bench.methods.diffusion.latent_diffusion import geometry_of

        found = {}
        geometry = geometry_of(clip, self.options)
        if max(geometry.padded) <= self.options.picture_tile:
            found["noise"] = "the authors' script fails for pictures of a single tile; here each segment draws its own noise"
        if geometry.faithful and geometry.scale > self.scale and geometry.padded != geometry.enlarged:
            found["size"] = f"the authors' script would keep a padded border; here it is cut to {self.scale} times the LR frame"
        found |= self._diffusion.device_note()
        if self._diffusion.shortages:
            found["memory"] = "; ".join(dict.fromkeys(self._diffusion.shortages))
        return found

    def _slots(self, clip: Clip, segments: range) -> list[int]:
        """The frames of these segments; the clip's last frame repeats where a segment goes beyond it."""
        length = self.options.segment
        return [min(index, clip.frame_count - 1) for index in range(segments.start * length, segments.stop * length)]

    def _finished(self, restored: Tensor, slots: Sequence[int], geometry: Geometry) -> Iterator[Frame]:
        """Each frame once. ``restored``: the padded frames of ``slots``."""
        chosen = []
        for index in dict.fromkeys(slots):
            # Kept: the authors save each repetition of the last frame under its name, so that the last repetition stays.
            repetitions = [slot for slot, frame in enumerate(slots) if frame == index]
            chosen.append(repetitions[-1 if self.options.faithful else 0])
        yield from geometry.finish_all(restored, chosen)

    def _restored(self, clip: Clip, geometry: Geometry, segments: range) -> Tensor:
        """The padded frames (n, 3, H, W) of some segments, restored, in about [-1, 1]."""
        pictures = to_pictures([clip.frame(index) for index in self._slots(clip, segments)])
        padded = geometry.enlarge(pictures.to(self._networks.device))
        motions = self._motions(padded, len(segments))
        height, width = padded.shape[-2:]
        tile, seed = self.options.picture_tile, self.options.seed
        if max(height, width) <= tile:
            return self._tile(padded, motions, [seed + segment for segment in segments])
        places = picture_boxes(height, width, tile, self.options.picture_stride)
        latent_places = latent_boxes(height, width, self.options)
        # Kept where faithful: pairing by order, which differs from pairing by place where there are more starts among the
        # latents.
        tiles = (
            self._tile(place.of(padded), [motion.of(latent_place) for motion in motions], [seed] * len(segments))
            for place, latent_place in zip(places, latent_places, strict=False)
        )
        return merge(padded.shape, places, tiles, device=padded.device)

    def _motions(self, padded: Tensor, segments: int) -> list[Motion]:
        """The motion in each segment; none where nothing is guided."""
        from mgld_bench.methods.diffusion.motion import estimate_motions

        if not self.options.guidance:
            return []
        return estimate_motions(self._flow, padded, segments, together=self._networks.speedups.batched_motion)

    def _tile(self, pictures: Tensor, motions: Sequence[Motion], seeds: Sequence[int]) -> Tensor:
        from mgld_bench.methods.diffusion.latent_diffusion import Piece
        from mgld_bench.methods.diffusion.noise import SeededNoise
        from mgld_bench.methods.diffusion.sampler import Guidance

        options = self.options
        together = self._networks.speedups.batched_motion
        guidance = Guidance(tuple(motions), options.guidance, options.guidance_rule, together) if motions else None
        noise = functools.partial(SeededNoise, seeds, options.segment, self._networks.device, options.faithful)
        return self._diffusion.restore(Piece(pictures, noise, guidance))

    def _segments_at_once(self, geometry: Geometry) -> int:
        """Segments that are restored together: more than one only for small pictures on a GPU, which a single one cannot fill."""
        height, width = geometry.padded
        if self._networks.device.type == "cpu" or max(height, width) > self.options.picture_tile:
            return 1
        return self._diffusion.pieces_at_once(self.options.segment, height, width, self._networks.speedups.segments_at_once)


def latent_boxes(height: int, width: int, options: MGLDOptions) -> list[Box]:
    """The parts of the motion for the picture tiles of a picture of ``height`` x ``width``, in latent pixels.

    Kept where faithful: the stride is truncated to whole latent pixels (93 for 750 pixels), so with three or more tiles along an
    axis the motion lies up to a pixel beside its picture, and there may be more parts than tiles.
    """
    size, rows, columns = options.picture_tile // LATENT_REDUCTION, height // LATENT_REDUCTION, width // LATENT_REDUCTION
    if options.faithful:
        return picture_boxes(rows, columns, size, options.picture_stride // LATENT_REDUCTION)
    starts = [
        [round(start / LATENT_REDUCTION) for start in strided_starts(length, options.picture_tile, options.picture_stride)]
        for length in (height, width)
    ]
    return boxes(starts[0], starts[1], min(size, rows), min(size, columns))


def _check_options(options: MGLDOptions) -> None:
    from mgld_bench.methods.diffusion.motion import FLOW_DIVISOR

    least = _RAFT_SIDE * FLOW_DIVISOR // LATENT_REDUCTION
    if options.flow_network == "raft" and options.guidance and options.tile < least:
        raise InputError(
            f"option tile: {options.tile}, but RAFT needs pictures of at least 512 pixels, which is a tile of {least}"
        )
    for part, frames in (("unet", options.networks.unet.num_frames), ("decoder", options.networks.decoder.frames_per_clip)):
        if options.segment != frames:
            raise InputError(f"option segment: {options.segment} frames, but the {part} was built for {frames}")


def _flow_network(
    options: MGLDOptions, weights: Mapping[str, Path] | None, networks: DiffusionNetworks, compute: Compute
) -> RAFT | SPyNet:
    """The optical flow network on its device, float32."""
    from mgld_bench.methods.diffusion.motion import RAFT_ITERATIONS
    from mgld_bench.networks.raft.network import RAFT
    from mgld_bench.networks.spynet import SPyNet
    from mgld_bench.weights.loading import load_strictly

    network: RAFT | SPyNet
    if options.flow_network == "spynet":
        network = SPyNet()
    else:
        stored = min(_MOST_CORRELATIONS, compute.memory_budget() // 2)
        network = RAFT(RAFT_ITERATIONS, scale_input=False, correlation_bytes=stored)
    if weights is None:
        fill_with_fixed_weights(network)
    else:
        state, source = _flow_state(options, weights, networks)
        load_strictly(network, state, source, type(network).__name__)
    return network.eval().requires_grad_(False).to(networks.device)


def _flow_state(
    options: MGLDOptions, weights: Mapping[str, Path], networks: DiffusionNetworks
) -> tuple[Mapping[str, Tensor], Path]:
    """The flow network's tensors and the file they come from."""
    from mgld_bench.networks.spynet import basicsr_names
    from mgld_bench.weights.reading import read_state_dict

    if options.flow_network == "raft" and networks.flow_state is not None:
        return networks.flow_state, weights["diffusion"]
    if FLOW not in weights:
        raft = f", and there is no RAFT in {weights['diffusion']}: add raft-things.pth" if options.flow_network == "raft" else ""
        raise InputError(f"{TITLE} with {options.flow_network} needs a weight file of role {FLOW}: its card names none{raft}")
    state = _without_prefix(read_state_dict(weights[FLOW]), "module.")
    if options.flow_network == "spynet":
        state = {name: tensor for name, tensor in basicsr_names(state).items() if name not in _SPYNET_CONSTANTS}
    return state, weights[FLOW]


def _without_prefix(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items()}
