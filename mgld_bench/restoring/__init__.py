"""Running a method over a clip: loading, resuming, recording, profiling."""
