"""Opening a web address: redirects lead to web addresses only, and a connection that delivers next to nothing is ended.

The time-out of a socket only notices silence. A server that sends a byte now and then, be it of a header, of a line between two
chunks or of the content, would keep it alive for ever: `Watch` ends that.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import urllib.error
import urllib.request
from contextlib import suppress
from email.message import Message
from functools import partial
from threading import Lock, Timer
from types import TracebackType
from typing import IO
from urllib.parse import urlsplit

from mgld_bench.weights.answer import DownloadError

PATIENCE = 30.0
"""Seconds in which a connection has to deliver SLOWEST bytes, or to end."""
SLOWEST = 30_000
"""Bytes."""


class Watch:
    """Ends the connection that it follows as soon as that has delivered too little for PATIENCE seconds."""

    def __init__(self) -> None:
        self.expired = False
        self._lock = Lock()
        self._connection: socket.socket | None = None
        self._bytes = 0
        self._timer: Timer | None = None

    def __enter__(self) -> Watch:
        self._wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None
            self._let_go()

    def follow(self, connection: socket.socket) -> None:
        """Watch this connection instead of the one before."""
        with self._lock:
            self._let_go()
            # A handle of its own: TLS takes the socket's for itself.
            self._connection = socket.socket(fileno=os.dup(connection.fileno()))

    def received(self, count: int) -> None:
        """Count bytes of the file."""
        self._bytes += count

    def check(self) -> None:
        """Raise DownloadError where the connection was ended for being too slow."""
        if self.expired:
            raise DownloadError(f"delivers fewer than {SLOWEST / PATIENCE / 1000:g} kB in a second")

    def _wait(self) -> None:
        self._timer = Timer(PATIENCE, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        with self._lock:
            if self._timer is None:
                return
            if self._bytes >= SLOWEST:
                self._bytes = 0
                self._wait()
                return
            self.expired = True
            if self._connection is not None:
                with suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def is_web_address(address: str) -> bool:
    """Whether it is an http or https address.

    >>> is_web_address("https://example.org/net.pth"), is_web_address("file:///etc/passwd"), is_web_address("http://[")
    (True, False, False)
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and address.isprintable()


def open_address(request: urllib.request.Request, timeout: float, watch: Watch) -> http.client.HTTPResponse:
    """The answer to a request, after all redirects.

    Raises:
        HTTPError: The server refuses.
        OSError, HTTPException: It cannot be reached, or what it sends is not HTTP.
        DownloadError: It leads elsewhere than to a web address, or is too slow.
    """
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        _Plain(watch),
        _Encrypted(watch),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    try:
        response: http.client.HTTPResponse = opener.open(request, timeout=timeout)
    except UnicodeError:
        raise DownloadError("leads to something that is no address") from None
    except ValueError as error:
        # An address in a redirect that cannot be taken apart: a bad port, half of an IPv6 address.
        raise DownloadError(f"leads to something that is no address ({' '.join(str(error).split())[:80]})") from None
    return response


class _WatchedConnection(http.client.HTTPConnection):
    def __init__(self, watch: Watch, host: str, timeout: float) -> None:
        super().__init__(host, timeout=timeout)
        self._watch = watch

    def connect(self) -> None:
        super().connect()
        self._watch.follow(self.sock)


class _WatchedTLS(http.client.HTTPSConnection):
    def __init__(self, watch: Watch, host: str, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, timeout=timeout, context=context)
        self._watch = watch
        self._tls = context

    def connect(self) -> None:
        # As the base class does, with the watch from before the handshake on.
        http.client.HTTPConnection.connect(self)
        self._watch.follow(self.sock)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._tunnel_host or self.host)  # type: ignore[attr-defined]


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_WatchedConnection, self._watch), req)


class _Encrypted(urllib.request.HTTPSHandler):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._tls = ssl.create_default_context()
        self._tls.set_alpn_protocols(["http/1.1"])

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_WatchedTLS, self._watch, context=self._tls), req)


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        if req.type == "https" and not newurl.startswith("https:"):
            raise DownloadError("leads from https to an address that anybody on the way can change")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]
