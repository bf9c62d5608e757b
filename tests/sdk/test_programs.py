"""The generated packages against the built programs: accounts, events and errors come from the chain."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.keypair import Keypair
from solders.pubkey import Pubkey

import ionet
from ionet import IO, SOL, accounts, emission, errors, events, ix, pda
from ionet.chain.ids import TOKEN_PROGRAM


def test_programs_run_alike_on_every_network(deployed: ionet.Client) -> None:
    client = deployed
    if client.account(pda.mint.CONFIG) is None:  # a real node keeps its state from test to test
        for program in (accounts.mint.Config.PROGRAM_ID, accounts.buyback.Config.PROGRAM_ID):
            client.cheats.set_program_authority(program, client.address)
        client.send(
            ix.mint.initialize(authority=client.address, start=0),
            ix.buyback.initialize(authority=client.address),
        )
    client.cheats.advance(7200)
    call = client.call(ix.mint.emit())
    foreseen = call.simulate().event_log
    sent = call.send()
    (event,) = sent.events
    assert isinstance(event, events.mint.Emitted)
    assert [one.via_cpi for one in foreseen.emitted] == [True]
    assert event.emitted_total == client.token_mint(pda.mint.MINT).supply
    (found,) = client.find(accounts.mint.Config, mint=pda.mint.MINT)
    assert found.account.emitted == event.emitted_total
    stranger = Keypair()
    with pytest.raises(errors.mint.NotAuthority) as caught:
        client.call(
            ix.mint.set_params(authority=stranger.pubkey(), pauser=stranger.pubkey()), signers=[stranger]
        ).send()
    assert caught.value.account == "authority"


@pytest.fixture
def minted(local: ionet.Client) -> ionet.Client:
    """The mint and buyback programs, initialised."""
    local.send(
        ix.mint.initialize(authority=local.address, start=0), ix.buyback.initialize(authority=local.address)
    )
    return local


def test_an_account_is_read_as_the_program_wrote_it(minted: ionet.Client) -> None:
    config = minted.fetch(accounts.mint.Config, pda.mint.CONFIG)
    assert config.roles.authority == minted.address
    assert config.mint == pda.mint.MINT
    assert config.emission_vault == pda.mint.EMISSION_VAULT
    assert config.start == minted.time()
    raw = minted.account(pda.mint.CONFIG)
    assert raw is not None
    assert len(raw.data) == accounts.mint.Config.SIZE
    assert config.encode() == bytes(raw.data)


def test_accounts_are_found_by_their_fields(minted: ionet.Client) -> None:
    (found,) = minted.find(accounts.mint.Config, mint=pda.mint.MINT)
    assert found.address == pda.mint.CONFIG
    assert minted.find(accounts.mint.Config, mint=minted.address) == []


def token_balances(client: ionet.Client, signature: str, address: Pubkey) -> list[dict[str, Any]]:
    """What a token account held before and after a transaction, as the network shows it."""
    config = {"encoding": "json", "maxSupportedTransactionVersion": 0}
    found = client.request("getTransaction", signature, config)
    place = found["transaction"]["message"]["accountKeys"].index(str(address))
    sides = [found["meta"][f"{side}TokenBalances"] for side in ("pre", "post")]
    return [one for side in sides for one in side if one["accountIndex"] == place]


def test_the_history_keeps_the_balances_of_tokens_as_they_were(minted: ionet.Client) -> None:
    vault = pda.mint.EMISSION_VAULT
    sent, held = [], [minted.token_account(vault).amount]
    for _ in range(2):
        minted.network.clock.advance(3600)
        sent.append(minted.send(ix.mint.emit()).signature)
        held.append(minted.token_account(vault).amount)
    assert held[0] < held[1] < held[2]
    for i, signature in enumerate(sent):
        found = token_balances(minted, signature, vault)
        assert [one["uiTokenAmount"]["amount"] for one in found] == [str(one) for one in held[i : i + 2]]
        exact = [Decimal(one["uiTokenAmount"]["uiAmountString"]) for one in found]
        assert exact == [Decimal(one).scaleb(-8) for one in held[i : i + 2]]
        assert {one["mint"] for one in found} == {str(pda.mint.MINT)}
        assert {one["owner"] for one in found} == {str(minted.token_account(vault).owner)}
        assert {one["programId"] for one in found} == {str(TOKEN_PROGRAM)}


def test_an_event_by_cpi_comes_with_the_transaction(minted: ionet.Client) -> None:
    minted.network.clock.advance(3600 * 5)
    sent = minted.send(ix.mint.emit())
    event = sent.event(events.mint.Emitted)
    assert event.emitted_total == emission.cumulative(3600 * 5) == minted.token_mint(pda.mint.MINT).supply
    assert minted.tokens(pda.mint.EMISSION_LEDGER, pda.mint.MINT, IO) == IO.from_base(event.paid)
    (emitted,) = sent.event_log.emitted
    assert emitted.via_cpi
    assert minted.transaction(sent.signature).events == sent.events
    with pytest.raises(LookupError, match="0 events of type ReserveBurned"):
        sent.event(events.mint.ReserveBurned)


def test_the_simulation_shows_the_same_events(minted: ionet.Client) -> None:
    minted.network.clock.advance(3600)
    call = minted.call(ix.mint.emit())
    assert call.simulate().events == call.send().events


def test_the_schedule_in_python_is_the_programs(minted: ionet.Client) -> None:
    start = minted.time()

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 30 * 86_400))
    def emit_after(seconds: int) -> None:
        minted.network.clock.advance(seconds)
        minted.send(ix.mint.emit())
        assert minted.token_mint(pda.mint.MINT).supply == emission.cumulative(minted.time() - start)

    emit_after()


def test_a_programs_refusal_is_its_own_exception(minted: ionet.Client) -> None:
    stranger = Keypair()
    minted.airdrop(stranger.pubkey(), SOL(1))
    with pytest.raises(errors.mint.NotAuthority, match="mint: NotAuthority") as caught:
        minted.as_(stranger).send(ix.mint.set_params(authority=stranger.pubkey(), pauser=stranger.pubkey()))
    assert caught.value.account == "authority"
    assert caught.value.instruction_index == 0
    assert not caught.value.landed


def test_the_failing_instruction_is_counted_among_the_callers_own(minted: ionet.Client) -> None:
    stranger = Keypair()
    minted.airdrop(stranger.pubkey(), SOL(1))
    refused = ix.mint.set_params(authority=stranger.pubkey(), pauser=stranger.pubkey())
    with pytest.raises(errors.mint.NotAuthority) as caught:
        minted.as_(stranger).send(ix.mint.emit(), refused)
    assert caught.value.instruction_index == 1


def test_a_constraint_of_anchor_names_the_account(minted: ionet.Client) -> None:
    with pytest.raises(
        ionet.AnchorError, match=r"AccountNotInitialized|AccountOwnedByWrongProgram"
    ) as caught:
        minted.send(ix.mint.emit(buyback_config=minted.address, config=Keypair().pubkey()))
    assert caught.value.program == "mint"
    assert caught.value.account is not None


def test_only_the_upgrade_authority_initialises(programs: dict) -> None:  # type: ignore[type-arg]
    client = ionet.local(programs=programs, shipped=False, upgrade_authority=Keypair().pubkey())
    with pytest.raises(errors.mint.NotUpgradeAuthority):
        client.send(ix.mint.initialize(authority=client.address, start=0))


def test_a_call_can_say_what_it_is_for(minted: ionet.Client) -> None:
    minted.network.clock.advance(3600)
    call = ionet.Call(
        minted, [ix.mint.emit()], decode=lambda sent: IO.from_base(sent.event(events.mint.Emitted).paid)
    )
    assert call.send().result == IO.from_base(emission.cumulative(3600))


def test_all_programs_decode_their_own_encoding() -> None:
    from ionet._generated import PROGRAMS

    for name in PROGRAMS.values():
        module = getattr(accounts, name, None)
        for kind in vars(module).values() if module else ():
            if (
                isinstance(kind, type)
                and issubclass(kind, ionet.Account)
                and kind is not ionet.Account
                and kind.SIZE
            ):
                data = kind.DISCRIMINATOR + bytes(kind.SIZE - len(kind.DISCRIMINATOR))
                assert kind.decode(data).encode() == data
