from __future__ import annotations

import math
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import psutil
import pytest

from mgld_bench.clips.clip import ArrayClip, Clip, ClipFacts, Frame
from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import describe, load_metric
from mgld_bench.metrics.frame_metric import score_of_frames
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Frames, Metric
from mgld_bench.scoring.score_pass import Failures, score_clip
from tests.helpers.scores import frame_scores, text_fact

NAMES = ("psnr.rgb", "psnr.y.crop4", "ssim.y-full", "vmaf.v0.6.1", "vmaf.v0.6.1neg", "niqe.pyiqa", "brisque.live")
PER_FRAME = ("psnr.rgb", "niqe.pyiqa")
PROBED = 5


class CountingClip(ArrayClip):
    """Counts how often each frame is decoded."""

    def __init__(self, name: str, frames: Frames) -> None:
        super().__init__(name, frames)
        self.decoded = [0] * len(frames)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        for index, frame in enumerate(super().frames(start, stop), start):
            self.decoded[index] += 1
            yield frame


class MadeClip(Clip):
    """Frames made when they are asked for."""

    def __init__(self, name: str, count: int, seed: int, ends_at: int | None = None) -> None:
        names = tuple(f"{index:08d}" for index in range(count))
        self.facts = ClipFacts(name, count, 360, 640, names, lossy=False)
        self.path = None
        self._seed = seed
        self._ends_at = count if ends_at is None else ends_at

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        for index in range(start, min(self.frame_count if stop is None else stop, self._ends_at)):
            # The same picture in all clips, and noise of its own.
            picture = np.random.default_rng(index).integers(0, 200, (45, 80, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
            yield picture + np.random.default_rng((index, self._seed)).integers(0, 50, picture.shape, dtype=np.uint8)

    def digest(self) -> str:
        raise NotImplementedError


def load(*names: str) -> list[Metric]:
    return [load_metric(name) for name in names]


def test_chunks_and_other_methods_change_no_score(bunny: Frames, degraded: Frames) -> None:
    reference, metrics = ArrayClip("bunny", bunny), load(*NAMES)
    clips = {"bad": ArrayClip("bunny", degraded), "worse": ArrayClip("bunny", degraded // 2)}
    wanted = {"bad": metrics, "worse": metrics[:3]}
    together = score_clip(reference, clips, wanted)
    assert {method: list(scores) for method, scores in together.items()} == {
        "bad": sorted(NAMES, key=list(together["bad"]).index),
        "worse": list(NAMES[:3]),
    }
    for chunk in (1, 4, 50):
        assert score_clip(reference, clips, wanted, chunk=chunk) == together
    for method, clip in clips.items():
        assert score_clip(reference, {method: clip}, wanted)[method] == together[method]
    for scores in together.values():
        for score in scores.values():
            assert list(frame_scores(score)) == list(range(10))
            assert score.value == pytest.approx(np.mean(list(frame_scores(score).values())))


def test_every_clip_is_decoded_once_for_all_methods_and_metrics(bunny: Frames, degraded: Frames) -> None:
    reference = CountingClip("bunny", bunny)
    clips = {"a": CountingClip("bunny", degraded), "b": CountingClip("bunny", degraded)}
    score_clip(reference, clips, dict.fromkeys(clips, load(*NAMES)))
    assert min(clips["a"].decoded) == min(clips["b"].decoded) == 1
    # Beside the pass there are the probes for a shift and for a delay, on some frames of every pair; the second compares each
    # with its neighbours in the ground truth, too: 3 + 5 + 5 + 5 + 3.
    assert sum(reference.decoded) == 10 + 2 * (PROBED + 21)
    assert sum(clips["a"].decoded) == sum(clips["b"].decoded) == 10 + 2 * PROBED


def test_only_chosen_frames_are_decoded_and_averaged(bunny: Frames, degraded: Frames) -> None:
    clip, chosen = CountingClip("bunny", degraded), (0, 4, 5, 9)
    every = score_clip(None, {"m": clip}, {"m": load("niqe.pyiqa", "brisque.live")})["m"]
    clip.decoded = [0] * 10
    some = score_clip(None, {"m": clip}, {"m": load("niqe.pyiqa", "brisque.live")}, chosen)["m"]
    assert clip.decoded == [1, 0, 0, 0, 1, 1, 0, 0, 0, 1]
    for name, score in some.items():
        assert score.per_frame == {index: frame_scores(every[name])[index] for index in chosen}
        assert score.value == pytest.approx(np.mean([frame_scores(every[name])[index] for index in chosen]))
        assert score.facts["frames"] == "0, 4, 5, 9 of 10"


@pytest.mark.parametrize("chunk", [1, 3, None])
def test_a_metric_that_needs_neighbours_sees_all_frames_and_pools_the_chosen(
    chunk: int | None, bunny: Frames, degraded: Frames
) -> None:
    reference, clips, metrics = ArrayClip("bunny", bunny), {"m": ArrayClip("bunny", degraded)}, {"m": load(*NAMES)}
    every = score_clip(reference, clips, metrics)["m"]
    some = score_clip(reference, clips, metrics, (9, 2, 7, 2), chunk)["m"]
    for name, score in some.items():
        assert score.per_frame == {index: frame_scores(every[name])[index] for index in (2, 7, 9)}
    assert "neighbours" in text_fact(some["vmaf.v0.6.1"], "frames")
    assert "neighbours" not in text_fact(some["psnr.rgb"], "frames")


def test_infinite_frames_are_counted_among_the_chosen_only(bunny: Frames, degraded: Frames) -> None:
    mixed = degraded.copy()
    mixed[:2] = bunny[:2]
    reference, clips, metrics = ArrayClip("bunny", bunny), {"m": ArrayClip("bunny", mixed)}, {"m": load("psnr.rgb")}
    found = score_clip(reference, clips, metrics, (1, 5))["m"]["psnr.rgb"]
    assert (found.value, found.facts["infinite_frames"]) == (math.inf, 1)
    finite = score_clip(reference, clips, metrics, (4, 5))["m"]["psnr.rgb"]
    assert math.isfinite(finite.value)
    assert "infinite_frames" not in finite.facts
    assert finite.notes == ()
    assert found.notes == ("psnr.rgb is infinite at frame 1",)


def test_progress_ends_at_the_total(bunny: Frames) -> None:
    seen: list[tuple[int, int]] = []
    clips = {method: ArrayClip("bunny", bunny) for method in "ab"}
    score_clip(
        ArrayClip("bunny", bunny), clips, dict.fromkeys("ab", load("psnr.rgb")), chunk=3, progress=lambda *at: seen.append(at)
    )
    assert seen == [(3, 10), (6, 10), (9, 10), (10, 10)]
    seen.clear()
    score_clip(None, clips, dict.fromkeys("ab", load("niqe.pyiqa")), chunk=5, progress=lambda *at: seen.append(at))
    assert seen == [(2, 10), (5, 10), (7, 10), (10, 10)]


def test_without_ground_truth_clips_may_differ(bunny: Frames) -> None:
    clips = {"a": ArrayClip("x", bunny), "b": ArrayClip("y", bunny[:3, :180, :300])}
    found = score_clip(None, clips, dict.fromkeys("ab", load("niqe.pyiqa")))
    assert [len(frame_scores(found[method]["niqe.pyiqa"])) for method in "ab"] == [10, 3]


def test_what_cannot_be_scored_is_an_error_that_names_it(bunny: Frames) -> None:
    clip, metrics = ArrayClip("bunny", bunny), {"m": load("psnr.rgb")}
    with pytest.raises(InputError, match=r"clip bunny: metric psnr\.rgb needs ground truth"):
        score_clip(None, {"m": clip}, metrics)
    with pytest.raises(InputError, match="clip bunny: frame 10, 50 cannot be scored: the clip has frames 0 to 9"):
        score_clip(clip, {"m": clip}, metrics, (0, 10, 50))
    with pytest.raises(InputError, match="clip bunny: no frames are chosen"):
        score_clip(clip, {"m": clip}, metrics, ())
    with pytest.raises(InputError, match="clip bunny: 9 restored frames, but 10 frames of ground truth"):
        score_clip(clip, {"m": ArrayClip("bunny", bunny[:9])}, metrics)


def test_a_score_that_is_not_a_number_is_an_error_and_never_averaged_in(bunny: Frames) -> None:
    frames = bunny.copy()
    frames[4] = 16
    with pytest.raises(InputError, match=r"clip bunny of m: niqe\.pyiqa of frame 4 is not a number"):
        score_clip(None, {"m": ArrayClip("bunny", frames)}, {"m": load("niqe.pyiqa")})
    assert math.isfinite(
        score_clip(None, {"m": ArrayClip("bunny", frames)}, {"m": load("niqe.pyiqa")}, (0, 1, 2, 3))["m"]["niqe.pyiqa"].value
    )


@pytest.mark.timeout(60)
def test_a_clip_that_ends_early_is_an_error_and_leaves_nothing_behind() -> None:
    children, threads = set(psutil.Process().children()), threading.active_count()
    clip = MadeClip("long", 30, seed=1, ends_at=25)
    with pytest.raises(InputError, match="clip long ended before frame 25"):
        score_clip(None, {"m": clip}, {"m": load("brisque.live")})
    # Without the probe, which would find the end first.
    reference, metrics = MadeClip("long", 30, seed=2), load("vmaf.v0.6.1", "psnr.rgb")
    clip.frame = reference.frame  # type: ignore[method-assign]
    with pytest.raises(InputError, match="clip long ended before frame 25"):
        score_clip(reference, {"m": clip}, {"m": metrics})
    assert set(psutil.Process().children()) == children
    assert threading.active_count() == threads


def test_what_a_clip_finds_after_its_last_frame_is_an_error() -> None:
    class Changed(MadeClip):
        def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
            yield from super().frames(start, stop)
            if stop == self.frame_count:
                raise InputError("long: was changed meanwhile")

    with pytest.raises(InputError, match="was changed meanwhile"):
        score_clip(None, {"m": Changed("long", 12, seed=1)}, {"m": load("brisque.live")}, chunk=5)


def test_memory_does_not_grow_with_the_length_of_a_clip() -> None:
    reference, clip = MadeClip("made", 120, seed=1), MadeClip("made", 120, seed=2)
    tracemalloc.start()
    score_clip(reference, {"m": clip}, {"m": load("psnr.rgb", "vmaf.v0.6.1neg")}, chunk=4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All frames of the two clips are 166 MB; chunks of both, 5.5 MB, wait between reading, scoring and VMAF, which may be behind.
    assert peak < 45e6


class Steps(Metric):
    """The mean change from frame to frame, of the clip and of its ground truth; nothing at frame 0."""

    def __init__(self, every_frame: bool = True) -> None:
        self.facts = replace(describe("psnr.rgb"), name="steps", infinite="", needs_neighbours=every_frame)
        self.references: list[object] = []

    def start(self, clip: ClipFacts) -> ClipScorer:
        return StepsScorer(self)


class StepsScorer(ClipScorer):
    def __init__(self, metric: Steps) -> None:
        self._metric = metric
        self._values: dict[int, float] = {}

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        assert reference is not None
        # One object for the whole clip, the same for all methods.
        self._metric.references.append(reference.clip.get("clip", object))
        ours, theirs = (shared_steps(chunk) for chunk in (restored, reference))
        self._values |= {index: ours[index] - theirs[index] for index in ours}

    def finish(self) -> ClipScore:
        return score_of_frames("steps", self._values, {})


def shared_steps(chunk: Chunk) -> dict[int, float]:
    return chunk.shared("steps", lambda _frames: steps_of(chunk))


def steps_of(chunk: Chunk) -> dict[int, float]:
    before = [chunk.previous, *chunk.frames[:-1]]
    return {
        index: float(np.abs(frame.astype(int) - last).mean())
        for index, frame, last in zip(chunk.indices, chunk.frames, before, strict=True)
        if last is not None
    }


@pytest.mark.parametrize("chunk", [1, 3, 10])
def test_chunks_know_the_frame_before_and_what_is_kept_of_the_clip(chunk: int, bunny: Frames, degraded: Frames) -> None:
    metric = Steps()
    clips = {method: ArrayClip("bunny", degraded) for method in "ab"}
    found = score_clip(ArrayClip("bunny", bunny), clips, {method: [metric] for method in clips}, chunk=chunk)
    changes = [np.abs(np.diff(frames.astype(int), axis=0)).mean(axis=(1, 2, 3)) for frames in (degraded, bunny)]
    for method in clips:
        score = found[method]["steps"]
        assert list(frame_scores(score)) == list(range(1, 10))
        assert list(frame_scores(score).values()) == pytest.approx(list(changes[0] - changes[1]))
    assert len(set(map(id, metric.references))) == 1


def test_selected_frames_share_their_work_from_chunk_to_chunk(bunny: Frames, degraded: Frames) -> None:
    metric, neighbours = Steps(every_frame=False), load_metric("vmaf.v0.6.1")
    clips, wanted = {"m": ArrayClip("bunny", degraded)}, {"m": [metric, neighbours]}
    found = score_clip(ArrayClip("bunny", bunny), clips, wanted, frames=(0, 4, 5, 8, 9), chunk=5)["m"]["steps"]
    # Two chunks, (0, 4) and (5, 8, 9); the frame before 4 and 8 is the selected one before.
    assert len(metric.references) == 2
    assert len(set(map(id, metric.references))) == 1
    assert list(frame_scores(found)) == [4, 8, 9]


def test_selected_frames_without_a_score_are_reported_and_never_averaged_in(bunny: Frames, degraded: Frames) -> None:
    reference, clips = ArrayClip("bunny", bunny), {"m": ArrayClip("bunny", degraded)}
    every = score_clip(reference, clips, {"m": [Steps()]})["m"]["steps"]
    some = score_clip(reference, clips, {"m": [Steps()]}, (0, 4, 9))["m"]["steps"]
    assert some.per_frame == {index: frame_scores(every)[index] for index in (4, 9)}
    assert "0 has no score" in text_fact(some, "frames")
    with pytest.raises(InputError, match="clip bunny: steps has no score for frame 0"):
        score_clip(reference, clips, {"m": [Steps()]}, (0,))


def test_an_infinite_score_is_an_error_where_it_means_nothing(bunny: Frames, degraded: Frames) -> None:
    class Infinite(Steps):
        def start(self, clip: ClipFacts) -> ClipScorer:
            scorer = super().start(clip)
            scorer._values = {0: math.inf, -1: math.inf}  # type: ignore[attr-defined]
            return scorer

    with pytest.raises(InputError, match=r"clip bunny of m: steps of frame 0 and 1 more is infinite"):
        score_clip(ArrayClip("bunny", bunny), {"m": ArrayClip("bunny", degraded)}, {"m": [Infinite()]})


def test_a_broken_metric_is_a_failure_of_its_own(bunny: Frames, degraded: Frames) -> None:
    class Broken(Steps):
        def start(self, clip: ClipFacts) -> ClipScorer:
            raise SystemExit("no licence")

    psnr = load("psnr.rgb")
    failures: Failures = {}
    clips = {"m": ArrayClip("bunny", degraded)}
    scores = score_clip(ArrayClip("bunny", bunny), clips, {"m": [*psnr, Broken()]}, failures=failures)
    assert scores == score_clip(ArrayClip("bunny", bunny), clips, {"m": psnr})
    assert str(failures["m", "steps"]).startswith("metric steps failed with SystemExit: no licence (test_score_pass.py, line ")
    with pytest.raises(InputError, match="failed with SystemExit: no licence"):
        score_clip(ArrayClip("bunny", bunny), clips, {"m": [Broken()]})


def test_what_fails_is_named_and_everything_else_is_scored(bunny: Frames, degraded: Frames) -> None:
    black = degraded.copy()
    black[4] = 0
    clips = {
        "good": ArrayClip("bunny", degraded),
        "black": ArrayClip("bunny", black),
        "short": ArrayClip("bunny", degraded[:7]),
        "ends": EndingClip("bunny", degraded),
    }
    wanted = dict.fromkeys(clips, load("psnr.rgb", "niqe.pyiqa"))
    failures: Failures = {}
    scores = score_clip(ArrayClip("bunny", bunny), clips, wanted, failures=failures)
    good = score_clip(ArrayClip("bunny", bunny), {"good": clips["good"]}, wanted)["good"]
    assert scores["good"] == good
    assert list(scores["black"]) == ["psnr.rgb"]
    assert {name for name in scores if scores[name]} == {"good", "black"}
    assert set(failures) == {
        ("black", "niqe.pyiqa"),
        *((method, metric) for method in ("short", "ends") for metric in ("psnr.rgb", "niqe.pyiqa")),
    }
    assert "frame 4 is not a number" in str(failures["black", "niqe.pyiqa"])
    assert "7 restored frames" in str(failures["short", "psnr.rgb"])
    assert "ended before frame 9" in str(failures["ends", "psnr.rgb"])


class EndingClip(ArrayClip):
    """Frames in memory whose last one cannot be read in the pass."""

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        whole = start == 0 and stop == self.frame_count
        return super().frames(start, self.frame_count - 1 if whole else stop)
