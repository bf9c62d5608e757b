"""Who asks: a wallet that has signed in, or a program with one of its API keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from ionet.console._parts import Parts, parts_of
from ionet.console._visitor import MANAGE, Visitor


class Unknown(Exception):
    """Nobody has signed in; the text says how."""


class Forbidden(Exception):
    """It is known who asks, and they may not; the text says why."""


def visitor_of(request: Request, parts: Parts) -> Visitor:
    """Who sent a request.

    Raises:
        Unknown: nobody who is known here.
    """
    said = request.headers.get("authorization")
    if said is not None:
        # Whoever names a key is not taken for the cookie's owner, whatever the browser adds.
        scheme, _, text = said.partition(" ")
        key = parts.kept.key_of(text.strip(), int(parts.clock())) if scheme.lower() == "bearer" else None
        if key is None:
            raise Unknown("this API key is none, has expired or was revoked")
        return Visitor(key.owner, parts.access.key(key.owner), frozenset(key.scopes), key.expires, key.id)
    session = parts.signins.session(request.headers)
    if session is None:
        raise Unknown("sign in with your wallet, or name an API key: Authorization: Bearer …")
    return Visitor.signed_in(session.address, parts.access.key(session.address), session.expires)


def may(scope: str) -> Callable[[Request], Visitor]:
    """A dependency: who asks, if they may do something.

    Args:
        scope: one of `SCOPES`, or `MANAGE`.
    """

    def look(request: Request) -> Visitor:
        visitor = visitor_of(request, parts_of(request))
        if scope not in visitor.scopes:
            if scope == MANAGE:
                raise Forbidden("only the wallet itself may do this, after a sign-in: no API key may")
            raise Forbidden(f"this API key is not for this: it lacks the scope {scope}")
        return visitor

    return look


Reader = Annotated[Visitor, Depends(may("read"))]
Sender = Annotated[Visitor, Depends(may("files"))]
Renter = Annotated[Visitor, Depends(may("rent"))]
Owner = Annotated[Visitor, Depends(may(MANAGE))]
