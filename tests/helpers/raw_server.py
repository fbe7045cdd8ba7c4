"""A local server that sends prepared bytes in answer to a request, whether they are HTTP or not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

Say = Callable[[bytes], Iterable[bytes]]
"""From the request's head, and nothing else of it, to the pieces of the answer."""


def answer(head: str, body: bytes = b"", status: str = "200 OK") -> bytes:
    """An HTTP answer with these header lines."""
    return f"HTTP/1.1 {status}\r\n{head}\r\n\r\n".encode("latin-1") + body


@contextmanager
def saying(say: Say) -> Iterator[str]:
    """An address on this machine that answers each request with what ``say`` gives, and then closes the connection."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += connection.recv(65536)
            for piece in say(asked):
                if over.is_set():
                    return
                connection.sendall(piece)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/net.pth"
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
