"""index.html by itself: what can be read without scripts."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mgld_bench.report.page.colours import for_dark
from mgld_bench.report.page.render_html import SCRIPTS, STYLES
from mgld_bench.report.page.scripts import data_script
from mgld_bench.report.page.static_files import STATIC
from mgld_bench.report.write import ReportFiles, write_report
from tests.helpers.example_data import example_data
from tests.helpers.nasty import nasty_data, published_csv

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
    # With its size each, so that nothing moves when they are loaded.
    assert all(image["alt"] and image["width"] and image["height"] for image in images)
    assert all(attributes.get("scope") for tag, attributes in parser.tags if tag == "th")


def test_the_page_needs_nothing_from_outside_and_nothing_within_it_runs(example: ReportFiles) -> None:
    parser = parse(index(example))
    assert not [tag for tag, _ in parser.tags if tag in ("style", "iframe", "object")]
    assert all(attributes.get("src") for tag, attributes in parser.tags if tag == "script")
    assert not [name for _, attributes in parser.tags for name in attributes if name.startswith("on") or name == "style"]
    addresses = [attributes.get("src") or attributes.get("href") for _, attributes in parser.tags]
    local = [address for address in addresses if address and not address.startswith(("#", "data:"))]
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


def test_data_cannot_end_its_script() -> None:
    script = data_script("x", {"</script><!--": "\u2028\u2029&]]>\ud800"})
    assert script.isascii()
    assert not set("<>&") & set(script)
    assert script.count("\n") == 1


def test_every_script_and_style_is_loaded_once() -> None:
    files = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.suffix in (".js", ".css")}
    assert files == {*STYLES, *SCRIPTS, "state.js", "main.js"}
    assert len(STYLES) + len(SCRIPTS) + 2 == len(files)


def test_vendored_files_are_those_of_the_documents() -> None:
    text = (Path(__file__).parents[3] / "docs" / "dependencies.md").read_text()
    stated = dict(re.findall(r"`(mgld_bench/report/page/static/vendor/[^`]+)` .*`([0-9a-f]{64})`", text))
    found = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((STATIC / "vendor").iterdir())}
    assert {f"mgld_bench/report/page/static/vendor/{path.name}": digest for path, digest in found.items()} == stated


def test_colours_are_visible_on_the_dark_page() -> None:
    assert for_dark("#E69F00") == "#e69f00"
    assert for_dark("#000000") != "#000000"
