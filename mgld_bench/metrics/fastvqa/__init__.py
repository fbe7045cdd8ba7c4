"""FAST-VQA and FasterVQA: the quality of a clip from fragments of its frames.

For use from outside:

- `variants` (`variants`): the table for the catalogue; imports no torch
- `FastVqa` (`metric`): the metric
"""
