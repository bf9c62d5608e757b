"""Co-stakes on a node by anchorpy; prints the position and the transaction's events.

    python examples/anchorpy_stake.py NODE AMOUNT

It runs in an environment of `pip install "ionet[anchorpy]"`. ANCHOR_PROVIDER_URL is a node's URL, for example
that of `ionet localnet start`, which needs an environment without anchorpy; ANCHOR_WALLET is the keypair of
who stakes.
"""

from __future__ import annotations

import asyncio
import os
import sys

from anchorpy import Context, Provider, Wallet
from anchorpy.provider import DEFAULT_OPTIONS
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed
from solders.pubkey import Pubkey

from ionet import IO, ProgramError, pda, token_account
from ionet.interop.anchorpy import program


async def stake_on(node: Pubkey, amount: IO) -> None:
    """Opens the position where there is none yet, and stakes on it."""
    connection = AsyncClient(os.environ["ANCHOR_PROVIDER_URL"], Confirmed)
    wallet = Wallet.local()
    options = DEFAULT_OPTIONS._replace(preflight_commitment=Confirmed)
    async with program("staking", Provider(connection, wallet, options)) as staking:
        me = wallet.public_key
        position = pda.staking.position(node=node, holder=me)
        first = []
        if (await connection.get_account_info(position)).value is None:
            opening = Context(accounts={"holder": me, "node": node})
            first = [staking.instruction["open_position"](ctx=opening)]
        # The other accounts (config, position, vault, token program …) follow from these.
        accounts = {
            "holder": me,
            "node": node,
            "class": pda.staking.class_((await staking.account["Node"].fetch(node)).class_),
            "source": token_account(me, pda.mint.MINT),
        }
        call = staking.methods["stake"].args([amount.base]).accounts(accounts).pre_instructions(first)
        signature = await call.rpc()
        print("Transaction:", signature)

        sent = await connection.get_transaction(signature, max_supported_transaction_version=0)
        for event in staking.events(sent).events:
            print("Event:", event)
        stake = await staking.account["Position"].fetch(position)
        print("Pending stake:", IO.from_base(stake.pending))


if __name__ == "__main__":
    try:
        asyncio.run(stake_on(Pubkey.from_string(sys.argv[1]), IO(sys.argv[2])))
    except ProgramError as refused:
        sys.exit(f"refused: {refused}")
