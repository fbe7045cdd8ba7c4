"""From the results database to the plain data that a report shows; published values beside ours.

For use from outside:

- `collect` (`from_store`): everything that a report shows
- `collect_kept`, `KeptRequest` (`from_kept`): the same of folders that `score` has scored, without cards
- `collect_sessions` (`sessions`): the same of several workspaces or databases, and while a run goes on
- `ReportData`, `Cell`, `PictureSource` (`data`)
- `ScoredCell`, `scored_cells` (`scored`): the cells, completed: one per line and method
- `places`, `mixed`, `stated` (`origins`): where the numbers were made, and the warnings about it
- `PublishedValues`, `load_published` (`published`)
- `PublishedSet`, `published_sets`, `load_published_set` (`published_sets`): what papers printed
"""
