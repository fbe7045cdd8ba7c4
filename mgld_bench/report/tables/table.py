"""A table as plain data: every number with its gaps, interval, rank, differences and published value, and what explains it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.metrics.metric import Direction
from mgld_bench.report.tables.beside import SIGNS, PublishedBlock
from mgld_bench.report.tables.notes import Footnote
from mgld_bench.report.tables.numbers import GAP, Rank, format_difference, format_value
from mgld_bench.report.tables.paired import Paired
from mgld_bench.statistics.intervals import FEWEST_CLIPS


@dataclass(frozen=True)
class Heading:
    """One heading of a row or column."""

    text: str
    direction: Direction | None = None
    """For a metric: which way is better."""

    @property
    def arrow(self) -> str:
        """↑ or ↓ for a metric, else nothing."""
        return {"higher": "↑", "lower": "↓", None: ""}[self.direction]

    @property
    def label(self) -> str:
        """The text with its arrow."""
        return f"{self.text} {self.arrow}" if self.arrow else self.text


@dataclass(frozen=True)
class Attribute:
    """What a method card states of its method, as a heading of the method's row."""

    value: bool | int | float | str | None
    """None where the card states nothing."""

    @property
    def text(self) -> str:
        """A check mark or a cross; anything else as it is."""
        if isinstance(self.value, bool):
            return "✓" if self.value else "✗"
        return GAP if self.value is None else str(self.value)

    @property
    def field(self) -> str:
        """As a field of a CSV file: true, false, or as it is; empty where the card states nothing."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return "" if self.value is None else str(self.value)


@dataclass(frozen=True)
class TableCell:
    """One number of the table, with all that is printed beside it."""

    dataset: str
    """"" for a cost, which is of no dataset."""
    method: str
    metric: str
    value: float | None
    """Mean over clips of the clips' scores; None where no clip has a score."""
    half_width: float | None
    """Half of the 95% interval over clips."""
    scored: int
    expected: int
    frames: int | None
    """Scored frames of all clips; None for a metric without scores per frame."""
    digits: int
    rank: Rank = ""
    published: float | None = None
    marks: tuple[str, ...] = ()
    """Marks of the footnotes that belong to the cell."""
    category: str = ""
    """In a table by a tag of clips: the tag's value, "" for all clips. Of a cost: the size of the LR input, "" for parameters."""
    low: float | None = None
    """The lower end of the 95% interval, not below what the metric can be; None where there is none. Likewise ``high``."""
    high: float | None = None
    cut: bool = False
    """Whether the interval was cut where the metric's range ends."""
    to_baseline: Paired | None = None
    """The difference to the table's baseline, clip by clip; None for the baseline itself and where no clip is common."""
    to_best: Paired | None = None
    """The same to the best method of the line, of those with every clip; None for the best itself and for incomplete cells."""
    unpublished: bool = False
    """Whether nobody can have this number, because something of the method was never published."""
    shown: str = ""
    """The value as printed, where it is not rounded to ``digits``: 16.70M parameters."""
    published_shown: str = ""
    """Likewise for the published value."""
    published_signs: tuple[str, ...] = ()
    """What stands behind the published value: see `beside.SIGNS`."""
    comparable: bool = True
    """Whether a difference to the published value may be taken: it is of the same metric variant and frames."""
    measured_on: str = ""
    """Of a cost: the device, machine and versions. Likewise ``measured_at``: when, UTC, ISO 8601."""
    measured_at: str = ""

    @property
    def tied(self) -> bool:
        """Whether the method cannot be told apart from the best: the 95% interval of their paired difference contains 0."""
        return self.to_best is not None and self.to_best.contains_zero

    @property
    def signs(self) -> tuple[str, ...]:
        """What stands behind the value: ≈ for one that cannot be told apart from the best, and the marks of footnotes."""
        return ("≈", *self.marks) if self.tied else self.marks

    @property
    def complete(self) -> bool:
        """Whether every expected clip has a score."""
        return 0 < self.scored == self.expected

    @property
    def text(self) -> str:
        """The value as printed, with n/N where clips are missing."""
        value = self.shown or format_value(self.value, self.digits)
        uncounted = self.complete or not self.dataset or (self.unpublished and not self.scored)
        return value if uncounted else f"{value} ({self.scored}/{self.expected})"

    @property
    def interval_text(self) -> str:
        """The interval as printed: ± its half width, or [low, high] where it was cut; empty where there is none."""
        if self.half_width is None:
            return ""
        if self.cut:
            return f"[{format_value(self.low, self.digits)}, {format_value(self.high, self.digits)}]"
        return f"±{format_value(self.half_width, self.digits)}"

    @property
    def difference(self) -> float | None:
        """Ours minus published; None where the two are not of the same metric variant and frames."""
        return None if self.value is None or self.published is None or not self.comparable else self.value - self.published

    @property
    def published_text(self) -> str:
        """The published value and, in brackets, ours minus published; empty where there is none."""
        if self.published is None:
            return ""
        text = self.published_shown or format_value(self.published, self.digits)
        if not self.published_shown and self.difference is not None:
            text += f" ({format_difference(self.difference, self.digits)})"
        return " ".join((text, "".join(self.published_signs))).strip()


