"""A comparison for readers and programs.

For use from outside:

- `render_terminal` (`render_terminal`), `render_markdown` (`render_markdown`), `render_html` (`render_html`)
- `as_json` (`as_json`), `render_junit`, `comparison_cases`, `Case` (`render_junit`)
"""
