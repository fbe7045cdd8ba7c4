"""Reading, streaming and writing frames and videos.

For use from outside:

- `open_clip`, `find_clips`, `clip_places`, `select_frames` (`reading`): a folder of frames, a video, or part of a clip
- `Clip`, `ClipFacts`, `Frame`, `ArrayClip`, `FramesDone`, `frame_range` (`clip`): what a clip is, and a clip in memory
- `ResizedClip`, `in_short_side`, `scaled_shift` (`resized`): frames brought to a short side
- `VerifiedClip` (`verified`): frames that are compared with the record of when they were made
- `write_frame`, `encode_png`, `frame_name`, `write_video` (`writing`)
- `write_bytes_atomic`, `write_json_atomic`, `replacing` (`atomic`): files that appear whole or not at all
- `file_sha256`, `frames_sha256`, `stack_sha256`, `text_digest`, `DigestCache` (`digest`)
- `installed_opencv` (`opencv`): which of the installed OpenCVs computes
- `resize_bicubic`, `scale_bicubic`, `to_levels` (`bicubic`), `ReducedClip` (`reduced`): MATLAB's imresize
- `ffmpeg_binary`, `ffmpeg_identity`, `running_ffmpeg`, `feed_ffmpeg`, `ffmpeg_messages` (`ffmpeg`): the package's own ffmpeg
"""
