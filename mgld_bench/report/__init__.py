"""Reports: what the store holds for a report card, as tables, figures and a page.

For use from outside:

- `write_report` (`write`)
- `ReportFiles`, `FORMATS` (`write`)
- `render_terminal` (`tables.render_terminal`): the table on a terminal
"""
