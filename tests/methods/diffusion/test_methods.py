"""MGLD-VSR and StableSR from LR clip to frames, with small networks and random weights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mgld_bench.clips.clip import ArrayClip, Clip, Frame
from mgld_bench.errors import InputError
from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.latent_diffusion import LatentDiffusion, Piece
from mgld_bench.methods.diffusion.networks import DiffusionNetworks
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions, latent_boxes
from mgld_bench.methods.mgld_tiny import TINY, TinyMGLDOptions, TinyMGLDVSR
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.methods.stablesr import StableSR, StableSROptions
from mgld_bench.methods.tiling.diffusion import picture_boxes
from mgld_bench.networks.diffusion.text_tower import TextTower
from mgld_bench.networks.raft.network import RAFT
from tests.helpers.small_diffusion import SMALL, diffusion_state, mgld, mix_frames, stablesr, stablesr_sizes


@pytest.fixture(scope="module")
def clip(low_resolution: Clip) -> Clip:
    """Seven real frames of 24 x 32, the first three and back again."""
    frames = list(low_resolution.frames())
    return ArrayClip("bunny", np.stack([frames[index] for index in (0, 1, 2, 1, 0, 1, 2)]))


@pytest.fixture(scope="module")
def restored(clip: Clip) -> list[Frame]:
    restorer = mgld()
    mix_frames(restorer)
    return list(restorer.restore(clip))


def differ(one: list[Frame], other: list[Frame]) -> bool:
    return any(not np.array_equal(first, second) for first, second in zip(one, other, strict=True))


def first_segment(clip: Clip, **options: Any) -> list[Frame]:
    restorer = mgld(**options)
    mix_frames(restorer)
    whole = restorer.restore(ArrayClip("bunny", np.stack([clip.frame(index) for index in range(5)])))
    return list(whole)


def test_every_frame_comes_four_times_as_large_and_is_a_picture(clip: Clip, restored: list[Frame]) -> None:
    assert [frame.shape for frame in restored] == [(96, 128, 3)] * 7
    for frame, small in zip(restored, clip.frames(), strict=True):
        # adain gives each frame the mean of the enlarged LR frame, padding included.
        assert abs(float(frame.mean()) - float(small.mean())) < 8
        assert frame.std() > 20


def test_restoring_resumes_at_any_segment_with_the_same_frames(clip: Clip, restored: list[Frame]) -> None:
    restorer = mgld()
    mix_frames(restorer)
    assert [restorer.resume_point(finished) for finished in (0, 4, 5, 6)] == [0, 0, 5, 5]
    assert not differ(list(restorer.restore(clip, 5)), restored[5:])


def test_each_segment_draws_noise_of_its_own(clip: Clip) -> None:
    twice = ArrayClip("bunny", np.stack([clip.frame(index % 5) for index in range(10)]))
    frames = list(mgld().restore(twice))
    assert differ(frames[:5], frames[5:])


@pytest.mark.parametrize("count", [1, 2])
def test_clips_shorter_than_a_segment_are_restored(clip: Clip, count: int) -> None:
    short = ArrayClip("bunny", np.stack([clip.frame(index) for index in range(count)]))
    assert len(list(mgld().restore(short))) == count


def test_the_last_frame_is_its_last_repetition_as_in_the_script_and_its_first_where_repaired(clip: Clip) -> None:
    short = ArrayClip("bunny", np.stack([clip.frame(0)] * 4))
    whole = ArrayClip("bunny", np.stack([clip.frame(0)] * 5))
    for faithful, slot in ((True, 4), (False, 3)):
        all_slots = list(mgld(faithful=faithful).restore(whole))
        assert np.array_equal(list(mgld(faithful=faithful).restore(short))[3], all_slots[slot])
        assert not np.array_equal(all_slots[3], all_slots[4])


ABLATIONS: dict[str, dict[str, Any]] = {
    "guidance off": {"guidance": 0.0},
    "guidance as printed": {"guidance_rule": "paper"},
    "another strength": {"guidance": 1.0},
    "temporal layers off": {"temporal": False},
    "temporal mixing off": {"decoder_temporal": False},
    "warping off": {"decoder_fusion": 0.0},
    "wavelet": {"color_fix": "wavelet"},
    "no colour fix": {"color_fix": "none"},
    "repaired": {"faithful": False},
    "three steps": {"steps": 3},
    "another seed": {"seed": 43},
}


@pytest.mark.parametrize("options", ABLATIONS.values(), ids=ABLATIONS.keys())
def test_every_option_changes_the_frames(clip: Clip, restored: list[Frame], options: dict[str, Any]) -> None:
    assert differ(first_segment(clip, **options), restored[:5])


def test_large_pictures_are_restored_tile_by_tile(clip: Clip) -> None:
    wide = ArrayClip("wide", np.stack([np.tile(clip.frame(index), (1, 2, 1)) for index in range(5)]))
    whole = list(mgld(color_fix="none").restore(wide))
    tiled = list(mgld(color_fix="none", picture_tile=192, picture_stride=128).restore(wide))
    assert [frame.shape for frame in tiled] == [(96, 256, 3)] * 5
    assert differ(tiled, whole)
    # Tiles draw the same noise in every segment.
    twice = ArrayClip("wide", np.concatenate([np.stack(list(wide.frames()))] * 2))
    again = list(mgld(color_fix="none", picture_tile=192, picture_stride=128).restore(twice))
    assert not differ(again[:5], again[5:])


def test_parts_of_the_motion_lie_where_the_picture_tiles_do_where_repaired() -> None:
    pictures = picture_boxes(736, 3200, 960, 750)
    kept = latent_boxes(736, 3200, MGLDOptions())
    repaired = latent_boxes(736, 3200, MGLDOptions(faithful=False))
    assert [box.left for box in kept] == [0, 93, 186, 279, 280]
    assert [(box.left, box.right) for box in repaired] == [(0, 120), (94, 214), (188, 308), (280, 400)]
    assert all(abs(box.left - picture.left / 8) <= 0.5 for box, picture in zip(repaired, pictures, strict=True))


def test_raft_guides_as_well(clip: Clip) -> None:
    """At the least size that RAFT can see: one tile of 64, 512 pixels."""
    still = ArrayClip("still", np.stack([clip.frame(0)] * 2))
    restorer = mgld(flow_network="raft", tile=64, tile_overlap=32, steps=1, decoder_fusion=0.0)
    assert isinstance(restorer.networks()["flow"], RAFT)
    assert len(list(restorer.restore(still))) == 2
    with pytest.raises(InputError, match="which is a tile of 64"):
        mgld(flow_network="raft")


def test_stablesr_restores_each_frame_by_itself(clip: Clip) -> None:
    frames = list(stablesr().restore(clip))
    assert [frame.shape for frame in frames] == [(96, 128, 3)] * 7
    assert not differ(list(stablesr().restore(clip, 4)), frames[4:])
    other = ArrayClip("bunny", np.stack([clip.frame(2), clip.frame(1)]))
    assert np.array_equal(list(stablesr().restore(other))[1], frames[1])
    assert differ(list(stablesr(decoder_fusion=0.0).restore(other)), frames[:2])


def test_stablesr_tiles_of_pictures_that_are_low_and_wide(clip: Clip) -> None:
    """Where the authors' script stops with a shape error."""
    wide = ArrayClip("wide", np.tile(clip.frame(0), (1, 2, 1))[None])
    (tiled,) = stablesr(picture_tile=192, picture_stride=128).restore(wide)
    assert tiled.shape == (96, 256, 3)


