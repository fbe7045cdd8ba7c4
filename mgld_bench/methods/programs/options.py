"""What a method card states of a program: its command, its environment, how clips go in and come out."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from mgld_bench.clips.colour import check_colour
from mgld_bench.errors import InputError
from mgld_bench.methods.programs.margins import Margins
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.plain_data import PlainData

PLACEHOLDERS = frozenset({"lr", "lr_folder", "out", "clip", "frames", "height", "width", "out_height", "out_width", "device"})
"""What stands in braces in a command, beside the roles of the card's weights."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Environment(PlainData):
    """In what the command runs: one of the three, or none of them for the environment in which the suite runs."""

    conda: str = ""
    """Name or folder of a conda environment."""
    venv: str = ""
    """Folder of a virtual environment, absolute or from the program's folder."""
    docker: str = ""
    """An image, best by its digest. It sees the clip under /clip and the program's folder under /program."""
    variables: dict[str, str] = Field(default_factory=dict)
    """Variables that are set beside those of the caller."""

    @model_validator(mode="after")
    def _one(self) -> Environment:
        named = [name for name in ("conda", "venv", "docker") if getattr(self, name)]
        if len(named) > 1:
            raise ValueError(f"name one of {' and '.join(named)}, not both")
        return self


class ProgramOptions(RestorerOptions):
    """The options of a card whose restorer is ``mgld_bench.methods.program:Program``."""

    command: tuple[str, ...] = Field(min_length=1)
    """The program and its arguments, one item each: no shell takes them apart. {lr} is the folder of LR frames or the LR video,
    {lr_folder} the folder that holds it and nothing else, {out} an empty folder, {clip} the clip's name, {frames} {height}
    {width} what was handed over, {out_height} {out_width} the size of its frames, {device} cuda or cpu, and {ROLE} the file of a
    weight of the card."""
    folder: str = Field(default="", exclude=True)
    """The folder in which it runs, as a rule the checkout of its repository; "": an empty one."""
    environment: Environment = Environment()
    commit: str = Field(default="", pattern=r"^([0-9a-f]{7,40})?$")
    """The git commit that `folder` has to be at."""
    files: tuple[str, ...] = ()
    """Files and folders that decide what it does, absolute or from `folder`: the whole identity of a program without a
    repository, and weights that a command does not name."""
    lr: Literal["frames", "mkv", "mp4"] = "frames"
    """How the LR clip is handed over: PNG files, or lossless RGB video (FFV1 in Matroska, H.264 in MP4)."""
    lr_name: str = Field(default="{clip}", pattern=r"^[^/]+$")
    """The name of the folder or, without its suffix, of the video that {lr} is."""
    frame_name: str = Field(default="%08d.png", pattern=r"^[^/%]*%0[1-9]d[^/%]*\.png$")
    frame_rate: str = Field(default="25", pattern=r"^[1-9]\d*(/[1-9]\d*)?$")
    result: str = "{out}"
    """Where the restored clip is afterwards: a folder of frames or a video; one * stands for what is not known of its name."""
    pixel_format: str = ""
    """Of a video that it writes, exactly as ffmpeg names it: yuv420p has lost half of the colour's resolution, and says so."""
    colour: str = ""
    """Matrix and range of a video without tags: bt601, bt709, bt601-full or bt709-full."""
    margins: Margins = Margins()
    scale: int = Field(default=4, ge=1)
    """How many times larger its frames are; it restores only pairs of this scale."""
    time_limit: float | None = Field(default=None, gt=0, exclude=True)
    """Seconds for one clip."""
    memory_limit: float | None = Field(default=None, gt=0, exclude=True)
    """GiB for all its processes together."""

    @model_serializer(mode="wrap")
    def _as_before(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the scale that all programs had at first: keys of units are digests of this."""
        fields: dict[str, Any] = write(self)
        return {name: value for name, value in fields.items() if name != "scale" or value != 4}

    @field_validator("colour")
    @classmethod
    def _known(cls, colour: str) -> str:
        try:
            return check_colour(colour)
        except InputError as error:
            raise ValueError(str(error)) from None

    @field_validator("result", "lr_name")
    @classmethod
    def _only_these(cls, text: str) -> str:
        unknown = sorted(set(_PLACEHOLDER.findall(text)) - PLACEHOLDERS)
        if unknown:
            raise ValueError(f"{{{unknown[0]}}} stands for nothing; known: {', '.join(sorted(PLACEHOLDERS))}")
        if text.count("*") > 1:
            raise ValueError("only one * can be found again without doubt")
        return text

    @model_validator(mode="after")
    def _identified(self) -> ProgramOptions:
        self.margins.check_border(self.scale)
        if not self.commit and not self.files:
            raise ValueError("state commit, files or both: without them nobody knows which program made the frames")
        if self.commit and not self.folder:
            raise ValueError("commit needs folder: the checkout that is at it")
        return self


def filled(text: str, values: dict[str, str]) -> str:
    """``text`` with its placeholders filled. Raises InputError for one that stands for nothing."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise InputError(f"options: command: {{{found[1]}}} stands for nothing; known: {', '.join(sorted(values))}")
        return values[found[1]]

    return _PLACEHOLDER.sub(value, text)
