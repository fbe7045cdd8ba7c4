"""ColorVideoVDP's variants: one for each display on which a clip is taken to be seen.

R. K. Mantiuk et al.: ColorVideoVDP: A visual difference predictor for image, video and display distortions. SIGGRAPH 2024.
"""

from __future__ import annotations

from importlib import metadata
from typing import Final

from mgld_bench.metrics.metric import MetricFacts, Variant

PACKAGE: Final = "cvvdp"
VERSION: Final = "0.5.7"
"""With which the metric is tested; its own version decides numbers."""
FRAMES_PER_SECOND: Final = 25
INSTALL: Final = f"pip install --no-deps {PACKAGE}=={VERSION}"
"""Without its dependencies: those that it needs here are there already, and one of them, `ffmpeg`, overwrites ffmpeg-python."""
_DISPLAYS: Final = {
    "standard_4k": "a 30-inch 4K monitor, 200 cd/m2, in an office, from 2 heights",
    "standard_fhd": "a 24-inch Full HD monitor, 200 cd/m2, in an office, from 2 heights",
}


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    version = installed_version() or VERSION
    return tuple(
        Variant(
            MetricFacts(
                name=f"cvvdp.{display}",
                title="CVVDP",
                direction="higher",
                needs_reference=True,
                per_frame=False,
                digits=3,
                revision=1,
                definition=f"ColorVideoVDP {version} on its display {display} ({seen}); 8-bit sRGB, {FRAMES_PER_SECOND} frames "
                "per second, the first frame repeated before it; JOD of the whole clip, 10: no visible difference",
                license="MIT (package cvvdp)",
                files={PACKAGE: version},
                needs_neighbours=True,
                bounds=(None, 10.0),
            ),
            "mgld_bench.metrics.cvvdp.metric:Cvvdp",
            {"display": display},
            croppable=False,
            on_device=True,
            why_unavailable=why_unavailable,
        )
        for display, seen in _DISPLAYS.items()
    )


def installed_version() -> str:
    """The version of the installed package; "" where there is none."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return ""


def why_unavailable() -> str | None:
    """Why the metric cannot run here, in one line, or None."""
    return None if installed_version() else f"the package {PACKAGE} is not installed ({INSTALL})"
