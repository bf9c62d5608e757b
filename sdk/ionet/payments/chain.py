"""The chain's side: the wallet that pays for customers, what it signs, and what becomes of it.

The wallet is payer and gets the refunds; the job is the customer's. It signs nothing but bookings,
extensions, and what ends jobs and has refunds paid.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import accounts, events, pda
from ionet._generated.jobs.types import CloseReason, JobState, Party
from ionet.chain._sync import send as sending
from ionet.chain.errors import (
    AccountNotFound,
    IonetError,
    RpcError,
    TransactionFailed,
    TransactionUnknown,
    TransportError,
)
from ionet.chain.transactions import encoded
from ionet.jobs._sync.booking import cheapest_job
from ionet.jobs.escrow import is_settled
from ionet.jobs.quotes import NotBookable
from ionet.payments.books import Out
from ionet.token.prices import PriceUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ionet import Client
    from ionet.chain._sync.call import Call
    from ionet.jobs.quotes import Quote
    from ionet.payments.payment import Payment

_log = logging.getLogger(__name__)
#: Seconds for which every node knows what has landed.
KNOWN: Final = 30 * 60
#: Seconds of a slot, at most.
_SLOT: Final = 1


class ChainDown(IonetError):
    """The chain's side did not answer, or cannot say yet. Ask again."""


class ChainRefused(IonetError):
    """The chain does not take a booking on these terms."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a transaction.

    Attributes:
        standing: `landed`, `failed`, `waiting` while it may still land, or `dead`, as it cannot any more.
        deposit: base units that it has put into the escrow.
        why: why it failed.
    """

    standing: Literal["landed", "failed", "waiting", "dead"]
    deposit: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as the chain has it.

    Attributes:
        standing: `booked`, `running`, `ending`: its end is told, or `ended`.
        returned: base units that it has given back.
        over: whether it gives nothing more back.
        deposit: base units that were put into its escrow.
    """

    standing: Literal["booked", "running", "ending", "ended"]
    returned: int
    over: bool
    deposit: int


class Chain(Protocol):
    """What the cashier asks of the chain's side."""

    def quote(self, node: str, seconds: int) -> Quote:
        """What a node costs in USDC."""

    def quote_extension(self, job: str, seconds: int) -> Quote:
        """What more time of a job costs in USDC."""

    def sign(self, payment: Payment) -> Out:
        """Signs what the payment books; sends nothing."""

    def fate(self, out: Out) -> Fate:
        """What became of a transaction."""

    def send(self, out: Out) -> None:
        """Sends a transaction, and does not wait for it."""

    def job(self, job: str) -> JobFacts:
        """A job as it stands."""

    def stop(self, job: str) -> None:
        """Has a job end, if it has not; does not wait for it."""

    def pay_back(self, job: str) -> None:
        """Has an ended job pay its refund, if it has not; does not wait for it."""

    def balance(self) -> tuple[int, int]:
        """What the wallet holds: base units of USDC, and lamports."""


