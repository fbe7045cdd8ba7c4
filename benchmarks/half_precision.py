"""How far half precision moves each method's frames from float32.

    python benchmarks/half_precision.py [--device cuda] [--methods rvrt,realbasicvsr] [--size 64x64] [--frames 4]

Weights are the card's where its files are at hand, else random but fixed ones, which only show the order of magnitude. On a CPU,
where methods otherwise refuse half precision, this uses the CPU's own, which rounds much as a GPU does.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt

from mgld_bench.cards.loader import load_method
from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.clip import Clip
from mgld_bench.engine.profiling import moving_texture
from mgld_bench.methods.compute import Compute, Precision
from mgld_bench.restoring.loading import load_restorer, load_untrained, why_unavailable

METHODS = "realesrgan,realesr-animevideov3,realbasicvsr,basicvsr,rvrt,dbvsr,realvsr"
HALVES: tuple[Precision, ...] = ("float16", "bfloat16")


class AnyPrecision(Compute):
    """Half precision on a CPU too."""

    def _check_cpu(self) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare half precision with float32.")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--size", default="64x64", help="of the LR frames, width x height")
    parser.add_argument("--frames", type=int, default=4)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    clip = moving_texture(options.frames, height, width)
    print(f"{'method':22} {'weights':10} {'precision':10} {'PSNR, dB':>9} {'largest difference, levels':>27}")
    for name in options.methods.split(","):
        card = load_method(name)
        weights = "official" if why_unavailable(card, Compute()) is None else "random"
        exact = restored(card, Compute(options.device), clip)
        for precision in HALVES:
            rounded = restored(card, AnyPrecision(options.device, precision), clip)
            difference = np.abs(rounded - exact)
            error = float(np.mean(difference**2))
            psnr = 10 * np.log10(255**2 / error) if error else float("inf")
            print(f"{name:22} {weights:10} {precision:10} {psnr:9.2f} {difference.max():27.0f}", flush=True)


def restored(card: MethodCard, compute: Compute, clip: Clip) -> npt.NDArray[np.float64]:
    load = load_restorer if why_unavailable(card, Compute()) is None else load_untrained
    return np.stack(list(load(card, compute).restore(clip))).astype(float)


if __name__ == "__main__":
    main()
