from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mgld_bench.cards.schemas import TableLayout
from mgld_bench.report.write import ReportFiles, write_report
from tests.helpers.chromium import BROWSER, measure
from tests.helpers.example_data import example_data
from tests.helpers.nasty import METHODS, SET, nasty_data, published_csv

needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed (Debian: chromium)")
# The figures' font has no Chinese; the page has.
pytestmark = pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Balance(HTMLParser):
    """Collects tags, and notices an end without its beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag


def parse(page: Path) -> Balance:
    parser = Balance()
    parser.feed(page.read_text())
    parser.close()
    return parser


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    return write_report(example_data(), tmp_path_factory.mktemp("report"), ("csv", "html"))


def index(files: ReportFiles) -> Path:
    assert files.index is not None
    return files.index


def test_tags_are_balanced_and_every_picture_is_described(example: ReportFiles) -> None:
    parser = parse(index(example))
    assert parser.open == []
    images = [attributes for tag, attributes in parser.tags if tag == "img"]
    # Three clips: a strip and a plot per frame each; two datasets with a plot per clip.
    assert len(images) == 3 + 3 + 2
    assert all(image["alt"] for image in images)
    assert all(attributes.get("scope") for tag, attributes in parser.tags if tag == "th")


def test_the_page_needs_nothing_from_outside(example: ReportFiles) -> None:
    parser = parse(index(example))
    assert not [tag for tag, _ in parser.tags if tag in ("style", "iframe", "object")]
    assert all(attributes.get("src") for tag, attributes in parser.tags if tag == "script")
    addresses = [attributes.get("src") or attributes.get("href") for _, attributes in parser.tags]
    local = [address for address in addresses if address and not address.startswith("#")]
    assert local
    assert not [address for address in local if not (index(example).parent / address).is_file()]


def test_names_are_text_everywhere(tmp_path: Path) -> None:
    page = index(write_report(nasty_data(published_csv(tmp_path)), tmp_path / "report", ("html",), against_published=True))
    parser = parse(page)
    assert parser.open == []
    assert not [tag for tag, attributes in parser.tags if tag in ("b", "i") or (tag == "script" and not attributes.get("src"))]
    assert [tag for tag, _ in parser.tags].count("img") == 2 + 4
    # Clip names like <i> and 00|0 are files under other names.
    assert all((page.parent / (attributes["src"] or "")).is_file() for tag, attributes in parser.tags if tag == "img")


@needs_browser
def test_a_browser_shows_the_table_and_every_picture(example: ReportFiles, tmp_path: Path) -> None:
    seen = measure(index(example), 1280, tmp_path)
    cells = [cell for row in example.table.cells for cell in row]
    assert len(seen["cells"]) == len(cells)
    for text, cell in zip(seen["cells"], cells, strict=True):
        assert cell.text in text
        assert cell.interval_text in text
        assert ("best:" in text) == (cell.rank != "")
    assert len(seen["images"]) == 8
    assert all(width > 300 for _, width, _ in seen["images"])
    assert seen["scripts"] == seen["broken"] == 0
    assert seen["external"] == []
    assert seen["width"] <= 1280


@needs_browser
def test_a_browser_shows_names_literally(tmp_path: Path) -> None:
    data = nasty_data(published_csv(tmp_path))
    layout = TableLayout(orientation="methods-as-rows")
    for number, card in enumerate((data.card, data.card.model_copy(update={"table": layout}))):
        files = write_report(replace(data, card=card), tmp_path / f"report{number}", ("html",), against_published=True)
        seen = measure(index(files), 700, tmp_path)
        assert seen["title"] == "Table_1: <script>alert(1)</script> & 100%"
        assert SET in seen["text"]
        assert all(name in seen["text"] for name in METHODS.values())
        assert "another instance of this test set" in seen["text"]
        assert seen["scripts"] == 0
        # A wide table is scrolled in its own frame; the page itself is not.
        assert seen["width"] <= 700
        assert all(width > 0 for _, width, _ in seen["images"])
