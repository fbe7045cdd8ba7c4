"""The engine: which units a report asks for, which of them are done, and doing the rest.

`executors` has runs by several processes and machines. For use from outside:

- `Session` (`session`): open a suite in a workspace, plan, estimate, run, read its scores
- `Suite`, `load_suite` (`suite`): what a report card asks for
- `Plan`, `Unit`, `make_plan` (`plan`)
- `Estimate` (`costs`)
- `Store`, `open_store` (`store`): the results database
- `score_folders`, `ScoreRequest`, `FolderScores` (`score_folders`), `choose_clips` (`clip_choice`), `choose_metrics`
  (`metric_choice`), `KeptScores`, `open_kept` (`kept_scores`) and `restore_clips` (`restore_folders`): without a report card
- `profile_alone` (`profiling`): the cost of a method
- `KeptProfile`, `kept_profiles`, `keep_profile` (`kept_profiles`): costs that were measured
- `measurements` (`measuring`): those that a report asks for; `COST_FACTS`, `cost_of`, `cost_text` (`cost_columns`)
- `examine` (`health`): what works on this machine
- `compute_on`, `provenance` (`machine`)
- `Origin`, `Made` (`origins`): where scores and restored clips were made
- `workspace_folder` (`address`), `bring_clip`, `bring_pair`, `bring_side_files`, `upload_pair` (`staged_units`): a workspace at
  an address, such as s3://bucket/prefix
- `Progress`, `Silent`, `stage`, `steps` (`progress`)
- `content_of`, `add_content`, `write_files`, `read_files`, `counts_of` (`transfer`): results from one store to another
- `weight_entries` (`weight_entries`): every weight file with its users
"""
