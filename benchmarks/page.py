"""The report's page: how long it takes to write and to open, and how large it is, for a made-up report of a given size.

    python -m benchmarks.page [--clips 50] [--methods 9] [--frames 100]

Frames are tiny, pictures and videos are left out: this is the page itself. Opened from disk in headless Chromium, three times
each, with a new profile; the median counts. Times are from the start of the navigation.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from mgld_bench.report.write import write_report
from tests.helpers.browser import started_browser
from tests.helpers.made_up_suite import OWN, made_up_suite

TIMES = 3
STATES = {
    "the tables": ("", "#table-view [role=grid] td"),
    "the index of clips": ("tab=clips", "#clip-index img"),
    "a clip with its curves": ("tab=clips&clip=set0%2F004", ".curve canvas"),
    "where a number comes from": (f"tab=made&method={OWN}&line=set0%2Fpsnr.rgb", ".chain"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    for name, default in (("clips", 50), ("methods", 9), ("frames", 100)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = made_up_suite(asked.clips, asked.methods, asked.frames)
        start = time.perf_counter()
        write_report(data, Path(folder), ("html",))
        print(f"{asked.clips} clips, {asked.methods} methods, {asked.frames} frames, {len(data.metrics)} metrics")
        print(f"written in {time.perf_counter() - start:.1f} s")
        for name in ("", "index.html", "data", "data/report.js", "data/windows.js", "data/clips", "thumbnails", "page"):
            print(f"{size(Path(folder) / name) / 1e6:8.2f} MB  {name or 'all'}")
        with started_browser() as browser:
            for what, (state, wanted) in STATES.items():
                seconds = statistics.median(opened(browser, Path(folder) / "index.html", state, wanted) for _ in range(TIMES))
                print(f"{seconds:8.2f} s   until {what} can be seen")


def size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def opened(browser: Browser, page: Path, state: str, wanted: str) -> float:
    """Seconds until what is ``wanted`` is there and painted."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    tab = context.new_page()
    tab.goto(f"{page.as_uri()}#{state}")
    tab.locator(wanted).first.wait_for()
    # Two frames later it has been painted.
    milliseconds = tab.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
    )
    context.close()
    return float(milliseconds) / 1000


if __name__ == "__main__":
    main()
