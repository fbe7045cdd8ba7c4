"""A study that is there already: its database, which has to be that of its study.json."""

from __future__ import annotations

from mgld_bench.errors import InputError, first_of, of_system
from mgld_bench.study.folder import Study, StudyFolder
from mgld_bench.study.store import VoteStore


def open_votes(folder: StudyFolder, study: Study) -> VoteStore:
    """The database of a study that has been made; to be closed.

    Raises:
        InputError: It is missing, empty or damaged, or its trials show what the study does not have.
    """
    try:
        size = folder.votes.stat().st_size if folder.votes.exists() else 0
    except OSError as error:
        raise InputError(f"{folder.votes}: {of_system(error)}") from error
    if not size:
        # A new one would know no participant: all links that were sent would be dead, and new ones would take their numbers.
        raise InputError(f"{folder.path}: has no votes.sqlite, the database of its participants: copy it back from the server")
    store = VoteStore(folder.votes)
    try:
        there = {(clip.dataset, clip.clip, side) for clip in study.clips for side in clip.videos}
        strange = sorted(store.shown() - there)
        if strange:
            raise InputError(
                f"{folder.votes}: is not of this study: its participants are shown "
                f"{first_of([f'{side} of {dataset}/{clip}' for dataset, clip, side in strange])}, which study.json does not "
                "have: bring both back from one copy"
            )
    except InputError:
        store.close()
        raise
    return store
