"""Whether a module exists, without importing anything: not even the packages that it lies in."""

from __future__ import annotations

from importlib.machinery import PathFinder
from importlib.util import find_spec


def module_exists(name: str) -> bool:
    """Whether the dotted path ``name`` leads to a module.

    The standard library's find_spec imports every package above a module, and so runs its code; here each is only looked for.

    >>> module_exists("mgld_bench.methods.bicubic"), module_exists("mgld_bench.methods.nothing")
    (True, False)
    """
    first, *inner = name.split(".")
    try:
        spec = find_spec(first)
    except (ImportError, ValueError):
        return False
    path = first
    for part in inner:
        if spec is None or spec.submodule_search_locations is None:
            return False
        path = f"{path}.{part}"
        spec = PathFinder.find_spec(path, list(spec.submodule_search_locations))
    return spec is not None
