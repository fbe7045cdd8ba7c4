"""DOVER's network: the technical and the aesthetic quality of a video.

For use from outside:

- `DOVER`, `DoverConfig` (`network`)
"""
