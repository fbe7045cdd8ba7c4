"""Makes the gallery of the documentation: `python docs/scripts/gallery.py`.

It runs the demo, and the cards that docs/how-to/figure.md prints, which takes some minutes at the first time. The result is in
build/gallery and is not committed: the gallery always shows what this version of the program makes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
TARGET = BUILD / "gallery"
FIGURES_PAGE = TOP / "docs/how-to/figure.md"
FIGURES = ("my-figures", "my-sweep", "my-study")
INTRODUCTION = """\
# Gallery

What `mgld-bench demo` makes of two short clips and three methods, and the figures of [Make a figure](../how-to/figure.md).
Two clips of ten frames show that everything works; they are far too few to judge a method.

[The page of the report](demo/index.html), as it is written: players in sync, curves per frame, and where each number comes from.

## The table
"""


def main() -> None:
    """Run the demo and the figures' card, and collect their pictures."""
    workspace = ["--workspace", str(BUILD / "demo")]
    bench("demo", *workspace)
    printed = printed_files()
    for name in FIGURES:
        bench("run", name, "--cards", str(printed / "mycards"), *workspace, own_code=printed)
    report, *figures = (BUILD / "demo/reports" / name / "latest" for name in ("demo", *FIGURES))
    shutil.rmtree(TARGET, ignore_errors=True)
    # Its tables in Markdown would become pages of the site.
    shutil.copytree(report, TARGET / "demo", ignore=shutil.ignore_patterns("*.md"))
    parts = [INTRODUCTION, table(report / "table.md")]
    parts += ["## On the page", *(picture(path, report, "demo") for path in sorted(report.glob("strips/*/*.png")))]
    parts += [picture(path, report, "demo") for path in sorted(report.glob("plots/*/*.svg"))]
    parts.append("## Figures for print")
    for path in [path for folder in figures for path in sorted((folder / "figures").glob("*.png"))]:
        (TARGET / "figures").mkdir(exist_ok=True)
        shutil.copy2(path, TARGET / "figures")
        parts.append(f"![{path.stem}](figures/{path.name})")
    (TARGET / "index.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def bench(*words: str, own_code: Path | None = None) -> None:
    """Run the program, with a folder of Python of one's own; 3: something has no result, which a gallery can do without."""
    search = [str(own_code)] if own_code else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*search, str(TOP), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-m", "mgld_bench", *words], env=environment, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(done.returncode)


def printed_files() -> Path:
    """A folder with the files that the page about figures prints: cards, votes and a method."""
    folder = BUILD / "gallery-files"
    shutil.rmtree(folder, ignore_errors=True)
    text = FIGURES_PAGE.read_text("utf-8")
    for name, content in re.findall(r"^```(?:yaml|csv|python)\n# (\S+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def table(file: Path) -> str:
    """The table of a report, without what stands around it."""
    return "\n".join(line for line in file.read_text("utf-8").splitlines() if line.startswith("|"))


def picture(path: Path, report: Path, name: str) -> str:
    """A picture of the report as Markdown."""
    place = path.relative_to(report).as_posix()
    return f"![{path.stem.replace('-', ' ').replace('.', ' ')}]({name}/{place})"


if __name__ == "__main__":
    main()
