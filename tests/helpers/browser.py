"""A real browser, driven by playwright, to use pages as their readers do. tests/conftest.py has the `browser` fixture.

def test_it(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path / "index.html", width=1280) as page:
        page.keyboard.press("h")
        assert page.locator(".help").is_visible()
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_BROWSER = "no Chromium is installed (Debian: chromium)"


@contextmanager
def started_browser() -> Iterator[Browser]:
    """The system's Chromium, headless; playwright's own download is not needed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER,
            args=["--no-sandbox", "--force-color-profile=srgb"],
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, page: Path, width: int = 1280, height: int = 900, dark: bool = False, state: str = ""
) -> Iterator[Page]:
    """``page`` opened from disk, as a reader opens it; afterwards, nothing may have gone wrong or been asked of the network.

    Args:
        dark: whether the reader prefers dark.
        state: what follows the # of the address.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", accept_downloads=True
    )
    wrong: list[str] = []
    try:
        tab = context.new_page()
        tab.set_default_timeout(15_000)
        tab.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        tab.on("console", lambda line: wrong.append(f"{line.type}: {line.text}") if line.type in ("error", "warning") else None)
        tab.on("request", lambda asked: wrong.append(f"request: {asked.url}") if _foreign(asked.url) else None)
        tab.goto(page.resolve().as_uri() + (f"#{state}" if state else ""))
        yield tab
    finally:
        context.close()
    assert wrong == []


def _foreign(address: str) -> bool:
    return not address.startswith(("file:", "data:", "blob:"))
