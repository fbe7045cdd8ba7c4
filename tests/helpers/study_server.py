"""A study that is really served, by a process of its own; and participants that are programs, without a browser."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit


@dataclass
class Server:
    """A running `study serve`."""

    process: subprocess.Popen[str]
    base: str
    """http://127.0.0.1:PORT."""
    lines: list[str] = field(default_factory=list)
    """What it has printed."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.base).port or 0

    def link(self, token: str) -> str:
        """The address that a participant opens."""
        return f"{self.base}/s/{token}/"

    def end(self) -> int:
        """End it as `kill` does, and return its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=60)


@contextmanager
def serving(folder: Path, *options: str, port: int = 0) -> Iterator[Server]:
    """The study of this folder, served until the block ends."""
    command = [sys.executable, "-m", "mgld_bench", "study", "serve", str(folder), "--port", str(port), *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    server = Server(process, "")
    for line in process.stderr:
        server.lines.append(line.rstrip("\n"))
        if found := re.search(r"serving on (http://[^/]+)", line):
            server.base = found[1]
            break
    assert server.base, "\n".join(server.lines)
    rest = process.stderr
    reader = threading.Thread(target=lambda: server.lines.extend(line.rstrip("\n") for line in rest), daemon=True)
    reader.start()
    try:
        yield server
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stderr.close()


@dataclass(frozen=True)
class Answer:
    """What a server has sent."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


class Person:
    """A participant."""

    def __init__(self, base: str, token: str) -> None:
        self.host = urlsplit(base).netloc
        self.path = f"{urlsplit(base).path}/s/{token}"
        self.cookie = ""
        self.page = ""

    def ask(self, method: str, address: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request, as the page sends it; ``headers`` in place of, or beside, its own."""
        sent = {"Origin": f"http://{self.host}", "X-Study-Page": self.page, "Content-Type": "application/json"}
        if self.cookie:
            sent["Cookie"] = f"study={self.cookie}"
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, urljoin(f"{self.path}/", address), content, {**sent, **(headers or {})})
            response = connection.getresponse()
            answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        finally:
            connection.close()
        if found := re.match(r"study=([^;]+)", answer.headers.get("set-cookie", "")):
            self.cookie = found[1]
        if answer.status == 200 and answer.headers["content-type"] == "application/json":
            self.page = answer.json["page"]
        return answer

    def state(self) -> Any:
        """Where one stands."""
        return self.ask("GET", "state").json

    def begin(self) -> Any:
        """Open the link and agree."""
        self.state()
        screen = {"screen": [1920, 1080], "window": [1900, 900], "pixel_ratio": 1.0}
        return self.ask("POST", "consent", {"browser": screen}).json

    def watch(self, position: int) -> None:
        """Load the videos of a pair."""
        for side in ("left", "right", "low-resolution"):
            assert self.ask("GET", f"trial/{position}/{side}").status == 200

    def answer(self, position: int, answers: list[str], seconds: float = 9.0, plays: int = 1) -> Answer:
        """Send answers, once more where they come too soon for the server."""
        while True:
            answer = self.ask("POST", f"trial/{position}/answer", {"answers": answers, "seconds": seconds, "plays": plays})
            if answer.status != 425:
                return answer
            time.sleep(0.05)
