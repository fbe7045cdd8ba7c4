"""DBVSR, blind video super-resolution by deconvolution.

For use from outside:

- `DBVSR`, `DescribedFrame` (`network`)
"""
