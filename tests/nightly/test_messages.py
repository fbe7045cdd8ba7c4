"""Messages, sent to real servers on this machine."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mgld_bench.nightly.messages.send import Message, send_messages

MESSAGE = Message("night 2 of demo: rejected", ("step2.pth", "quality: street psnr.rgb: 3.1 worse"))


@contextmanager
def webhook(answer: int = 200) -> Iterator[tuple[str, list[dict[str, str]]]]:
    got: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answer)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with running(server):
        yield f"http://127.0.0.1:{server.server_address[1]}", got


@contextmanager
def mail_server() -> Iterator[tuple[int, list[str]]]:
    """Speaks enough SMTP to take a message; without TLS."""
    got: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.answer(220)
            while line := self.rfile.readline().decode().upper():
                if line.startswith("DATA"):
                    self.answer(354)
                    text = []
                    while (part := self.rfile.readline().decode()) != ".\r\n":
                        text.append(part)
                    got.append("".join(text))
                self.answer(221 if line.startswith("QUIT") else 250)

        def answer(self, code: int) -> None:
            self.wfile.write(f"{code} here\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    with running(server):
        yield server.server_address[1], got


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("path", "field"),
    [("/services/T0/B0/key", "text"), ("/hooks/key", "text"), ("/api/webhooks/1/key", "content")],
)
def test_a_webhook_gets_the_form_that_its_kind_takes(path: str, field: str) -> None:
    lines: list[str] = []
    with webhook() as (address, got):
        send_messages(MESSAGE, lines.append, {"MGLD_BENCH_WEBHOOK": address + path})
    assert got == [{field: "*night 2 of demo: rejected*\nstep2.pth\nquality: street psnr.rgb: 3.1 worse"}]
    assert lines == []


def test_an_e_mail_arrives() -> None:
    with mail_server() as (port, got):
        settings = {
            "MGLD_BENCH_SMTP": f"127.0.0.1:{port}",
            "MGLD_BENCH_MAIL_FROM": "nightly@example.org",
            "MGLD_BENCH_MAIL_TO": "a@example.org, b@example.org",
        }
        send_messages(MESSAGE, pytest.fail, settings)
    assert "Subject: night 2 of demo: rejected" in got[0]
    assert "To: a@example.org, b@example.org" in got[0]
    assert "quality: street psnr.rgb: 3.1 worse" in got[0]


def test_nothing_is_sent_unless_it_is_configured() -> None:
    send_messages(MESSAGE, pytest.fail, {})


def test_a_failure_is_one_line_without_any_secret() -> None:
    lines: list[str] = []
    with webhook(answer=403) as (address, _):
        send_messages(MESSAGE, lines.append, {"MGLD_BENCH_WEBHOOK": f"{address}/services/very-secret"})
    send_messages(MESSAGE, lines.append, {"MGLD_BENCH_WEBHOOK": "very-secret"})
    with mail_server() as (port, got):
        settings = {
            "MGLD_BENCH_SMTP": f"127.0.0.1:{port}",
            "MGLD_BENCH_MAIL_FROM": "nightly@example.org",
            "MGLD_BENCH_MAIL_TO": "a@example.org",
            "MGLD_BENCH_SMTP_USER": "me",
            "MGLD_BENCH_SMTP_PASSWORD": "very-secret",
        }
        send_messages(MESSAGE, lines.append, settings)
    assert got == [], "a password was to go over an open line"
    assert len(lines) == 3
    assert "the server answered 403" in lines[0]
    assert all("very-secret" not in line and "127.0.0.1" not in line for line in lines)
