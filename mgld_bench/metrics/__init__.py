"""Metrics: what scores a restored clip, with or without ground truth.

For use from outside:

- `metric_names`, `describe`, `load_metric`, `reason_unavailable` (`catalogue`): the metrics by name; imports no torch
- `Metric`, `MetricFacts`, `ClipScore`, `ClipScorer`, `Chunk`, `MemoryNeed` (`metric`): the interface, for metrics of your own too
- `FrameMetric`, `ChunkScores` (`frame_metric`): the base of metrics that score each frame
- `PairMetric` (`pair_metric`): the base of metrics that compare each frame with the one before it
- `weight_files` (`weight_files`): the weight files of the suite's own metrics
"""
