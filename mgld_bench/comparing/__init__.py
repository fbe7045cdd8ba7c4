"""Comparisons: is it better, by how much, how sure is that, and what is different?

For use from outside:

- `load_pairings`, `load_against_all`, `Places`, `Pairing` (`load`): the sides, out of stores, files and folders
- `FolderScoring` (`from_folders`): how folders are scored
- `State` (`state`), `load_state`, `StorePlace` (`from_store`): one side
- `compare`, `Wish` (`compare`), `Comparison`, `Line` (`comparison`)
- `Verdict`, `DEFAULT_MARGINS` (`verdict`)
"""
