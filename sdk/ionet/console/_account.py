"""Signing in and out, and API keys."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NoBase64
from typing import Final

from fastapi import APIRouter, Request, Response

from ionet.console import _models as m
from ionet.console._kept import KeptKey
from ionet.console._parts import Have, Parts
from ionet.console._uploads import Full
from ionet.console._visitor import Visitor
from ionet.console._who import Forbidden, Owner, Reader, Unknown, visitor_of
from ionet.explorer._market import Absent
from ionet.explorer._values import BadQuestion
from ionet.formats.when import DAY
from ionet.service.guard import address_of
from ionet.service.signin import SignInSession

account: Final = APIRouter()


@account.post("/challenge", summary="Something for a wallet to sign, to sign in")
async def challenge(parts: Have) -> m.Challenge:
    """A challenge, which is good once, for some minutes."""
    return m.Challenge(**parts.signins.challenge())


@account.post("/signin", summary="Begins a session")
async def sign_in(parts: Have, request: Request, signed: m.SignIn, response: Response) -> m.Session:
    """A session, which a cookie stands for."""
    session, cookie = _signed(parts, request, signed)
    response.headers["set-cookie"] = cookie
    return await _session(_visitor(parts, session))


@account.post("/signout", summary="Ends the session")
async def sign_out(parts: Have, request: Request, response: Response) -> m.Ended:
    """Nobody who has the cookie can use it any more."""
    response.headers["set-cookie"] = parts.signins.sign_out(request.headers)
    return m.Ended(ended=True)


@account.post("/here", summary="Whether there is a session")
async def here(parts: Have, request: Request) -> m.Here:
    """A session, or none, which is no failure."""
    try:
        return m.Here(session=await _session(visitor_of(request, parts)))
    except Unknown:
        return m.Here(session=None)


@account.get("/session", summary="Who asks")
async def session(visitor: Reader) -> m.Session:
    """A session or an API key."""
    return await _session(visitor)


@account.get("/keys", summary="The wallet's API keys")
async def keys(parts: Have, owner: Owner) -> m.ApiKeys:
    """Keys, without what they are made of."""
    return m.ApiKeys(keys=tuple(map(_key, parts.kept.keys(owner.wallet))))


@account.post("/keys", summary="Makes an API key, which is shown once")
async def new_key(parts: Have, owner: Owner, request: Request, wanted: m.NewKey) -> m.MadeKey:
    """A key. It outlives the session, so that the wallet signs anew for it."""
    fresh, _ = _signed(parts, request, wanted, keep=False)
    if fresh.address != owner.wallet:
        raise Forbidden(f"{fresh.address} has signed, and the session is that of {owner.wallet}")
    if len(parts.kept.keys(owner.wallet)) >= parts.config.limits.keys:
        raise Full(f"a wallet has at most {parts.config.limits.keys} keys: revoke one first")
    now = int(parts.clock())
    scopes = sorted(set(wanted.scopes))
    name, key = parts.kept.new_key(owner.wallet, wanted.label, scopes, now, now + wanted.days * DAY)
    return m.MadeKey(id=name, key=key)


@account.post("/keys/{key}/revoke", summary="Ends an API key")
async def revoke(parts: Have, owner: Owner, key: m.Id) -> m.Ended:
    """The key can no longer be used."""
    if not parts.kept.revoke_key(key, owner.wallet):
        raise Absent("you have no such key")
    return m.Ended(ended=True)


def _signed(
    parts: Parts, request: Request, signed: m.SignIn, *, keep: bool = True
) -> tuple[SignInSession, str]:
    try:
        message, signature = (b64decode(text, validate=True) for text in (signed.message, signed.signature))
    except (NoBase64, ValueError):
        raise BadQuestion("message and signature are in base64") from None
    return parts.signins.sign_in(address_of(request.scope), message, signature, keep=keep)


def _visitor(parts: Parts, session: SignInSession) -> Visitor:
    return Visitor.signed_in(session.address, parts.access.key(session.address), session.expires)


async def _session(visitor: Visitor) -> m.Session:
    return m.Session(
        wallet=str(visitor.wallet),
        access=str(visitor.access.pubkey()),
        expires=visitor.expires,
        scopes=tuple(sorted(visitor.scopes)),
    )


def _key(key: KeptKey) -> m.ApiKey:
    return m.ApiKey(
        id=key.id, label=key.label, scopes=key.scopes, made=key.made, expires=key.expires, used=key.used
    )
