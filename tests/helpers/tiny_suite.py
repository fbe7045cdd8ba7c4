"""A suite as small as one can be, for tests that run the program hundreds of times: two clips of two frames, two methods."""

from __future__ import annotations

from pathlib import Path

import yaml

from mgld_bench.clips.writing import frame_name, write_frame
from tests.helpers.clip_samples import make_frames
from tests.helpers.night_suite import write_checkpoint

SIDE = 64
CLIPS = ("a", "b")


def write_tiny_suite(folder: Path) -> None:
    """Write in ``folder``: ``cards`` with the suite ``small``, its ground truth ``data``, frames ``guess`` that are to be scored,
    ``clip`` to be restored, and ``mine.pth``, a checkpoint."""
    cards: dict[str, dict[str, object]] = {
        "datasets/tiny.yaml": {
            "name": "tiny",
            "title": "Tiny",
            "degradation": "realbasicvsr",
            "size": [SIDE, SIDE],
            "layouts": [{"name": "common", "ground_truth": "GT/{clip}"}],
            "clips": [{"name": name, "frames": 2} for name in CLIPS],
        },
        "reports/protocols/plain.yaml": {"name": "plain", "title": "Plain", "metrics": {"psnr": "psnr.rgb", "ssim": "ssim.rgb"}},
        "reports/small.yaml": {
            "name": "small",
            "title": "Small",
            "protocol": "plain",
            "methods": ["bicubic", "compact"],
            "datasets": [{"name": "tiny", "metrics": ["psnr", "ssim"]}],
            "plots": [],
        },
        "baselines/compact.yaml": {
            "name": "compact",
            "title": "Compact",
            "restorer": "mgld_bench.methods.srvgg:SRVGGRestorer",
            "weights": {"network": {"file": "compact.pth"}},
        },
    }
    for name, card in cards.items():
        path = folder / "cards" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(card))
    for number, clip in enumerate(CLIPS):
        for index, frame in enumerate(make_frames(count=2, height=SIDE, width=SIDE, seed=number)):
            write_frame(folder / "data" / "GT" / clip / frame_name(index), frame)
            write_frame(folder / "guess" / clip / frame_name(index), frame // 2)
    for index, frame in enumerate(make_frames(count=2, height=16, width=16)):
        write_frame(folder / "clip" / frame_name(index), frame)
    write_checkpoint(folder / "home" / "weights" / "compact.pth", 1)
    write_checkpoint(folder / "mine.pth", 2)
