"""Every metric of the package pyiqa by name.

For use from outside:

- `find`, `fetch_pyiqa`, `why_not_installed` (`package`): a metric as a variant, and its files; imports neither torch nor pyiqa
- `fetched_metrics`, `why_files_are_missing` (`files`): what has been fetched; imports neither torch nor pyiqa
"""
