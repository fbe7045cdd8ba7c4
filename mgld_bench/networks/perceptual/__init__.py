"""Networks in whose features images are compared: LPIPS and DISTS.

For use from outside:

- `LPIPS`, `LpipsBackbone` (`lpips`)
- `DISTS`, `DistsStage` (`dists`)
"""
