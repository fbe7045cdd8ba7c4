from __future__ import annotations

import io
import math
import re
import warnings
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from mgld_bench.clips.clip import ArrayClip, Frame
from mgld_bench.report.collect.data import PictureSource, ReportData
from mgld_bench.report.figures.choosing import Region, best_region, structure
from mgld_bench.report.figures.plots import draw_per_clip, draw_per_frame
from mgld_bench.report.figures.strips import TILE_WIDTH, draw_strip
from mgld_bench.report.figures.style import figure_settings, method_styles, save_figure
from mgld_bench.report.middle import middle_frame
from tests.helpers.example_data import example_data
from tests.helpers.handmade import Place, make_data
from tests.helpers.nasty import nasty_data

# The figures' font has no Chinese.
pytestmark = pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
GAP, LABEL = 10, 52


def find_detail(frame: Frame, height: int, width: int, step: int) -> Region:
    return best_region([structure(frame)], height, width, step)[0]


def noise(height: int, width: int, seed: int = 0, low: int = 0, high: int = 256) -> Frame:
    return np.random.default_rng(seed).integers(low, high, (height, width, 3), dtype=np.uint8)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 15), st.integers(0, 15))
def test_the_detail_is_where_the_texture_is(row: int, column: int) -> None:
    frame = np.full((80, 96, 3), 128, dtype=np.uint8)
    frame[4 * row : 4 * row + 20, 4 * column : 4 * column + 28] = noise(20, 28)
    region = find_detail(frame, 24, 32, 4)
    assert region.top % 4 == region.left % 4 == 0
    assert (region.height, region.width) == (24, 32)
    assert region.top <= 4 * row and region.top + 24 >= 4 * row + 20
    assert region.left <= 4 * column and region.left + 32 >= 4 * column + 28


def test_texture_beats_a_single_edge() -> None:
    frame = np.zeros((64, 128, 3), dtype=np.uint8)
    frame[:, 20:64] = 255
    frame[20:52, 80:112] = noise(32, 32)
    assert find_detail(frame, 32, 32, 4).left == 80


def test_of_equal_details_the_first_is_taken() -> None:
    region = find_detail(np.full((64, 64, 3), 7, dtype=np.uint8), 16, 16, 4)
    assert (region.top, region.left) == (0, 0)


@pytest.mark.parametrize(
    ("frames", "count", "middle"), [("all", 10, 5), ("all", 1, 0), ((0, 50, 99), 100, 50), ((99, 0, 50), 60, 50), ((50,), 10, 5)]
)
def test_the_middle_scored_frame_is_shown(frames: object, count: int, middle: int) -> None:
    protocol = example_data().protocol.model_copy(update={"frames": frames})
    assert middle_frame(protocol, count) == middle


