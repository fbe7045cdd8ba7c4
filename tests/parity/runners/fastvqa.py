"""Runs the fixtures of FAST-VQA and FasterVQA on mgld_bench.networks.fastvqa and mgld_bench.metrics.fastvqa."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from mgld_bench.metrics.dover.views import normalised
from mgld_bench.metrics.fastvqa.variants import MODELS, score_of
from mgld_bench.metrics.fastvqa.view import FragmentView
from mgld_bench.networks.dover.network import HeadConfig
from mgld_bench.networks.dover.technical import TechnicalConfig
from mgld_bench.networks.fastvqa import FastVQA, FastVQAConfig
from tests.parity.fixture import Fixture
from tests.parity.runners.dover import tuples

Outputs = dict[str, "np.ndarray[Any, Any]"]


def pipeline(fixture: Fixture) -> Outputs:
    config, call = fixture.facts["config"], fixture.facts["call"]
    model = MODELS[f"{call['model']}vqa"]
    network = FastVQA(FastVQAConfig(TechnicalConfig(**tuples(config["technical"])), HeadConfig(**config["head"]))).eval()
    filled = {name: torch.from_numpy(value) for name, value in fixture.weights().items()}
    network.load_state_dict(network.state_dict() | filled)
    frames = fixture.input("frames").transpose(0, 2, 3, 1)
    view = FragmentView(model, call["sampling"], frames.shape[:3], call["seed"])
    for index, frame in enumerate(frames):
        view.add(index, frame)
    assert not view.missing
    clips = torch.from_numpy(view.pixels).unflatten(0, (model.clips, -1))
    with torch.inference_mode():
        maps = torch.cat([network(normalised(clip[None])) for clip in clips])
    raw = maps.double().mean().item()
    pixels = view.pixels.transpose(3, 0, 1, 2)
    return {
        "inds": view.frames,
        "view_sums": pixels.sum((2, 3), dtype=np.float64),
        "view_rows": pixels[:, ::16, ::37],
        "map": maps[:, None].numpy(),
        "raw": np.array([raw]),
        "score": np.array([score_of(raw, model)]),
    }


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {("fastvqa", "pipeline"): pipeline}
