"""A protocol that resizes frames first: the same numbers by every way, under keys of its own, and none of the others' change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgld_bench
from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.clips.bicubic import resize_bicubic
from mgld_bench.clips.reading import open_clip
from mgld_bench.engine.keys import score_key
from mgld_bench.metrics.catalogue import describe
from tests.helpers.command import call
from tests.helpers.tiny_suite import write_tiny_suite


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny suite, run under its own protocol and under one of a short side of 96 pixels."""
    top = tmp_path_factory.mktemp("short-side")
    write_tiny_suite(top)
    (top / "cards/reports/protocols/larger.yaml").write_text(
        "name: larger\ntitle: Larger\nmetrics: {psnr: psnr.rgb, ssim: ssim.rgb}\nshort_side: 96\n"
    )
    for protocol in ("plain", "larger"):
        table = mgld_bench.run(
            "small",
            methods=["bicubic"],
            protocol=protocol,
            level="clip",
            workspace=top / "w",
            cards=[top / "cards"],
            sources={"tiny": top / "data"},
            device="cpu",
        )
        table.to_pickle(top / f"{protocol}.pickle")
    return top


def scores(top: Path, protocol: str) -> dict[tuple[str, str], float]:
    import pandas as pd

    table = pd.read_pickle(top / f"{protocol}.pickle")
    return {(row.clip, row.metric): row.value for row in table.itertuples()}


def test_the_numbers_are_those_of_resized_frames(top: Path) -> None:
    plain, larger = scores(top, "plain"), scores(top, "larger")
    assert plain.keys() == larger.keys()
    assert all(plain[key] != larger[key] for key in plain)
    (restored,) = top.glob("w/restored/tiny/bicubic/a")
    (truth,) = top.glob("w/pairs/tiny/*/GT/a")
    both = [
        np.stack([np.clip(np.rint(resize_bicubic(frame, 96, 96)), 0, 255) for frame in open_clip(place).frames()])
        for place in (restored, truth)
    ]
    errors = ((both[0] - both[1]) ** 2).mean(axis=(1, 2, 3))
    assert larger["a", "psnr.rgb"] == pytest.approx(float(np.mean(10 * np.log10(255**2 / errors))), abs=1e-9)


def test_folders_give_the_same_numbers_as_the_suite(top: Path) -> None:
    (truth,) = top.glob("w/pairs/tiny/*/GT")
    table = mgld_bench.score(
        top / "w/restored/tiny/bicubic",
        truth,
        ["psnr", "ssim"],
        protocol="larger",
        cards=[top / "cards"],
        level="clip",
        store=f"sqlite:///{top}/kept.sqlite",
    )
    assert {(row.clip, row.metric): row.value for row in table.itertuples()} == scores(top, "larger")
    assert any("resized to a short side of 96 pixels" in note for note in table.attrs["notes"])


def test_a_report_states_the_step(top: Path) -> None:
    done = call(
        *("report", "small", "--protocol", "larger", "--methods", "bicubic", "--format", "md"),
        *("--cards", top / "cards", "-w", top / "w", "--quiet"),
    )
    assert done.code == 0, done.err
    assert "Protocol larger: all frames, resized to a short side of 96 pixels" in " ".join(done.out.split())


def test_sizes_that_differ_only_before_the_step_agree(top: Path, tmp_path: Path) -> None:
    """A clip that was restored to the short side is scored against ground truth of another size, under this protocol only."""
    frames = np.stack(list(open_clip(top / "data/GT/a").frames()))
    larger = np.stack([np.clip(np.rint(resize_bicubic(frame, 96, 96)), 0, 255).astype(np.uint8) for frame in frames])
    noisy = np.clip(larger.astype(int) + 3, 0, 255).astype(np.uint8)
    table = mgld_bench.score(noisy, frames, ["psnr"], protocol="larger", cards=[top / "cards"], level="clip")
    assert table["value"].iloc[0] == pytest.approx(20 * np.log10(255 / 3), abs=0.2)
    with pytest.raises(Exception, match="restored frames are 96x96, but the ground truth is 64x64"):
        mgld_bench.score(noisy, frames, ["psnr"], protocol="plain", cards=[top / "cards"])


def test_only_a_protocol_with_the_step_has_it_in_its_keys() -> None:
    plain = ProtocolCard(name="a", metrics={"psnr": "psnr.rgb"})
    facts = describe("psnr.rgb")
    assert score_key("r", facts, plain) == score_key("r", facts, plain.model_copy(update={"name": "b"}))
    keys = {score_key("r", facts, plain.model_copy(update={"short_side": side})) for side in (None, 96, 1024)}
    assert len(keys) == 3
