"""RAFT, recurrent optical flow.

For use from outside:

- `RAFT`, `RAFTFeatures`, `names_from_torchvision` (`network`)
"""
