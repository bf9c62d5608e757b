"""One suite for every network: in this process, behind HTTP, and a real node."""

from __future__ import annotations

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from solders.token.associated import get_associated_token_address
from tests.sdk.networks import CHEATING

import ionet
from ionet import SOL, USDC, FeePolicy
from ionet._generated.mint import PROGRAM_ID as MINT_PROGRAM
from ionet.chain import ids
from ionet.chain.fees import priority_fee
from ionet.chain.transactions import Commitment

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
FEED = bytes(range(32))
cheating = pytest.mark.parametrize("chain", CHEATING, indirect=True)


def give(client: ionet.Client, to: Pubkey, lamports: int) -> Instruction:
    return transfer(TransferParams(from_pubkey=client.address, to_pubkey=to, lamports=lamports))


def async_client(chain: ionet.Client) -> ionet.AsyncClient:
    """The same network and signer, without blocking."""
    if chain.is_local:
        return ionet.AsyncClient(ionet.AsyncLocalTransport(chain.network), signer=chain.signer)
    return ionet.AsyncClient.connect(chain.transport.url, signer=chain.signer)  # type: ignore[attr-defined]


def memo(text: str) -> Instruction:
    return Instruction(MEMO, text.encode(), [])


def test_a_transfer_arrives_and_is_told_exactly(chain: ionet.Client) -> None:
    key, before = Keypair().pubkey(), chain.balance()
    sent = chain.send(give(chain, key, 1_000_000))
    assert chain.balance(key) == SOL("0.001")
    assert before - chain.balance() == SOL.from_base(1_000_000 + sent.fee)
    assert sent.fee == 5000
    assert 150 <= sent.compute_units <= 600
    assert sent.slot > 0
    assert any("11111111111111111111111111111111 success" in line for line in sent.logs)
    assert sent.events == ()
    assert sent.result is None


def test_a_transaction_can_be_looked_up_later(chain: ionet.Client) -> None:
    key = Keypair().pubkey()
    sent = chain.send(give(chain, key, 1_000_000))
    found = chain.transaction(sent.signature)
    assert (found.signature, found.slot, found.fee, found.logs) == (
        sent.signature,
        sent.slot,
        sent.fee,
        sent.logs,
    )
    assert list(chain.history(key)) == [sent.signature]
    with pytest.raises(LookupError, match="knows no transaction"):
        chain.transaction(str(Keypair().sign_message(b"never sent")))


@pytest.mark.parametrize("commitment", ["processed", "confirmed"])
def test_transactions_are_listed_and_shown_to_whoever_does_not_wait(
    chain: ionet.Client, commitment: Commitment
) -> None:
    key = Keypair().pubkey()
    client = ionet.Client(chain.transport, signer=chain.signer, commitment=commitment)
    sent = client.send(give(chain, key, 1_000_000))
    assert list(client.history(key)) == [sent.signature]
    assert client.balance(key) == SOL("0.001")


def test_joined_calls_are_one_transaction(chain: ionet.Client) -> None:
    first, second = Keypair().pubkey(), Keypair().pubkey()
    call = chain.call(give(chain, first, 1_000_000)) + chain.call(give(chain, second, 2_000_000))
    assert len(call.ix()) == 2
    call.send()
    assert (chain.balance(first), chain.balance(second)) == (SOL("0.001"), SOL("0.002"))


def test_joined_calls_happen_all_or_not_at_all(chain: ionet.Client) -> None:
    key = Keypair().pubkey()
    call = chain.call(give(chain, key, 1_000_000)) + chain.call(give(chain, key, 10**18))
    with pytest.raises(ionet.ProgramError) as caught:
        call.send()
    assert caught.value.instruction_index == 1
    assert not caught.value.landed
    assert chain.balance(key) == SOL(0)


def test_a_failure_found_by_simulation_costs_nothing(chain: ionet.Client) -> None:
    before = chain.balance()
    with pytest.raises(ionet.ProgramError, match="ResultWithNegativeLamports") as caught:
        chain.send(give(chain, Keypair().pubkey(), 10**18))
    assert caught.value.logs[-1].endswith("failed: custom program error: 0x1")
    assert chain.balance() == before


