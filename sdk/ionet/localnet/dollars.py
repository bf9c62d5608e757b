"""A stand-in for USDC, and prices, on a local network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import create_idempotent_associated_token_account, mint_to_checked
from spl.token.models import MintToCheckedParams

from ionet import USDC, Client, token_account
from ionet.localnet.market import CONFIDENCE, FEED, PRICE
from ionet.token.currency import USDC_FEED

_PAYMENT_BPS: Final = 200
_PER_TRANSACTION: Final = 6


def write_prices(client: Client) -> tuple[Pubkey, Pubkey]:
    """Writes current prices of IO (2.00 USD, give or take a cent) and USDC; returns their accounts."""
    io = client.cheats.set_price(FEED, PRICE, confidence=CONFIDENCE)
    return io, client.cheats.set_price(USDC_FEED, 10**8, confidence=10**4)


def add_usdc(client: Client, owners: Iterable[Pubkey], amount: USDC) -> Pubkey:
    """Creates a stand-in for USDC, makes it a currency of jobs, and mints some; returns the mint's address.

    Args:
        client: of the programs' authority, on a local network with an initialised market.
        owners: who gets some.
        amount: how much each of them gets.
    """
    mint = Keypair().pubkey()
    client.cheats.set_mint(mint, decimals=USDC.DECIMALS, authority=client.address)
    io_price, usdc_price = write_prices(client)
    client.jobs.create_currency(
        mint, feed_id=USDC_FEED, price_account=usdc_price, at_par=True, payment_bps=_PAYMENT_BPS
    ).send()
    client.buyback.open_vaults(mint).send()
    client.buyback.open_auctions(mint).send()
    client.buyback.set_params(feed_id=FEED, price_account=io_price).send()
    instructions = []
    for owner in owners:
        instructions.append(create_idempotent_associated_token_account(client.address, owner, mint))
        transfer = MintToCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            mint=mint,
            dest=token_account(owner, mint),
            mint_authority=client.address,
            amount=amount.base,
            decimals=USDC.DECIMALS,
        )
        instructions.append(mint_to_checked(transfer))
    for start in range(0, len(instructions), _PER_TRANSACTION):
        client.call(*instructions[start : start + _PER_TRANSACTION]).send()
    return mint
