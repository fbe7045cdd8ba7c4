"""What the documents state about the repository is true: paths, names, the import table, the cards to copy."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mgld_bench.cards.loader import list_cards, load_card
from tests.helpers.command import call
from tests.helpers.project import ROOT, project

# The changelog also names what was removed.
DOCUMENTS = sorted(
    [
        *(path for path in ROOT.glob("*.md") if path.name != "CHANGELOG.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / ".github/pull_request_template.md",
    ]
)
TOP = {path.name for path in ROOT.iterdir()} - {"build"}  # What is made: the site, figures of campaigns.
SUFFIXES = (".py", ".yaml", ".yml", ".md", ".toml", ".ini", ".cff", ".tsv", ".csv", ".json", ".npz", ".txt")
USERS = re.compile(r"~|\$|<|\*|^/|my-|my_|mynet|\bmine\b|^out/|^lr|^https?:|^workspace|\{")
"""Paths of the user's own, places on his disk, and patterns."""
PACKAGE = ROOT / "mgld_bench"
ROOMS = sorted(PACKAGE.rglob("__init__.py"))


def quoted_paths(document: Path) -> list[str]:
    """What stands in single backticks and looks like a path of this repository."""
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = []
    for quoted in re.findall(r"`([^`\n]+)`", text):
        path = quoted.split("::")[0]
        if " " in path or USERS.search(path) or not re.fullmatch(r"[\w./-]+", path):
            continue
        if path.endswith(SUFFIXES) or (path.split("/")[0] in TOP and "/" in path):
            found.append(path)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_in_a_document_exists(document: Path) -> None:
    missing = [path for path in quoted_paths(document) if not (ROOT / path).exists()]
    assert missing == []


def test_the_documents_are_searched() -> None:
    assert len(quoted_paths(ROOT / "CONTRIBUTING.md")) > 40


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_in_a_document_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", document.read_text(encoding="utf-8"))
    # The gallery is made when the site is built.
    assert [link for link in links if not (document.parent / link).exists() and link != "gallery/index.md"] == []


def test_the_diagram_names_files_of_the_package() -> None:
    diagram = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```mermaid\n", 1)[1].split("```", 1)[0]
    modules = re.findall(r"[\w/]+\.py", diagram)
    assert len(modules) > 8
    assert [module for module in modules if not (PACKAGE / module).is_file()] == []


def test_the_import_table_is_the_contract() -> None:
    (contract,) = (c for c in project()["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    layers = [re.split(r"\s*[|:]\s*", line) for line in contract["layers"]]
    expected = {
        (len(layers) - row, name)
        for row, names in enumerate(layers)
        for name in names
        if not name.startswith("(") and name != "__main__"
    }
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Where things are\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (\d+) \| `mgld_bench/(\w+)(?:\.py)?` \|", section, re.MULTILINE)
    assert {(int(level), name) for level, name in rows} == expected
    assert len(rows) == len(expected)
    assert [int(level) for level, _ in rows] == sorted((int(level) for level, _ in rows), reverse=True)


def test_optional_rooms_of_the_contract_do_not_exist() -> None:
    """As soon as one exists, it has to lose its parentheses there, and gets a row in the table."""
    (contract,) = (c for c in project()["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    optional = re.findall(r"\((\w+)\)", " ".join(contract["layers"]))
    assert [name for name in optional if (PACKAGE / name).exists() or (PACKAGE / f"{name}.py").exists()] == []


def defined(module: Path) -> set[str]:
    """The names that a module defines itself."""
    names = set()
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def promises(room: Path) -> list[tuple[list[str], str]]:
    """The lines "- `name`, `name` (`module`, `module`): …" of a room's docstring: the names, once per module."""
    docstring = ast.get_docstring(ast.parse(room.read_text(encoding="utf-8"))) or ""
    found = []
    for line in re.findall(r"^- .*(?:\n  .*)*", docstring, re.MULTILINE):
        groups = list(re.finditer(r"\((`[\w.]+`(?:, `[\w.]+`)*)\)", line))
        assert groups, f"{room.relative_to(ROOT)}: no (`module`) in {line!r}"
        for before, group in zip([0, *(group.end() for group in groups)], groups, strict=False):
            names = re.findall(r"`(\w+)`", line[before : group.start()])
            found += [(names, module) for module in re.findall(r"[\w.]+", group[1])]
    return found


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_a_room_names_what_outsiders_may_use(room: Path) -> None:
    tree = ast.parse(room.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    if room.parent != PACKAGE:
        assert len(tree.body) == 1, "a room's __init__ holds its docstring only: imports there would load torch for everybody"
    for names, module in promises(room):
        path = room.parent / f"{module.replace('.', '/')}.py"
        assert path.is_file(), module
        assert names, module
        assert set(names) <= defined(path), f"{module}: {set(names) - defined(path)}"


@pytest.fixture(scope="module")
def copied_cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cards of CONTRIBUTING.md, each in the file that its first line names."""
    folder = tmp_path_factory.mktemp("cards")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name, card in re.findall(r"^```yaml\n# ~/cards/(\S+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(card, encoding="utf-8")
    return folder


def test_there_is_a_card_of_each_kind_to_copy_and_all_load(copied_cards: Path) -> None:
    entries = [entry for entry in list_cards(search=[copied_cards]) if entry.path.is_relative_to(copied_cards)]
    assert {entry.kind for entry in entries} == {"dataset", "degradation", "method", "protocol", "report", "study"}
    assert len(entries) == len(list(copied_cards.rglob("*.yaml")))
    for entry in entries:
        assert load_card(entry.name, entry.kind, [copied_cards]).title


def test_the_cards_to_copy_pass_the_check_that_the_text_names(copied_cards: Path) -> None:
    for path in sorted(copied_cards.rglob("*.yaml")):
        done = call("cards", "check", path, "--cards", copied_cards)
        assert done.code == 0, f"{path.name}: {done.out}{done.err}"
