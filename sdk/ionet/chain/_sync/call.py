# Generated from chain/_async/call.py by scripts/codegen; do not edit.
"""Calls: instructions that are ready to be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import Instruction
from solders.transaction import VersionedTransaction

from ionet.chain._sync import send as sending
from ionet.chain._sync.reader import Reader
from ionet.chain.fees import FeePolicy
from ionet.chain.signers import Signer, SignerLike, as_signer
from ionet.chain.transactions import Commitment, Preview, Sent, Simulated

T = TypeVar("T")
U = TypeVar("U")


class Call(Generic[T]):
    """Instructions and who signs them: ready to be sent, or to be joined with others.

    Every method that changes the chain returns one. It does nothing until it is told to:

    - `call.ix()`: the instructions.
    - `call.tx()`: the signed transaction, with compute limit and fee.
    - `call.send()`: sends it and waits until it is confirmed.
    - `call.simulate()`: what it would do; `call.preview()`: what it would cost and move.

    Joined calls (`a + b`) are one transaction: all or nothing, in order. Its result is that of `b`.
    """

    __slots__ = ("_client", "_decode", "instructions", "payer", "signers", "tables")

    def __init__(
        self,
        client: Reader,
        instructions: Iterable[Instruction],
        *,
        signers: Iterable[Signer] = (),
        payer: Signer | None = None,
        tables: Iterable[AddressLookupTableAccount] = (),
        decode: Callable[[Sent[Any]], T] | None = None,
    ) -> None:
        self._client = client
        self.instructions = tuple(instructions)
        self.signers = tuple(signers)
        self.payer = payer
        self.tables = tuple(tables)
        self._decode = decode

    def ix(self) -> list[Instruction]:
        """The instructions, to put into a transaction of your own."""
        return list(self.instructions)

    def tx(self, *, fees: FeePolicy | None = None, partial: bool = False) -> VersionedTransaction:
        """The signed transaction, with a compute limit from a simulation and a priority fee.

        Args:
            fees: how much to pay; default: the client's policy.
            partial: leave signatures empty that nobody here can give, for others to fill in.

        Raises:
            TransactionFailed: the simulation failed; nothing was sent.
            MissingSigner: a signature is missing, and not `partial`.
        """
        prepared = sending.prepare(self._client, self, fees or self._client.fees, partial=partial)
        return prepared.transaction

    def send(self, *, fees: FeePolicy | None = None, commitment: Commitment | None = None) -> Sent[T]:
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
            RpcError, TransportError: the node could not do its part.
        """
        return sending.send(
            self._client, self, self._decode, fees or self._client.fees, commitment or self._client.commitment
        )

    def simulate(self) -> Simulated:
        """What the transaction would do; needs no signatures.

        Raises:
            ProgramError, TransactionFailed: it would fail.
        """
        return sending.simulate(self._client, self)

    def preview(self, *, fees: FeePolicy | None = None) -> Preview:
        """What it would cost and which balances it would change; needs no signatures.

        Raises:
            ProgramError, TransactionFailed: it would fail.
        """
        return sending.preview(self._client, self, fees or self._client.fees)

    def signed_by(self, *signers: SignerLike) -> Call[T]:
        """The same call with more signers."""
        more = tuple(one for one in map(as_signer, signers) if one is not None)
        return Call(
            self._client,
            self.instructions,
            signers=(*self.signers, *more),
            payer=self.payer,
            tables=self.tables,
            decode=self._decode,
        )

    def paid_by(self, payer: SignerLike) -> Call[T]:
        """The same call with another fee payer."""
        return Call(
            self._client,
            self.instructions,
            signers=self.signers,
            payer=as_signer(payer),
            tables=self.tables,
            decode=self._decode,
        )

    def __add__(self, other: Call[U]) -> Call[U]:
        if not isinstance(other, Call):
            return NotImplemented
        return Call(
            self._client,
            (*self.instructions, *other.instructions),
            signers=(*self.signers, *other.signers),
            payer=self.payer or other.payer,
            tables=(*self.tables, *other.tables),
            decode=other._decode,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.instructions)} instructions>"
