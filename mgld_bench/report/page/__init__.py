"""The report as an HTML page that opens from disk.

For use from outside:

- `render_page` (`render_html`)
"""