def test_an_error_without_a_code_is_a_failed_simulation(chain: ionet.Client) -> None:
    with pytest.raises(ionet.SimulationFailed, match="Instruction 0"):
        chain.send(Instruction(ids.SYSTEM_PROGRAM, b"\xff\xff\xff\xff", []))


def test_simulating_changes_nothing_and_needs_no_signature(chain: ionet.Client) -> None:
    key, stranger = Keypair().pubkey(), Keypair()
    signing = Instruction(MEMO, b"hi", [AccountMeta(stranger.pubkey(), True, False)])
    found = chain.call(give(chain, key, 1_000_000), signing).simulate()
    assert found.compute_units > 300
    assert chain.balance(key) == SOL(0)
    with pytest.raises(ionet.MissingSigner, match="nobody signs for") as caught:
        chain.call(signing).send()
    assert caught.value.address == stranger.pubkey()
    chain.call(signing, signers=[stranger]).send()
    chain.call(signing).signed_by(stranger).send()


def test_somebody_else_may_pay(chain: ionet.Client) -> None:
    payer, key = Keypair(), Keypair().pubkey()
    chain.airdrop(payer.pubkey(), SOL(1))
    before = chain.balance()
    chain.call(give(chain, key, 1_000_000)).paid_by(payer).send()
    assert before - chain.balance() == SOL("0.001")
    assert chain.balance(payer.pubkey()) == SOL(1) - SOL.from_base(10_000)


