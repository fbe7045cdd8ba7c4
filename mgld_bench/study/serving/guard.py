"""What holds for every answer: headers that browsers obey, the proxy's path cut off, refusals and failures in plain words."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, MutableMapping
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mgld_bench.errors import contained
from mgld_bench.study.serving.pages import Pages
from mgld_bench.study.serving.refusals import RefusedError

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; media-src blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Scripts and styles are files of this server; videos come as blobs; nothing else is loaded, and nobody may frame the page."""
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex, nofollow",
}


class Guard:
    """Stands before the application."""

    def __init__(self, app: ASGIApp, root_path: str, pages: Pages, log: Callable[[str], None]) -> None:
        self._app = app
        self._root_path = root_path
        self._pages = pages
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        scope = _without_prefix(scope, self._root_path)
        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except RefusedError as refused:
            response = self._refusal(scope, refused)
        except Exception as error:
            self._log(f"a request failed: {contained(error, 'study serve')}")
            if begun:
                raise
            response = self._refusal(scope, RefusedError(500, "unavailable", "The study's server has failed here."))
        else:
            return
        await response(scope, receive, send_guarded)

    def _refusal(self, scope: Scope, refused: RefusedError) -> Response:
        """As a page for people who open an address, as JSON for the page's scripts."""
        if "text/html" in _header(scope, b"accept"):
            page = self._pages.message(refused.word, scope["path"])
            response = Response(page, refused.status, media_type="text/html")
        else:
            text = json.dumps({"error": refused.word, "text": refused.text})
            response = Response(text, refused.status, media_type="application/json")
        if refused.wait is not None:
            response.headers["retry-after"] = str(math.ceil(refused.wait))
        if refused.status in (408, 413):
            # The rest of what is sent is not waited for.
            response.headers["connection"] = "close"
        return response


def _without_prefix(scope: MutableMapping[str, Any], prefix: str) -> MutableMapping[str, Any]:
    path = scope["path"]
    if not prefix or not (path == prefix or path.startswith(f"{prefix}/")):
        return scope
    return {**scope, "path": path[len(prefix) :] or "/"}


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
