"""Tiles of frames, clips and latents, each as the authors of the method cut them.

For use from outside:

- `enlarge_padded`, `tiles` (`realesrgan`): side by side, with a margin that is dropped
- `restored_frames`, `plan_tiles` (`rvrt`): overlapping in time and space
- `picture_boxes`, `merge` (`diffusion`): overlapping, merged by weighted means
"""
