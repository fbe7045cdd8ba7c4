"""The degradation of whole clips, in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from mgld_bench.cards.loader import load_degradation
from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.degradation.loading import degrade_clip


def test_the_clip_decides_the_seed(bunny: ArrayClip, mgld: DegradationCard) -> None:
    first, plan = degrade_clip(bunny, mgld, "demo")
    assert plan.seed_text == "pairs-v1|mgld|demo|bunny|0"
    again, _ = degrade_clip(bunny, mgld, "demo", "bunny")
    np.testing.assert_array_equal(first, again)
    for other in (
        degrade_clip(bunny, mgld, "demo", "bikes"),
        degrade_clip(bunny, mgld),
        degrade_clip(bunny, mgld.model_copy(update={"salt": 1}), "demo"),
    ):
        assert not np.array_equal(first, other[0])


def test_colours_keep_their_places(mgld: DegradationCard, original: DegradationCard) -> None:
    red = np.zeros((4, 96, 96, 3), np.uint8)
    red[..., 0] = 200
    for card in (mgld, original):
        for salt in range(3):
            frames, _ = degrade_clip(ArrayClip("red", red), card.model_copy(update={"salt": salt}))
            mean = np.mean(frames, axis=(0, 1, 2))
            # Poisson noise of a flat frame is strong in the original profile, and its clipping costs brightness.
            assert mean[0] > 100 and mean[1] < 60 and mean[2] < 60


def test_a_card_may_name_the_pipeline_that_is_the_default(tmp_path: Path) -> None:
    card = tmp_path / "mine.yaml"
    named = "name: mine\nextends: realbasicvsr\npipeline: "
    card.write_text(f"{named}mgld_bench.pairs.pipeline:RealBasicVSRDegradation\n")
    assert load_degradation(str(card)).model_copy(update={"name": "realbasicvsr", "title": "", "notes": ""}) == (
        load_degradation("realbasicvsr").model_copy(update={"title": "", "notes": ""})
    )


MEMORY = """
import resource
import sys
import tempfile
from pathlib import Path
import numpy as np
from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.degradation.drawing import draw_plan
from mgld_bench.degradation.pipeline import degrade_frames
count = int(sys.argv[1])
plan = draw_plan(DegradationCard(name="d", salt=4), "demo", "long", (256, 384), count)
source = (np.full((256, 384, 3), 4 * (index % 50), np.uint8) for index in range(count))
with tempfile.TemporaryDirectory() as folder:
    streams = {video.op: Path(folder) / f"{video.op}.mp4" for video in plan.videos}
    for frame in degrade_frames(source, plan, streams, lambda op, index, frame: None):
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_clip() -> None:
    peaks = [
        int(subprocess.run([sys.executable, "-c", MEMORY, str(count)], capture_output=True, text=True, check=True).stdout)
        for count in (4, 34)
    ]
    # 30 more frames are 9 MB as uint8 and 35 MB as float32.
    assert peaks[1] - peaks[0] < 6_000, "kilobytes"
