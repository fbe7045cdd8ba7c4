"""The page as its readers use it, in a browser, opened from disk."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mgld_bench.cards.schemas import TableLayout
from mgld_bench.report.write import write_report
from tests.helpers.browser import opened
from tests.helpers.made_up_suite import OWN, made_up_suite
from tests.helpers.nasty import METHODS, SET, nasty_data, published_csv

pytestmark = pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
LONG = "x" * 3000
PSNR = "set0/psnr.rgb"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve clips, four methods, twenty frames."""
    files = write_report(made_up_suite(12, 4, 20), tmp_path_factory.mktemp("made-up"), ("html",))
    assert files.index is not None
    return files.index


def titles(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("#table-view th.method").all_inner_texts()]


def cell(page: Page, method: str, line: str = PSNR) -> str:
    return page.locator(f'[data-place="{line}/{method}"]').inner_text()


def state(page: Page) -> str:
    page.evaluate("mgld.state.flush()")
    return str(page.evaluate("location.hash"))


def test_methods_are_sorted_and_lines_filtered_and_the_address_keeps_it(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        given = titles(page)
        assert len(given) == 4
        page.locator("#table-view button.sort").first.click()
        best_first = titles(page)
        assert best_first[0].endswith(OWN)
        assert sorted(best_first) == sorted(given)
        page.locator("#table-view button.sort").first.click()
        assert titles(page)[0] != best_first[0]
        page.select_option("[name=dataset]", "set1")
        page.locator(".picker[data-key=methods] summary").click()
        page.locator(".picks input[value=bicubic]").uncheck()
        page.locator("[name=rows]").check()
        shown, address = page.locator("#table-view").inner_text(), state(page)
        assert "Set0" not in shown
        assert "Bicubic" not in shown
    with opened(browser, page_file, state=address[1:]) as page:
        assert page.locator("#table-view").inner_text() == shown
        assert page.locator("[name=dataset]").input_value() == "set1"
        page.locator("[name=rows]").uncheck()
        # Going to a different part is a step back in the browser; changes within one are not.
        page.locator("[data-tab=made]").click()
        expect(page.locator("#made")).to_be_visible()
        page.go_back()
        expect(page.locator("#tables")).to_be_visible()


def test_a_metric_states_how_often_it_agrees_with_people_where_a_study_scored_it(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        heads = {head.inner_text().split()[0]: head.inner_text() for head in page.locator("#table-view th.metric").all()}
        assert "agrees 48 %" in heads["PSNR"]
        title = page.locator("#table-view .agrees").first.get_attribute("title")
        assert (
            title == "orders 48 % of 161 clear pairs as people do (AVT-VQDB-UHD-1-VSR); the study scored PSNR over Y, Cb and Cr"
        )
        page.locator("[data-tab=made]").click()
        expect(page.locator("#agreement")).to_contain_text("arXiv 2605.25940")


def test_differences_are_those_of_the_statistics_in_either_direction(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file, state=f"show=differences&baseline={OWN}") as page:
        first = cell(page, "bicubic")
        assert "baseline" in cell(page, OWN)
        page.select_option("[name=baseline]", "bicubic")
        second = cell(page, OWN)
        numbers = [[float(number) for number in re.findall(r"[-+]?\d+\.\d+", text)] for text in (first, second)]
        (mean, low, high), (other, other_low, other_high) = numbers
        assert (mean, low, high) == (-other, -other_high, -other_low)
        assert ("worse" in first, "better" in second) == (high < 0, other_low > 0)
        page.get_by_text("Ranks").click()
        assert cell(page, OWN).endswith("1")


def test_a_cell_leads_by_keyboard_to_its_clips_worst_first_and_to_where_it_comes_from(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        page.locator("#table-view td").first.focus()
        for key in ("ArrowDown", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        assert page.locator("#cell h2").inner_text().strip() == "RVRT: SSIM on Set0"
        scores = [float(text) for text in page.locator("#cell .ranking .number").all_inner_texts()]
        assert scores == sorted(scores)
        assert len(scores) == 6
        dots = page.locator("#cell .chosen circle")
        assert dots.count() == 6
        dots.last.click()
        expect(page.locator("#clip-title")).to_have_text("Set0, 010")
        assert "metric=ssim.rgb" in state(page)
        page.locator("[data-tab=made]").click()
        step = page.locator(".chain")
        expect(step).to_contain_text("mgld-bench run made-up")
        assert len(re.findall(r"\b[0-9a-f]{64}\b", step.inner_text())) == 4
        expect(page.locator("#lookup-result")).to_contain_text("--datasets set0 --methods rvrt --metrics ssim.rgb")


def test_curves_set_the_frame_and_the_worst_frames_follow_each_other(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file, state=f"tab=clips&clip=set0%2F002&method={OWN}&line={PSNR}") as page:
        plot = page.locator(".curve .u-over")
        plot.click(position={"x": 1, "y": 30})
        assert "frame=" not in state(page)
        size = plot.bounding_box()
        assert size
        plot.click(position={"x": size["width"] - 1, "y": 30})
        assert "frame=19" in state(page)
        page.mouse.move(0, 0)
        values = page.evaluate(f"mgld.data('clips/set0/002').scores['psnr.rgb']['{OWN}']")
        seen = []
        for _ in range(3):
            page.keyboard.press("n")
            seen.append(page.evaluate("mgld.state.get().frame"))
        assert seen == sorted(range(20), key=lambda frame: values[frame])[:3]
        expect(page.locator(".curve .u-legend")).to_contain_text(f"{values[seen[-1]]:.2f}")
        page.locator("#curves input[value='ssim.rgb']").check()
        page.locator("#curves select").select_option("set1/003")
        expect(page.locator(".curve")).to_have_count(2)
        expect(page.locator(".curve").first.locator(".u-series")).to_have_count(1 + 2 * 4)
        windows = page.locator("#worst .ranking li")
        assert windows.count() > 0
        losses = [float(text) for text in windows.locator(".number").all_inner_texts()]
        assert losses == sorted(losses, reverse=True)
        windows.first.locator("a").click()
        assert int(page.evaluate("mgld.state.get().frame")) >= 0


def test_what_is_seen_is_saved(browser: Browser, page_file: Path, tmp_path: Path) -> None:
    with opened(browser, page_file, state="show=differences&baseline=bicubic&dataset=set1") as page:
        for name in ("csv", "tex"):
            with page.expect_download() as download:
                page.locator(f"button[name={name}]").click()
            download.value.save_as(tmp_path / f"table.{name}")
        shown = cell(page, OWN, "set1/psnr.rgb")
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    assert {row["Dataset"] for row in rows} == {"Set1"}
    assert len(rows) == 10
    assert f"{float(rows[0][OWN]):+.2f}" in shown
    # Of the baseline the table shows the value, which is no difference.
    assert {row["Bicubic"] for row in rows} == {""}
    tex = (tmp_path / "table.tex").read_text()
    assert tex.count(r"\\") == 11
    assert r"\textbf" not in tex


def test_hostile_names_stay_text(browser: Browser, tmp_path: Path) -> None:
    data = nasty_data(published_csv(tmp_path))
    notes, title = f"</script><script>alert(1)</script>\u2028{LONG}", METHODS["evil"] + LONG
    evil = data.methods["evil"].model_copy(update={"notes": notes, "title": title})
    data = replace(
        data,
        card=data.card.model_copy(update={"table": TableLayout(orientation="methods-as-rows"), "plots": ()}),
        methods={**data.methods, "evil": evil},
    )
    files = write_report(data, tmp_path / "report", ("html",), against_published=True)
    assert files.index is not None
    with opened(browser, files.index, width=390) as page:
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        assert page.title() == "Table_1: <script>alert(1)</script> & 100%"
        assert all(name in page.locator("#table-view").inner_text() for name in (SET, *METHODS.values()))
        expect(page.locator(".warning").first).to_contain_text("another instance of this test set")
        page.locator("[data-tab=clips]").click()
        page.locator("#clip-index a").nth(2).click()
        expect(page.locator("#clip-title")).to_have_text("Two, <i>")
        page.locator("[data-tab=made]").click()
        expect(page.locator("#lookup-result")).to_contain_text("mgld-bench run report")
        assert page.locator("script:not([src]), b, i, img[src=x]").count() == 0
        # What is wide is scrolled in its own frame; the page itself is not.
        for tab in ("tables", "clips", "made"):
            page.locator(f"#tabs [data-tab={tab}]").click()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_page_is_dark_or_light_as_its_reader_wants(browser: Browser, page_file: Path) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    with opened(browser, page_file, dark=True) as page:
        dark = page.evaluate(paper)
        page.locator("#theme").click()
        light = page.evaluate(paper)
        assert (dark, light) == ("rgb(20, 23, 26)", "rgb(255, 255, 255)")


@pytest.mark.parametrize("place", ["", "tab=clips&clip=set0%2F002", "tab=made"])
def test_nothing_moves_while_the_page_loads(browser: Browser, page_file: Path, place: str) -> None:
    shifts = """new Promise(done => new PerformanceObserver(list => done(list.getEntries().map(entry => entry.value)))
        .observe({type: "layout-shift", buffered: true}) || setTimeout(() => done([]), 300))"""
    with opened(browser, page_file, state=place) as page:
        # Below 0.1 nobody notices.
        assert sum(page.evaluate(shifts)) < 0.1


@pytest.mark.slow
def test_fifty_clips_and_nine_methods_are_small_and_open_quickly(browser: Browser, tmp_path: Path) -> None:
    files = write_report(made_up_suite(50, 9, 100), tmp_path, ("html",))
    assert files.index is not None
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 30e6
    times = []
    for _ in range(3):
        with opened(browser, files.index, width=1600) as page:
            page.locator("#table-view [role=grid] td").first.wait_for()
            times.append(page.evaluate("performance.now()") / 1000)
    assert min(times) < 2


def test_without_its_scripts_the_page_still_has_its_numbers(browser: Browser, page_file: Path, tmp_path: Path) -> None:
    alone = tmp_path / "sent-by-mail.html"
    alone.write_text(page_file.read_text())
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for file in (page_file, alone):
        page.goto(file.as_uri())
        assert page.locator("#table-view td").count() == 2 * 10 * 4
        assert page.locator("#made .columns h2").first.is_visible()
        assert not page.locator("#table-tools").is_visible() or file == alone
    context.close()
