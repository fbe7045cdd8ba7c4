"""The pages of nights: one of each night, and the index with the trends. They open from disk and load nothing from elsewhere.

For use from outside:

- `write_pages` (`write`): writes or refreshes them
- `write_comparisons`, `written_comparisons` (`comparisons`): the pages of its comparisons, with players
- `badge` (`badge`): the verdict as SVG
"""
