"""An installed wheel, outside the checkout, finds its cards."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

LIST = """
import mgld_bench
from mgld_bench.cards.loader import list_cards, load_card, load_report
for entry in list_cards():
    load_card(entry.name, entry.kind)
    print(entry.kind, entry.name)
print(mgld_bench.__file__)
print(load_report("table1").published.file)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, laid out as an installer does."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("mgld_bench-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_lists_and_loads_the_same_cards_as_the_checkout(installed: Path, tmp_path: Path) -> None:
    lines = listed(installed, tmp_path)
    cards, (package, published) = lines[:-2], lines[-2:]
    assert Path(package).parent == installed / "mgld_bench"
    assert Path(published).is_relative_to(installed)
    checkout = listed(CHECKOUT, tmp_path)
    assert Path(checkout[-2]).parent == CHECKOUT / "mgld_bench"
    assert cards == checkout[:-2]
    assert "report table1" in cards


def test_the_wheel_has_no_python_package_named_as_a_card_folder(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"mgld_bench"}


def test_the_wheel_carries_the_mark_of_types_the_licence_and_the_notice(installed: Path) -> None:
    for name in ("mgld_bench/py.typed", "mgld_bench/metrics/data/LIVE-NOTICE.txt"):
        assert (installed / name).is_file(), name
    assert list(installed.glob("mgld_bench-*.dist-info/licenses/LICENSE"))


def listed(python_path: Path, folder: Path) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(python_path)}
    environment.pop("MGLD_BENCH_CARDS", None)
    child = subprocess.run([sys.executable, "-c", LIST], cwd=folder, env=environment, capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    return child.stdout.splitlines()
