"""Connections that stay silent are closed, so that nobody can keep the server busy by saying nothing."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

_PATIENCE: Final = 15.0
"""Seconds for the head of a connection's first request; after it, uvicorn's own limits hold."""


class PatientProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with an end to waiting for the first request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own narrowing
        """A connection is there."""
        super().connection_made(transport)
        self.loop.call_later(_PATIENCE, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.scope is None:
            self.transport.close()
