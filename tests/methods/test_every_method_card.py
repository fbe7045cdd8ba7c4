"""Every shipped method card, with a reduced network and random weights, through the verb restore on real video.

The weights lie in a file as a user's checkpoint would: what reads, windows, tiles, writes and resumes is what runs for the
official one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from mgld_bench.cards.loader import list_cards, load_method
from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.clip import ArrayClip, Clip
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.restore_folders import restore_clips
from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.mgld_tiny import TINY
from mgld_bench.networks.diffusion.text_tower import TextTower
from mgld_bench.restoring.loading import load_restorer, load_untrained
from mgld_bench.weights.rrdbnet import REAL_ESRGAN, parameter_shapes
from tests.helpers.small_diffusion import diffusion_state


def restorer_name(card: MethodCard) -> str:
    return card.restorer.rpartition(":")[2]


# Finished results and programs of somebody else's have no network here.
ELSEWHERE = {"FinishedResults", "Program"}
CARDS = [entry.name for entry in list_cards("method") if restorer_name(load_method(entry.name)) not in ELSEWHERE]
FRAMES = 6
SMALL_DIFFUSION: dict[str, Any] = {"steps": 1, "tile": 16, "tile_overlap": 8}
RECURRENT = {"mid_channels": 8, "num_propagation_blocks": 1, "num_cleaning_blocks": 1}
REDUCED: dict[str, dict[str, Any]] = {
    "BasicVSRRestorer": {"network": {"mid_channels": 8, "num_blocks": 1}},
    "RealBasicVSRRestorer": {"network": RECURRENT},
    "RVRTRestorer": {
        "network": {
            "window_size": [2, 4, 4],
            "num_blocks": [1, 1, 1],
            "depths": [1, 1, 1],
            "embed_dims": [8, 8, 8],
            "num_heads": [2, 2, 2],
            "deformable_groups": 2,
            "attention_heads": 2,
        }
    },
    "DBVSRRestorer": {"network": {"features": 8, "condition_features": 4, "feature_blocks": 1, "reconstruction_blocks": 1}},
    "RealViformerRestorer": {
        "network": {"num_feat": 16, "num_blocks": [1, 1, 1, 1], "heads": [1, 1, 1], "merge_head": 1},
    },
    "RealVSRRestorer": {"network": {"front_blocks": 1, "back_blocks": 1, "groups": 2}},
    "MGLDVSR": {**SMALL_DIFFUSION, "flow_network": "spynet"},
    "StableSR": SMALL_DIFFUSION,
}
"""Options that make a restorer small, by its class; those of the RRDBNet family follow from their files."""
IN_PARTS: dict[str, dict[str, Any]] = {
    "RRDBNetRestorer": {"tile": 16, "tile_pad": 16},
    "SRVGGRestorer": {"tile": 16, "tile_pad": 18},
    "RVRTRestorer": {"tile_frames": 4},
    "MGLDVSR": {"picture_tile": 128, "picture_stride": 64},
    "StableSR": {"picture_tile": 128, "picture_stride": 64},
}
"""Options that cut frames or clips into smaller parts."""


@pytest.fixture(scope="module")
def clip(low_resolution: Clip, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Six real frames of 24 x 32, on disk as a user has them."""
    folder = tmp_path_factory.mktemp("lr") / "bunny"
    frames = list(low_resolution.frames())
    for index, place in enumerate((0, 1, 2, 1, 0, 1)):
        write_frame(folder / frame_name(index), frames[place])
    return open_clip(folder)


def write_reduced_card(folder: Path, name: str) -> Path:
    """A card that extends ``name`` with a small network, its files beside it; returns the folder of cards."""
    card = load_method(name)
    family = restorer_name(card)
    options = dict(REDUCED.get(family, {}))
    if family in {"MGLDVSR", "StableSR"}:
        options["networks"] = diffusion_sizes(card)
    (folder / "baselines").mkdir(parents=True)
    path = folder / "baselines" / "reduced.yaml"
    reduced: dict[str, Any] = {"name": "reduced", "extends": name, "options": options}
    path.write_text(yaml.safe_dump(reduced))
    if all(weight.package for weight in card.weights.values()):
        return folder
    files = random_files(load_method("reduced", [folder]), family)
    for role, state in files.items():
        torch.save(state, folder / f"{role}.pth")
    reduced["weights"] = {role: {"file": str(folder / f"{role}.pth")} for role in files}
    path.write_text(yaml.safe_dump(reduced))
    return folder


