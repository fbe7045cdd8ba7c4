"""RVRT, the recurrent video restoration transformer.

For use from outside:

- `RVRT`, `RVRTConfig`, `BRANCHES`, `UPSAMPLED_CHANNELS` (`network`)
- `usual_sampled_bytes` (`alignment`): for estimates of its memory
"""
