"""The players on the page of a comparison: the clips that differ most, both sides, LR and ground truth, on the same frame.

For use from outside:

- `write_players` (`write`): the files beside a page
- `Players`, `PlayedClip` (`played`): what the page shows of them
"""
