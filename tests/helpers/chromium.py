"""A real browser, to see pages as their readers do."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REPORTER = """
for (const image of document.images) image.loading = "eager";
addEventListener("load", () => {
  document.body.append(Object.assign(document.createElement("pre"), {id: "measured"}));
  document.getElementById("measured").textContent = JSON.stringify({
    images: [...document.images].map(image => [image.getAttribute("src"), image.naturalWidth, image.alt]),
    cells: [...document.querySelectorAll("table.scores td")].map(cell => cell.innerText),
    heads: [...document.querySelectorAll("table.scores th")].map(head => head.getAttribute("scope")),
    scripts: [...document.scripts].filter(script => !script.src).length,
    title: document.title,
    text: document.body.innerText,
    width: document.documentElement.scrollWidth,
    links: [...document.querySelectorAll("a")].map(link => link.getAttribute("href")),
    broken: [...document.querySelectorAll('a[href^="#"]:not([href*="="])')]
      .filter(a => !document.getElementById(a.getAttribute("href").slice(1))).length,
    external: performance.getEntriesByType("resource").map(entry => entry.name).filter(name => !name.startsWith("file:")),
  });
});
"""


def measure(page: Path, width: int, folder: Path) -> dict[str, Any]:
    """What the browser made of ``page``; a copy beside it loads the script that asks. ``folder``: for the browser's profile."""
    copy, script = page.with_name("measured.html"), page.with_name("measured.js")
    script.write_text(REPORTER)
    copy.write_text(page.read_text().replace("</body>", '<script src="measured.js"></script></body>'))
    dumped = _run(["--virtual-time-budget=20000", f"--window-size={width},900", "--dump-dom", copy.as_uri()], folder)
    copy.unlink()
    script.unlink()
    found = re.search(r'<pre id="measured">(.*?)</pre>', dumped, re.DOTALL)
    assert found is not None and found[1], dumped[:2000]
    measured: dict[str, Any] = json.loads(html.unescape(found[1]))
    return measured


def _run(arguments: list[str], folder: Path) -> str:
    assert BROWSER is not None
    command = [
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
        *(f"--user-data-dir={folder / 'profile'}", *arguments),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
