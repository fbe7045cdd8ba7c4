"""A study's page in a real browser, as a participant uses it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

Picture = npt.NDArray[np.uint8]


@contextmanager
def seated(browser: Browser, address: str, width: int = 1000, height: int = 700, ratio: float = 1.0) -> Iterator[Page]:
    """The link opened in a browser of its own, which keeps nothing afterwards; no script may fail in it."""
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=ratio)
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    try:
        yield tab(context, address)
    finally:
        context.close()
    assert wrong == []


def tab(context: BrowserContext, address: str) -> Page:
    """A tab at this address."""
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(address)
    return page


def begin(page: Page) -> None:
    """Agree where that is asked, read the instructions, come to the pair."""
    page.wait_for_selector(":is(#consent, #instructions) h1:visible")
    if page.locator("#agree").is_visible():
        page.click("#agree")
    page.click("#begin")
    ready(page)


def ready(page: Page) -> None:
    """Wait for the videos of a pair."""
    page.wait_for_selector("#sides.ready")


def at(page: Page, number: int) -> None:
    """Wait for the pair of this number, counted from 1."""
    page.wait_for_selector(f"#trial-heading:text('pair {number} of')")
    ready(page)


def watched(page: Page) -> None:
    """Wait until the answers are unlocked."""
    page.wait_for_selector("fieldset:enabled >> nth=0")


def vote(page: Page, *keys: str) -> None:
    """Watch and answer by keys."""
    page.keyboard.press("Space")
    watched(page)
    for key in (*keys, "Enter"):
        page.keyboard.press(key)


def pictured(page: Page, side: str) -> Picture:
    """What is seen of a side, in pixels of the screen."""
    box = page.locator(f'[data-side="{side}"] .picture').bounding_box()
    assert box is not None
    ratio = page.evaluate("devicePixelRatio")
    screen = np.asarray(Image.open(io.BytesIO(page.screenshot(scale="device"))).convert("RGB"))
    left, top, width, height = (round(box[name] * ratio) for name in ("x", "y", "width", "height"))
    return screen[top : top + height, left : left + width]
