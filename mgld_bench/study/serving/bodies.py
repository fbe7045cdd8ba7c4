"""Reading what a page sends: small, in time, JSON, and of the form that is expected."""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request

from mgld_bench.plain_data import PlainData
from mgld_bench.study.serving.refusals import RefusedError

Body = TypeVar("Body", bound=PlainData)
_MOST: Final = 16 * 1024
"""Bytes; a hundred answers are far fewer."""
_PATIENCE: Final = 10.0
"""Seconds for all of it."""


async def read_body(request: Request, form: type[Body]) -> Body:
    """The body as ``form``. Raises RefusedError where it is none, is too long or too slow."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise RefusedError(415, "invalid", "Only JSON is taken here.")
    try:
        content = await asyncio.wait_for(_bytes(request), _PATIENCE)
    except asyncio.TimeoutError:
        raise RefusedError(408, "slow", "The request took too long.") from None
    except ClientDisconnect:
        raise RefusedError(400, "invalid", "The request broke off.") from None
    try:
        return form.model_validate_json(content)
    except ValidationError:
        # What was sent is not repeated: it may be anything.
        raise RefusedError(422, "invalid", "This is not what the study's page sends.") from None


async def _bytes(request: Request) -> bytes:
    too_much = RefusedError(413, "invalid", "The request is too large.")
    stated = request.headers.get("content-length", "0")
    if not stated.isdecimal() or len(stated) > 12 or int(stated) > _MOST:
        raise too_much
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > _MOST:
            raise too_much
    return content
