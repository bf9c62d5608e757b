"""Tokens for newcomers on a local network."""

from __future__ import annotations

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import (
    create_idempotent_associated_token_account,
    mint_to_checked,
    transfer_checked,
)
from spl.token.models import MintToCheckedParams, TransferCheckedParams

from ionet import IO, USDC, Client, pda, token_account


def give(client: Client, to: Pubkey, io: IO, usdc: USDC) -> None:
    """Sends IO of the market's deployer, and mints the stand-in for USDC, in one transaction.

    Args:
        client: its signer is the market's deployer.
        to: a wallet; its token accounts are made if they are missing.
        io: how much IO; none if zero.
        usdc: how much USDC; none if zero.

    Raises:
        IonetError: there is no USDC on the network, or more IO than the deployer has.
    """
    instructions: list[Instruction] = []
    if io.base:
        instructions += _transfer(client.address, to, io)
    if usdc.base:
        instructions += _mint(client.address, to, client.jobs.get_currency("USDC").mint, usdc)
    if instructions:
        client.call(*instructions).send()


def _transfer(source: Pubkey, to: Pubkey, amount: IO) -> list[Instruction]:
    moving = TransferCheckedParams(
        program_id=TOKEN_PROGRAM_ID,
        source=token_account(source, pda.mint.MINT),
        mint=pda.mint.MINT,
        dest=token_account(to, pda.mint.MINT),
        owner=source,
        amount=amount.base,
        decimals=IO.DECIMALS,
    )
    return [
        create_idempotent_associated_token_account(source, to, pda.mint.MINT),
        transfer_checked(moving),
    ]


def _mint(authority: Pubkey, to: Pubkey, mint: Pubkey, amount: USDC) -> list[Instruction]:
    making = MintToCheckedParams(
        program_id=TOKEN_PROGRAM_ID,
        mint=mint,
        dest=token_account(to, mint),
        mint_authority=authority,
        amount=amount.base,
        decimals=USDC.DECIMALS,
    )
    return [create_idempotent_associated_token_account(authority, to, mint), mint_to_checked(making)]
