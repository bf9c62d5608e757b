"""Accounts over HTTP: sign in with a wallet, see what is left, make keys and end them.

Whoever has signed in has a cookie, which browsers send only from the service's own pages; whoever has a key
may make keys under it. A key's secret is shown once.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from solders.pubkey import Pubkey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ionet.chain.amounts import IO
from ionet.intelligence.bodies import body_of, number_of
from ionet.intelligence.desk import Desk
from ionet.intelligence.errors import Refused, busy, invalid
from ionet.intelligence.fields import parse
from ionet.intelligence.gate import Gate
from ionet.intelligence.models import Models
from ionet.intelligence.prices import IO_UNIT, Rate
from ionet.intelligence.records import CYCLES, Currency, Key, written
from ionet.service.bounds import Bounds
from ionet.service.guard import Rates, address_of
from ionet.service.signin import SignInRefused, SignIns

_NO_STORE: Final = {"cache-control": "no-store"}
#: Bytes of a request of this kind, and keys of an account that are in use.
_BODY: Final = 16_384
_KEYS: Final = 500
#: Challenges of one address.
_CHALLENGES: Final = Bounds(per_second=1, at_once=60)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks about an account.

    Attributes:
        account: whose.
        address: of it.
        key: they came with; None: they have signed in.
    """

    account: int
    address: str
    key: Key | None


