from __future__ import annotations

from tests.helpers.method_fixtures import *  # noqa: F403 - pytest finds fixtures by their names here
