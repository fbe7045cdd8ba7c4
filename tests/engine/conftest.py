from __future__ import annotations

from tests.helpers.postgresql import postgresql, store_url  # noqa: F401 - pytest finds fixtures by their names here
