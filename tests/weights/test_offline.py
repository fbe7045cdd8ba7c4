"""Offline: no connection to another machine, in processes of their own since there is no way back."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mgld_bench.weights.offline import is_offline

ELSEWHERE = "192.0.2.1"
"""An address that belongs to nobody (RFC 5737)."""


def offline(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs ``code`` after go_offline(), with ``refused(call)``, which prints the refusal or that there was none."""
    before = (
        "import sys\n"
        "from mgld_bench.errors import InputError\n"
        "from mgld_bench.weights.offline import go_offline, obey_environment\n"
        "def refused(call):\n"
        "    try:\n        call()\n"
        "    except InputError as error:\n        print('refused', error)\n"
        "    except OSError as error:\n        print('tried', error)\n"
        "    else:\n        print('reached')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", before + code], capture_output=True, text=True, env=os.environ | environment, timeout=60
    )


@pytest.mark.parametrize(
    "call",
    [
        f"urllib.request.urlopen('http://{ELSEWHERE}/x', timeout=20)",
        f"urllib.request.urlopen('https://{ELSEWHERE}/x', timeout=20)",
        "urllib.request.urlopen('http://example.invalid/x', timeout=20)",
        f"socket.create_connection(('{ELSEWHERE}', 80), 20)",
        f"socket.socket().connect_ex(('{ELSEWHERE}', 80))",
        f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('{ELSEWHERE}', 80))",
        f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('{ELSEWHERE}', 80))",
        "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
        "socket.getaddrinfo(b'example.invalid', 80)",
        "socket.gethostbyname('example.invalid')",
        "asyncio.run(asyncio.wait_for(asyncio.open_connection('example.invalid', 80), 20))",
    ],
)
def test_other_machines_are_refused_at_once(call: str) -> None:
    began = time.monotonic()
    done = offline(f"import asyncio, socket, urllib.request\ngo_offline()\nrefused(lambda: {call})")
    assert done.stdout.startswith("refused "), done
    assert "--offline" in done.stdout
    assert any(host in done.stdout for host in (ELSEWHERE, "example.invalid", "2001:db8::1"))
    assert time.monotonic() - began < 15


def test_without_it_the_same_is_tried() -> None:
    done = offline(f"import socket\nrefused(lambda: socket.create_connection(('{ELSEWHERE}', 80), 0.2))")
    assert done.stdout.startswith("tried ")


def test_this_machine_stays_reachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as named:
        named.bind(str(tmp_path / "socket"))
        named.listen()
        port = server.getsockname()[1]

        def accept_both() -> None:
            for _ in range(2):
                server.accept()[0].close()

        threading.Thread(target=accept_both, daemon=True).start()
        done = offline(
            "import socket\n"
            "go_offline()\n"
            f"refused(lambda: socket.create_connection(('localhost', {port}), 5))\n"
            f"refused(lambda: socket.create_connection(('127.0.0.1', {port}), 5))\n"
            f"refused(lambda: socket.socket(socket.AF_UNIX).connect({str(tmp_path / 'socket')!r}))\n"
            "refused(lambda: socket.getaddrinfo(None, 80))\n"
            "refused(lambda: socket.getaddrinfo('::1', 80))\n"
        )
    assert done.stdout.split("\n") == ["reached"] * 5 + [""], done


def test_libraries_and_child_processes_are_told() -> None:
    done = offline("import os; go_offline(); go_offline(); print(os.environ['HF_HUB_OFFLINE'], os.environ['MGLD_BENCH_OFFLINE'])")
    assert done.stdout.split() == ["1", "1"]


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("true", True), ("YES", True), ("0", False), ("", False), ("no", False)]
)
def test_the_environment_asks_for_it(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("MGLD_BENCH_OFFLINE", value)
    assert is_offline() == expected
    done = offline(
        f"import socket\nobey_environment()\nrefused(lambda: socket.create_connection(('{ELSEWHERE}', 80), 0.1))",
        MGLD_BENCH_OFFLINE=value,
    )
    assert done.stdout.startswith("refused " if expected else "tried ")
