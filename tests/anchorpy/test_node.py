"""anchorpy's clients against a local node: reads, calls, refusals, simulations and events."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from anchorpy import Context, Provider, Wallet
from anchorpy.provider import DEFAULT_OPTIONS
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from tests.anchorpy.support import Node

import ionet
from ionet import IO, EncodeError, ProgramError, accounts, errors, events, pda, token_account
from ionet._generated import PROGRAMS
from ionet.interop.anchorpy import Program, program

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = DEFAULT_OPTIONS._replace(preflight_commitment=Confirmed)
UNCHECKED = OPTIONS._replace(skip_preflight=True)


@pytest.fixture(scope="module")
async def connection(node: Node) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(node.url, Confirmed) as client:
        yield client


@pytest.fixture(scope="module")
def carol(node: Node) -> Keypair:
    return Keypair.from_bytes(bytes(json.loads(node.key("carol").read_text())))


@pytest.fixture(scope="module")
def open_program(connection: AsyncClient, carol: Keypair) -> Callable[[str], Program]:
    return lambda name: program(name, Provider(connection, Wallet(carol), OPTIONS))


@pytest.fixture(scope="module")
async def staking(open_program: Callable[[str], Program]) -> Program:
    return open_program("staking")


@pytest.fixture(scope="module")
async def co_staked(staking: Program, carol: Keypair, hired: str) -> dict[str, Pubkey]:
    """What Carol's calls on the node are given; she has a position on it."""
    mine = {"holder": carol.pubkey(), "node": Pubkey.from_string(hired)}
    await staking.rpc["open_position"](ctx=Context(accounts=mine))
    class_id = (await staking.account["Node"].fetch(mine["node"])).class_
    source = token_account(carol.pubkey(), pda.mint.MINT)
    return {**mine, "class": pda.staking.class_(class_id), "source": source}


@pytest.mark.parametrize("name", sorted(PROGRAMS.values()))
async def test_every_account_on_the_chain_is_read_as_the_sdk_reads_it(
    open_program: Callable[[str], Program], node: Node, name: str, co_staked: dict[str, Pubkey]
) -> None:
    client = open_program(name)
    read = 0
    for kind, reader in client.account.items():
        cls = getattr(getattr(accounts, name), kind)
        for entry in await reader.all():
            shown = await client.provider.connection.get_account_info(entry.public_key)
            ours = cls.decode(bytes(shown.value.data))
            for field in cls.__slots__:
                value = getattr(ours, field)
                if isinstance(value, Pubkey | bool) or type(value) is int:
                    assert getattr(entry.account, field) == value, f"{kind}.{field}"
            read += 1
    assert read > 0, f"the market has no account of {name}"


async def test_a_call_is_given_little_and_stakes(staking: Program, co_staked: dict[str, Pubkey]) -> None:
    position = pda.staking.position(node=co_staked["node"], holder=co_staked["holder"])
    before = await staking.account["Position"].fetch(position)
    call = staking.methods["stake"].args([IO(10).base]).accounts(co_staked)
    await call.rpc()
    after = await staking.account["Position"].fetch(position)
    assert after.pending - before.pending == IO(10).base


@pytest.mark.parametrize("encoding", ["base64", "base58", "json", "jsonParsed"])
async def test_events_are_read_from_inner_instructions(
    staking: Program, open_program: Callable[[str], Program], co_staked: dict[str, Pubkey], encoding: str
) -> None:
    signature = await staking.rpc["stake"](IO(1).base, ctx=Context(accounts=co_staked))
    sent = await staking.provider.connection.get_transaction(
        signature, encoding=encoding, max_supported_transaction_version=0
    )
    (emitted,) = staking.events(sent).emitted
    assert emitted.via_cpi
    assert isinstance(emitted.event, events.staking.Staked)
    assert emitted.event.amount == IO(1).base
    assert emitted.event.node == co_staked["node"]
    assert open_program("jobs").events(sent).events == (), "they are the other program's"


async def test_a_transaction_that_the_node_does_not_know_has_no_events(staking: Program) -> None:
    unknown = await staking.provider.connection.get_transaction(Keypair().sign_message(b"never sent"))
    with pytest.raises(LookupError, match="the node does not know the transaction"):
        staking.events(unknown)


