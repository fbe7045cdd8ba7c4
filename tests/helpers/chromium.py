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
REPORTER = """<pre id="measured"></pre><script>
for (const image of document.images) image.loading = "eager";
addEventListener("load", () => {
  document.getElementById("measured").textContent = JSON.stringify({
    images: [...document.images].map(image => [image.getAttribute("src"), image.naturalWidth, image.alt]),
    cells: [...document.querySelectorAll("table.scores td")].map(cell => cell.innerText),
    heads: [...document.querySelectorAll("table.scores th")].map(head => head.getAttribute("scope")),
    scripts: document.scripts.length - 1,
    title: document.title,
    text: document.body.innerText,
    width: document.documentElement.scrollWidth,
    links: [...document.querySelectorAll("a")].map(link => link.getAttribute("href")),
    broken: [...document.querySelectorAll('a[href^="#"]')].filter(a => !document.querySelector(a.getAttribute("href"))).length,
    external: performance.getEntriesByType("resource").map(entry => entry.name).filter(name => !name.startsWith("file:")),
  });
});
</script></body>"""


def measure(page: Path, width: int, folder: Path) -> dict[str, Any]:
    """What the browser made of ``page``; a copy beside it carries the script that asks. ``folder``: for the browser's profile."""
    copy = page.with_name("measured.html")
    copy.write_text(page.read_text().replace("</body>", REPORTER))
    dumped = _run(["--virtual-time-budget=20000", f"--window-size={width},900", "--dump-dom", copy.as_uri()], folder)
    copy.unlink()
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
