"""Calls: instructions that are ready to be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import wraps
from inspect import iscoroutinefunction, signature
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet.chain._async import send as sending
from ionet.chain._async.reader import AsyncReader
from ionet.chain.fees import FeePolicy
from ionet.chain.signers import Signer, SignerLike, as_signer
from ionet.chain.transactions import Commitment, DurableNonce, Preview, Sent, Simulated, Unsent

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")


class AsyncCall(Generic[T]):
    """Instructions and who signs them: ready to be sent, or to be joined with others.

    Every method that changes the chain returns one. It changes nothing until it is sent; what has to be read
    from the chain first is read once:

    - `await call.ix()`: the instructions.
    - `await call.tx()`: the signed transaction, with compute limit and fee.
    - `await call.send()`: sends it and waits until it is confirmed.
    - `await call.simulate()`: what it would do; `await call.preview()`: what it would cost and move.

    Joined calls (`a + b`) are one transaction: all or nothing, in order. Its result is that of `b`.
    """

    __slots__ = ("_build", "_client", "_decode", "_unsent")

    def __init__(
        self,
        client: AsyncReader,
        instructions: Iterable[Instruction],
        *,
        signers: Iterable[Signer] = (),
        payer: Signer | None = None,
        tables: Iterable[AddressLookupTableAccount] = (),
        decode: Callable[[Sent[Any]], T] | None = None,
    ) -> None:
        self._client = client
        self._unsent = Unsent(tuple(instructions), tuple(signers), payer, tuple(tables))
        self._decode = decode
        self._build: _Builds[[], T] | None = None

    async def unsent(self) -> Unsent:
        """Returns the instructions, with who signs and pays."""
        if self._build is not None:
            built = await self._build()
            self._unsent, self._decode, self._build = await built.unsent(), built._decode, None
        return self._unsent

    async def ix(self) -> list[Instruction]:
        """Returns the instructions, to put into a transaction of your own."""
        return list((await self.unsent()).instructions)

    async def tx(self, *, fees: FeePolicy | None = None, partial: bool = False) -> VersionedTransaction:
        """Returns the signed transaction, with a compute limit from a simulation and a priority fee.

        Args:
            fees: how much to pay; default: the client's policy.
            partial: leave the signatures of signers that were not given empty, for others to fill in.

        Raises:
            TransactionFailed: the simulation failed; nothing was sent.
            MissingSigner: a signature is missing, without `partial`.
        """
        prepared = await sending.prepare(
            self._client, await self.unsent(), fees or self._client.fees, partial=partial
        )
        return prepared.transaction

    async def send(self, *, fees: FeePolicy | None = None, commitment: Commitment | None = None) -> Sent[T]:
        """Sends the transaction and waits until it is confirmed.

        The same bytes are sent again until they land or their blockhash expires, so nothing happens twice.

        Args:
            fees: how much to pay; default: the client's policy.
            commitment: what to wait for; default: the client's.

        Raises:
            ProgramError: a program refused; `landed` says whether a fee was paid.
            TransactionFailed: it failed for another reason.
            TransactionExpired: it did not land and no longer can.
            MissingSigner: a signature is missing.
            RpcError, TransportError: the node refused a request, or could not be reached.
        """
        unsent = await self.unsent()
        return await sending.send(
            self._client,
            unsent,
            self._decode,
            fees or self._client.fees,
            commitment or self._client.commitment,
        )

    async def simulate(self) -> Simulated:
        """Returns what the transaction would do; needs no signatures.

        Raises:
            ProgramError, TransactionFailed: it would fail.
        """
        return await sending.simulate(self._client, await self.unsent())

    async def preview(self, *, fees: FeePolicy | None = None) -> Preview:
        """Returns what it would cost and which balances it would change; needs no signatures.

        Raises:
            ProgramError, TransactionFailed: it would fail.
        """
        return await sending.preview(self._client, await self.unsent(), fees or self._client.fees)

    def signed_by(self, *signers: SignerLike) -> AsyncCall[T]:
        """Returns the same call with more signers."""
        more = tuple(signer for signer in map(as_signer, signers) if signer is not None)
        return self._with(lambda unsent: replace(unsent, signers=(*unsent.signers, *more)))

    def paid_by(self, payer: SignerLike) -> AsyncCall[T]:
        """Returns the same call with another fee payer."""
        signer = as_signer(payer)
        return self._with(lambda unsent: replace(unsent, payer=signer))

    def with_nonce(self, account: Pubkey, authority: SignerLike | None = None) -> AsyncCall[T]:
        """Returns the same call with a durable nonce instead of a blockhash: signatures may take days.

        It lands once at most, and until the nonce is advanced.

        Args:
            account: a nonce account.
            authority: who may advance it; default: the client's signer.
        """
        nonce = DurableNonce(account, as_signer(authority))
        return self._with(lambda unsent: replace(unsent, nonce=nonce))

    def __add__(self, other: AsyncCall[U]) -> AsyncCall[U]:
        if not isinstance(other, AsyncCall):
            return NotImplemented

        async def build() -> AsyncCall[U]:
            return _call(self._client, (await self.unsent()) + (await other.unsent()), other._decode)

        return _later(self._client, build)

    def _with(self, change: Callable[[Unsent], Unsent]) -> AsyncCall[T]:
        async def build() -> AsyncCall[T]:
            return _call(self._client, change(await self.unsent()), self._decode)

        return _later(self._client, build)

    def __repr__(self) -> str:
        if self._build is not None:
            return f"<{type(self).__name__} not yet built>"
        return f"<{type(self).__name__} of {len(self._unsent.instructions)} instructions>"


class _Builds(Protocol[P, T]):
    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> AsyncCall[T]: ...


def _call(client: AsyncReader, unsent: Unsent, decode: Callable[[Sent[Any]], T] | None) -> AsyncCall[T]:
    call: AsyncCall[T] = AsyncCall(client, (), decode=decode)
    call._unsent = unsent
    return call


def _later(client: AsyncReader, build: _Builds[[], T]) -> AsyncCall[T]:
    call: AsyncCall[T] = AsyncCall(client, ())
    call._build = build
    return call


def deferred(method: _Builds[P, T]) -> Callable[P, AsyncCall[T]]:
    """Makes a method that reads the chain to build its call into one that returns the call at once.

    The method belongs to a domain, which has a `_connection`. With an asynchronous client it runs when the
    call is built, simulated or sent, and only wrong arguments are refused at once; with a blocking one it
    runs at once, so that errors are raised where the call is made.
    """
    blocking: bool = not iscoroutinefunction(method)
    if blocking:
        plain: Callable[P, Any] = method
        return plain
    parameters = signature(method)

    @wraps(method)
    def deferring(*args: P.args, **kwargs: P.kwargs) -> AsyncCall[T]:
        parameters.bind(*args, **kwargs)
        domain: Any = args[0]

        async def build() -> AsyncCall[T]:
            return await method(*args, **kwargs)

        return _later(domain._connection, build)

    return deferring
