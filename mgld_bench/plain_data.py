"""The base of plain data that is checked when it is made: parts of cards, options, plans, records."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class PlainData(BaseModel):
    """Frozen, and closed: a field that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
