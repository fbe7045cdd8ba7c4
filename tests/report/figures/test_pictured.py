from __future__ import annotations

from dataclasses import replace

from mgld_bench.report.figures.pictured import MOST, chosen_in_words, pictured_clips
from tests.helpers.handmade import make_data


def test_of_many_clips_those_on_which_methods_differ_most_have_pictures() -> None:
    clips = [f"{number:02d}" for number in range(MOST + 3)]
    same = dict.fromkeys(clips, 20.0)
    apart = {clip: 20.0 + number for number, clip in enumerate(clips)}
    data = make_data({("a", "one", "psnr.rgb"): same, ("a", "two", "psnr.rgb"): apart}, {"a": clips}, {"one": "1", "two": "2"})
    assert pictured_clips(data) == tuple(("a", clip) for clip in clips[3:])
    assert chosen_in_words(data).startswith(f"Of {MOST} of {MOST + 3} clips")
    # A card that names its plots gets them all.
    data = replace(data, card=data.card.model_copy(update={"plots": ("strip",)}))
    assert len(pictured_clips(data)) == len(clips)
    assert chosen_in_words(data) == ""
