"""A local HTTP server that serves files well or badly, and remembers what it was asked."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """A file, and how the server treats those who ask for it."""

    content: bytes
    etag: str = '"one"'
    modified: str = ""
    ranges: bool = True
    """False: Range is ignored."""
    tells_length: bool = True
    stops: list[int] = field(default_factory=list)
    """The first answers break off after so many bytes."""
    kind: str = "application/octet-stream"
    pause: float = 0.0
    """Seconds between two pieces of PIECE bytes."""
    delay: float = 0.0
    """Seconds before the answer begins."""
    claims: int | None = None
    """A Content-Length that is not true."""


@dataclass
class Redirect:
    """An answer that sends on to another address."""

    to: str


@dataclass
class Refusal:
    """An answer with this state, for the first ``times`` requests; then the file."""

    state: int
    then: Served | None = None
    times: int = 1


PIECE = 1 << 14
Answer = Served | Redirect | Refusal


class Site:
    """Addresses and what lies there; ``asked`` collects (path, Range, If-Range) of each request."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str | None, str | None]] = []

    def put(self, name: str, answer: Answer) -> str:
        """The address of ``answer``."""
        self.answers[f"/{name}"] = answer
        return f"{self.base}/{name}"

    def ranges(self) -> list[str | None]:
        """The Range of each request."""
        return [asked for _, asked, _ in self.asked]


@contextmanager
def serving() -> Iterator[Site]:
    """A site on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lambda: site))
    site = Site(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(site: Callable[[], Site]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            """Silent."""

        def do_GET(self) -> None:
            site().asked.append((self.path, self.headers.get("Range"), self.headers.get("If-Range")))
            answer = site().answers.get(self.path)
            if isinstance(answer, Refusal) and answer.times > 0:
                answer.times -= 1
                self.send_error(answer.state)
            elif isinstance(answer, Refusal) and answer.then is not None:
                self._send(answer.then)
            elif isinstance(answer, Served):
                self._send(answer)
            elif isinstance(answer, Redirect):
                self.send_response(302)
                self.send_header("Location", answer.to)
                self.end_headers()
            else:
                self.send_error(404)

        def _send(self, file: Served) -> None:
            time.sleep(file.delay)
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range") in (None, file.etag, file.modified)
            start = int(wanted[1]) if wanted and file.ranges and same else 0
            if start >= len(file.content) > 0:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(file.content)}")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(file.content) - 1}/{len(file.content)}")
            if file.etag:
                self.send_header("ETag", file.etag)
            if file.modified:
                self.send_header("Last-Modified", file.modified)
            self.send_header("Content-Type", file.kind)
            if file.tells_length:
                self.send_header("Content-Length", str(file.claims or len(file.content) - start))
            self.end_headers()
            body = file.content[start:]
            if file.stops:
                body = body[: file.stops.pop(0)]
            for place in range(0, len(body), PIECE):
                self.wfile.write(body[place : place + PIECE])
                time.sleep(file.pause)

    return Handler
