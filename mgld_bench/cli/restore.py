"""mgld-bench restore: one clip or a folder of clips with one method."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mgld_bench.cli.options import (
    AllowTF32,
    Cards,
    Clips,
    Colour,
    Device,
    Limit,
    MaxMemory,
    Offline,
    Precision,
    Quiet,
    Threads,
    TrustCards,
    split_names,
)


def restore(
    method: Annotated[str, typer.Argument(help="Name of a method card, or a card file.")],
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="An LR clip (folder of frames, or video), or a folder of such clips.")
    ],
    output: Annotated[Path, typer.Argument(help="Folder for the restored clips: OUTPUT/<clip>/%08d.png.")],
    video: Annotated[bool, typer.Option("--video", help="Also write each restored clip as lossless video (FFV1, .mkv).")] = False,
    fps: Annotated[
        str,
        typer.Option(
            "--fps", help="Frames per second of the video: 25, 29.97, 30000/1001; default: the input's, 25 for folders of frames."
        ),
    ] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace clips in OUTPUT that a different method or checkpoint restored.")
    ] = False,
    colour: Colour = "",
    clips: Clips = "",
    limit: Limit = None,
    offline: Offline = False,
    trust_cards: TrustCards = False,
    device: Device = "",
    threads: Threads = None,
    precision: Precision = "float32",
    allow_tf32: AllowTF32 = False,
    max_memory: MaxMemory = "",
    cards: Cards = None,
    quiet: Quiet = False,
) -> None:
    """Restore LR clips. Finished clips are kept; after an interruption, run the same command again to resume.

    A clip that cannot be restored does not hold up the rest: it is reported at once and again at the end, with exit code 2.

    Example: mgld-bench restore realesrgan lr_clips/ restored/
    """
    from mgld_bench.cli.display import progress_display
    from mgld_bench.clips.colour import check_colour
    from mgld_bench.clips.frame_rate import parse_rate
    from mgld_bench.engine.machine import compute_on
    from mgld_bench.engine.restore_folders import Wish, restore_folder
    from mgld_bench.pairs.subset import Subset

    check_colour(colour)
    wish = Wish(overwrite, video, parse_rate(fps) if fps else None, colour, Subset(split_names(clips), limit))
    compute = compute_on(device, precision, max_memory, allow_tf32)
    restore_folder(method, source, output, compute, cards or (), progress_display(quiet), wish, typer.echo)
