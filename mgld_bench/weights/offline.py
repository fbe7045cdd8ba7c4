"""Work without the network: nothing in this process reaches another machine, whichever library tries.

Requested with --offline or MGLD_BENCH_OFFLINE=1. This machine itself stays reachable, because databases and clusters may run on
it. Connections through Python's sockets are refused. Programs started from here, and connections that a library makes in its own
machine code, are not seen; the libraries of Hugging Face are switched off by their own variable.
"""

from __future__ import annotations

import os
import socket
import sys
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

import psutil

from mgld_bench.errors import InputError

VARIABLE: Final = "MGLD_BENCH_OFFLINE"
_ADDRESSED: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
"""Audit events with (socket, address)."""
_NAMED: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
"""Audit events whose first argument is a host."""


def is_offline() -> bool:
    """Whether this process must not use the network."""
    return os.environ.get(VARIABLE, "").strip().lower() not in ("", "0", "false", "no", "off")


def go_offline() -> None:
    """From now on every connection of this process to another machine raises InputError; this cannot be undone.

    Python processes that it starts inherit MGLD_BENCH_OFFLINE.
    """
    os.environ[VARIABLE] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"
    _install_guard()


def obey_environment() -> None:
    """Call `go_offline` where MGLD_BENCH_OFFLINE asks for it."""
    if is_offline():
        go_offline()


@lru_cache(maxsize=1)
def _install_guard() -> None:
    # Computed before the guard is installed, which would see these look-ups.
    _own_names()
    sys.addaudithook(_guard)


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _ADDRESSED:
        connection, address = arguments
        internet = connection.family in (socket.AF_INET, socket.AF_INET6)
        host = address[0] if internet and isinstance(address, tuple) else None
    elif event in _NAMED:
        host = arguments[0]
    else:
        return
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    if isinstance(host, str) and not _is_this_machine(host):
        raise InputError(f"{host}: not contacted, because --offline or {VARIABLE} is set; fetch what is missing without it")


def _is_this_machine(host: str) -> bool:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower().rstrip(".") in _own_names()
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_unspecified or str(address) in _own_names()


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    """Names and addresses of this machine; "" stands for any of them."""
    addresses = {entry.address.partition("%")[0] for entries in psutil.net_if_addrs().values() for entry in entries}
    return frozenset({"", "localhost", socket.gethostname().lower(), *addresses})
