"""A connection: reading, and sending instructions. It knows no program of ours."""

from __future__ import annotations

from collections.abc import Sequence

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
from ionet.chain.signers import SignerLike, as_signer
from ionet.chain.transactions import Sent


class AsyncConnection(AsyncWatching):
    """A connection to a Solana network, with who pays and signs by default."""

    @property
    def cheats(self) -> AsyncCheats:
        """What only test networks do: set clock, accounts, prices; on the local network and on surfpool."""
        return AsyncCheats(self)

    # -- calls

    def call(
        self,
        *instructions: Instruction,
        signers: Sequence[SignerLike] = (),
        payer: SignerLike | None = None,
        tables: Sequence[AddressLookupTableAccount] = (),
    ) -> AsyncCall[None]:
        """Instructions as a call, to send or to join with others."""
        return AsyncCall(
            self,
            instructions,
            signers=[one for one in map(as_signer, signers) if one is not None],
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
            ProgramError, TransactionFailed: it would fail, or did.
            TransactionExpired: it did not land and no longer can.
        """
        return await sending.send_signed(self, transaction, self.commitment)

    # -- history and test networks

    async def transaction(self, signature: str) -> Sent[None]:
        """A transaction of the past, with its events.

        Raises:
            LookupError: the node does not know it.
            TransactionFailed: it failed; the error says how.
        """
        found: Sent[None] | None = await sending.landed(self, signature)
        if found is None:
            raise LookupError(f"the node knows no transaction {signature}")
        return found

    async def airdrop(self, address: Pubkey, amount: SOL) -> None:
        """Asks a test network for SOL and waits until it is there.

        Raises:
            RpcError: the network gives none.
        """
        await self.cheats.airdrop(address, amount)
