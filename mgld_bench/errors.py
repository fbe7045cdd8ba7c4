"""The two ways in which the suite says no."""

from __future__ import annotations


class InputError(Exception):
    """Wrong use or bad input: one line that says what, where (file, field, clip) and what to do. Exit code 2."""


class CheckError(Exception):
    """A check or a gate failed on valid input: one line that says which and by how much. Exit code 1."""
