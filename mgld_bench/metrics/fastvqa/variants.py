"""The variants of FAST-VQA and FasterVQA: which network, and which frames it is shown.

H. Wu et al.: FAST-VQA. ECCV 2022, and Neighbourhood Representative Sampling. TPAMI 2023 (FasterVQA). The authors' test code
takes frames as the papers describe it (`.grid`). Their script for single videos, vqa.py, which alone prints scores in 0..1 and is
what papers may have run, takes neighbouring frames instead (`.script`): it leaves out the step between frames and FasterVQA's
grid in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.metrics.weight_files import weight_file

Sampling = Literal["grid", "script"]


@dataclass(frozen=True)
class Model:
    """One of the two networks."""

    title: str
    weight: str
    """The name of its file in weights.yaml."""
    centre: float
    scale: float
    """How vqa.py standardises the raw score."""
    clips: int
    """Of 32 frames each."""
    parts: int
    """Of the clip, from each of which the grid takes neighbouring frames."""
    aligned: int
    """How many neighbouring frames of the view have their fragments at the same places."""


MODELS: Final = {
    "fastvqa": Model("FAST-VQA", "fastvqa-b", centre=-0.110198185, scale=0.04178565, clips=4, parts=4, aligned=32),
    "fastervqa": Model("FasterVQA", "fastervqa", centre=0.14759505, scale=0.03613452, clips=1, parts=8, aligned=8),
}
CLIP_FRAMES: Final = 32
FRAME_STEP: Final = 2
"""Of the grid; the script takes every frame."""


def score_of(raw: float, model: Model) -> float:
    """The score in 0..1, as vqa.py prints it.

    >>> score_of(MODELS["fastvqa"].centre, MODELS["fastvqa"])
    0.5
    """
    # Here, because lists of metrics do without it.
    from scipy.special import expit

    return float(expit((raw - model.centre) / model.scale))


def _seen(model: Model, sampling: Sampling) -> str:
    if sampling == "script":
        clips = "32 neighbouring frames in the middle" if model.clips == 1 else f"{model.clips} runs of 32 neighbouring frames"
        return f"{clips}, as vqa.py of the authors takes them"
    frames = model.clips * CLIP_FRAMES // model.parts
    return f"{frames} frames, every second one, from each of {model.parts} parts of the clip, as the papers state"


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    samplings: tuple[Sampling, ...] = ("grid", "script")
    return tuple(
        Variant(
            MetricFacts(
                name=f"{name}.{sampling}",
                title=model.title,
                direction="higher",
                needs_reference=False,
                per_frame=False,
                digits=4,
                revision=1,
                definition=f"sigmoid((raw - {model.centre}) / {model.scale}); {_seen(model, sampling)}; each as 7x7 fragments of "
                f"32x32 whose places are drawn anew every {model.aligned} frames with a seed: the CRC-32 of the clip's name; "
                "8-bit RGB; float32; one draw",
                license="MIT (code; none stated for the weights)",
                weights={"network": weight_file(model.weight)},
                shown_facts=("seed",),
                bounds=(0.0, 1.0),
            ),
            "mgld_bench.metrics.fastvqa.metric:FastVqa",
            {"model": model, "sampling": sampling},
            croppable=False,
            on_device=True,
        )
        for name, model in MODELS.items()
        for sampling in samplings
    )