class Accounts:
    """Answers what is asked about accounts.

    Args:
        desk: the books.
        gate: knows keys and quotas.
        models: there are.
        sign_ins: sessions.
        origin: of the service, for requests with a cookie.
        tills: where payments come in.
        rate: what an IO is worth now; None: nobody knows.
    """

    def __init__(
        self,
        desk: Desk,
        gate: Gate,
        models: Models,
        sign_ins: SignIns,
        origin: str,
        tills: Mapping[Currency, Pubkey],
        rate: Callable[[], Rate | None],
    ) -> None:
        self._desk = desk
        self._gate = gate
        self._models = models
        self._sign_ins = sign_ins
        self._origin = origin
        self._tills = tills
        self._rate = rate
        self._rates = Rates(
            _CHALLENGES.per_second, _CHALLENGES.at_once, _CHALLENGES.addresses, time.monotonic
        )

    def routes(self) -> list[Route]:
        """What is answered."""
        return [
            Route("/account/challenge", self._challenge, methods=["POST"]),
            Route("/account/sign-in", self._sign_in, methods=["POST"]),
            Route("/account/sign-out", self._sign_out, methods=["POST"]),
            Route("/v1/account", self._account, methods=["GET"]),
            Route("/v1/keys", self._keys, methods=["GET"]),
            Route("/v1/keys", self._make, methods=["POST"]),
            Route("/v1/keys/{key}", self._revoke, methods=["DELETE"]),
        ]

    # -- sessions

    async def _challenge(self, request: Request) -> Response:
        # So many are kept: whoever asked for all of them would have everybody else's forgotten.
        if (wait := self._rates.take(address_of(request.scope), 1)) > 0:
            raise busy(f"too many challenges for one address; try again in {wait} s", wait)
        return _json(self._sign_ins.challenge())

    async def _sign_in(self, request: Request) -> Response:
        # Another site's page could sign its reader in as somebody else.
        self._same_origin(request)
        body = parse(await _small(request))
        try:
            message, signature = (
                base64.b64decode(str(body.get(name, "")), validate=True) for name in ("message", "signature")
            )
            source = address_of(request.scope)
            session, cookie = self._sign_ins.sign_in(source, message, signature)
        except (binascii.Error, ValueError):
            raise invalid("message and signature are base64") from None
        except SignInRefused as bad:
            raise Refused(401, str(bad), code="sign_in_refused") from None
        told = {"address": str(session.address), "expires": session.expires}
        return JSONResponse(told, headers={**_NO_STORE, "set-cookie": cookie})

    async def _sign_out(self, request: Request) -> Response:
        self._same_origin(request)
        cookie = self._sign_ins.sign_out(request.headers)
        return JSONResponse({}, headers={**_NO_STORE, "set-cookie": cookie})

    async def _asker(self, request: Request) -> Asker:
        """Who asks, by a key or a session.

        Raises:
            Refused: nobody who is known.
        """
        if (given := request.headers.get("authorization")) is not None:
            key = await self._gate.admit(given)
            return Asker(key.account, key.address, key)
        session = self._sign_ins.session(request.headers)
        if session is None:
            raise Refused(401, "sign in with a wallet, or send an API key", code="not_signed_in")
        if request.method != "GET":
            self._same_origin(request)
        address, at = str(session.address), self._desk.at
        return Asker(await self._desk.do(lambda books: books.account(address, at)), address, None)

    def _same_origin(self, request: Request) -> None:
        if request.headers.get("origin") != self._origin:
            raise Refused(403, f"this is taken from {self._origin} only: name it as Origin", code="origin")

    # -- accounts

    async def _account(self, request: Request) -> Response:
        asker = await self._asker(request)
        quota, at, rate = await self._gate.quota(asker.address), self._desk.at, self._rate()
        funds = await self._desk.do(lambda books: books.funds(asker.account, quota.dollars, at))
        stake, rule = quota.stake, self._gate.rule
        return _json(
            {
                "address": asker.address,
                "stake": None if stake is None else {"active": str(stake.active), "slot": stake.slot},
                "quota": {
                    "day": written(funds.quota),
                    "used": written(funds.used),
                    "left": written(max(0, funds.quota - funds.used)),
                    "per_io": written(rule.per_io),
                    "least_stake": str(rule.least),
                    "most": written(rule.most),
                },
                "balance": {"usdc": written(funds.usdc), "io": str(IO.from_base(funds.io))},
                "io_price": None if rate is None else written(rate.to_dollars(IO_UNIT)),
                "pay_to": {currency: str(account) for currency, account in self._tills.items()},
            }
        )

    async def _keys(self, request: Request) -> Response:
        asker = await self._asker(request)
        at = self._desk.at
        keys = await self._desk.do(lambda books: books.keys(asker.account))
        seen = _under(asker.key.id, keys) if asker.key is not None else {key.id for key in keys}
        spent = await self._desk.do(lambda books: {key.id: books.spent(key, at) for key in keys})
        listed = [{**told(key), "spent": written(spent[key.id])} for key in keys if key.id in seen]
        return _json({"object": "list", "data": listed})

    async def _make(self, request: Request) -> Response:
        asker = await self._asker(request)
        wanted = self._wanted(parse(await _small(request)))
        at = self._desk.at
        keys = await self._desk.do(lambda books: books.keys(asker.account))
        if sum(key.revoked is None for key in keys) >= _KEYS:
            raise invalid(f"an account has at most {_KEYS} keys in use: revoke some")
        try:
            key, secret = await self._desk.do(
                lambda books: books.make_key(asker.account, at=at, parent=asker.key, **wanted)
            )
        except ValueError as bad:
            raise invalid(str(bad)) from None
        return JSONResponse({**told(key), "secret": secret}, 201, _NO_STORE)

    def _wanted(self, body: dict[str, Any]) -> dict[str, Any]:
        if unknown := set(body) - {"name", "models", "cap", "cycle"}:
            raise invalid(f"a key has a name, models, a cap and a cycle; not {min(unknown)[:64]!a}")
        name, models = body.get("name"), body.get("models")
        if not isinstance(name, str) or not name.strip() or len(name) > 64 or not name.isprintable():
            raise invalid("a key has a name, of 1 to 64 printable characters", "name")
        if models is not None:
            if not isinstance(models, list) or not models:
                raise invalid("models is a list of models' names", "models")
            for model in models:
                self._models.get(model)
        if (cycle := body.get("cycle", "ever")) not in CYCLES:
            raise invalid(f"cycle is one of {', '.join(CYCLES)}", "cycle")
        return {"name": name, "models": models, "cap": _cap(body.get("cap")), "cycle": cycle}

    async def _revoke(self, request: Request) -> Response:
        asker = await self._asker(request)
        key, at = number_of(request, "key"), self._desk.at
        if asker.key is not None:
            keys = await self._desk.do(lambda books: books.keys(asker.account))
            if key not in _under(asker.key.id, keys):
                raise Refused(404, f"this key has made no key {key}", code="key_not_found")
        ended = await self._desk.do(lambda books: books.revoke(asker.account, key, at))
        if not ended:
            raise Refused(404, f"this account has no key {key}", code="key_not_found")
        self._gate.end(ended)
        return _json({"id": key, "revoked": at})


def _under(key: int, keys: list[Key]) -> set[int]:
    """A key and all that it has made."""
    within = {key}
    for each in keys:  # parents come before what they have made
        if each.parent in within:
            within.add(each.id)
    return within


def told(key: Key) -> dict[str, Any]:
    """A key as it is shown."""
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "models": None if key.models is None else sorted(key.models),
        "cap": None if key.cap is None else written(key.cap),
        "cycle": key.cycle,
        "parent": key.parent,
        "created": key.created,
        "revoked": key.revoked,
    }


def _cap(value: Any) -> int | None:
    """Millionths of a dollar of a cap, which is said in dollars, as a text or an integer."""
    if value is None:
        return None
    right = 'cap is an amount of dollars with at most 6 decimals, such as "2.50"'
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise invalid(right, "cap")
    try:
        exact = Decimal(value) * 10**6
    except InvalidOperation:
        raise invalid(right, "cap") from None
    if not exact.is_finite() or exact != exact.to_integral_value() or not 0 < exact <= 10**15:
        raise invalid(right, "cap")
    return int(exact)


def _json(body: Any) -> Response:
    return JSONResponse(body, headers=_NO_STORE)


async def _small(request: Request) -> bytes:
    return await body_of(request, _BODY)
