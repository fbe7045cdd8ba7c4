"""Methods: an LR clip in, restored frames out. One file per method, `bases/`, `tiling/` and `diffusion/` for what they share.

For use from outside:

- `Restorer`, `RestorerOptions` (`restorer`): the interface, from which a method of your own derives
- `Compute`, `machine_name` (`compute`): device, precision, and the memory that a method may take; this machine's name
"""
