"""solana-py's client on the local network."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from solana.rpc.async_api import AsyncClient
from solana.rpc.core import RPCException
from solana.rpc.models import MemcmpOpts, TxOpts
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

import ionet
from ionet.chain import ids
from ionet.testing import solana_py_client


@pytest.fixture
async def solana(bare: ionet.Client) -> AsyncIterator[AsyncClient]:
    async with solana_py_client(bare.network) as client:
        yield client


async def send(solana: AsyncClient, payer: Keypair, to: Pubkey, lamports: int) -> Signature:
    recent = (await solana.get_latest_blockhash()).value.blockhash
    instruction = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=lamports))
    message = MessageV0.try_compile(payer.pubkey(), [instruction], [], recent)
    return (await solana.send_transaction(VersionedTransaction(message, [payer]), TxOpts())).value


async def test_it_sends_confirms_and_looks_up(solana: AsyncClient) -> None:
    payer, to = Keypair(), Pubkey.new_unique()
    await solana.request_airdrop(payer.pubkey(), 10**10)
    signature = await send(solana, payer, to, 10**9)
    await solana.confirm_transaction(signature)
    assert (await solana.get_balance(to)).value == 10**9
    for encoding in ("json", "base64", "jsonParsed"):
        found = (await solana.get_transaction(signature, encoding, max_supported_transaction_version=0)).value
        assert found is not None
        assert found.transaction.meta is not None
        assert found.transaction.meta.fee == 5000
        assert found.transaction.meta.pre_balances[1] == 0
        assert found.transaction.meta.post_balances[1] == 10**9
    (listed,) = (await solana.get_signatures_for_address(to)).value
    assert listed.signature == signature


async def test_a_failed_preflight_is_its_own_exception(solana: AsyncClient) -> None:
    payer = Keypair()
    await solana.request_airdrop(payer.pubkey(), 10**10)
    with pytest.raises(RPCException) as caught:
        await send(solana, payer, Pubkey.new_unique(), 10**12)
    assert "custom program error: 0x1" in caught.value.args[0].message
    assert caught.value.args[0].data.units_consumed == 150


async def test_it_reads_what_nodes_have(solana: AsyncClient, bare: ionet.Client) -> None:
    mint, owner = Pubkey.new_unique(), Pubkey.new_unique()
    bare.cheats.set_mint(mint, decimals=6, supply=1_500_000)
    place = bare.cheats.set_tokens(owner, mint, 1_500_000)
    assert (await solana.get_version()).value.solana_core == "4.2.2"
    assert (await solana.get_slot()).value == bare.network.clock.slot
    assert (await solana.get_epoch_info()).value.slots_in_epoch == 432_000
    assert (await solana.get_block_height()).value == bare.network.block_height
    assert (await solana.get_minimum_balance_for_rent_exemption(165)).value == 2_039_280
    assert (await solana.get_token_supply(mint)).value.ui_amount_string == "1.5"
    assert (await solana.get_token_account_balance(place)).value.amount == "1500000"
    found = (await solana.get_account_info(place)).value
    assert found is not None
    assert found.owner == ids.TOKEN_PROGRAM
    filters: list[int | MemcmpOpts] = [165, MemcmpOpts(offset=32, bytes=str(owner))]
    (one,) = (await solana.get_program_accounts(ids.TOKEN_PROGRAM, encoding="base64", filters=filters)).value
    assert one.pubkey == place
    many = (await solana.get_multiple_accounts([place, Pubkey.new_unique()])).value
    assert [account is None for account in many] == [False, True]
