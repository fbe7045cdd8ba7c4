"""Reports: what the store holds for a report card, as tables, figures and a page.

For use from outside:

- `write_session_report` (`write`): collect the scores of a session and write the report into its workspace
- `write_report`, `write_dated_report` (`write`): the same from collected scores
- `ReportFiles`, `FORMATS` (`write`)
- `dated_folder` (`folders`): a folder of its own for each report, with links to the newest
- `render_terminal` (`tables.render_terminal`): the table on a terminal
"""
