"""The documentation's site: generated parts are fresh, every page is in its navigation, and what its how-tos print works.

`tox -e docs` builds it, with strict links.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.engine.card_check import check_cards
from mgld_bench.methods.compute import Compute
from mgld_bench.metrics.metric import Chunk
from tests.helpers.project import ROOT

DOCS = ROOT / "docs"
HOW_TOS = sorted((DOCS / "how-to").glob("*.md"))


def blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """The blocks of a page that name a file in their first line, each with that name."""
    pattern = rf"^```{language}\n# (\S+)\n(.*?)^```"
    return re.findall(pattern, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_reference_of_the_command_line_is_fresh() -> None:
    script = runpy.run_path(str(DOCS / "scripts/command_line.py"))
    fresh = script["reference"]() == (DOCS / "reference/command-line.md").read_text(encoding="utf-8")
    assert fresh, "options or help have changed: python docs/scripts/command_line.py"


def test_every_page_is_in_the_navigation() -> None:
    # The hook of the build adds the gallery.
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert set(leaves(site["nav"])) - {"gallery/index.md"} == pages - set(site["not_in_nav"].split())


def leaves(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for part in nav.values() if isinstance(nav, dict) else nav:
            yield from leaves(part)


def test_the_cards_that_how_tos_print_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One folder holds them all, as it would if somebody followed every page."""
    every = {name: text for page in HOW_TOS for name, text in blocks(page, "yaml")}
    # Published values are a card and a CSV, which that page prints by its columns only.
    printed = {name: text for name, text in every.items() if "/published/" not in name}
    assert len(printed) == 21
    for name, text in printed.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name, text in [block for page in ("figure.md", "degradation.md") for block in blocks(DOCS / "how-to" / page, "python")]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    checked = check_cards([tmp_path / "mycards"])
    assert len(checked) == len(printed)
    assert [card.error for card in checked if card.error] == []


def run_block(page: str) -> dict[str, Any]:
    """The names that the only block of Python with a file's name defines."""
    ((_, code),) = blocks(DOCS / "how-to" / page, "python")
    names: dict[str, Any] = {"__name__": "printed"}
    exec(compile(code, page, "exec"), names)
    return names


def test_the_metric_that_is_printed_scores() -> None:
    metric = run_block("metric.md")["Brightness"]("cpu")
    frames = np.stack([np.full((4, 6, 3), level, np.uint8) for level in (10, 30)])
    assert list(metric.score(Chunk([0, 1], frames), None).values) == [10.0, 30.0]
    assert metric.facts.name in (DOCS / "how-to/metric.md").read_text().split("```toml")[1]


def test_the_method_that_is_printed_restores() -> None:
    names = run_block("method.md")
    method = names["Nearest"](names["NearestOptions"](gain=2.0), {}, Compute())
    (frame,) = method.restore(ArrayClip("clip", np.full((1, 4, 6, 3), 10, np.uint8)))
    assert frame.shape == (16, 24, 3)
    assert set(frame.flat) == {20}


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_no_page_loads_anything_from_elsewhere(page: Path) -> None:
    assert re.findall(r"!\[[^\]]*\]\(https?:|<(?:img|script|iframe)\b", page.read_text(encoding="utf-8")) == []
