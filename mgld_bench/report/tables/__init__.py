"""Tables as plain data, and as CSV, Markdown, LaTeX and terminal output.

For use from outside:

- `build_table` (`build`): the table of what a report shows
- `Table`, `TableCell`, `Heading`, `Attribute` (`table`): plain data
- `Paired` (`paired`): a difference between two methods, paired by clip
- `render_long_csv`, `render_wide_csv`, `render_scores_csv`, `render_frames_csv` (`render_csv`)
- `render_markdown` (`render_markdown`)
- `render_latex`, `render_latex_notes` (`render_latex`)
- `render_terminal` (`render_terminal`)
- `format_value` (`numbers`)
"""
