"""From a report's data to what each figure is drawn of: one file per kind of figure, and what they share.

For use from outside:

- `draw` (`kinds`): any figure of a report card, drawn
"""