@dataclass(frozen=True)
class Table:
    """A table ready to be printed: headings, cells, and everything that a reader has to know to use the numbers."""

    title: str
    row_titles: tuple[str, ...]
    """What each level of the rows' headings is, e.g. Dataset, Metric."""
    rows: tuple[tuple[Heading, ...], ...]
    columns: tuple[tuple[Heading, ...], ...]
    """The headings of each column, outermost level first; equal neighbours belong together."""
    cells: tuple[tuple[TableCell, ...], ...]
    """One tuple per row."""
    caption: str
    legend: tuple[str, ...]
    """What each metric's title stands for."""
    footnotes: tuple[Footnote, ...]
    """Of marked cells."""
    notes: tuple[str, ...]
    """Of the whole table."""
    fine_print: tuple[str, ...]
    """Assumptions, licences, and where the numbers were made: for files; a terminal and the page show them elsewhere."""
    warnings: tuple[str, ...]
    published_source: str = ""
    """Empty where no published values stand beside ours."""
    about: str = ""
    """What the report card's notes state."""
    name: str = "table"
    """That of the report card, for labels."""
    attribute_titles: tuple[str, ...] = ()
    """Further headings of the rows, after those of ``row_titles``, such as MDS and TSD."""
    attributes: tuple[tuple[Attribute, ...], ...] = ()
    """One tuple per row, as long as ``attribute_titles``; empty where there are none."""
    baseline: str = ""
    """The printed name of the method to which differences are taken; "" where there are none."""
    differences: tuple[str, ...] = ()
    """The paired differences to the baseline in words, one sentence per dataset and metric: for files and the page."""
    copies: tuple[str, ...] = ()
    """Those of ``notes`` that say which published copies the test sets are: the page shows them however many notes there are."""
    blocks: tuple[PublishedBlock, ...] = ()
    """What a published set prints of the same datasets and metrics, also of methods that are not here."""
    stated: tuple[str, ...] = ()
    """What the protocol's source states about the metrics of this table; likewise ``assumed``. Both are in ``fine_print`` too."""
    assumed: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[tuple[tuple[Heading, ...], tuple[Attribute, ...], tuple[TableCell, ...]], ...]:
        """The rows: headings, attributes and cells of each."""
        return tuple(zip(self.rows, self.attributes or ((),) * len(self.rows), self.cells, strict=True))

    @property
    def explanation(self) -> str:
        """How to read what stands beside the numbers and how they are set; empty where there is nothing to explain."""
        cells = [cell for row in self.cells for cell in row]
        parts = []
        if any(cell.rank for cell in cells):
            competing = " among the methods with every clip of a dataset" if any(cell.dataset for cell in cells) else ""
            parts.append(f"Bold: best; underlined: second best{',' if competing else ''}{competing}.")
        if any(cell.tied for cell in cells):
            parts.append(
                "≈: not told apart from the best, as the 95% interval of their difference, paired by clip, contains 0 "
                "(each comparison by itself)."
            )
        if any(cell.half_width is not None for cell in cells):
            cut = " ([low, high] where it is cut at the end of the metric's range)" if any(cell.cut for cell in cells) else ""
            parts.append(
                f"±: 95% interval of the mean over clips, Student's t{cut}; it shows how clips differ, not whether methods do."
            )
        if any(cell.rank and cell.dataset and cell.scored < FEWEST_CLIPS for cell in cells):
            parts.append(f"Fewer than {FEWEST_CLIPS} clips have no interval: there, nothing can be told apart.")
        if self.published_source:
            differences = " and, in brackets, ours minus published" if any(cell.dataset for cell in cells) else ""
            parts.append(f"Below a value: the published one{differences}.")
        shown = {sign for cell in cells for sign in cell.published_signs}
        shown |= {sign for block in self.blocks for _, values in block.rows for text in values for sign in SIGNS if sign in text}
        parts += [f"{sign}: {meaning}." for sign, meaning in SIGNS.items() if sign in shown]
        return " ".join(parts)


def attributes_of(names: Sequence[str], cards: Iterable[MethodCard]) -> tuple[tuple[Attribute, ...], ...]:
    """The attributes of these names, one tuple per card; empty where there are no names."""
    return tuple(tuple(Attribute(card.attributes.get(name)) for name in names) for card in cards) if names else ()
