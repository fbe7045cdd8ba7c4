"""GMFlow and UniMatch, optical flow by feature matching.

For use from outside:

- `GMFlow`, `GMFlowConfig`, `SCALE1`, `SCALE2`, `REGREFINE6` (`network`)
- `next_multiples`, `resize_images`, `resize_flow_back`, `as_landscape`, `from_landscape` (`inference`): frames of any size
"""
