"""The degradation: what makes LR clips of ground truth. Takes frames, gives frames.

What carries out a card is a `Pipeline`: for the RealBasicVSR degradation a plan is drawn from a clip's seed (`drawing`, with the
ranges of `profiles`) and carried out frame by frame (`pipeline`, with `operators`, `kernels`, `noise` and `video`); all others,
those of packages too, derive from `Degradation`.

For use from outside:

- `load_pipeline`, `is_own`, `degrade_clip` (`loading`): what carries out a card; a clip by a card
- `Pipeline`, `AnyPipeline` (`interface`), `Degradation`, `DegradationOptions` (`degradation`): what every degradation offers
- `AnyPlan`, `DegradationPlan`, `DrawnPlan` (`plan`): what is done to a clip
- `degrade_frames`, `finish_frames` (`pipeline`), `draw_plan` (`drawing`), `PROFILES` (`profiles`): the RealBasicVSR degradation
- `payload_bits`, `decode_video` (`video`): stored bitstreams
- `encoder_canary` (`canary`): whether this machine's encoders give the expected frames
"""
