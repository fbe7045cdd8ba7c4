from __future__ import annotations

from tests.helpers.metric_fixtures import *  # noqa: F403 - pytest finds fixtures by their names here
