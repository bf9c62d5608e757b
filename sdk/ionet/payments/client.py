"""A payments host as a console sees it: prices, payments and receipts for one customer at a time."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from ionet.chain.errors import ConfigError, IonetError
from ionet.payments.payment import ENDED, State
from ionet.payments.tokens import SHORTEST_KEY, Customer, mint

#: Seconds for an answer: the host itself asks Stripe and the chain.
TIMEOUT: Final = 20.0
#: Bytes of an answer.
_LARGEST: Final = 4 << 20
T = TypeVar("T")
_DOLLARS: Final = re.compile(r"-?[0-9]{1,15}\.[0-9]{2,6}", re.ASCII)
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class PaymentsDown(IonetError):
    """The payments host does not answer, or not as one does. Whether anything was done is not known."""


class PaymentRefused(IonetError):
    """The payments host says no, and has changed nothing.

    Attributes:
        status: of HTTP.
        code: for programs.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a price.

    Attributes:
        name: for programs.
        text: for people.
        amount: dollars.
    """

    name: str
    text: str
    amount: str


@dataclass(frozen=True, slots=True)
class Priced:
    """What a card would be charged.

    Attributes:
        id: of the quote.
        expires: until when it can be taken, Unix seconds.
        node: what is booked.
        job: what is extended, or None.
        seconds: how long.
        lines: all parts of the price.
        deposit: what goes into the job's escrow, dollars.
        total: what the card is charged at most, dollars.
    """

    id: str
    expires: int
    node: str
    job: str | None
    seconds: int
    lines: tuple[Line, ...]
    deposit: str
    total: str


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that has moved between two accounts of a payment.

    Attributes:
        at: Unix seconds.
        giver, taker: accounts: `card`, `loss`, `forgiven`, `booked`, `refunded`, `held`, `fee`.
        amount: dollars.
        why: for people.
    """

    at: int
    giver: str
    taker: str
    amount: str
    why: str


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as it stands; amounts are dollars.

    Attributes:
        id: names it.
        state: where it stands.
        problem: why it did not go on; empty: it did.
        node: what is booked.
        job: the job, once it is on the chain, or None.
        seconds: how long.
        extends: whether more time of a job is paid.
        renter: whose job it is.
        created, expires: until when the card can be given, Unix seconds.
        url: of Stripe's page, while it can be paid there, or None.
        total: what the card is charged at most.
        charged, booked, refunded, held, card_fee: what was moved so far.
        dispute: what the card's bank says.
        movements: of its receipt; empty where that was not asked for.
    """

    id: str
    state: State
    problem: str
    node: str
    job: str | None
    seconds: int
    extends: bool
    renter: str
    created: int
    expires: int
    url: str | None
    total: str
    charged: str
    booked: str
    refunded: str
    held: str
    card_fee: str
    dispute: str
    movements: tuple[Movement, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing more happens, unless a bank says so."""
        return self.state in ENDED


