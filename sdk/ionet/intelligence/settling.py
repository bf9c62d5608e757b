"""Surpluses on their way to the buyback's vaults: signed, noted, sent, and seen to land, once a period.

The transaction is in the books with its signature before it is sent. Whatever dies when, the next look sends
the same bytes again or sees what became of them; there is a new one only when the old one can land no more.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from spl.token.instructions import transfer_checked
from spl.token.models import TransferCheckedParams

from ionet import constants, pda
from ionet.chain._async.call import AsyncCall
from ionet.chain._async.send import prepare
from ionet.chain.errors import IonetError
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.chain.transactions import encoded
from ionet.intelligence.desk import Desk
from ionet.intelligence.onchain import Tills
from ionet.intelligence.records import Currency
from ionet.intelligence.treasury import PERIOD, Send, Treasury

if TYPE_CHECKING:
    from ionet import AsyncClient

_log = logging.getLogger(__name__)
#: Base units below which nothing is sent: a transaction costs more.
LEAST: Final = 1_000
#: Seconds for which every node knows what has landed.
KNOWN: Final = 30 * 60


class Settling:
    """Settles periods that are over.

    Args:
        client: its signer may spend what the tills hold: their owner, or a delegate.
        reader: reads what is final.
        desk: the books.
        tills: where payments come in, and what moves there.
        least: base units below which nothing is sent.
    """

    def __init__(
        self,
        client: AsyncClient,
        reader: AsyncClient,
        desk: Desk,
        tills: Tills,
        least: int = LEAST,
    ) -> None:
        self._client, self._reader, self._desk, self._till = client, reader, desk, tills
        self._tills = tills.accounts
        self._least = least
        #: Why surpluses do not get to the vaults; empty: they do.
        self.fault = ""

    async def look(self) -> list[Send]:
        """Sees to what is on its way, and sends what is left over of the last period; returns what is new."""
        try:
            await self._finish()
            await self._close_leases()
            new = [await self._send(currency) for currency in self._tills]
        except Exception as bad:  # whatever it is, the money waits, and health says so
            self.fault = f"the surplus cannot be sent: {bad}"
            self._desk.trouble("the surplus cannot be sent", bad)
            return []
        self.fault = ""
        return [send for send in new if send is not None]

    async def _close_leases(self) -> None:
        """What has not come back of an escrow that is gone is the lease's cost."""
        gone = list[tuple[Currency, str]]()
        for currency in self._tills:
            for escrow in await self._do(lambda treasury, it=currency: treasury.escrows(it)):
                if await self._reader.account(Pubkey.from_string(escrow)) is None:
                    gone.append((currency, escrow))
        # What came back of them before they went is read now.
        await self._till.look()
        if self._till.fault:
            raise IonetError(self._till.fault)
        for currency, escrow in gone:
            await self._do(lambda treasury, it=currency, of=escrow: treasury.over(it, of, self._desk.at))

    async def _send(self, currency: Currency) -> Send | None:
        period = self._desk.at // PERIOD - 1
        await self._do(lambda treasury: treasury.cover(currency, period, self._desk.at))
        units = await self._do(lambda treasury: treasury.surplus(currency, period))
        if units < self._least:
            return None
        send = await self._signed(currency, period, units)
        if not await self._do(lambda treasury: treasury.begin(send, self._desk.at)):
            return None
        _log.info("%s base units of %s of the period %s go to %s", units, currency, period, send.vault)
        await self._hand_over(send)
        return send

    async def _signed(self, currency: Currency, period: int, units: int) -> Send:
        client, till = self._client, self._tills[currency]
        known = await client.jobs.get_currency(currency.upper())
        mint = known.mint
        shard = period % constants.buyback.FEE_SHARDS
        vault = pda.buyback.vault(mint, shard)
        held = await client.token_account(vault)
        if held.mint != mint:
            raise IonetError(f"{vault} is no fee vault of {currency}")
        moving = transfer_checked(
            TransferCheckedParams(
                program_id=TOKEN_PROGRAM,
                source=till,
                mint=mint,
                dest=vault,
                owner=client.address,
                amount=units,
                decimals=known.decimals,
            )
        )
        call: AsyncCall[None] = AsyncCall(client, [moving])
        prepared = await prepare(client, await call.unsent(), client.fees)
        transaction = prepared.transaction
        assert prepared.last_valid_block_height is not None
        return Send(
            str(transaction.signatures[0]),
            currency,
            period,
            units,
            str(vault),
            bytes(transaction),
            prepared.last_valid_block_height,
        )

    async def _finish(self) -> None:
        """Sees what became of what was sent."""
        for send in await self._do(lambda treasury: treasury.sends("signed")):
            # The height first: what has not landed by then never will.
            info = await self._reader.request("getEpochInfo", {"commitment": "finalized"})
            slot, status = await self._status(send.signature)
            if status is not None:
                # Until it is final, it may still fail here and land in another fork, or the other way round.
                if status.get("confirmationStatus") == "finalized":
                    ends = Treasury.landed if status["err"] is None else Treasury.failed
                    await self._do(
                        lambda treasury, it=send, ends=ends: ends(treasury, it.signature, self._desk.at)
                    )
            elif int(info["blockHeight"]) <= send.until or slot < int(info["absoluteSlot"]):
                await self._hand_over(send)
            else:
                await self._check_history(send)
                await self._do(lambda treasury, it=send: treasury.failed(it.signature, self._desk.at))

    async def _status(self, signature: str) -> tuple[int, Any]:
        """The slot of an answer, and what it says of a transaction: whoever answers may be behind others."""
        answer = await self._reader.request(
            "getSignatureStatuses", [signature], {"searchTransactionHistory": True}
        )
        return int(answer["context"]["slot"]), answer["value"][0]

    async def _check_history(self, send: Send) -> None:
        """Checks that the node would know a transaction that landed long ago.

        Raises:
            IonetError: it would not.
        """
        began = await self._do(lambda treasury: treasury.began(send.signature))
        if self._desk.at - began <= KNOWN or self._reader.is_local:
            return  # a network in this process forgets nothing
        first = await self._reader.request("getFirstAvailableBlock")
        if int(await self._reader.request("getBlockTime", first) or self._desk.at) > began:
            raise IonetError(
                f"the node's history does not reach back to {send.signature}: use a node that keeps it longer"
            )

    async def _hand_over(self, send: Send) -> None:
        """Sends the bytes; whether they land is seen later."""
        raw = encoded(VersionedTransaction.from_bytes(send.raw))
        config = {"encoding": "base64", "skipPreflight": True, "maxRetries": 0}
        try:
            await self._client.request("sendTransaction", raw, config)
        except IonetError as bad:
            _log.warning("the surplus %s is not sent yet: %s", send.signature, bad)

    async def _do(self, what: Any) -> Any:
        return await self._desk.do(lambda books: what(Treasury(books)))
