"""The scoring pass over a clip: every frame is decoded once, for all metrics of all methods.

For use from outside:

- `score_clip`, `Scores`, `Failures`, `FrameChoice`, `selected_frames`, `needs_every_frame` (`score_pass`)
- `check_agreement`, `measure_shift`, `MeasuredShift` (`agreement`): whether a restored clip and its ground truth belong together
- `grouped_notes` (`notes`): what holds for many clips is one line
"""