class Scarce(LatentDiffusion):
    """Runs out of memory whenever more than one tile or frame is asked for."""

    def _tiles_at_once(self, pictures: torch.Tensor) -> int:
        return 4

    def _sample(self, piece: Piece, tiles: int) -> torch.Tensor:
        if tiles > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super()._sample(piece, tiles)


def test_lack_of_memory_is_noted_and_the_frames_are_the_same(
    clip: Clip, restored: list[Frame], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("mgld_bench.methods.diffusion.latent_diffusion.LatentDiffusion", Scarce)
    restorer = mgld()
    mix_frames(restorer)
    frames: Iterator[Frame] = restorer.restore(clip)
    assert np.array_equal(next(frames), restored[0])
    assert "tiles at a time reduced to 1" in restorer.notes(clip)["memory"]
    assert "memory was not enough" in caplog.text


def write_files(folder: Path, restorer: AnyRestorer, text: TextTower, **extra: torch.Tensor) -> dict[str, Path]:
    """The restorer's weights as the authors' Lightning files hold them."""
    networks = dict(restorer.networks())
    main = {**diffusion_state(networks, text), **extra}
    decoder = {**networks["decoder"].state_dict(), "loss.logvar": torch.zeros(())}
    weights = {"diffusion": folder / "main.ckpt", "decoder": folder / "decoder.ckpt"}
    torch.save({"state_dict": main, "global_step": 42000}, weights["diffusion"])
    torch.save({"state_dict": decoder}, weights["decoder"])
    return weights


def random_text_tower() -> TextTower:
    """The text tower with the weights of a method without files."""
    text = TextTower(TINY.text)
    fill_with_fixed_weights(text)
    return text


@pytest.mark.parametrize("method", ["mgld", "stablesr"])
def test_files_of_the_authors_form_give_what_their_weights_give(clip: Clip, tmp_path: Path, method: str) -> None:
    start = ArrayClip("bunny", np.stack([clip.frame(0), clip.frame(1)]))
    built: AnyRestorer
    loaded: AnyRestorer
    if method == "mgld":
        built = mgld(guidance=0.0)
        weights = write_files(tmp_path, built, random_text_tower())
        torch.save(built.networks()["flow"].state_dict(), tmp_path / "flow.pth")
        options = MGLDOptions(**SMALL, flow_network="spynet", networks=TINY, guidance=0.0)
        loaded = MGLDVSR(options, {**weights, "flow": tmp_path / "flow.pth"}, Compute())
    else:
        built = stablesr()
        weights = write_files(tmp_path, built, random_text_tower())
        loaded = StableSR(StableSROptions(**SMALL, networks=stablesr_sizes()), weights, Compute())
    assert not differ(list(loaded.restore(start)), list(built.restore(start)))


def test_raft_is_taken_from_the_diffusion_file(tmp_path: Path) -> None:
    built = mgld(flow_network="raft", tile=64, tile_overlap=32)
    flow = built.networks()["flow"].state_dict()
    weights = write_files(
        tmp_path, built, random_text_tower(), **{f"flownet_model.{name}": value for name, value in flow.items()}
    )
    options = MGLDOptions(networks=TINY)
    found = MGLDVSR(options, weights, Compute()).networks()["flow"].state_dict()
    assert all(torch.equal(found[name], value) for name, value in flow.items())
    without = write_files(tmp_path, built, random_text_tower())
    with pytest.raises(InputError, match="MGLD-VSR with raft needs a weight file of role flow"):
        MGLDVSR(options, without, Compute())


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    built = stablesr()
    weights = write_files(tmp_path, built, random_text_tower())
    options = StableSROptions(**SMALL, networks=stablesr_sizes())
    with pytest.raises(InputError, match="role decoder: its card names none"):
        StableSR(options, {"diffusion": weights["diffusion"]}, Compute())
    with pytest.raises(InputError, match="decoder: it has no temporal mixing, the card asks for temporal mixing of version 1"):
        MGLDVSR(MGLDOptions(**SMALL, networks=TINY, guidance=0), _as_mgld(tmp_path, weights), Compute())
    for role in ("diffusion", "decoder"):
        StableSR.check_file(options, role, weights[role])
    with pytest.raises(InputError, match="it contains only an autoencoder, as the file of role decoder does"):
        StableSR.check_file(options, "diffusion", weights["decoder"])
    with pytest.raises(InputError, match="U-Net, as the file of role diffusion does"):
        StableSR.check_file(options, "decoder", weights["diffusion"])
    with pytest.raises(InputError, match="its U-Net has no temporal layers, like StableSR's"):
        MGLDVSR.check_file(MGLDOptions(**SMALL, networks=TINY), "diffusion", weights["diffusion"])
    state = torch.load(weights["diffusion"])["state_dict"]
    missing = next(name for name in state if name.startswith("first_stage_model."))
    del state[missing]
    torch.save({"state_dict": state}, weights["diffusion"])
    with pytest.raises(InputError, match=rf"StableSR's first stage: {missing.removeprefix('first_stage_model.')} is missing"):
        StableSR(options, weights, Compute())


def _as_mgld(folder: Path, weights: dict[str, Path]) -> dict[str, Path]:
    """MGLD-VSR's diffusion file with StableSR's decoder."""
    (folder / "mgld").mkdir()
    return {"diffusion": write_files(folder / "mgld", mgld(), random_text_tower())["diffusion"], "decoder": weights["decoder"]}


WRONG: dict[str, tuple[Callable[..., object], dict[str, Any]]] = {
    "segment: 4 frames, but the unet was built for 5": (mgld, {"segment": 4}),
    "tile: 20 is not a multiple of 8": (mgld, {"tile": 20}),
    "tile_overlap: 16 is not below": (stablesr, {"tile_overlap": 16}),
    "picture_stride: 200 is above picture_tile": (stablesr, {"picture_tile": 192, "picture_stride": 200}),
    "picture_tile: 100 has to be a multiple of 8, and at least 128": (mgld, {"picture_tile": 100, "picture_stride": 50}),
}


@pytest.mark.parametrize("message", WRONG)
def test_options_that_do_not_fit_each_other_are_refused(message: str) -> None:
    make, options = WRONG[message]
    with pytest.raises(InputError, match=message):
        make(**options)


def test_segments_together_give_what_they_give_one_by_one(
    clip: Clip, restored: list[Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MGLDVSR, "_segments_at_once", lambda _self, _geometry: 2)
    restorer = mgld()
    mix_frames(restorer)
    together = np.stack(list(restorer.restore(clip)))
    assert np.abs(together.astype(int) - np.stack(restored)).max() <= 1


def test_notes_say_where_the_authors_scripts_would_stop(clip: Clip) -> None:
    wide = ArrayClip("wide", np.tile(clip.frame(0), (1, 2, 1))[None])
    low = {"picture_tile": 192, "picture_stride": 128}
    assert "script fails for pictures of a single tile" in mgld().notes(wide)["noise"]
    assert "noise" not in mgld(**low).notes(wide)
    assert stablesr().notes(wide) == {}
    assert stablesr(**low).notes(wide)["tiles"].endswith("if only one side is above 192; here tiles are 192 x 160")
    assert "padded border" in mgld().notes(wide)["size"]
    assert "size" not in mgld(faithful=False).notes(wide)


def test_a_file_in_half_precision_is_read_as_well(clip: Clip, tmp_path: Path) -> None:
    """The empty prompt's embedding is computed in float32 all the same."""
    built = stablesr()
    weights = write_files(tmp_path, built, random_text_tower())
    main = torch.load(weights["diffusion"])["state_dict"]
    torch.save({"state_dict": {name: value.half() for name, value in main.items()}}, weights["diffusion"])
    loaded = StableSR(StableSROptions(**SMALL, networks=stablesr_sizes()), weights, Compute())
    assert all(parameter.dtype == torch.float32 for name, part in loaded.networks().items() for parameter in part.parameters())
    assert loaded._networks.text.dtype == torch.float32
    start = ArrayClip("bunny", clip.frame(0)[None])
    (exact,), (rounded,) = built.restore(start), loaded.restore(start)
    assert 0 < np.abs(exact.astype(int) - rounded).mean() < 5


def test_what_runs_in_every_step_is_one_graph_for_a_compiler() -> None:
    """Compiling itself takes minutes; where tracing breaks off, it would gain nothing and may fail."""
    networks = DiffusionNetworks(TINY, None, Compute(), "MGLD-VSR")
    tiles = torch.zeros(5, 4, 16, 16)
    with torch.no_grad():
        traced = torch._dynamo.explain(networks.predict)(tiles, tiles, torch.tensor([500]))
    assert (traced.graph_count, traced.graph_break_count) == (1, 0)


def test_the_smoke_test_takes_a_checkpoint_and_keeps_random_weights_for_what_has_none(clip: Clip, tmp_path: Path) -> None:
    start = ArrayClip("bunny", clip.frame(0)[None])
    main = write_files(tmp_path, mgld(), random_text_tower())["diffusion"]
    (random,) = TinyMGLDVSR(TinyMGLDOptions(), None, Compute()).restore(start)
    (loaded,) = TinyMGLDVSR(TinyMGLDOptions(), {"diffusion": main}, Compute()).restore(start)
    assert np.array_equal(random, loaded), "the file holds the same random weights"


@pytest.mark.parametrize(("role", "reason"), [("decodr", "did you mean decoder?"), ("decoder", "not a decoder")])
def test_a_wrong_file_of_the_smoke_test_is_one_line(role: str, reason: str, tmp_path: Path) -> None:
    main = write_files(tmp_path, mgld(), random_text_tower())["diffusion"]
    with pytest.raises(InputError, match=re.escape(reason)):
        TinyMGLDVSR(TinyMGLDOptions(), {role: main}, Compute())
