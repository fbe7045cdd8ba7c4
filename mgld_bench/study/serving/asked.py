"""What the page sends, checked: nothing else gets further in."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field

from mgld_bench.plain_data import PlainData
from mgld_bench.study.votes import Answer

_FAMILIES: Final = (
    ("Edge", r"\bEdg(A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(Chrome|Chromium|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bSafari/"),
)
"""In this order: each but the first names those after it too."""

Side = Annotated[int, Field(ge=0, le=1_000_000)]


class Window(PlainData):
    """The screen and the window that the study is watched in."""

    screen: tuple[Side, Side]
    """Width and height of the screen in CSS pixels."""
    window: tuple[Side, Side]
    """Of what the window shows, in CSS pixels."""
    pixel_ratio: float = Field(gt=0, le=100, allow_inf_nan=False)
    """Physical pixels per CSS pixel."""


class Consent(PlainData):
    """The participant agrees."""

    browser: Window


class Answers(PlainData):
    """The answers to all questions about one pair, in the questions' order."""

    answers: tuple[Answer, ...] = Field(max_length=100)
    seconds: float = Field(ge=0, le=10_000_000, allow_inf_nan=False)
    """From the moment when the videos first began to play."""
    plays: int = Field(ge=0, le=100_000)
    """How often the pair was watched to its end."""


def browser_family(user_agent: str) -> str:
    """The family of a browser, by its own words; nothing else of these is kept.

    >>> browser_family("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36")
    'Chrome'
    """
    return next((family for family, pattern in _FAMILIES if re.search(pattern, user_agent)), "other")
