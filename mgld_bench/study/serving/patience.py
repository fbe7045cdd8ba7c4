"""Connections that stay silent are closed, so that nobody can keep the server busy by saying nothing."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

_PATIENCE: Final = 15.0
"""Seconds for the head of a request, from the connection or the last answer on; uvicorn does not limit one that has begun."""


class PatientProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with an end to waiting for a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own narrowing
        """A connection is there."""
        super().connection_made(transport)
        self.loop.call_later(_PATIENCE, self._close_if_silent, None)

    def on_response_complete(self) -> None:
        """A request is answered."""
        answered = self.scope
        super().on_response_complete()
        self.loop.call_later(_PATIENCE, self._close_if_silent, answered)

    def _close_if_silent(self, last: object) -> None:
        """Close it where no request came after ``last``, the scope of the one before."""
        if self.scope is last:
            self.transport.close()
