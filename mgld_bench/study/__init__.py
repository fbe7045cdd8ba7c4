"""The user study: a blind pairwise comparison of methods by people, from its card to its statistics.

For use from outside:

- `Study`, `StudyClip`, `StudyFolder`, `load_study` (`folder`): a study as it stands on disk
- `Trial`, `Vote` (`votes`): what a participant is asked, and what the answer was
- `VoteStore` (`store`): participants, trials and votes, in the study's own database
"""
