"""Student's t distribution: the values of scipy.stats, which takes a second to import, by the functions that it calls."""

from __future__ import annotations


def t_quantile(probability: float, freedom: float) -> float:
    """Below it, a t value of so many degrees of freedom lies with this probability.

    >>> round(t_quantile(0.975, 3), 3)
    3.182
    """
    from scipy import special

    return float(special.stdtrit(freedom, probability))


def t_below(value: float, freedom: float) -> float:
    """The probability of a t value below ``value``."""
    from scipy import special

    return float(special.stdtr(freedom, value))
