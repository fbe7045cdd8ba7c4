"""A study's result as tables: on a terminal, in Markdown, CSV, JSON, on a page, and as figures."""
