"""Metrics that compare a frame with its ground truth by arithmetic: PSNR, SSIM, VMAF.

For use from outside:

- `variants` (`psnr`, `ssim`, `vmaf`): each family's table for the catalogue; imports no torch
- `rounded_luma`, `luma`, `cropped` (`luma`): frames as metrics compare them
"""
