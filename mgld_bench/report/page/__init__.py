"""The report as a page: a folder that opens from disk.

For use from outside:

- `write_page` (`write_page`)
- `Sides` (`clip_entries`): what there is to play
"""
