"""From the results database to the plain data that a report shows; published values beside ours.

For use from outside:

- `collect` (`from_store`): everything that a report shows
- `ReportData`, `Cell`, `PictureSource` (`data`)
- `ScoredCell`, `scored_cells` (`scored`): the cells, completed: one per line and method
- `PublishedValues`, `load_published` (`published`)
"""
