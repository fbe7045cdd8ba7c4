"""The server: the socket, what is printed, and how it ends."""

from __future__ import annotations

import ipaddress
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

import uvicorn

from mgld_bench.errors import InputError
from mgld_bench.signals import ENDING
from mgld_bench.study.folder import Study, StudyFolder, load_study
from mgld_bench.study.opening import open_votes
from mgld_bench.study.serving.app import StudySite
from mgld_bench.study.serving.checks import check_study
from mgld_bench.study.serving.listening import is_loopback, listen
from mgld_bench.study.serving.patience import PatientProtocol
from mgld_bench.study.serving.screen import needed_window
from mgld_bench.study.store import VoteStore

_CONNECTIONS: Final = 500
"""At the same time; beyond it requests are refused with 503, which the page tries again."""
_GRACE: Final = 5
"""Seconds for requests that are under way when the server ends."""


@dataclass(frozen=True)
class ServeOptions:
    """Where a study is served."""

    host: str = "127.0.0.1"
    port: int = 8000
    """0: a free one."""
    root_path: str = ""
    """The path under which a reverse proxy passes requests on uncut, such as /study."""
    proxy: str = ""
    """Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, separated by commas."""


def serve(folder: StudyFolder, options: ServeOptions, log: Callable[[str], None]) -> None:
    """Serve a study until a signal ends the process, as KeyboardInterrupt.

    Args:
        folder: the study.
        options: where.
        log: takes lines for whoever runs the study.

    Raises:
        InputError: the study cannot be served as it is, or the address cannot be used.
    """
    study = load_study(folder)
    check_study(folder, study)
    root_path = _root_path(options.root_path)
    _require_addresses(options.proxy)
    listening = listen(options.host, options.port)
    try:
        store = open_votes(folder, study)
        site = StudySite(folder, study, store, root_path, log)
        for line in _beginning(study, store, options, listening.getsockname()[1], root_path):
            log(line)
        config = uvicorn.Config(
            site.app,
            # Names of links and addresses of participants stand in no log.
            log_config=None,
            access_log=False,
            lifespan="off",
            http=PatientProtocol,
            ws="none",
            loop="asyncio",
            server_header=False,
            proxy_headers=bool(options.proxy),
            forwarded_allow_ips=options.proxy or None,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE,
        )
        # Failures of requests are logged here by the guard; what is no HTTP at all concerns nobody.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server = _Server(config)
        server.run(sockets=[listening])
        site.close()
        store.close()
    finally:
        listening.close()
    raise KeyboardInterrupt


class _Server(uvicorn.Server):
    """Ends by every signal that ends the suite."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let them end the server in order: what is being answered is answered."""

        def end(_number: int, _frame: FrameType | None) -> None:
            self.force_exit = self.should_exit
            self.should_exit = True

        before = {number: signal.getsignal(number) for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN}
        for number in before:
            signal.signal(number, end)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _beginning(study: Study, store: VoteStore, options: ServeOptions, port: int, root_path: str) -> Iterator[str]:
    people = store.participants()
    begun = sum(one.consented_at is not None for one in people)
    finished = sum(one.finished_at is not None for one in people)
    yield f"study {study.name}: {len(people)} participants: {begun} have begun, {finished} of them have finished"
    width, height = needed_window(study)
    yield f"participants need a window of {width} x {height} pixels at least"
    if not is_loopback(options.host):
        yield (
            f"warning: {options.host} can be reached from other machines, and without TLS anybody on the way can read links and "
            "votes, and vote: put a reverse proxy with TLS in front and serve on 127.0.0.1 (docs/how-to/study.md)"
        )
    shown = f"[{options.host}]" if ":" in options.host else options.host
    yield f"serving on http://{shown}:{port}{root_path}/s/LINK/; Ctrl-C ends, and every vote is kept"


def _require_addresses(proxies: str) -> None:
    """A name or a misspelt address would be nobody's, and the proxy silently not believed."""
    for text in proxies.split(",") if proxies else []:
        try:
            ipaddress.ip_network(text.strip())
        except ValueError:
            raise InputError(f"--proxy {text.strip()}: is no address; write addresses or networks, such as 127.0.0.1") from None


def _root_path(text: str) -> str:
    path = "/" + text.strip("/") if text.strip("/") else ""
    if any(character in path for character in "?#\\ \"'<>") or ".." in path:
        raise InputError(f"--root-path {text!r}: write a path such as /study")
    return path
