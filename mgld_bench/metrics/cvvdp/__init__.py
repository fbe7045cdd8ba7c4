"""ColorVideoVDP by its authors' package, which is optional: visible differences on a stated display, for a clip as a whole.

For use from outside:

- `variants` (`variants`): the table for the catalogue; imports neither torch nor the package
- `Cvvdp` (`metric`): the metric
"""
