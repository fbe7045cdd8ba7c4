"""The address at which the server listens."""

from __future__ import annotations

import errno
import ipaddress
import socket
from contextlib import suppress
from typing import Final

from mgld_bench.errors import InputError, of_system

_WAITING: Final = 128
"""Connections that may wait to be taken."""


def listen(host: str, port: int) -> socket.socket:
    """A socket at the address; port 0: a free one. Raises InputError where it cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        what = error.strerror or error
        raise InputError(f"--host {host}: {what}: give an address of this machine, such as 127.0.0.1") from error
    try:
        # A server that was killed leaves its port reserved for a while otherwise.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_WAITING)
    except OSError as error:
        listening.close()
        raise _refused(host, port, error) from error
    return listening


def _refused(host: str, port: int, error: OSError) -> InputError:
    if error.errno == errno.EADDRINUSE:
        return InputError(f"port {port} of {host} is in use: end what uses it, or choose a different one with --port")
    if error.errno == errno.EADDRNOTAVAIL:
        return InputError(f"--host {host}: this machine does not have this address")
    if error.errno == errno.EACCES:
        return InputError(f"port {port} of {host} is the system's: use one from 1024 on, such as --port 8000")
    return InputError(f"port {port} of {host}: {of_system(error)}")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