def random_files(card: MethodCard, family: str) -> dict[str, dict[str, torch.Tensor]]:
    """State dicts in the official form by role."""
    if family == "RRDBNetRestorer":
        generator = torch.Generator().manual_seed(0)
        shapes = parameter_shapes(REAL_ESRGAN, 8, 1)
        return {"network": {name: 0.1 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}}
    networks: dict[str, nn.Module] = dict(load_untrained(card, Compute()).networks())
    if family in {"StableSR", "MGLDVSR"}:
        text = fill_with_fixed_weights(TextTower(TINY.text))
        parts = {"diffusion": diffusion_state(networks, text), "decoder": networks["decoder"].state_dict()}
        return parts | ({"flow": networks["flow"].state_dict()} if "flow" in networks else {})
    return {"network": networks["network"].state_dict()}


def diffusion_sizes(card: MethodCard) -> dict[str, Any]:
    """Small networks of the kind that the card has, as its options."""
    sizes = TINY.model_dump(mode="json")
    sizes["unet"]["temporal"] = restorer_name(card) == "MGLDVSR"
    if restorer_name(card) == "StableSR" or card.name == "mgld-vsr-stablesr-decoder":
        sizes["decoder"] |= {"temporal_version": 0, "fusion": "rrdb"}
    return sizes


def restored(folder: Path, cards: Path, clip: Clip) -> np.ndarray:
    (output,) = restore_clips("reduced", [clip], folder, Compute(), [cards], Silent())
    return np.stack(list(open_clip(output).frames()))


def one_of_each_family_quick() -> list[Any]:
    """Every card; in the quick suite, the first of each restorer's cards."""
    seen: set[str] = set()
    cards: list[Any] = []
    for name in CARDS:
        family = restorer_name(load_method(name))
        cards.append(pytest.param(name, marks=pytest.mark.slow) if family in seen else name)
        seen.add(family)
    return cards


@pytest.mark.parametrize("name", one_of_each_family_quick())
def test_card(name: str, clip: Clip, tmp_path: Path) -> None:
    cards = write_reduced_card(tmp_path / "cards", name)
    frames = restored(tmp_path / "one", cards, clip)
    assert frames.shape == (FRAMES, 96, 128, 3)
    record = json.loads((tmp_path / "one" / "bunny.json").read_text())
    assert (record["frame_count"], record["facts"]["method"]["name"]) == (FRAMES, "reduced")
    assert frames.std() > 2
    assert np.array_equal(restored(tmp_path / "two", cards, clip), frames)
    assert_resuming_gives_the_same(load_method("reduced", [cards]), clip, frames)


def assert_resuming_gives_the_same(card: MethodCard, clip: Clip, frames: np.ndarray) -> None:
    """From wherever a run was broken off."""
    restorer = load_restorer(card, Compute())
    start = restorer.resume_point(FRAMES - 1)
    rest = np.stack(list(restorer.restore(clip, start)))
    assert np.array_equal(rest, frames[start:])


@pytest.mark.parametrize("family", IN_PARTS)
def test_smaller_parts_give_as_many_frames(family: str, clip: Clip, tmp_path: Path) -> None:
    """Of the same picture where the network sees no further than around its tile; the others have tests of their own."""
    name = next(card for card in CARDS if restorer_name(load_method(card)) == family)
    cards = write_reduced_card(tmp_path / "cards", name)
    whole = load_method("reduced", [cards])
    parts = whole.model_copy(update={"options": {**whole.options, **IN_PARTS[family]}})
    frames, cut = (np.stack(list(load_restorer(card, Compute()).restore(clip))).astype(int) for card in (whole, parts))
    assert cut.shape == frames.shape
    if family in {"SRVGGRestorer", "RRDBNetRestorer"}:
        assert np.abs(cut - frames).mean() < 0.5
    else:
        assert np.abs(cut - frames).max() > 0


def test_a_single_frame_is_enough_for_every_family(clip: Clip, tmp_path: Path) -> None:
    single = ArrayClip("single", clip.frame(0)[None])
    names = {restorer_name(load_method(name)): name for name in reversed(CARDS)}
    for family, name in names.items():
        card = load_method("reduced", [write_reduced_card(tmp_path / family, name)])
        assert next(load_restorer(card, Compute()).restore(single)).shape == (96, 128, 3)
