"""Statistics of scores: arrays in, numbers out; only numpy and scipy.

For use from outside:

- `mean_interval`, `paired_difference`, `Interval`, `PairedDifference` (`intervals`): how well means and
  differences of methods are known
- `compare_pairs`, `PairedComparison`, `differences` (`paired`): two methods on the same clips
- `bootstrap_interval` (`bootstrap`): BCa over clips
- `sign_flip_p`, `sign_p`, `smallest_p`, `fewest_clips` (`sign_flips`): the test behind it
- `compare_sets`, `SetsComparison` (`several_sets`): the same over several datasets
- `holm` (`several_tests`): several tests at once
- `equivalence_p`, `no_worse_p` (`equivalence`): equal, or no worse, within a margin
- `detectable_effect`, `clips_needed` (`power`): what so many clips can show
- `rank_of`, `Rank` (`ranks`): a method's rank with its interval
- `rank_correlation`, `RankCorrelation` (`correlation`): whether two metrics agree
- `Choices` (`choices`): votes of a user study as arrays; `strength_intervals`, `StrengthIntervals` (`strengths`): Bradley-Terry
  with ties
- `vote_share`, `share_of_first`, `VoteShare` (`vote_shares`): how often one method was preferred to another
- `vote_agreement`, `nominal_agreement`, `Agreement` (`agreement`): Krippendorff's alpha
- `pairwise_tau` (`told_by`): whether scores would have foretold preferences
- `levels`, `change_points`, `Level` (`change_points`): steps in a series of nights
"""