class PaymentsClient:
    """Asks a payments host, for customers whom a console has signed in.

    Args:
        url: of the host.
        key: what both share.
        now: Unix seconds.
        transport: instead of the network.
    """

    def __init__(
        self,
        url: str,
        key: bytes,
        now: Callable[[], float] = time.time,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key, self._now = key, now
        self._http = httpx.AsyncClient(
            base_url=url, timeout=TIMEOUT, follow_redirects=False, trust_env=False, transport=transport
        )

    async def close(self) -> None:
        """Ends its connections."""
        await self._http.aclose()

    async def quote(self, customer: Customer, seconds: int, *, node: str = "", job: str = "") -> Priced:
        """What a node, or more time of a job, costs by card.

        Args:
            customer: for whom.
            seconds: how long.
            node: what is to be booked, or empty.
            job: what is to be extended, or empty.

        Raises:
            PaymentRefused: it cannot be booked, or not by card.
            PaymentsDown: the host does not answer.
        """
        asked = {"seconds": seconds, **({"job": job} if job else {"node": node})}
        return _read(_priced, await self._ask(customer, "POST", "/v1/quotes", asked))

    async def open(self, customer: Customer, quote: str, back: str, manifest: str = "") -> Paid:
        """Begins to pay a quote at Stripe's page; asked again, gives the same payment.

        Args:
            customer: who pays.
            quote: its id.
            back: where Stripe's page leads back to.
            manifest: sha256 of what is to run, hexadecimal; empty for an extension.

        Raises:
            PaymentRefused: the quote is over, or a limit is reached.
            PaymentsDown: the host does not answer, and may have begun it: ask again.
        """
        asked = {"quote": quote, "manifest": manifest, "way": "checkout", "back": back}
        return _read(_paid, await self._ask(customer, "POST", "/v1/payments", asked))

    async def payments(self, customer: Customer) -> list[Paid]:
        """A customer's payments, the latest first.

        Raises:
            PaymentRefused, PaymentsDown: see `open`.
        """
        answer = await self._ask(customer, "GET", "/v1/payments")
        return _read(lambda said: [_paid(each) for each in said["data"]], answer)

    async def payment(self, customer: Customer, id_: str) -> Paid:
        """A payment as it stands.

        Raises:
            PaymentRefused: the customer has no such payment.
            PaymentsDown: the host does not answer.
        """
        return _read(_paid, await self._ask(customer, "GET", f"/v1/payments/{_named(id_)}"))

    async def receipt(self, customer: Customer, id_: str) -> Paid:
        """A payment with every movement of its money.

        Raises:
            PaymentRefused, PaymentsDown: see `payment`.
        """
        return _read(_paid, await self._ask(customer, "GET", f"/v1/payments/{_named(id_)}/receipt"))

    async def end(self, customer: Customer, id_: str) -> Paid:
        """Lets the card go if nothing is booked yet, else has the job end.

        Raises:
            PaymentRefused: there is no such payment, or it is over.
            PaymentsDown: see `open`.
        """
        return _read(_paid, await self._ask(customer, "POST", f"/v1/payments/{_named(id_)}/end", {}))

    async def _ask(self, customer: Customer, method: str, path: str, body: Any = None) -> Any:
        token = mint(self._key, customer, int(self._now()))
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        try:
            async with self._http.stream(method, path, json=body, headers=headers) as answer:
                raw = bytearray()
                async for part in answer.aiter_bytes():
                    raw += part
                    if len(raw) > _LARGEST:
                        raise PaymentsDown("the payments host answers with too much")
            said = httpx.Response(answer.status_code, content=bytes(raw)).json()
        except (httpx.HTTPError, ValueError) as bad:
            raise PaymentsDown(f"the payments host does not answer: {type(bad).__name__}") from bad
        if answer.status_code < 300:
            return said
        raise _refusal(answer.status_code, said)


def _refusal(status: int, said: Any) -> IonetError:
    error = said.get("error") if isinstance(said, dict) else None
    error = error if isinstance(error, dict) else {}
    code, message = error.get("code"), error.get("message")
    if not isinstance(code, str) or not isinstance(message, str) or status >= 500:
        return PaymentsDown(f"the payments host answers {status}: {str(message)[:200]}")
    if status == 401:
        return PaymentsDown(f"the payments host does not take this console's tokens: {message[:200]}")
    return PaymentRefused(status, code[:60], message[:500])


def _read(read: Callable[[Any], T], said: Any) -> T:
    try:
        return read(said)
    except (KeyError, TypeError, ValueError) as bad:
        raise PaymentsDown(f"the payments host answers something else: {type(bad).__name__}: {bad}") from bad


def _priced(said: Any) -> Priced:
    return Priced(
        id=_named(said["id"]),
        expires=_number(said["expires"]),
        node=_text(said["node"]),
        job=_maybe(said["job"]),
        seconds=_number(said["seconds"]),
        lines=tuple(
            Line(_text(each["name"]), _text(each["text"]), _dollars(each["amount"])) for each in said["lines"]
        ),
        deposit=_dollars(said["deposit"]),
        total=_dollars(said["total"]),
    )


def _paid(said: Any) -> Paid:
    return Paid(
        id=_named(said["id"]),
        state=State(said["state"]),
        problem=_maybe(said["problem"]) or "",
        node=_text(said["node"]),
        job=_maybe(said["job"]),
        seconds=_number(said["seconds"]),
        extends=said["extends"] is True,
        renter=_text(said["renter"]),
        created=_number(said["created"]),
        expires=_number(said["expires"]),
        url=_maybe(said["url"]),
        total=_dollars(said["total"]),
        charged=_dollars(said["charged"]),
        booked=_dollars(said["booked"]),
        refunded=_dollars(said["refunded"]),
        held=_dollars(said["held"]),
        card_fee=_dollars(said["card_fee"]),
        dispute=_text(said["dispute"]),
        movements=tuple(
            Movement(
                _number(each["at"]),
                _text(each["from"]),
                _text(each["to"]),
                _dollars(each["amount"]),
                _text(each["why"]),
            )
            for each in said.get("movements", ())
        ),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is missing")
    return value


def _maybe(value: Any) -> str | None:
    return None if value is None else _text(value)


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number is missing")
    return value


def _dollars(value: Any) -> str:
    if not isinstance(value, str) or _DOLLARS.fullmatch(value) is None:
        raise ValueError("an amount is a text in dollars")
    return value


def _named(value: Any) -> str:
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise ValueError("an id has letters, digits, - and _")
    return value


def shared_key(path: Path) -> bytes:
    """Reads the key that console and payments host share, from a file that only its owner reads.

    Raises:
        ConfigError: there is none, others can read it, or it is too short.
    """
    try:
        with path.open("rb") as file:
            mode, raw = os.fstat(file.fileno()).st_mode, file.read(4_096)
    except OSError as bad:
        raise ConfigError(f"{path} cannot be read: {bad.strerror}") from None
    if mode & 0o077:
        raise ConfigError(f"others can read {path}; run: chmod 600 {path}")
    text = raw.strip()
    if len(text) < SHORTEST_KEY:
        raise ConfigError(f"the key in {path} has {SHORTEST_KEY} characters at least, as console_key has")
    return text
