"""The units of a plan in a workspace at an address: brought before they are used, uploaded once they are done.

In a plain folder nothing happens.
"""

from __future__ import annotations

from pathlib import Path

from mgld_bench.engine.staging import staging_of
from mgld_bench.pairs.planning import PlannedPair
from mgld_bench.pairs.stored import pairs_folder


def bring_pair(workspace: Path, pair: PlannedPair) -> None:
    """Have the frames of a pair here. Raises InputError where the address cannot be read."""
    bring_clip(workspace, pairs_folder(workspace, pair.dataset, pair.degradation_name), pair.clip)


def upload_pair(workspace: Path, pair: PlannedPair) -> None:
    """Upload a pair that is built. Raises InputError where the address cannot be written."""
    upload_clip(workspace, pairs_folder(workspace, pair.dataset, pair.degradation_name), pair.clip)


def bring_clip(workspace: Path, folder: Path, clip: str) -> None:
    """Have the frames of a clip in ``folder``, a folder of the workspace, here. Raises like `bring_pair`."""
    staging = staging_of(workspace)
    if staging is not None:
        staging.bring(folder.relative_to(workspace).as_posix(), clip)


def upload_clip(workspace: Path, folder: Path, clip: str) -> None:
    """Upload a clip of ``folder``. Raises like `upload_pair`."""
    staging = staging_of(workspace)
    if staging is not None:
        staging.upload(folder.relative_to(workspace).as_posix(), clip)


def bring_side_files(workspace: Path, to_write: bool = False) -> None:
    """Learn what is at the address of a workspace, if it is at one. Raises like the others.

    ``to_write``: also make sure that it can be written, and upload what was finished here while it could not be reached.
    """
    staging = staging_of(workspace)
    if staging is not None:
        staging.bring_side_files()
        if to_write:
            staging.require_writable()
            staging.upload_left()
