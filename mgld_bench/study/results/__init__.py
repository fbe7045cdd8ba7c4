"""What the votes of a study say.

For use from outside:

- `votes_of_study`, `Collected` (`collected`): the votes with all that their statistics need; `votes_of_file` (`votes_csv`): those
  of a CSV file
- `study_result`, `StudyResult` (`result`): strengths, shares, tests, agreement, participants
- `study_progress` (`progress`): how far a study is; `write_votes` (`export`): its votes as CSV
- `tell_metrics`, `MetricAgreement` (`metric_agreement`): which metric would have foretold the votes
- `write_result` (`show.write`): all of it as files
"""
