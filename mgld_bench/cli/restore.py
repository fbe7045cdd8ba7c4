"""mgld-bench restore: one clip or a folder of clips with one method."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mgld_bench.cli.options import Cards, Colour, Device, MaxMemory, Offline, Precision


def restore(
    method: Annotated[str, typer.Argument(help="Name of a method card, or a card file.")],
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="An LR clip (folder of frames, or video), or a folder of such clips.")
    ],
    output: Annotated[Path, typer.Argument(help="Folder for the restored clips: OUTPUT/<clip>/%08d.png.")],
    video: Annotated[bool, typer.Option("--video", help="Also write each restored clip as lossless video (FFV1, .mkv).")] = False,
    fps: Annotated[int, typer.Option("--fps", help="Frames per second of the video.")] = 25,
    colour: Colour = "",
    offline: Offline = False,
    device: Device = "",
    precision: Precision = "float32",
    max_memory: MaxMemory = "",
    cards: Cards = None,
) -> None:
    """Restore LR clips. Finished clips are kept; after an interruption, run the same command again to resume.

    Example: mgld-bench restore realesrgan lr_clips/ restored/
    """
    from mgld_bench.cli.display import progress_display
    from mgld_bench.clips.reading import find_clips, open_clip
    from mgld_bench.clips.writing import write_video
    from mgld_bench.engine.machine import compute_on
    from mgld_bench.engine.restore_folders import restore_clips

    compute = compute_on(device, precision, max_memory)
    folders = restore_clips(method, find_clips(source, colour=colour), output, compute, cards or (), progress_display())
    for folder in folders:
        if video:
            write_video(folder.with_name(f"{folder.name}.mkv"), open_clip(folder).frames(), fps)
        typer.echo(folder)
