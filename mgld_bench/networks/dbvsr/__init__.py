"""DBVSR, blind video super-resolution by deconvolution.

For use from outside:

- `DBVSR`, `DBVSRConfig`, `DescribedFrame`, `WINDOW` (`network`)
"""
