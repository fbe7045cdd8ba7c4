"""A real S3 server of this machine, in a process of its own (moto's), and what is in its buckets."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest


@dataclass
class S3Server:
    """The server; its environment is that of this process and its children."""

    url: str
    numbers: Iterator[int]

    def create(self) -> str:
        """The address of a prefix in a new bucket."""
        bucket = f"bench{next(self.numbers)}"
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/{bucket}", method="PUT"), timeout=30).close()
        return f"s3://{bucket}/shared/space"

    def download(self, address: str, folder: Path) -> Path:
        """Everything below an address, as files in ``folder``."""
        import s3fs

        files: Any = s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
        root = address.removeprefix("s3://")
        for path in files.find(root):
            target = folder / path.removeprefix(f"{root}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(files.cat_file(path))
        return folder


@contextmanager
def started(log: Path) -> Iterator[S3Server]:
    """A new server."""
    pytest.importorskip("moto", reason="moto is not installed")
    pytest.importorskip("s3fs", reason="the extra [remote] is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("ab") as output:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{url}/moto-api/", timeout=10).close()
            except (URLError, OSError):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, "the S3 server does not answer"
                time.sleep(0.1)
            else:
                break
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", url)
            patch.setenv("AWS_ACCESS_KEY_ID", "key-only-for-tests")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "secret-only-for-tests")
            patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            yield S3Server(url, count())
    finally:
        process.kill()
        process.wait()
