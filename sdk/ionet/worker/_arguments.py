"""Arguments of requests."""

from __future__ import annotations

from ionet.wire import Refused, Request


def hex32(request: Request, name: str) -> bytes:
    """Returns an argument of 32 bytes, written in hex.

    Raises:
        Refused: it is none.
        KeyError: it is missing.
    """
    value = bytes.fromhex(request.arguments[name])
    if len(value) != 32:
        raise Refused("bad-request", f"{name} has 32 bytes")
    return value


def number(request: Request, name: str) -> int:
    """Returns an argument that is a number, 0 or more.

    Raises:
        Refused: it is none.
        KeyError: it is missing.
    """
    value = request.arguments[name]
    if type(value) is not int or value < 0:
        raise Refused("bad-request", f"{name} is a number, 0 or more")
    return value
