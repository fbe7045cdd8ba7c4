"""What several networks share: blocks, optical flow, windows of video tokens, faster forms, checks of sizes.

For use from outside:

- `warp`, `resize_flow`, `pad_centred`, `unpad_centred`, `inside`, `inconsistent` (`optical_flow`): work with an optical flow
- `cast_except`, `with_winograd` (`conversion`): make a finished network faster
- `tensor_float32` (`tensor_float32`): exact float32 on GPUs, or TF32
- `Speedups` (`speedups`): which ways to compute faster on a GPU are used
"""
