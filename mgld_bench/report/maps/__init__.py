"""What a metric sees in a frame: where an error is, as pictures for the page.

For use from outside:

- `draw_maps` (`write`): the maps of the frames in which methods differ most
- `MAP_KINDS` (`kinds`): which there are
"""
