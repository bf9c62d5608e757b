"""What requests bring along: bodies of so many bytes within so many seconds, and numbers in paths."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from ionet.intelligence.errors import Refused, invalid

#: Seconds that a body may take to come.
_PATIENCE: Final = 30.0


async def body_of(request: Request, most: int) -> bytes:
    """A request's body.

    Args:
        request: it.
        most: bytes.

    Raises:
        Refused: it is too long, or does not come.
    """
    parts = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            async for part in request.stream():
                parts += part
                if len(parts) > most:
                    said = f"a request of this kind has at most {most:,} bytes"
                    raise Refused(413, said, code="request_too_large")
    except TimeoutError:
        raise Refused(408, f"a request comes within {_PATIENCE:g} seconds", code="timeout") from None
    except ClientDisconnect:
        raise invalid("the request broke off") from None
    return bytes(parts)


def number_of(request: Request, name: str) -> int:
    """A number in a request's path.

    Raises:
        Refused: it is none, or one that nothing here has.
    """
    text = str(request.path_params[name])
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Refused(404, f"there is no {name} {text[:32]!a}", code="not_found")
    return int(text)
