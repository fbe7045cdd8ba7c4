"""Statistics of scores: arrays in, numbers out; only numpy and scipy.

For use from outside:

- `mean_interval`, `paired_difference`, `Interval`, `PairedDifference` (`intervals`): how well means and
  differences of methods are known
"""
