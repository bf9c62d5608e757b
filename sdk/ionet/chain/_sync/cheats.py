# Generated from chain/_async/cheats.py by scripts/codegen; do not edit.
"""What only test networks can do."""

from __future__ import annotations

from typing import Any

from solders.pubkey import Pubkey

from ionet.chain._sync import send as sending
from ionet.chain._sync.reader import Reader
from ionet.chain.amounts import SOL
from ionet.chain.ids import PYTH_RECEIVER, TOKEN_PROGRAM
from ionet.chain.pda import price_feed, token_account


class Cheats:
    """Sets clock, accounts and prices of a test network: the local one, or a surfpool node.

    Other nodes answer with `RpcError` -32601, method not found.
    """

    def __init__(self, client: Reader) -> None:
        self._client = client

    def airdrop(self, address: Pubkey, amount: SOL) -> None:
        """Requests SOL from the network, and waits until it arrives.

        Raises:
            RpcError: the network refused.
        """
        signature = self._client.request("requestAirdrop", str(address), amount.base)
        sending.wait(self._client, signature, self._client.commitment)

    def set_account(
        self, address: Pubkey, *, data: bytes, owner: Pubkey, lamports: int | None = None
    ) -> None:
        """Writes an account; by default it is rent-exempt."""
        if lamports is None:
            lamports = self._client.rent(len(data))
        update: dict[str, Any] = {"lamports": lamports, "data": data.hex(), "owner": str(owner)}
        self._client.request("surfnet_setAccount", str(address), update)

    def set_time(self, timestamp: int) -> None:
        """Lets time pass until `timestamp`, Unix seconds."""
        self._client.request("surfnet_timeTravel", {"absoluteTimestamp": timestamp * 1000})

    def advance(self, seconds: int) -> int:
        """Lets time pass; returns the new time, Unix seconds."""
        target = self._client.time() + seconds
        self.set_time(target)
        return target

    def set_program_authority(self, program_id: Pubkey, authority: Pubkey) -> None:
        """Makes `authority` the upgrade authority of a program."""
        self._client.request("surfnet_setProgramAuthority", str(program_id), str(authority))

    def set_tokens(self, owner: Pubkey, mint: Pubkey, amount: int) -> Pubkey:
        """Makes the owner's associated token account hold `amount` base units; returns its address.

        The mint's supply does not change.
        """
        from ionet.chain.layouts import TokenAccount

        address = token_account(owner, mint)
        data = TokenAccount(mint, owner, int(amount)).encode()
        self.set_account(address, data=data, owner=TOKEN_PROGRAM)
        return address

    def set_mint(
        self, address: Pubkey, *, decimals: int, authority: Pubkey | None = None, supply: int = 0
    ) -> None:
        """Writes an SPL Token mint."""
        from ionet.chain.layouts import Mint

        self.set_account(address, data=Mint(authority, int(supply), decimals).encode(), owner=TOKEN_PROGRAM)

    def set_price(
        self,
        feed_id: bytes,
        price: int,
        *,
        exponent: int = -8,
        confidence: int = 0,
        publish_time: int | None = None,
        ema_price: int | None = None,
        ema_confidence: int | None = None,
        address: Pubkey | None = None,
        owner: Pubkey = PYTH_RECEIVER,
        signatures: int | None = None,
    ) -> Pubkey:
        """Writes a Pyth price account and returns its address.

        Args:
            feed_id: 32 bytes.
            price: in units of 10^exponent dollars.
            exponent: usually -8.
            confidence: in the same units.
            publish_time: Unix seconds; default: the network's time.
            ema_price: default: the price.
            ema_confidence: default: the confidence.
            address: default: where Pyth's push oracle keeps this feed (shard 0).
            owner: Pyth's receiver program; any other makes a forged account.
            signatures: partial verification by this many guardians; default: full verification.
        """
        from ionet.chain.layouts import PriceUpdate

        now = self._client.time()
        published = now if publish_time is None else publish_time
        update = PriceUpdate(
            feed_id=feed_id,
            price=price,
            confidence=confidence,
            exponent=exponent,
            publish_time=published,
            previous_publish_time=published - 1,
            ema_price=price if ema_price is None else ema_price,
            ema_confidence=confidence if ema_confidence is None else ema_confidence,
            posted_slot=self._client.slot(),
            write_authority=Pubkey.default(),
            signatures=signatures,
        )
        target = address or price_feed(feed_id)
        self.set_account(target, data=update.encode(), owner=owner)
        return target
