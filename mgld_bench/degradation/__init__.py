"""The degradation: what makes LR clips of ground truth. Takes frames, gives frames.

A plan is drawn from a clip's seed (`drawing`, with the ranges of `profiles`) and carried out frame by frame (`pipeline`, with
`operators`, `kernels`, `noise` and `video`).

For use from outside:

- `degrade_clip`, `degrade_frames`, `finish_frames` (`pipeline`): a clip, its frames, or the end of them from a stored bitstream
- `draw_plan` (`drawing`), `DegradationPlan` (`plan`): what is done to a clip
- `PROFILES` (`profiles`): the two published forms
- `payload_bits`, `decode_video` (`video`): stored bitstreams
- `encoder_canary` (`canary`): whether this machine's encoders give the expected frames
"""
