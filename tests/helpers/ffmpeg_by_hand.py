"""ffmpeg's own scores of two files of raw frames, by a command that is written out here."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mgld_bench.clips.ffmpeg import ffmpeg_binary
from tests.helpers.metric_samples import Frames


def report_by_hand(restored: Frames, reference: Frames, scoring: str, folder: Path) -> str:
    """What ``scoring``, a filter that writes to log, makes of [restored][reference] or of [reference][restored]."""
    size = f"{restored.shape[2]}x{restored.shape[1]}"
    raw = ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", size, "-framerate", "25"]
    (folder / "restored.rgb").write_bytes(restored.tobytes())
    (folder / "reference.rgb").write_bytes(reference.tobytes())
    convert = "scale=flags=bicubic:out_color_matrix=bt601:out_range=limited,format=yuv420p"
    graph = f"[0:v]{convert}[restored];[1:v]{convert}[reference];{scoring}"
    files = [*raw, "-i", "restored.rgb", *raw, "-i", "reference.rgb"]
    command = [ffmpeg_binary(), "-hide_banner", "-nostdin", *files, "-lavfi", graph, "-f", "null", "-"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "log").read_text()