def test_the_compute_limit_follows_what_was_used_and_the_price_is_paid(chain: ionet.Client) -> None:
    before = chain.balance()
    sent = chain.call(memo("x" * 200)).send(fees=FeePolicy(price=1_000_000))
    limit = -(-sent.compute_units * 115 // 100)
    assert (before - chain.balance()).base - 5000 == pytest.approx(limit, abs=1)


@pytest.mark.parametrize(
    ("policy", "most"),
    [
        (FeePolicy(price=10**12, max_price=10**12, max_lamports=77), 77),
        (FeePolicy(price=10**12, max_price=0), 0),
        (FeePolicy(price=0), 0),
    ],
)
def test_the_price_never_exceeds_its_caps(chain: ionet.Client, policy: FeePolicy, most: int) -> None:
    fee = priority_fee(chain.call(memo("x")).tx(fees=policy).message)
    assert most - 1 <= fee <= most


def test_a_fixed_compute_limit_needs_no_simulation_and_a_failure_lands(chain: ionet.Client) -> None:
    fees = FeePolicy(compute_limit=1000)
    assert chain.call(give(chain, chain.address, 1)).send(fees=fees).compute_units < 1000
    before = chain.balance()
    with pytest.raises(ionet.ProgramError) as caught:
        chain.call(give(chain, Keypair().pubkey(), 10**18)).send(fees=fees)
    assert caught.value.landed
    assert before - chain.balance() == SOL.from_base(5000)


def made_table(chain: ionet.Client, keys: list[Pubkey]) -> Pubkey:
    """A lookup table with these addresses, which is old enough to be used."""
    slot = chain.slot() - 1
    seeds = [bytes(chain.address), slot.to_bytes(8, "little")]
    place, bump = Pubkey.find_program_address(seeds, ids.ADDRESS_LOOKUP_TABLE_PROGRAM)
    accounts = [
        AccountMeta(place, False, True),
        AccountMeta(chain.address, True, False),
        AccountMeta(chain.address, True, True),
        AccountMeta(ids.SYSTEM_PROGRAM, False, False),
    ]
    create = bytes(4) + slot.to_bytes(8, "little") + bytes([bump])
    extend = (2).to_bytes(4, "little") + len(keys).to_bytes(8, "little") + b"".join(map(bytes, keys))
    program = ids.ADDRESS_LOOKUP_TABLE_PROGRAM
    made = chain.send(Instruction(program, create, accounts), Instruction(program, extend, accounts))
    while chain.slot() <= made.slot:
        chain.send(memo("a slot"))
    return place


def test_a_lookup_table_shortens_the_transaction(chain: ionet.Client) -> None:
    keys = [Keypair().pubkey() for _ in range(3)]
    table = AddressLookupTableAccount(made_table(chain, keys), keys)
    transfers = [give(chain, key, 1_000_000) for key in keys]
    plain, short = chain.call(*transfers), chain.call(*transfers, tables=[table])
    assert len(bytes(short.tx())) < len(bytes(plain.tx())) - 32
    assert [one.after for one in short.preview().changes if one.address in keys] == [1_000_000] * 3
    sent = short.send()
    assert [chain.balance(key) for key in keys] == [SOL("0.001")] * 3
    assert chain.transaction(sent.signature).fee == 5000


def test_a_transaction_beyond_a_packet_is_refused_with_its_size(chain: ionet.Client) -> None:
    with pytest.raises(ionet.EncodeError, match=r"has 1\d{3} bytes, 1232 are allowed"):
        chain.call(*(memo("x" * 560) for _ in range(2))).tx()


def test_accounts_are_fetched_in_hundreds_with_gaps_where_there_are_none(chain: ionet.Client) -> None:
    absent = [Pubkey.new_unique() for _ in range(120)]
    found = chain.accounts([chain.address, *absent, chain.address])
    assert None not in (found[0], found[-1])
    assert found[0] is not None
    assert found[0].owner == ids.SYSTEM_PROGRAM
    assert found[1:-1] == [None] * 120


def test_accounts_of_another_program_are_not_taken_for_ours(chain: ionet.Client) -> None:
    kind = ionet.accounts.mint.Config
    is_deployed = chain.account(MINT_PROGRAM) is not None
    missing = r"no Config at" if is_deployed else r"the program mint .* is not deployed"
    with pytest.raises(ionet.AccountNotFound if is_deployed else ionet.ProgramMissing, match=missing):
        chain.fetch(kind, Pubkey.new_unique())
    with pytest.raises(ionet.DecodeError, match="belongs to 11111111111111111111111111111111"):
        chain.fetch(kind, chain.address)
    assert chain.fetch_many(kind, [Pubkey.new_unique()]) == [None]


def test_an_account_that_is_not_there_is_told_from_a_program_that_is_not(deployed: ionet.Client) -> None:
    with pytest.raises(ionet.AccountNotFound, match="no Config at"):
        deployed.fetch(ionet.accounts.mint.Config, Pubkey.new_unique())


@cheating
def test_token_accounts_and_mints_can_be_made_and_read(chain: ionet.Client) -> None:
    mint, owner = Keypair().pubkey(), Keypair().pubkey()
    chain.cheats.set_mint(mint, decimals=6, authority=chain.address, supply=USDC(500).base)
    place = chain.cheats.set_tokens(owner, mint, USDC("12.5").base)
    assert place == get_associated_token_address(owner, mint)
    assert chain.token_mint(mint).supply == USDC(500).base
    assert chain.token_mint(mint).mint_authority == chain.address
    assert chain.tokens(owner, mint) == 12_500_000
    assert chain.tokens(owner, mint, USDC) == USDC("12.5")
    assert chain.tokens(mint, owner, USDC) == USDC(0)
    with pytest.raises(ionet.DecodeError, match="not a mint"):
        chain.token_mint(chain.address)


@cheating
def test_programs_accept_the_tokens_that_were_made(chain: ionet.Client) -> None:
    mint, other = Keypair().pubkey(), Keypair().pubkey()
    chain.cheats.set_mint(mint, decimals=6, authority=chain.address, supply=1000)
    source = chain.cheats.set_tokens(chain.address, mint, 1000)
    target = chain.cheats.set_tokens(other, mint, 0)
    data = b"\x03" + (400).to_bytes(8, "little")
    accounts = [
        AccountMeta(source, False, True),
        AccountMeta(target, False, True),
        AccountMeta(chain.address, True, False),
    ]
    chain.send(Instruction(ids.TOKEN_PROGRAM, data, accounts))
    assert (chain.tokens(chain.address, mint), chain.tokens(other, mint)) == (600, 400)
    with pytest.raises(ionet.ProgramError) as caught:
        chain.send(Instruction(ids.TOKEN_PROGRAM, b"\x03" + (601).to_bytes(8, "little"), accounts))
    assert (caught.value.program, caught.value.name) == ("token", "InsufficientFunds")


@cheating
def test_prices_can_be_set(chain: ionet.Client) -> None:
    place = chain.cheats.set_price(FEED, 123_456, exponent=-5, confidence=7)
    assert place == ionet.price_feed(FEED)
    price = chain.price(place)
    assert (price.feed_id, price.price, price.exponent, price.confidence, price.ema_price) == (
        FEED,
        123_456,
        -5,
        7,
        123_456,
    )
    assert price.signatures is None
    assert abs(price.publish_time - chain.time()) <= 2
    forged = chain.cheats.set_price(FEED, 1, address=Pubkey.new_unique(), owner=ids.SYSTEM_PROGRAM)
    with pytest.raises(ionet.DecodeError, match="not a price account"):
        chain.price(forged)


@cheating
def test_time_can_be_moved(chain: ionet.Client) -> None:
    start = chain.time()
    target = chain.cheats.advance(86_400)
    assert target >= start + 86_400
    assert 0 <= chain.time() - target <= 2
    with pytest.raises(ionet.RpcError):
        chain.cheats.set_time(start)


def test_a_new_account_is_paid_for_by_the_rent_that_the_network_names(chain: ionet.Client) -> None:
    new = Keypair()
    params = CreateAccountParams(
        from_pubkey=chain.address,
        to_pubkey=new.pubkey(),
        lamports=chain.rent(100),
        space=100,
        owner=ids.TOKEN_PROGRAM,
    )
    chain.call(create_account(params), signers=[new]).send()
    found = chain.account(new.pubkey())
    assert found is not None
    assert len(found.data) == 100


def test_a_node_says_which_method_it_lacks(chain: ionet.Client) -> None:
    with pytest.raises(ionet.RpcError, match="Method not found") as caught:
        chain.request("getNothing")
    assert caught.value.code == -32601


def test_a_client_without_signer_reads_but_does_not_send(chain: ionet.Client) -> None:
    reader = ionet.Client(chain.transport)
    assert reader.balance(chain.address) > SOL(0)
    with pytest.raises(ionet.MissingSigner, match="has no signer"):
        reader.send(memo("x"))


async def test_the_asynchronous_client_does_the_same(chain: ionet.Client) -> None:
    key = Keypair().pubkey()
    async with async_client(chain) as client:
        call = client.call(give(chain, key, 1_000_000)) + client.call(memo("joined"))
        sent = await call.send()
        assert await client.balance(key) == SOL("0.001")
        assert [one async for one in client.history(key)] == [sent.signature]
        with pytest.raises(ionet.ProgramError):
            await client.send(give(chain, key, 10**18))


@cheating
async def test_the_asynchronous_client_cheats_alike(chain: ionet.Client) -> None:
    async with async_client(chain) as client:
        price = await client.cheats.set_price(FEED, 5)
        assert (await client.price(price)).price == 5


def test_a_preview_shows_fee_and_balances_and_sends_nothing(chain: ionet.Client) -> None:
    somebody = Keypair().pubkey()
    call = chain.call(transfer(TransferParams(from_pubkey=chain.address, to_pubkey=somebody, lamports=10**9)))
    before = chain.balance()
    found = call.preview(fees=ionet.FeePolicy(price=1_000_000))
    # A lamport for each compute unit of the limit, besides the signature's 5,000.
    assert found.fee == 5_000 + found.compute_limit
    assert 0 < found.compute_units <= found.compute_limit
    moved = {one.address: one.after - one.before for one in found.changes}
    assert moved == {chain.address: -(10**9) - found.fee, somebody: 10**9}
    assert all(one.mint is None and one.owner is None for one in found.changes)
    assert chain.balance() == before


def test_a_transaction_is_completed_and_sent_by_another_signer(chain: ionet.Client) -> None:
    from solders.message import to_bytes_versioned
    from solders.transaction import VersionedTransaction

    other, somebody = Keypair(), Keypair().pubkey()
    chain.send(transfer(TransferParams(from_pubkey=chain.address, to_pubkey=other.pubkey(), lamports=10**9)))
    call = chain.call(
        transfer(TransferParams(from_pubkey=other.pubkey(), to_pubkey=somebody, lamports=10**8))
    )
    with pytest.raises(ionet.MissingSigner):
        call.tx()
    partly = call.tx(partial=True)
    keys = list(partly.message.account_keys)
    signatures = list(partly.signatures)
    signatures[keys.index(other.pubkey())] = other.sign_message(to_bytes_versioned(partly.message))
    sent = chain.send_signed(VersionedTransaction.populate(partly.message, signatures))
    assert sent.signature == str(partly.signatures[0])
    assert chain.balance(somebody) == SOL("0.1")
