"""The command line: one small file per verb, which imports what it needs when the verb runs.

For use from outside:

- `main`, `app` (`main`): the program
- `progress_display` (`display`): progress as bars or lines
"""
