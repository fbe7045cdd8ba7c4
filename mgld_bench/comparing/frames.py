"""Where the clips of one side of a comparison can be looked at, and why some cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import text_digest
from mgld_bench.engine.clip_choice import ScoredClip
from mgld_bench.engine.plan import restored_folder, restored_record
from mgld_bench.engine.staged_units import bring_clip
from mgld_bench.errors import InputError
from mgld_bench.pairs.stored import pairs_folder, prepared_kinds, read_pair, read_side
from mgld_bench.restoring.record import open_restored


@dataclass(frozen=True)
class FoundClip:
    """An opened clip with the digest of its frames; "" where that has to be computed."""

    clip: Clip
    content: str = ""


@dataclass(frozen=True)
class FoundPair:
    """The pair of a clip; None where a side is not there."""

    low_resolution: FoundClip | None = None
    ground_truth: FoundClip | None = None


class Frames(Protocol):
    """The frames of one method."""

    def restored(self, dataset: str, clip: str) -> FoundClip:
        """The restored clip that was scored. Raises InputError with the reason where it is not there."""

    def pair(self, dataset: str, clip: str) -> FoundPair:
        """What it was made of and scored against."""


@dataclass(frozen=True)
class NoFrames:
    """Of a method whose frames cannot be found."""

    reason: str

    def restored(self, dataset: str, clip: str) -> FoundClip:
        """See Frames."""
        raise InputError(self.reason)

    def pair(self, dataset: str, clip: str) -> FoundPair:
        """See Frames."""
        return FoundPair()


UNKNOWN: Final = NoFrames("where its frames are is not known")


@dataclass(frozen=True)
class FolderFrames:
    """Of a folder that was scored."""

    clips: Sequence[ScoredClip]
    method: str

    def restored(self, dataset: str, clip: str) -> FoundClip:
        """See Frames."""
        found = next((one.restored.get(self.method) for one in self.clips if one.name == clip), None)
        if found is None:
            raise InputError("it has no such clip")
        return FoundClip(found)

    def pair(self, dataset: str, clip: str) -> FoundPair:
        """See Frames: folders have no LR."""
        truth = next((one.reference for one in self.clips if one.name == clip), None)
        return FoundPair(None, None if truth is None else FoundClip(truth))


@dataclass(frozen=True)
class WorkspaceFrames:
    """Of a method's state in a workspace: only frames of the very clip that was scored."""

    workspace: Path
    method: str
    restored_keys: Mapping[tuple[str, str], str]
    """By dataset and clip; "" where it is not known which restored clip was scored."""
    pair_keys: Mapping[tuple[str, str], str]

    def restored(self, dataset: str, clip: str) -> FoundClip:
        """See Frames."""
        folder = restored_folder(self.workspace, dataset, self.method)
        bring_clip(self.workspace, folder, clip)
        record = restored_record(self.workspace, dataset, self.method, clip)
        if record is None or not (folder / clip).is_dir():
            raise InputError(f"its frames are not in {folder}")
        if record.key != self.restored_keys.get((dataset, clip)):
            raise InputError(f"the frames in {folder} are of another state: those that were scored are gone")
        return FoundClip(open_restored(folder, clip), text_digest(record.sha256))

    def pair(self, dataset: str, clip: str) -> FoundPair:
        """See Frames; a pair that was built anew in the meantime is none."""
        wanted = self.pair_keys.get((dataset, clip))
        for kind in prepared_kinds(self.workspace, dataset):
            side = read_side(pairs_folder(self.workspace, dataset, kind), clip)
            if wanted and side is not None and side["key"] == wanted:
                try:
                    bring_clip(self.workspace, pairs_folder(self.workspace, dataset, kind), clip)
                    pair = read_pair(self.workspace, dataset, kind, clip)
                except InputError:
                    # The side file outlives its frames.
                    return FoundPair()
                found = {
                    name: text_digest(side[name]["sha256"]) if "sha256" in side.get(name, {}) else "" for name in ("LQ", "GT")
                }
                truth = None if pair.ground_truth is None else FoundClip(pair.ground_truth, found["GT"])
                return FoundPair(FoundClip(pair.low_resolution, found["LQ"]), truth)
        return FoundPair()
