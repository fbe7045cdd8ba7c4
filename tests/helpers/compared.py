"""Results databases with made-up but realistic scores, for comparisons: `python tests/helpers/compared.py FOLDER` writes one."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mgld_bench.clips.digest import text_digest
from mgld_bench.engine.store import FinishedUnit, Store
from mgld_bench.metrics.metric import ClipScore

SETS = {"reds4": 4, "udm10": 10, "spmcs": 30}
METRICS: Mapping[str, tuple[float, float]] = {"psnr.rgb": (26.0, 1.0), "ssim.rgb": (0.75, 0.03), "lpips.alex": (0.3, -0.05)}
"""Mean, and what a better method by 1 dB gains."""
PROVENANCE: dict[str, Any] = {
    "command": "mgld-bench run table1",
    "versions": {"python": "3.11.7", "mgld-bench": "0.1.0", "torch": "2.14.1", "opencv": "5.0.0"},
    "encoder": {"ffmpeg": "7.1", "sha256": "0d709a0bed1a" + "0" * 52},
    "hardware": {"system": "Linux x86_64", "processor": "Example CPU", "cores": 2},
    "device": "cpu, 2 cores",
    "precision": "float32",
}


def card(method: str, **changed: Any) -> dict[str, Any]:
    """A method's card as it is recorded."""
    found = {
        "name": method,
        "title": "",
        "notes": "",
        "restorer": "mgld_bench.methods.rrdbnet:RRDBNetRestorer",
        "weights": {"network": {"file": f"{method}.pth", "sha256": "", "license": "BSD-3-Clause"}},
        "options": {"tile": 0},
        "publication": {"license": "BSD-3-Clause", "parameters": "16.70M", "trained_on": []},
    }
    return {**found, **changed}


LEGACY = False
"""Write what version 0.1 recorded, which is less."""


class Filler:
    """Writes the results of runs into a database, unit by unit as a real run does."""

    def __init__(self, store: Store, provenance: Mapping[str, Any] = PROVENANCE) -> None:
        self.store = store
        self.provenance = provenance

    def run(
        self,
        method: str,
        scores: Mapping[tuple[str, str], Mapping[str, float]],
        *,
        pair: str = "pair",
        checkpoint: str = "1",
        protocol: str = "mgld-2024",
        frames: Sequence[int] = range(3),
        revision: int = 1,
        seconds: float = 1.0,
        card_of: Mapping[str, Any] | None = None,
    ) -> int:
        """One run with these scores by (dataset, metric) and clip; returns its number."""
        number = self.store.begin_run("table1", self.provenance)
        units: list[tuple[FinishedUnit, ClipScore | None]] = []
        for dataset, clip in dict.fromkeys((dataset, clip) for (dataset, _), clips in scores.items() for clip in clips):
            made_of = {
                "method": dict(card_of or card(method)),
                "weights": {"network": text_digest([method, checkpoint])},
                "dataset": dataset,
                "pair": text_digest([pair, dataset, clip]),
                "revision": 1,
            }
            key = text_digest(made_of)
            facts: dict[str, Any] = {
                "made_of": made_of,
                "peak_memory": 1_500_000_000,
                "device": "cpu, 2 cores",
                "precision": "float32",
            }
            restored = FinishedUnit(key, "restore", dataset, clip, method, frames=100, seconds=100 * seconds, facts=facts)
            if LEGACY:
                del facts["made_of"]
            units.append((restored, None))
            for (of_dataset, metric), clips in scores.items():
                if of_dataset == dataset and clip in clips:
                    about: dict[str, Any] = {
                        "definition": "",
                        "revision": revision,
                        "files": {},
                        "frames": "all",
                        "restored_key": key,
                    }
                    if LEGACY:
                        del about["frames"], about["restored_key"]
                    unit = FinishedUnit(
                        text_digest([key, metric, protocol, revision, list(frames)]),
                        "score",
                        dataset,
                        clip,
                        method,
                        metric,
                        protocol,
                        len(frames),
                        1.0,
                        about,
                    )
                    units.append((unit, ClipScore(metric, clips[clip], dict.fromkeys(frames, clips[clip]))))
        self.store.add(number, units)
        return number


def made_up(
    gain: float, seed: int, sets: Mapping[str, int] = SETS, noise: float = 0.15
) -> dict[tuple[str, str], dict[str, float]]:
    """Scores of a method that is better than another by ``gain`` dB, on clips whose content is always the same."""
    own = np.random.default_rng(seed)
    found: dict[tuple[str, str], dict[str, float]] = {}
    for dataset, count in sets.items():
        content = np.random.default_rng(len(dataset) + count).normal(0, 3, count)
        better = gain + noise * own.standard_normal(count)
        for metric, (level, slope) in METRICS.items():
            values = level + slope * (content + better)
            found[dataset, metric] = {f"{place:03d}": float(value) for place, value in enumerate(values)}
    return found


def example_store(folder: Path) -> Path:
    """A workspace with a database of five methods on three sets; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    with Store(f"sqlite:///{folder / 'results.sqlite'}") as store:
        filler = Filler(store)
        filler.run("bicubic", made_up(0.0, 1), seconds=0.002)
        filler.run("realesrgan", made_up(-0.6, 2), seconds=2.9)
        filler.run("realbasicvsr", made_up(0.32, 3), seconds=0.8)
        leaked = card("stablesr", publication={"license": "S-Lab License 1.0", "parameters": "", "trained_on": ["REDS4"]})
        filler.run("stablesr", made_up(0.4, 4), seconds=14.0, card_of=leaked)
        filler.run("mine", made_up(0.35, 5), seconds=1.1)
    return folder


if __name__ == "__main__":
    print(example_store(Path(sys.argv[1])))