async def test_a_simulation_shows_events_and_changes_nothing(
    staking: Program, co_staked: dict[str, Pubkey]
) -> None:
    position = pda.staking.position(node=co_staked["node"], holder=co_staked["holder"])
    before = await staking.account["Position"].fetch(position)
    done = await staking.simulate["stake"](IO(3).base, ctx=Context(accounts=co_staked))
    (event,) = done.events
    assert isinstance(event, events.staking.Staked)
    assert event.amount == IO(3).base
    assert done.raw[0].endswith("invoke [1]")
    assert await staking.account["Position"].fetch(position) == before


async def test_a_refusal_is_the_exception_of_the_program(
    staking: Program, co_staked: dict[str, Pubkey]
) -> None:
    with pytest.raises(errors.staking.ZeroAmount, match="the amount must be above zero") as refused:
        await staking.rpc["stake"](0, ctx=Context(accounts=co_staked))
    assert not refused.value.landed
    with pytest.raises(errors.staking.ZeroAmount):
        await staking.simulate["stake"](0, ctx=Context(accounts=co_staked))


async def test_a_failure_that_landed_is_raised_too_and_nothing_of_it_happened(
    staking: Program, co_staked: dict[str, Pubkey]
) -> None:
    """Its first instruction emits, and is undone with the second."""
    first = staking.instruction["stake"](IO(1).base, ctx=Context(accounts=co_staked))
    call = staking.methods["stake"].args([0]).accounts(co_staked).pre_instructions([first])
    with pytest.raises(errors.staking.ZeroAmount) as failed:
        await call.rpc(UNCHECKED)
    assert failed.value.instruction_index == 1
    assert failed.value.signature is not None
    sent = await staking.provider.connection.get_transaction(
        Signature.from_string(failed.value.signature), max_supported_transaction_version=0
    )
    assert sent.value.transaction.meta.inner_instructions
    assert staking.events(sent).emitted == ()


async def test_a_refusal_of_another_program_and_of_the_framework_keep_their_names(
    staking: Program, co_staked: dict[str, Pubkey], carol: Keypair
) -> None:
    other = token_account(pda.mint.CONFIG, pda.mint.MINT)
    with pytest.raises(ProgramError) as refused:
        await staking.rpc["stake"](IO(1).base, ctx=Context(accounts={**co_staked, "source": other}))
    assert refused.value.program == "token"
    with pytest.raises(ionet.AnchorError) as refused_by_anchor:
        await staking.rpc["stake"](IO(1).base, ctx=Context(accounts={**co_staked, "class": carol.pubkey()}))
    assert refused_by_anchor.value.account == "class"


def test_what_a_call_misses_or_does_not_have_is_named(staking: Program, co_staked: dict[str, Pubkey]) -> None:
    call = staking.instruction["stake"]
    with pytest.raises(
        EncodeError, match=r"staking\.stake: give class, source: the builder cannot derive them"
    ):
        call(1, ctx=Context(accounts={name: co_staked[name] for name in ("holder", "node")}))
    with pytest.raises(EncodeError, match=r"staking\.stake has no account nod; it has holder, config, class"):
        call(1, ctx=Context(accounts={**co_staked, "nod": co_staked["node"]}))
    with pytest.raises(EncodeError, match=r"staking\.stake: program is always ioS\w+, not"):
        call(1, ctx=Context(accounts={**co_staked, "program": co_staked["node"]}))
    assert call(1, ctx=Context(accounts={**co_staked, "program": staking.program_id}))


def test_the_example_stakes(node: Node, hired: str) -> None:
    def run(amount: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "examples/anchorpy_stake.py"), hired, amount],
            env={"ANCHOR_PROVIDER_URL": node.url, "ANCHOR_WALLET": str(node.key("renter"))},
            capture_output=True,
            text=True,
            check=False,
        )

    staked = run("12.5")
    assert staked.returncode == 0, staked.stderr
    assert "Transaction: " in staked.stdout
    assert "Event: Staked(seq=" in staked.stdout
    assert staked.stdout.endswith("Pending stake: 12.5 IO\n")
    refused = run("1000000")
    assert refused.returncode == 1
    assert refused.stderr.startswith("refused: staking: MaximumStake (6027): ")
    assert run("1").stdout.endswith("Pending stake: 13.5 IO\n"), "the position is opened once"