def strip_data(methods: int, size: tuple[int, int] = (96, 192)) -> tuple[ReportData, PictureSource]:
    """Noise clips of two frames; GT size in pixels."""
    names = {f"m{index}": f"Method {index}" for index in range(methods)}
    scores: dict[Place, dict[str, float]] = {("set", name, "psnr.rgb"): {"clip": 20.0 + i} for i, name in enumerate(names)}
    height, width = size
    low = ArrayClip("clip", np.stack([noise(height // 4, width // 4, seed) for seed in (1, 2)]))
    truth = ArrayClip("clip", np.stack([noise(height, width, seed) for seed in (3, 4)]))
    restored = {name: ArrayClip("clip", np.stack([noise(height, width, 5 + i)] * 2)) for i, name in enumerate(names)}
    return make_data(scores, {"set": ("clip",)}, names), PictureSource("set", "clip", low, truth, restored)


def test_a_strip_shows_the_pixels_of_each_clip() -> None:
    data, source = strip_data(1)
    strip = draw_strip(data, source)
    assert strip.frame == 1
    assert source.ground_truth is not None
    region = strip.region
    factor = TILE_WIDTH // region.width
    top = GAP + LABEL + TILE_WIDTH // 2 + GAP
    shown = [
        source.lr.frame(1).repeat(4, 0).repeat(4, 1),
        source.restored["m0"].frame(1),
        source.ground_truth.frame(1),
    ]
    for number, frame in enumerate(shown):
        left = GAP + number * (TILE_WIDTH + GAP)
        tile = strip.picture[top : top + factor * region.height, left : left + TILE_WIDTH]
        cut = frame[region.top : region.top + region.height, region.left : region.left + region.width]
        np.testing.assert_array_equal(tile, cut.repeat(factor, 0).repeat(factor, 1))
    assert "Method 0" in strip.description


@pytest.mark.parametrize(("methods", "rows", "columns"), [(1, 1, 3), (3, 1, 5), (4, 2, 3), (9, 3, 4)])
def test_many_methods_are_wrapped(methods: int, rows: int, columns: int) -> None:
    data, source = strip_data(methods)
    picture = draw_strip(data, source).picture
    assert picture.shape[1] == GAP + columns * (TILE_WIDTH + GAP)
    one_row = draw_strip(*strip_data(1)).picture.shape[0]
    assert picture.shape[0] == rows * one_row


@pytest.mark.parametrize("size", [(720, 1280), (36, 44), (8, 8), (64, 640)])
def test_strips_of_any_size(size: tuple[int, int]) -> None:
    data, source = strip_data(2, size)
    strip = draw_strip(data, source)
    region = strip.region
    assert region.top + region.height <= size[0]
    assert region.left + region.width <= size[1]
    assert strip.picture.shape[1] == GAP + 4 * (TILE_WIDTH + GAP)


def test_a_clip_that_is_too_short_or_of_another_size_is_blank_and_not_scaled() -> None:
    data, source = strip_data(2)
    broken = {"m0": ArrayClip("clip", noise(96, 192)[None]), "m1": ArrayClip("clip", np.stack([noise(48, 96)] * 2))}
    picture = draw_strip(data, replace(source, restored=broken)).picture
    for number in (1, 2):
        left = GAP + number * (TILE_WIDTH + GAP)
        detail = picture[GAP + LABEL + TILE_WIDTH // 2 + GAP :, left : left + TILE_WIDTH]
        assert (detail == 255).all()


def test_without_ground_truth_the_strip_has_one_tile_less() -> None:
    data, source = strip_data(2)
    strip = draw_strip(data, replace(source, ground_truth=None))
    assert strip.picture.shape[1] == GAP + 3 * (TILE_WIDTH + GAP)
    assert "Ground truth" not in strip.description


def test_a_method_keeps_its_colour_when_others_are_left_out() -> None:
    data = example_data()
    few = replace(data, methods={name: card for name, card in data.methods.items() if name != "bicubic"})
    assert method_styles(few)["lanczos"] == method_styles(data)["lanczos"]
    styles = method_styles(make_data({("a", "m0", "psnr.rgb"): {"x": 1.0}}, {"a": ("x",)}, {f"m{i}": "M" for i in range(20)}))
    assert len(set(styles.values())) == 20


def test_lines_are_the_scores() -> None:
    data = example_data()
    with figure_settings():
        figure = draw_per_frame(data, "street", "bikes")
        assert figure is not None
        # The metric per clip has no panel.
        assert [panel.get_ylabel() for panel in figure.axes] == [
            "PSNR in dB  (↑ higher is better)",
            "Luma error  (↓ lower is better)",
        ]
        cell = next(c for c in data.cells if (c.dataset, c.method, c.metric) == ("street", "lanczos", "psnr.rgb"))
        line = figure.axes[0].lines[1]
        assert list(line.get_ydata()) == list((cell.scores["bikes"].per_frame or {}).values())  # type: ignore[arg-type]
        assert line.get_color() == method_styles(data)["lanczos"].colour


def test_infinite_scores_are_drawn_and_not_left_out() -> None:
    data = nasty_data()
    with figure_settings():
        figure = draw_per_frame(data, "one", "00|0")
        assert figure is not None
        panel = figure.axes[0]
        assert [len(line.get_xdata()) for line in panel.lines] == [2, 2, 2, 2]  # type: ignore[arg-type]
        # The last one is the row of infinity signs at the upper edge.
        assert list(panel.lines[-1].get_ydata()) == [1.0, 1.0]  # type: ignore[arg-type]
        assert all(math.isnan(value) for value in panel.lines[2].get_ydata())  # type: ignore[union-attr, arg-type]
        figure.savefig(io.BytesIO(), format="svg")


def test_dots_are_the_scores_of_clips() -> None:
    data = example_data()
    with figure_settings():
        figure = draw_per_clip(data, "street")
        assert figure is not None
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["bikes", "carphone"]
        # Lanczos has no score of carphone for the third metric.
        assert [len(line.get_xdata()) for line in figure.axes[2].lines] == [2, 1, 2]  # type: ignore[arg-type]
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
    assert Image.open(buffer).size[0] > 1000


def test_nothing_scored_is_no_figure() -> None:
    data = make_data({("a", "one", "psnr.rgb"): {}}, {"a": ("x",)}, {"one": "One"})
    assert draw_per_frame(data, "a", "x") is None
    assert draw_per_clip(data, "a") is None


def test_a_title_of_several_lines_is_printed_in_one() -> None:
    titles = {"ours": "A title\nof two lines\n", "theirs": "a\ttab \x1b[31m"}
    data = make_data({("set", name, "psnr.rgb"): {"clip": 20.0} for name in titles}, {"set": ["clip"]}, titles)
    assert [card.heading for card in data.methods.values()] == ["A title of two lines", "a tab \\x1b[31m"]
    source = strip_data(2)[1]
    restored = dict(zip(titles, source.restored.values(), strict=True))
    assert draw_strip(data, replace(source, restored=restored)).picture.ndim == 3


def test_names_in_a_figure_leave_xml_that_can_be_parsed(tmp_path: Path) -> None:
    name = "\x1b]0;owned\x07<script>&\x08 \x9b--> \u202e"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Glyphs that the font lacks.
        figure = Figure()
        figure.subplots().plot([1, 2], label=name)
        figure.suptitle(name)
        figure.legend()
        files = save_figure(figure, tmp_path / "plot")
    (svg,) = [file for file in files if file.suffix == ".svg"]
    ElementTree.parse(svg)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", svg.read_text(encoding="utf-8"))
