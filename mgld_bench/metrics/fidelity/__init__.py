"""Metrics that compare a frame with its ground truth by arithmetic: PSNR, SSIM, XPSNR, VMAF.

For use from outside:

- `variants` (`psnr`, `ssim`, `vmaf`, `xpsnr`): each family's table for the catalogue; imports no torch
- `rounded_luma`, `luma`, `cropped` (`luma`): frames as metrics compare them
- `FFmpegMetric` (`ffmpeg_metric`): the base of metrics that a filter of ffmpeg computes
"""
