"""How fast anybody may ask: buckets that fill with time. They are in memory only, and hold nothing longer than they need."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from mgld_bench.study.serving.refusals import RefusedError

_MOST: Final = 10_000
"""Buckets that are kept; beyond it, those that were asked for longest ago are forgotten."""


@dataclass
class _Bucket:
    level: float
    at: float


class RateLimit:
    """At most ``burst`` requests at once, and ``per_second`` in the long run, for each who asks."""

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, who: str) -> None:
        """Count one request. Raises RefusedError where it is one too many."""
        now = time.monotonic()
        bucket = self._buckets.pop(who, None) or _Bucket(self._burst, now)
        bucket.level = min(self._burst, bucket.level + (now - bucket.at) * self._per_second)
        bucket.at = now
        self._buckets[who] = bucket
        if len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
        if bucket.level < 1:
            wait = (1 - bucket.level) / self._per_second
            raise RefusedError(429, "too-many", "Too many requests: wait a moment.", wait=wait)
        bucket.level -= 1
