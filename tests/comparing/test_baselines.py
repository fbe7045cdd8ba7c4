"""One method against all baselines: who is one, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError
from tests.comparing.conftest import Compared
from tests.helpers.compared import Filler, card

CLIPS = {"000": 25.0, "011": 26.0}
PSNR = ("reds4", "psnr.rgb")


def test_only_methods_with_cards_are_baselines_and_the_others_are_named(compared: Compared, tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        filler = Filler(store)
        for name in ("mine", "bicubic", "mine-1a2b3c4d", "mine-1a2b3c4d-confirmed1", "mine-1a2b3c4d-night7"):
            filler.run(name, {PSNR: CLIPS}, card_of=card(name))
        filler.run("realesrgan", {PSNR: CLIPS}, pair="another")
        filler.run("bsrgan", {("udm10", "psnr.rgb"): CLIPS})
        filler.run("realbasicvsr", {PSNR: CLIPS}, protocol="dove-2025")
        filler.run("realesrnet", {PSNR: {"000": 20.0}})
        filler.run("realesrnet", {PSNR: {"011": 21.0}}, checkpoint="2")
    found = compared("mine", against_all=True)
    assert [contest.reference.name for contest in found.contests] == ["bicubic"]
    assert [text for text in found.notes if text.startswith("not among")] == [
        "not among the baselines, because no card of them is here (--cards): mine-1a2b3c4d, mine-1a2b3c4d-confirmed1, "
        "mine-1a2b3c4d-night7",
        "not among the baselines, because they have no scores of protocol mgld-2024: realbasicvsr",
        "not among the baselines, because they share no clip and metric with it: bsrgan",
    ]
    missing = "\n".join(found.missing)
    assert "against realesrnet: the workspace: the clips of realesrnet were not all restored by the same card" in missing
    assert "against realesrgan: realesrgan and mine were not given the same pairs (reds4: 000, 011)" in missing


def test_without_a_baseline_it_is_said_who_is_none(compared: Compared, tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'results.sqlite'}") as store:
        for name in ("mine", "mine-1a2b3c4d"):
            Filler(store).run(name, {PSNR: CLIPS})
    with pytest.raises(InputError, match=r"no baseline has scores beside mine: run one first; .* \(--cards\): mine-1a2b3c4d"):
        compared("mine", against_all=True)
