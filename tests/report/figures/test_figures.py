"""The figures of a report card: pixels, numbers, what is missing, and files in every format."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mgld_bench.cards.figures import (
    AnyFigure,
    Box,
    CostFigure,
    CropsFigure,
    RadarFigure,
    Shot,
    SweepFigure,
    TemporalProfileFigure,
    VotesFigure,
)
from mgld_bench.cards.loader import load_method
from mgld_bench.clips.clip import ArrayClip, Frame
from mgld_bench.errors import InputError
from mgld_bench.report.collect.data import PictureSource, ReportData
from mgld_bench.report.collect.highlighted import highlighted_methods
from mgld_bench.report.figures.drawing import Drawing, NothingToDrawError
from mgld_bench.report.figures.inputs.kinds import draw
from mgld_bench.report.figures.inputs.votes import read_votes
from mgld_bench.report.figures.radar import MetricAxis
from mgld_bench.report.figures.style import figure_settings, save_figure
from mgld_bench.report.figures.votes import share_interval
from mgld_bench.report.figures.write_figures import write_figures
from mgld_bench.report.figures.written import missing_figures
from tests.helpers.example_data import example_data
from tests.helpers.handmade import Place, make_data

FRAMES = 4
SIZE = (96, 160)
LONG = 'A_B & $x$ <i>100%</i> {y} #1 ~^\\ "q", a method with a very long name'


def noise(seed: int, height: int, width: int) -> Frame:
    return np.random.default_rng(seed).integers(0, 256, (FRAMES, height, width, 3), dtype=np.uint8)


def noise_data(methods: int, *figures: AnyFigure, truth: bool = True) -> ReportData:
    """One clip of noise, four times as large as LR."""
    names = {f"m{index}": LONG if index == 0 else f"Method {index}" for index in range(methods)}
    scores: dict[Place, dict[str, float]] = {
        ("set", name, metric): {"clip": value + index}
        for index, name in enumerate(names)
        for metric, value in (("psnr.rgb", 20.0), ("lpips.alex", 0.1), ("niqe.pyiqa", 5.0))
    }
    data = make_data(scores, {"set": ("clip",)}, names)
    source = PictureSource(
        "set",
        "clip",
        ArrayClip("clip", noise(0, SIZE[0] // 4, SIZE[1] // 4)),
        ArrayClip("clip", noise(1, *SIZE)) if truth else None,
        {name: ArrayClip("clip", noise(2 + index, *SIZE)) for index, name in enumerate(names)},
    )
    return replace(data, pictures=(source,), card=data.card.model_copy(update={"figures": figures}))


def png_of(data: ReportData, figure: AnyFigure, folder: Path) -> Frame:
    with figure_settings():
        drawing = draw(data, figure)
        file = save_figure(drawing.figure, folder / "figure", drawing.dpi)[0]
    return np.asarray(Image.open(file).convert("RGB"), dtype=np.uint8)


def drawn(data: ReportData, figure: AnyFigure) -> Drawing:
    with figure_settings():
        return draw(data, figure)


def contains(picture: Frame, part: Frame) -> bool:
    """Whether ``part`` is in ``picture``, pixel by pixel."""
    difference = cv2.matchTemplate(picture.astype(np.float32), part.astype(np.float32), cv2.TM_SQDIFF)
    row, column = np.unravel_index(np.argmin(difference), difference.shape)
    return np.array_equal(picture[row : row + part.shape[0], column : column + part.shape[1]], part)


def test_every_pixel_of_a_crop_is_a_square_of_the_png(tmp_path: Path) -> None:
    box = Box(top=8, left=20, height=24, width=32)
    data = noise_data(2)
    figure = CropsFigure(kind="crops", shots=(Shot(dataset="set", frame=2, box=box),), width=4.0)
    picture = png_of(data, figure, tmp_path)
    source = data.pictures[0]
    assert source.ground_truth is not None
    clips = [*source.restored.values(), source.ground_truth]
    frames = [source.lr.frame(2).repeat(4, 0).repeat(4, 1), *(clip.frame(2) for clip in clips)]
    found = re.search(r"enlarged (\d+) times", drawn(data, figure).statement)
    assert found is not None
    factor = int(found[1])
    for frame in frames:
        crop = frame[8:32, 20:52].repeat(factor, 0).repeat(factor, 1)
        assert contains(picture, crop)


def test_a_profile_is_the_line_over_time() -> None:
    data = noise_data(1)
    figure = TemporalProfileFigure(kind="temporal-profile", column=33, span=(10, 41), frames=(1, 3), width=4.0)
    # The first picture is the whole frame.
    shown = [panel.images[0].get_array() for panel in drawn(data, figure).figure.axes[1:]]
    source = data.pictures[0]
    assert source.ground_truth is not None
    low = [source.lr.frame(index).repeat(4, 0).repeat(4, 1) for index in (1, 2, 3)]
    clips = [low, *([clip.frame(index) for index in (1, 2, 3)] for clip in (source.restored["m0"], source.ground_truth))]
    assert len(shown) == 3
    for picture, frames in zip(shown, clips, strict=True):
        lines = np.stack([frame[10:42, 33] for frame in frames], axis=1)
        assert picture is not None
        down, across = picture.shape[0] // 32, picture.shape[1] // 3
        np.testing.assert_array_equal(picture, lines.repeat(down, 0).repeat(across, 1))


def test_the_box_is_found_where_one_of_two_methods_is_worse() -> None:
    data = noise_data(2)
    source = data.pictures[0]
    assert source.ground_truth is not None
    truth = noise(1, *SIZE)
    spoilt = truth.copy()
    spoilt[3, 40:64, 80:112] = 255 - spoilt[3, 40:64, 80:112]
    source = replace(source, restored={"m0": ArrayClip("clip", truth), "m1": ArrayClip("clip", spoilt)})
    figure = CropsFigure(kind="crops", between=("m0", "m1"), size=(32, 24), width=4.0)
    statement = drawn(replace(data, pictures=(source,)), figure).statement
    assert "set, clip, frame 3: 32×24 pixels, 80 from the left and 40 from the top" in statement
    assert "frame and box found where m0 and m1 differ most in squared error" in statement


def test_what_is_missing_is_named_and_the_rest_is_drawn(tmp_path: Path) -> None:
    data = noise_data(
        2, CropsFigure(kind="crops"), VotesFigure(kind="votes", votes="votes.csv"), RadarFigure(kind="radar", datasets=("set",))
    )
    source = replace(data.pictures[0], restored={"m1": data.pictures[0].restored["m1"]})
    written = write_figures(replace(data, pictures=(source,)), tmp_path)
    assert [bool(figure.files) for figure in written] == [True, False, True]
    text = missing_figures(written)
    assert "figure crops: " in text and "on set clip: not restored here" in text
    assert "figure votes was not drawn: the votes votes.csv are not there" in text
    assert "radar" not in text
    with pytest.raises(NothingToDrawError, match=r"no restored frames of set are here; to get them: mgld-bench run report"):
        drawn(replace(data, pictures=()), CropsFigure(kind="crops"))


def test_places_outside_of_a_clip_are_named() -> None:
    data = noise_data(1)
    outside = Box(top=80, left=0, height=24, width=32)
    with pytest.raises(NothingToDrawError, match="does not lie inside set clip"):
        drawn(data, CropsFigure(kind="crops", shots=(Shot(dataset="set", frame=0, box=outside),)))
    with pytest.raises(NothingToDrawError, match="has 4 frames: there is no frames 2 to 5"):
        drawn(data, CropsFigure(kind="crops", consecutive=4, shots=(Shot(dataset="set", frame=2),)))
    with pytest.raises(NothingToDrawError, match="row 96 or its span does not lie inside"):
        drawn(data, TemporalProfileFigure(kind="temporal-profile", row=96))


VOTES = """participant,question,method_a,method_b,choice
1,overall,Method 1,m2,a
1,overall,m2,Method 1,B
2,overall,m2,m1,tie
2,overall,m1,m2,b
2,steady,m1,m2,a
"""


def test_votes_are_counted_whichever_side_a_method_was_on(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(VOTES)
    data = replace(noise_data(3), figure_files={"votes.csv": path})
    drawing = drawn(data, VotesFigure(kind="votes", votes="votes.csv", of="m2", questions={"overall": "Better?"}))
    assert "Better?: Method 2 against Method 1: 1 of 4 votes (25 %, interval 5 to 70 %), 1 ties." in drawing.statement
    assert "steady: Method 2 against Method 1: 0 of 1 votes" in drawing.statement
    assert "(Wilson) of the first method's share of all votes, as if they were independent" in drawing.statement


def test_votes_of_a_study_have_intervals_over_people_and_clips_and_say_that_it_goes_on(tmp_path: Path) -> None:
    # Eight people who vote alike on all five clips: 40 votes, worth eight.
    lines = [f"{person},set,{clip},m2,m1,{'ab'[person % 4 == 0]}" for person in range(8) for clip in range(5)]
    (tmp_path / "votes.csv").write_text("\n".join(["participant,dataset,clip,method_a,method_b,choice", *lines]))
    (tmp_path / "result.json").write_text('{"preliminary": "8 of 9 participants have finished"}')
    data = replace(noise_data(3), figure_files={"votes.csv": tmp_path / "votes.csv"})
    statement = drawn(data, VotesFigure(kind="votes", votes="votes.csv")).statement
    assert statement.startswith("Preliminary: 8 of 9 participants have finished. ")
    found = re.search(r"30 of 40 votes \(75 %; preference 75 %, interval (\d+) to (\d+) %\)", statement)
    assert found is not None, statement
    assert int(found[1]) < 45
    assert int(found[2]) > 90


def test_the_interval_is_wilsons() -> None:
    share, count, z = 3 / 17, 17, 1.959964
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    assert share_interval(3, 17) == pytest.approx((middle - half, middle + half))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method_a,method_b\n", "no column 'choice'"),
        ("method_a,method_b,choice\nx,y,x\n", r"votes.csv:2: choice 'x': use a, b, tie"),
        ("method_a,method_b,choice\nx,x,a\n", r"votes.csv:2: a vote is between two methods, not 'x' and 'x'"),
    ],
)
def test_a_wrong_file_of_votes_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "votes.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_votes(tmp_path / "votes.csv")


def sweep_data(*names: str) -> ReportData:
    scores: dict[Place, dict[str, float]] = {
        ("set", name, "psnr.rgb"): {"x": 20.0 + place, "y": 21.0, "z": 22.0} for place, name in enumerate(names)
    }
    data = make_data(scores, {"set": ("x", "y", "z")}, dict.fromkeys(names, ""))
    return replace(data, methods={name: load_method(name) for name in names})


def test_a_sweep_has_the_methods_that_differ_in_the_option_alone() -> None:
    data = sweep_data("mgld-vsr", "mgld-vsr-eta-20", "bicubic", "mgld-vsr-no-guidance", "mgld-vsr-spynet")
    figure = SweepFigure(kind="sweep", method="mgld-vsr", option="guidance", label="η", crops=False)
    drawing = drawn(data, figure)
    assert "η = 0, 10, 20; dashed: 10, of MGLD-VSR. Bars: 95 % interval of the mean over clips." in drawing.statement
    assert list(drawing.figure.axes[0].lines[0].get_xdata()) == [0, 10, 20]  # type: ignore[arg-type]
    few = drawn(data, figure.model_copy(update={"values": (0.0, 20.0, 50.0), "axis": "log"}))
    assert few.missing == ("no method of the report has guidance = 50",)
    assert few.figure.axes[0].get_xscale() == "symlog"
    with pytest.raises(InputError, match=r"method mgld-vsr has no option 'guidances'; did you mean guidance, "):
        drawn(data, figure.model_copy(update={"option": "guidances"}))
    with pytest.raises(NothingToDrawError, match="needs methods with two values of steps of mgld-vsr, and 1 is here"):
        drawn(data, figure.model_copy(update={"option": "steps"}))


def name_boxes(figure: Figure) -> list[tuple[float, float, float, float]]:
    figure.draw_without_rendering()
    return [tuple(text.get_window_extent().extents) for text in figure.axes[0].texts]  # type: ignore[misc]


def test_names_beside_points_do_not_overlap_and_published_costs_are_said_to_be(tmp_path: Path) -> None:
    data = noise_data(10)
    costs = {f"m{index}": 1.0 + 0.05 * index for index in range(9)}
    figure = CostFigure(kind="cost", metric="psnr", published=True, published_seconds=costs, published_source="Somebody, A100")
    with figure_settings():
        drawing = draw(data, figure)
        boxes = name_boxes(drawing.figure)
    assert len(boxes) == 9
    for index, (left, bottom, right, top) in enumerate(boxes):
        for other in boxes[:index]:
            assert right <= other[0] or left >= other[2] or top <= other[1] or bottom >= other[3]
    assert drawing.missing == ("Method 9: no seconds",)
    assert "Hollow: a published number is among the two (Somebody, A100)." in drawing.statement


def test_axes_run_from_the_worst_to_the_best() -> None:
    axis = MetricAxis("LPIPS", "lower", 3, {"one": 0.4, "two": 0.2, "three": 0.25})
    assert axis.ends == (0.4, 0.2)
    assert [round(axis.height(name), 6) for name in ("one", "two", "three")] == [0.0, 1.0, 0.75]
    assert math.isnan(axis.height("nobody"))
    assert MetricAxis("PSNR", "higher", 2, {"one": 30.0, "two": 30.0}).height("two") == 1.0


def test_a_method_of_the_users_own_is_highlighted(tmp_path: Path) -> None:
    (tmp_path / "baselines").mkdir()
    (tmp_path / "baselines" / "mine.yaml").write_text("name: mine\nextends: bicubic\n")
    data = example_data()
    data = replace(data, methods={**data.methods, "bicubic": load_method("bicubic"), "mine": load_method("mine", [tmp_path])})
    assert highlighted_methods(data) == {"mine"}
    asked = replace(data, card=data.card.model_copy(update={"highlight": ("bicubic",)}))
    assert highlighted_methods(asked) == {"bicubic"}


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> tuple[ReportData, Path]:
    """A figure of each kind with a name that tries to break out of every format, written twice."""
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "votes.csv").write_text("method_a,method_b,choice\nm0,m1,a\n")
    data = noise_data(
        3,
        CropsFigure(kind="crops", consecutive=2, shots=(Shot(dataset="set", frame=0),), title="A_title & 100%, η…", width=4.0),
        TemporalProfileFigure(kind="temporal-profile", width=4.0, caption="About $5_0."),
        VotesFigure(kind="votes", votes="votes.csv"),
        CostFigure(kind="cost", metric="psnr", published=True, published_seconds={"m0": 0.1, "m1": 10.0}, name="a_b"),
        RadarFigure(kind="radar"),
        RadarFigure(kind="radar", form="parallel"),
    )
    data = replace(data, figure_files={"votes.csv": folder / "votes.csv"})
    for name in ("one", "two"):
        write_figures(data, folder / name)
    return data, folder


def test_the_same_data_gives_the_same_files_and_fonts_are_embedded(gallery: tuple[ReportData, Path]) -> None:
    _, folder = gallery
    names = sorted(path.name for path in (folder / "one" / "figures").iterdir())
    stems = ("a_b", "crops", "radar", "radar-2", "temporal-profile", "votes")
    assert names == sorted(f"{stem}.{ending}" for stem in stems for ending in ("png", "svg", "pdf", "tex"))
    for name in names:
        content = (folder / "one" / "figures" / name).read_bytes()
        assert content == (folder / "two" / "figures" / name).read_bytes()
        if name.endswith(".pdf"):
            assert b"/Type3" not in content and b"/FontFile2" in content
        if name.endswith(".svg"):
            # Letters are outlines.
            assert b"<text" not in content
        if name.endswith(".png"):
            with Image.open(folder / "one" / "figures" / name) as picture:
                assert min(picture.info["dpi"]) > 299


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_snippets_compile(gallery: tuple[ReportData, Path]) -> None:
    _, folder = gallery
    snippets = sorted((folder / "one" / "figures").glob("*.tex"))
    inputs = "\n".join(rf"\input{{\detokenize{{{path.name}}}}}" for path in snippets)
    text = rf"\documentclass{{article}}\usepackage{{graphicx}}\begin{{document}}{inputs}\end{{document}}"
    (folder / "one" / "figures" / "paper.latex").write_text(text)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.latex"]
    result = subprocess.run(command, cwd=folder / "one" / "figures", capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-1500:]
    caption = (folder / "one" / "figures" / "crops.tex").read_text()
    assert r"\caption{A\_title \& 100\%, $\eta$\ldots{}. set, clip, frames 0 to 1" in caption
