"""Which workspace and which machine this is, so that processes on several machines can be sure that they mean the same."""

from __future__ import annotations

import os
import platform
import secrets
import uuid
from pathlib import Path
from typing import Final

from mgld_bench.clips.atomic import require_writable
from mgld_bench.engine.address import address_of, identity
from mgld_bench.errors import InputError

ID_FILE: Final = ".workspace-id"
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def place_of(workspace: Path) -> str:
    """The identity that a workspace holds; "" where it has none yet."""
    address = address_of(workspace)
    if address:
        return identity(address)
    try:
        return (workspace / ID_FILE).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise InputError(f"{workspace / ID_FILE}: cannot be read: {error.strerror}") from error


def settle_place(workspace: Path) -> str:
    """The identity of a workspace, which gets one where it has none. Of several processes that do so at once, one wins."""
    require_writable(workspace)
    if not place_of(workspace):
        own = workspace / f"{ID_FILE}.{secrets.token_hex(8)}"
        own.write_text(f"{uuid.uuid4()}\n", encoding="utf-8")
        try:
            os.link(own, workspace / ID_FILE)
        except FileExistsError:
            pass
        except OSError:
            # File systems without hard links.
            own.replace(workspace / ID_FILE)
        own.unlink(missing_ok=True)
    return place_of(workspace)


def machine_id() -> str:
    """The identity of the running machine: its containers share it, two machines of one name do not."""
    try:
        return _BOOT.read_text(encoding="utf-8").strip()
    except OSError:
        return f"{platform.node()}-{uuid.getnode():x}"
