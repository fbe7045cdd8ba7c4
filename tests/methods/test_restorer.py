"""Restorers of third parties: a class in a package of their own, and a card that names it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import Clip
from mgld_bench.errors import InputError
from mgld_bench.methods.bicubic import Bicubic
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.mgld import MGLDVSR, MGLDOptions
from mgld_bench.methods.mgld_tiny import TinyMGLDOptions, TinyMGLDVSR
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.methods.srvgg import SRVGGRestorer
from mgld_bench.restoring.loading import load_restorer, parse_options

METHOD = """
from mgld_bench.methods.restorer import Restorer, RestorerOptions


class Repeated(Restorer):
    def restore(self, clip, start=0):
        for frame in clip.frames(start):
            yield frame.repeat(4, axis=0).repeat(4, axis=1)


class DarkOptions(RestorerOptions):
    divisor: int = 2


class Dark(Restorer[DarkOptions]):
    def restore(self, clip, start=0):
        for frame in clip.frames(start):
            yield frame.repeat(4, axis=0).repeat(4, axis=1) // self.options.divisor


class OldStyle(Restorer):
    Options = DarkOptions


class Darker(Dark):
    pass
"""


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of cards; my_package can be imported."""
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "method.py").write_text(METHOD)
    (tmp_path / "baselines").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def card(cards: Path, restorer: str, options: str = "{}") -> Path:
    path = cards / "baselines" / "mine.yaml"
    path.write_text(f"name: mine\nrestorer: my_package.method:{restorer}\noptions: {options}\n")
    return path


def test_a_method_without_options(cards: Path, low_resolution: Clip) -> None:
    card(cards, "Repeated")
    restorer = load_restorer(load_method("mine", [cards]), Compute())
    (first, *_) = restorer.restore(low_resolution)
    assert np.array_equal(first[::4, ::4], low_resolution.frame(0))
    card(cards, "Repeated", "{divisor: 3}")
    with pytest.raises(InputError, match=r"options\.divisor: unknown field"):
        parse_options(load_method("mine", [cards]))


@pytest.mark.parametrize(
    ("restorer", "options", "divisor"), [("Dark", "{}", 2), ("Dark", "{divisor: 3}", 3), ("Darker", "{}", 2)]
)
def test_a_method_with_options(restorer: str, options: str, divisor: int, cards: Path, low_resolution: Clip) -> None:
    card(cards, restorer, options)
    built = load_restorer(load_method("mine", [cards]), Compute())
    assert built.options.divisor == divisor
    (first, *_) = built.restore(low_resolution)
    assert np.array_equal(first[::4, ::4], low_resolution.frame(0) // divisor)


def test_options_that_are_set_as_an_attribute_count_as_well(cards: Path) -> None:
    card(cards, "OldStyle", "{divisor: 3}")
    assert parse_options(load_method("mine", [cards])).model_dump() == {"divisor": 3}


def test_each_of_our_restorers_has_the_options_that_it_names() -> None:
    assert Bicubic.Options is RestorerOptions
    assert SRVGGRestorer.Options.__name__ == "FrameByFrameOptions"
    assert (MGLDVSR.Options, TinyMGLDVSR.Options) == (MGLDOptions, TinyMGLDOptions)


def test_options_of_another_type_are_an_error() -> None:
    with pytest.raises(TypeError, match="options of MGLDVSR have to be MGLDOptions"):
        MGLDVSR(RestorerOptions(), None, Compute())  # type: ignore[arg-type]