class Wallet:
    """The chain's side, by a client whose signer is the wallet.

    Args:
        client: connected, with the wallet as its signer.
        currency: what it pays in.
    """

    def __init__(self, client: Client, currency: str = "USDC") -> None:
        self._client = client
        self._currency = currency

    @property
    def address(self) -> Pubkey:
        """Of the wallet."""
        address: Pubkey = self._client.address
        return address

    @property
    def _mint(self) -> Pubkey:
        mint: Pubkey = self._client.jobs.get_currency(self._currency).mint
        return mint

    def quote(self, node: str, seconds: int) -> Quote:
        """See `Chain`."""
        with _answering():
            return self._client.jobs.quote(_key(node, "node"), seconds, currency=self._currency)

    def quote_extension(self, job: str, seconds: int) -> Quote:
        """See `Chain`."""
        with _answering():
            return self._client.jobs.quote_extension(self._own(job), seconds)

    def sign(self, payment: Payment) -> Out:
        """See `Chain`."""
        with _answering():
            job, call = self._extension(payment) if payment.extends else self._booking(payment)
            slot = self._client.slot()
            prepared = sending.prepare(self._client, call.unsent(), self._client.fees)
        transaction, last_valid = prepared.transaction, prepared.last_valid_block_height
        assert last_valid is not None, "it has a blockhash"
        return Out(str(transaction.signatures[0]), bytes(transaction), last_valid, slot, str(job))

    def _booking(self, payment: Payment) -> tuple[Pubkey, Call[Any]]:
        node = _key(payment.node, "node")
        quote = self._client.jobs.quote(node, payment.seconds, currency=self._currency)
        _check_price(quote, payment)
        call = self._client.jobs.book(
            node,
            payment.seconds,
            bytes.fromhex(payment.manifest),
            quote=quote,
            max_deposit=payment.deposit,
            renter=_key(payment.renter, "renter"),
            refund_to=self.address,
        )
        offer = pda.jobs.offer(node)
        return cheapest_job(offer, quote.nonce, exchanged=quote.sold_for_io)[1], call

    def _extension(self, payment: Payment) -> tuple[Pubkey, Call[Any]]:
        job = self._own(payment.job)
        quote = self._client.jobs.quote_extension(job, payment.seconds)
        _check_price(quote, payment)
        call = self._client.jobs.extend(job, payment.seconds, quote=quote, max_deposit=payment.deposit)
        return job, call

    def _own(self, text: str) -> Pubkey:
        """The address of a job whose refund comes here: what another wallet gets, no card may get again."""
        job = _key(text, "job")
        account = self._client.jobs.get_job(job)
        if account.refund_to != self.address or account.mint != self._mint:
            raise ChainRefused("this job is not paid by card: another wallet gets the refund")
        return job

    def fate(self, out: Out) -> Fate:
        """See `Chain`."""
        with _answering():
            # Asked first: what had not landed by then, and cannot any more, is not there later either.
            info = self._client.request("getEpochInfo", {"commitment": "finalized"})
            over = int(info["blockHeight"]) > out.last_valid
            history = {"searchTransactionHistory": True}
            answer = self._client.request("getSignatureStatuses", [out.signature], history)
            status = answer["value"][0]
            if status is None:
                if not over or int(answer["context"]["slot"]) < int(info["absoluteSlot"]):
                    return Fate("waiting")
                self._check_history(out, int(info["absoluteSlot"]))
                return Fate("dead")
            if status.get("confirmationStatus") not in ("confirmed", "finalized"):
                return Fate("waiting")
            if status["err"] is not None:
                return Fate("failed", why=self._why(out.signature))
            return Fate("landed", self._deposit(out))

    def _check_history(self, out: Out, slot: int) -> None:
        """Checks that the node would know a transaction that landed long ago.

        Raises:
            ChainDown: it would not.
        """
        if (slot - out.slot) * _SLOT <= KNOWN or self._client.is_local:
            return  # a network in this process forgets nothing
        if int(self._client.request("getFirstAvailableBlock")) > out.slot:
            raise ChainDown(
                f"the node's history does not reach back to {out.signature}: name a node that keeps it longer"
            )

    def _deposit(self, out: Out) -> int:
        for event in self._client.transaction(out.signature).events:
            if isinstance(event, (events.jobs.Booked, events.jobs.Extended)) and str(event.job) == out.job:
                return event.price + event.fee
        raise ChainDown(f"the node does not show what {out.signature} has done yet")

    def _why(self, signature: str) -> str:
        try:
            self._client.transaction(signature)
        except TransactionFailed as bad:
            return str(bad)
        return "the transaction failed"

    def send(self, out: Out) -> None:
        """See `Chain`."""
        self._send(VersionedTransaction.from_bytes(out.raw))

    def _send(self, transaction: VersionedTransaction) -> None:
        config = {"encoding": "base64", "skipPreflight": True, "maxRetries": 0}
        with _answering():
            self._client.request("sendTransaction", encoded(transaction), config)

    def job(self, job: str) -> JobFacts:
        """See `Chain`."""
        address = _key(job, "job")
        with _answering():
            (account,) = self._client.fetch_many(accounts.jobs.Job, [address])
            if account is None:
                return self._past(address)
        deposit = account.price + account.fee
        if account.state == JobState.ENDED:
            # While anything is left in the escrow, a dispute may still give it back.
            return JobFacts("ended", account.paid_refund, is_settled(account), deposit)
        if account.state == JobState.BOOKED:
            return JobFacts("booked", account.paid_refund, False, deposit)
        standing: Literal["ending", "running"] = "ending" if account.reason != CloseReason.NONE else "running"
        return JobFacts(standing, account.paid_refund, False, deposit)

    def _past(self, job: Pubkey) -> JobFacts:
        """A job whose account is closed, by its events."""
        past = [told.event for told in self._client.past_events(job)]
        if not any(isinstance(event, events.jobs.JobClosed) for event in past):
            raise ChainDown(f"the node does not show job {job}, nor that it was closed")
        paid = [event for event in past if isinstance(event, events.jobs.Paid) and event.job == job]
        returned = sum(event.amount for event in paid if event.party == Party.RENTER)
        put_in = [event for event in past if isinstance(event, (events.jobs.Booked, events.jobs.Extended))]
        deposit = sum(event.price + event.fee for event in put_in if event.job == job)
        return JobFacts("ended", returned, True, deposit)

    def stop(self, job: str) -> None:
        """See `Chain`."""
        address = _key(job, "job")
        standing = self.job(job).standing
        if standing == "booked":
            self._do(lambda: self._client.jobs.cancel(address))
        elif standing == "running":
            self._do(lambda: self._client.jobs.stop(address))

    def pay_back(self, job: str) -> None:
        """See `Chain`."""
        address = _key(job, "job")
        (account,) = self._client.fetch_many(accounts.jobs.Job, [address])
        if (
            account is not None
            and account.state == JobState.ENDED
            and account.paid_refund < account.owed_refund
        ):
            self._do(lambda: self._client.jobs.refund(address))

    def _do(self, made: Callable[[], Call[Any]]) -> None:
        """Sends what is harmless twice; what comes of it is seen at the job."""
        try:
            with _answering():
                transaction = made().tx()
        except ChainRefused as bad:
            # Somebody was faster, or its time is over: what stands at the job counts.
            _log.info("the chain takes no step: %s", bad)
        else:
            self._send(transaction)

    def balance(self) -> tuple[int, int]:
        """See `Chain`."""
        with _answering():
            return self._client.tokens(self.address, self._mint), self._client.balance().base


def _check_price(quote: Quote, payment: Payment) -> None:
    if quote.deposit.base > payment.deposit:
        raise ChainRefused("the price has risen since the quote; ask for a new one")


def _key(text: str, what: str) -> Pubkey:
    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise ChainRefused(f"{text!r} is no address of a {what}") from None


@contextmanager
def _answering() -> Iterator[None]:
    """Tells a refusal from no answer.

    Raises:
        ChainRefused: the chain says no.
        ChainDown: nobody says anything that decides it.
    """
    try:
        yield
    except (ChainDown, ChainRefused):
        raise
    except (NotBookable, PriceUnusable, TransactionFailed, AccountNotFound) as bad:
        raise ChainRefused(str(bad)) from bad
    except (RpcError, TransportError, TransactionUnknown, LookupError, TypeError, ValueError) as bad:
        raise ChainDown(f"the chain does not answer: {type(bad).__name__}: {bad}") from bad
    except IonetError as bad:
        raise ChainRefused(str(bad)) from bad
