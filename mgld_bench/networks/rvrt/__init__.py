"""RVRT, the recurrent video restoration transformer.

For use from outside:

- `RVRT` (`network`)
"""
