"""Scores of folders are kept as soon as they are there, under keys of content: what has been scored is never scored again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.clips.atomic import require_writable
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import DigestCache, text_digest
from mgld_bench.engine.keys import metric_facts
from mgld_bench.engine.machine import provenance
from mgld_bench.engine.store import FinishedUnit, Store, sqlite_address
from mgld_bench.errors import InputError
from mgld_bench.home import bench_home
from mgld_bench.methods.compute import Compute
from mgld_bench.metrics.metric import ClipScore, MetricFacts
from mgld_bench.scoring.score_pass import FrameChoice

_RUN = "score"
"""What the database calls the runs of this verb, which belong to no report."""


class KeptScores:
    """The scores of earlier calls, and those of this one. Use as a context manager."""

    def __init__(
        self, url: str, command: Sequence[str], compute: Compute, log: Callable[[str], None], fresh: bool = False
    ) -> None:
        """Open the database.

        Args:
            url: SQLAlchemy URL; "": scores.sqlite in $MGLD_BENCH_HOME. Where that cannot be used, nothing is kept, and ``log`` is
                called with the reason.
            command: recorded with new scores.
            compute: likewise.
            log: called with a line for the user.
            fresh: find nothing, and replace what is there.

        Raises:
            InputError: the database at ``url`` cannot be used.
        """
        self._command, self._compute, self._log, self._fresh = command, compute, log, fresh
        self._run: int | None = None
        self._complained = False
        self.cache = digests_of_scored()
        self._store = Store(url) if url else self._default(_database())

    def __enter__(self) -> KeptScores:
        return self

    def __exit__(self, *_error: object) -> None:
        self._store.close()

    def find(self, keys: Iterable[str]) -> dict[str, ClipScore]:
        """The scores that are there, by key."""
        try:
            self.cache.save()
        except InputError as error:
            self._complain(error)
        if self._fresh:
            return {}
        try:
            return self._store.scores(keys)
        except InputError as error:
            self._complain(error)
            return {}

    def keep(
        self, clip: str, scores: Mapping[tuple[str, str], tuple[MetricFacts, ClipScore]], frames: int, seconds: float
    ) -> None:
        """Keep the scores of a clip, by key and method."""
        units = [
            (
                FinishedUnit(key, "score", "", clip, method, facts.name, "", frames, seconds / len(scores), metric_facts(facts)),
                score,
            )
            for (key, method), (facts, score) in scores.items()
        ]
        try:
            if self._run is None:
                self._run = self._store.begin_run(_RUN, provenance(self._command, self._compute))
            if self._fresh:
                self._store.remove([unit.key for unit, _ in units])
            self._store.add(self._run, units)
        except InputError as error:
            self._complain(error)

    def _default(self, file: Path) -> Store:
        try:
            require_writable(file.parent)
            return Store(sqlite_address(file))
        except InputError as error:
            self._complain(error)
            return Store("sqlite://")

    def _complain(self, error: BaseException) -> None:
        if not self._complained:
            self._complained = True
            self._log(f"note: scores are not kept for the next time: {error}")


def open_kept(url: str) -> Store:
    """The database of kept scores, to be read; "": that of $MGLD_BENCH_HOME. Raises InputError where there is none."""
    if not url and not _database().exists():
        raise InputError(f"{_database()}: no scores have been kept yet; score first: mgld-bench score")
    return Store(url or f"sqlite:///{_database()}", read_only=True)


def digests_of_scored() -> DigestCache:
    """The digests of the files that have been scored."""
    return DigestCache(bench_home() / "scored-clips.json")


def _database() -> Path:
    return bench_home() / "scores.sqlite"


@dataclass(frozen=True)
class ClipContent:
    """What of a clip decides its scores."""

    name: str
    """Metrics that draw at random take their seed from it."""
    sha256: str
    conversion: Mapping[str, str]
    """How the stored samples become frames."""


def clip_content(clip: Clip) -> ClipContent:
    """The content of a clip. Raises InputError where a file cannot be read."""
    return ClipContent(clip.name, clip.digest(), clip.facts.conversion)


def folder_score_key(
    restored: ClipContent,
    reference: ClipContent | None,
    metric: MetricFacts,
    files: Mapping[str, str],
    frames: FrameChoice,
    shift: tuple[float, float],
) -> str:
    """The key of a metric's score of a clip that belongs to no dataset; ``files``: those of the metric, see metric_sha256()."""
    return text_digest(
        {
            "unit": "score of a folder",
            "clip": restored.name,
            "restored": [restored.sha256, dict(restored.conversion)],
            "reference": None if reference is None else [reference.sha256, dict(reference.conversion)],
            "metric": metric.name,
            "revision": metric.revision,
            "files": dict(files),
            "frames": frames if frames == "all" else sorted(set(frames)),
            "shift": [float(part) for part in shift],
        }
    )
