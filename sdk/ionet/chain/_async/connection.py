"""A connection: reading, and sending instructions. It knows none of io.net's programs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Sequence

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet.chain._async import send as sending
from ionet.chain._async.call import AsyncCall
from ionet.chain._async.cheats import AsyncCheats
from ionet.chain._async.watching import AsyncWatching
from ionet.chain.amounts import SOL
from ionet.chain.fees import FeePolicy
from ionet.chain.following import ListedTransaction, WatchedEvent
from ionet.chain.signers import SignerLike, as_signer
from ionet.chain.transactions import Preview, Sent


class AsyncConnection(AsyncWatching):
    """A connection to a Solana network, with a default payer and signer."""

    @property
    def cheats(self) -> AsyncCheats:
        """What only test networks can do: set clock, accounts and prices, locally and on surfpool."""
        return AsyncCheats(self)

    # -- calls

    def call(
        self,
        *instructions: Instruction,
        signers: Sequence[SignerLike] = (),
        payer: SignerLike | None = None,
        tables: Sequence[AddressLookupTableAccount] = (),
    ) -> AsyncCall[None]:
        """Returns instructions as a call, to send or to join with others."""
        return AsyncCall(
            self,
            instructions,
            signers=[signer for signer in map(as_signer, signers) if signer is not None],
            payer=as_signer(payer),
            tables=tables,
        )

    async def send(
        self,
        *instructions: Instruction,
        signers: Sequence[SignerLike] = (),
        payer: SignerLike | None = None,
        fees: FeePolicy | None = None,
    ) -> Sent[None]:
        """Sends instructions in one transaction; see `AsyncCall.send`."""
        return await self.call(*instructions, signers=signers, payer=payer).send(fees=fees)

    async def send_signed(self, transaction: VersionedTransaction) -> Sent[None]:
        """Sends a transaction that has all its signatures, for example from several people, and waits for it.

        Raises:
            ProgramError, TransactionFailed: it would fail, or it did.
            TransactionExpired: it did not land and no longer can.
        """
        return await sending.send_signed(self, transaction, self.commitment)

    async def preview_transaction(self, transaction: VersionedTransaction) -> Preview:
        """Returns what a transaction of others would cost and which balances it would change, as of now.

        Raises:
            ProgramError, TransactionFailed: it would fail.
        """
        return await sending.preview_message(self, transaction.message, fresh=True)

    # -- history and test networks

    async def transaction(self, signature: str) -> Sent[None]:
        """Returns a past transaction, with its events.

        Raises:
            LookupError: the node does not know it.
            TransactionFailed: it failed; the error says how.
        """
        sent: Sent[None] | None = await sending.landed(self, signature)
        if sent is None:
            raise LookupError(f"the node knows no transaction {signature}")
        return sent

    async def past_events(
        self,
        *addresses: Pubkey,
        since: int = 0,
        until: int | None = None,
        known: Container[str] = (),
    ) -> AsyncIterator[WatchedEvent]:
        """Yields the events of the transactions with any of these addresses, in the chain's order.

        A node keeps history for a while only. Addresses of accounts that are closed have theirs, too.

        Args:
            addresses: accounts or programs.
            since: from this time on, Unix seconds.
            until: up to this time, Unix seconds; None: now.
            known: signatures of transactions that are left out.
        """
        listing: dict[str, ListedTransaction] = {}
        for address in addresses:
            part: dict[str, ListedTransaction] = {}
            async for listed in self.listed(address):
                if listed.time is not None and listed.time < since:
                    break
                in_time = listed.time is None or until is None or listed.time <= until
                if in_time and listed.signature not in known:
                    part[listed.signature] = listed
            listing.update(reversed(part.items()))
        for listed in sorted(listing.values(), key=lambda listed: (listed.slot, listed.index or 0)):
            sent = await self.transaction(listed.signature)
            time = sent.block_time if sent.block_time is not None else listed.time
            for index, emitted in enumerate(sent.event_log.emitted):
                yield WatchedEvent(
                    emitted.event, emitted.program_id, listed.signature, index, sent.slot, time
                )

    async def airdrop(self, address: Pubkey, amount: SOL) -> None:
        """Requests SOL from a test network and waits until it arrives.

        Raises:
            RpcError: the network refused.
        """
        await self.cheats.airdrop(address, amount)
