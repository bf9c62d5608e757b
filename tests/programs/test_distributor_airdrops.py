"""The distributor program: airdrops, claimed to wallets and straight into stake."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import approve
from spl.token.models import ApproveParams
from tests.programs.distribution import CHUNK, Distribution, Drop
from tests.programs.market import CLASS, Market
from tests.programs.people import Supplier
from tests.programs.support import DAY, NOW, World, with_byte

from ionet import IO, SOL, accounts, errors, events, ix, pda, token_account

IO_MINT = pda.mint.MINT
TOKEN = 10**8


@pytest.fixture
def made(world: World) -> Distribution:
    return Distribution(world)


def people(made: Distribution, count: int) -> list[Keypair]:
    """Somebody with an empty IO account each."""
    found = [Keypair() for _ in range(count)]
    for one in found:
        made.world.io_account(one.pubkey())
    return found


def leaves_of(claimants: Sequence[Keypair], first: int = 100) -> list[tuple[Pubkey, int]]:
    return [(one.pubkey(), first + number) for number, one in enumerate(claimants)]


# -- making


def test_an_airdrop_is_made_and_funded(made: Distribution) -> None:
    world, payer = made.world, made.world.actor()
    world.give_io(world.deployer, IO(1))
    drop = Drop.of(3, leaves_of([Keypair() for _ in range(5)]))
    sent = world.send(made.dropping(drop, payer=payer.pubkey()), signers=[payer])
    event = sent.event(events.distributor.AirdropCreated)
    assert (event.seq, event.airdrop, event.id, event.allocation) == (1, drop.address, 3, 0)
    assert (event.root, event.leaves) == (drop.tree.root, 5)
    assert (event.total, event.deadline, event.airdropped_total) == (510, NOW + 30 * DAY, 510)
    found = made.airdrop(drop)
    assert (found.version, found.id, found.root, found.leaves) == (1, 3, drop.tree.root, 5)
    assert (found.vault, found.payer, found.total) == (drop.vault, payer.pubkey(), 510)
    assert (found.claimed, found.claims, found.returned, found.reclaimed) == (0, 0, 0, 0)
    vault = world.client.token_account(drop.vault)
    assert (vault.owner, vault.amount, vault.delegate) == (drop.address, 510, None)
    assert (made.config.airdrops, made.config.airdropped) == (1, 510)


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"leaves": 0}, "NoLeaves"),
        ({"total": 0}, "ZeroAmount"),
        ({"deadline": NOW + 7 * DAY - 1}, "DeadlineOutOfRange"),
        ({"deadline": NOW + 1_461 * DAY + 1}, "DeadlineOutOfRange"),
        ({"deadline": 0}, "DeadlineOutOfRange"),
        ({"deadline": -(2**63)}, "DeadlineOutOfRange"),
        ({"deadline": 2**63 - 1}, "DeadlineOutOfRange"),
    ],
)
def test_terms_out_of_bounds_are_refused(made: Distribution, args: dict[str, int], error: str) -> None:
    made.world.give_io(made.world.deployer, IO(1))
    drop = Drop.of(0, leaves_of([Keypair()]))
    made.world.refused(made.dropping(drop, args), getattr(errors.distributor, error))


@pytest.mark.parametrize("allocation", [6, 255])
def test_an_unknown_allocation_is_refused(made: Distribution, allocation: int) -> None:
    made.world.give_io(made.world.deployer, IO(1))
    dropping = made.dropping(Drop.of(0, leaves_of([Keypair()])))
    made.world.refused(with_byte(dropping, -1, allocation), errors.distributor.UnknownAllocation)


@pytest.mark.parametrize("args", [{"deadline": NOW + 7 * DAY}, {"deadline": NOW + 1_461 * DAY}, {"total": 1}])
def test_terms_at_their_bounds_are_taken(made: Distribution, args: dict[str, int]) -> None:
    made.world.give_io(made.world.deployer, IO(1))
    made.world.send(made.dropping(Drop.of(0, leaves_of([Keypair()])), args))


def test_only_the_authority_makes_airdrops_and_each_number_is_used_once(made: Distribution) -> None:
    thief = made.world.actor()
    drop = made.make_airdrop(leaves_of([Keypair()]))
    mine = made.dropping(Drop.of(1, drop.leaves), authority=thief.pubkey())
    made.world.refused(mine, errors.distributor.NotAuthority, signers=[thief])
    made.world.refused(made.dropping(Drop.of(0, drop.leaves)), "AccountAlreadyInUse")


def test_a_pause_stops_new_airdrops_and_no_claim(made: Distribution) -> None:
    world, (one,) = made.world, people(made, 1)
    drop = made.make_airdrop(leaves_of([one]))
    world.send(ix.distributor.set_paused(signer=world.deployer, paused=0b10))
    world.refused(made.dropping(Drop.of(1, drop.leaves)), errors.distributor.Paused)
    made.send(drop.claim(0))
    world.advance(30 * DAY)
    made.send(made.reclaiming(drop))


def test_claims_are_opened_once_by_anyone_as_far_as_there_are_leaves(made: Distribution) -> None:
    world, payer = made.world, made.world.actor()
    drop = made.make_airdrop(leaves_of([Keypair() for _ in range(3)]), open_=False)
    opening = made.opening(drop, payer=payer.pubkey())
    event = world.send(opening, signers=[payer]).event(events.distributor.ClaimsOpened)
    assert (event.airdrop, event.number, event.seq) == (drop.address, 0, 1)
    found = world.client.fetch(accounts.distributor.Claims, drop.claims())
    assert (found.airdrop, found.number, found.payer) == (drop.address, 0, payer.pubkey())
    assert found.bits == bytes(CHUNK // 8)
    world.refused(opening, "AccountAlreadyInUse", signers=[payer])
    for number in (1, 2**32 - 1):
        world.refused(made.opening(drop, number), errors.distributor.UnknownChunk)
    world.advance(30 * DAY)
    late = made.make_airdrop(leaves_of([Keypair()]), open_=False)
    world.advance(30 * DAY)
    world.refused(made.opening(late), errors.distributor.AirdropOver)


# -- claiming


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_each_leaf_is_paid_once_to_its_claimant(made: Distribution, count: int) -> None:
    claimants = people(made, count)
    drop = made.make_airdrop(leaves_of(claimants))
    claimed = 0
    for index in reversed(range(count)):
        who, amount = drop.leaves[index]
        wallet = token_account(who, IO_MINT)
        event = made.send(drop.claim(index)).event(events.distributor.AirdropClaimed)
        claimed += amount
        assert (event.airdrop, event.index, event.claimant) == (drop.address, index, who)
        assert (event.amount, event.destination, event.staked) == (amount, wallet, False)
        assert event.claimed_total == claimed
        assert made.world.balance(wallet) == amount
        made.world.refused(drop.claim(index), errors.distributor.AlreadyClaimed)
    found = made.airdrop(drop)
    assert (found.claimed, found.claims) == (drop.total, count)
    assert made.world.balance(drop.vault) == 0


def test_one_claimant_may_have_several_leaves(made: Distribution) -> None:
    (one,) = people(made, 1)
    drop = made.make_airdrop([(one.pubkey(), 7), (one.pubkey(), 7)])
    made.send(drop.claim(0))
    made.send(drop.claim(1))
    assert made.world.balance(token_account(one.pubkey(), IO_MINT)) == 14


def test_nobody_claims_for_somebody_else_amounts_or_places_that_no_leaf_says(made: Distribution) -> None:
    one, two, thief = people(made, 3)
    drop = made.make_airdrop(leaves_of([one, two, one]))
    wrong = errors.distributor.WrongProof
    mine = token_account(thief.pubkey(), IO_MINT)
    made.world.refused(drop.claim(0, destination=mine), wrong)
    made.world.refused(drop.claim(0, destination=token_account(two.pubkey(), IO_MINT)), wrong)
    made.world.refused(drop.claim(0, args=drop.args(0, amount=101)), wrong)
    made.world.refused(drop.claim(0, args=drop.args(0, index=1)), wrong)
    made.world.refused(drop.claim(0, args=drop.args(0, index=2)), wrong)
    made.world.refused(drop.claim(0, args=drop.args(0, proof=drop.tree.proof(1))), wrong)
    made.world.refused(drop.claim(0, args=drop.args(0, amount=0)), errors.distributor.ZeroAmount)
    # The tree has room for a fourth; no leaf is there.
    for index in (3, 4, CHUNK, 2**32 - 1):
        beyond = drop.claim(0, args=drop.args(0, index=index))
        made.world.refused(beyond, errors.distributor.UnknownIndex)
    made.send(drop.claim(0))


def test_inner_nodes_and_proofs_of_another_length_are_no_leaves(made: Distribution) -> None:
    one, two = people(made, 2)
    drop = made.make_airdrop(leaves_of([one, two, one, two]))
    proof = drop.tree.proof(0)
    for other in (proof[:1], (*proof, bytes(32)), (), (*proof, *proof)):
        short = drop.claim(0, args=drop.args(0, proof=other))
        made.world.refused(short, errors.distributor.WrongProof)
    # The second preimage: what two leaves hash to, as one leaf of a smaller tree.
    inner = Drop(drop.id, drop.leaves, drop.tree)
    assert hashlib.sha256(b"\1" + _hash(inner, 0) + _hash(inner, 1)).digest() == drop.tree.proof(2)[1]
    shorter = drop.claim(0, args=drop.args(0, proof=drop.tree.proof(0)[1:]))
    made.world.refused(shorter, errors.distributor.WrongProof)


def _hash(drop: Drop, index: int) -> bytes:
    return drop.tree.proof(index ^ 1)[0]


def test_a_leaf_is_worth_nothing_in_another_airdrop(made: Distribution) -> None:
    claimants = people(made, 2)
    first = made.make_airdrop(leaves_of(claimants))
    # The second one has the first one's root: its leaves still name the first.
    second = made.make_airdrop(leaves_of(claimants), root=first.tree.root)
    replayed = first.claim(0, airdrop=second.address, claims=second.claims(), vault=second.vault)
    made.world.refused(replayed, errors.distributor.WrongProof)
    made.world.refused(first.claim(0, claims=second.claims()), errors.distributor.WrongChunk)
    made.world.refused(first.claim(0, vault=second.vault), errors.distributor.WrongVault)
    made.send(first.claim(0))


def test_leaves_that_say_more_than_was_funded_pay_no_more_than_that(made: Distribution) -> None:
    claimants = people(made, 3)
    drop = made.make_airdrop(leaves_of(claimants), total=202)
    made.drops.clear()
    made.world.send(drop.claim(0))
    made.world.send(drop.claim(1))
    made.world.refused(drop.claim(2), errors.distributor.Exhausted)
    # Nor does a gift make it more.
    purse = made.world.give_io(made.world.deployer, IO(1))
    made.world.pay_io(purse, drop.vault, 500)
    made.world.refused(drop.claim(2), errors.distributor.Exhausted)


def test_claims_end_at_the_deadline_that_was_set_at_the_start(made: Distribution) -> None:
    world, (one, two) = made.world, people(made, 2)
    drop = made.make_airdrop(leaves_of([one, two]))
    world.client.network.clock.set(NOW + 30 * DAY - 1)
    world.refused(made.reclaiming(drop), errors.distributor.AirdropRunning)
    made.send(drop.claim(0))
    world.advance(1)
    world.refused(drop.claim(1), errors.distributor.AirdropOver)
    event = made.send(made.reclaiming(drop)).event(events.distributor.AirdropReclaimed)
    assert (event.returned, event.surplus, event.claimed_total) == (101, 0, 100)
    assert (event.airdrop, event.destination) == (drop.address, made.treasury())
    assert world.balance(made.treasury()) == 101
    # A clock that goes back opens it for nobody.
    world.turn_back(DAY)
    world.refused(drop.claim(1), errors.distributor.AirdropOver)


def test_what_is_left_goes_to_the_treasury_and_the_rent_to_who_paid_it(made: Distribution) -> None:
    world, payer, thief = made.world, made.world.actor(), made.world.actor()
    drop = Drop.of(0, leaves_of([Keypair(), Keypair()]))
    world.give_io(world.deployer, IO(1))
    world.send(made.dropping(drop, payer=payer.pubkey()), signers=[payer])
    made.drops.append(drop)
    purse = world.io_account(world.deployer)
    world.pay_io(purse, drop.vault, 50)
    world.advance(30 * DAY)
    mine = world.io_account(thief.pubkey())
    stolen = made.reclaiming(drop, destination=mine, rent_payer=payer.pubkey())
    world.refused(stolen, errors.distributor.WrongDestination)
    world.refused(made.reclaiming(drop, rent_payer=thief.pubkey()), errors.distributor.WrongRentPayer)
    rent, before = world.raw(drop.vault).lamports, world.client.balance(payer.pubkey())
    event = made.send(made.reclaiming(drop, rent_payer=payer.pubkey())).event(
        events.distributor.AirdropReclaimed
    )
    assert (event.returned, event.surplus) == (201, 50)
    assert world.balance(made.treasury()) == 251
    assert world.client.balance(payer.pubkey()) == before + SOL.from_base(rent)
    world.refused(made.reclaiming(drop, rent_payer=payer.pubkey()), "AccountNotInitialized")


def test_a_closed_airdrop_is_never_claimed_or_opened_again(made: Distribution) -> None:
    """closed_root_replay: neither its vault, its claims nor its number come back."""
    world, (one, two) = made.world, people(made, 2)
    payer, thief = world.actor(), world.actor()
    drop = made.make_airdrop(leaves_of([one, two]), open_=False)
    world.send(made.opening(drop, payer=payer.pubkey()), signers=[payer])
    made.send(drop.claim(0))

    def closing(rent_payer: Pubkey) -> Instruction:
        return ix.distributor.close_claims(airdrop=drop.address, claims=drop.claims(), rent_payer=rent_payer)

    world.refused(closing(payer.pubkey()), errors.distributor.NotReclaimed)
    world.advance(30 * DAY)
    world.refused(closing(payer.pubkey()), errors.distributor.NotReclaimed)
    made.send(made.reclaiming(drop))
    world.refused(closing(thief.pubkey()), errors.distributor.WrongRentPayer)
    rent, before = world.raw(drop.claims()).lamports, world.client.balance(payer.pubkey())
    event = made.send(closing(payer.pubkey())).event(events.distributor.ClaimsClosed)
    assert (event.airdrop, event.number) == (drop.address, 0)
    assert world.client.balance(payer.pubkey()) == before + SOL.from_base(rent)
    # Somebody pays tokens to the vault's address, and would have the leaf paid again out of them.
    world.refused(made.opening(drop), errors.distributor.AirdropOver)
    world.refused(drop.claim(0), "AccountOwnedByWrongProgram")
    world.refused(made.dropping(Drop.of(0, drop.leaves)), "AccountAlreadyInUse")


def test_ten_thousand_leaves_are_claimed_over_two_accounts_of_claims(made: Distribution) -> None:
    world, claimants = made.world, people(made, 6)
    places = [0, 1, CHUNK - 1, CHUNK, 9_998, 9_999]
    leaves = [
        (Pubkey.from_bytes(hashlib.sha256(n.to_bytes(4, "little")).digest()), 1_000 + n)
        for n in range(10_000)
    ]
    for place, one in zip(places, claimants, strict=True):
        leaves[place] = (one.pubkey(), 1_000 + place)
    drop = made.make_airdrop(leaves)
    assert (drop.tree.depth, drop.total) == (14, 10_000 * 1_000 + 9_999 * 10_000 // 2)
    for place in places:
        other = drop.claims(CHUNK) if place < CHUNK else drop.claims(0)
        world.refused(drop.claim(place, claims=other), errors.distributor.WrongChunk)
        made.send(drop.claim(place))
        world.refused(drop.claim(place), errors.distributor.AlreadyClaimed)
    assert made.airdrop(drop).claimed == sum(1_000 + place for place in places)
    bits = [
        int.from_bytes(world.client.fetch(accounts.distributor.Claims, drop.claims(at)).bits, "little")
        for at in (0, CHUNK)
    ]
    assert bits[0] == 1 << 0 | 1 << 1 | 1 << (CHUNK - 1)
    assert bits[1] == 1 << 0 | 1 << (9_998 - CHUNK) | 1 << (9_999 - CHUNK)


@pytest.mark.slow
def test_every_one_of_ten_thousand_leaves_is_paid(made: Distribution) -> None:
    """To a hundred people in turn, so that there are not ten thousand accounts to make."""
    world, claimants = made.world, people(made, 100)
    leaves = [(claimants[n % 100].pubkey(), n + 1) for n in range(10_000)]
    drop = made.make_airdrop(leaves)
    for index in range(10_000):
        world.send(drop.claim(index))
    made.check()
    assert world.balance(drop.vault) == 0
    assert made.airdrop(drop).claims == 10_000
    for number, one in enumerate(claimants):
        due = sum(n + 1 for n in range(number, 10_000, 100))
        assert world.balance(token_account(one.pubkey(), IO_MINT)) == due


# -- straight into stake


def staking(drop: Drop, index: int, who: Keypair, at: Supplier, **given: Any) -> Instruction:
    usual: dict[str, Any] = {
        "claimant": who.pubkey(),
        "airdrop": drop.address,
        "claims": drop.claims(index),
        "class_": pda.staking.class_(CLASS),
        "node": at.node,
        "position": pda.staking.position(at.node, who.pubkey()),
        "node_vault": at.vault,
        "args": drop.args(index),
    }
    return ix.distributor.claim_into_stake(**usual | given)


@pytest.fixture
def drop(market: Market) -> Drop:
    """An airdrop of 50 IO for carol, 60 for dave and 900 for carol."""
    carol, dave = market.carol.pubkey(), market.dave.pubkey()
    return Distribution(market.world).make_airdrop(
        [(carol, 50 * TOKEN), (dave, 60 * TOKEN), (carol, 900 * TOKEN)]
    )


def test_a_leaf_goes_straight_into_stake(market: Market, drop: Drop) -> None:
    world = market.world
    market.send(market.staking("open_position"))
    wallet = market.purse(market.carol)
    sent = world.send(staking(drop, 0, market.carol, market.alice), signers=[market.carol])
    market.check()
    claimed = sent.event(events.distributor.AirdropClaimed)
    assert (claimed.claimant, claimed.amount, claimed.staked) == (market.carol.pubkey(), 50 * TOKEN, True)
    assert claimed.destination == market.alice.vault
    staked = sent.event(events.staking.Staked)
    assert (staked.node, staked.holder, staked.amount) == (
        market.alice.node,
        market.carol.pubkey(),
        50 * TOKEN,
    )
    assert market.position(market.carol).pending == 50 * TOKEN
    assert market.purse(market.carol) == wallet
    vault = world.client.token_account(drop.vault)
    assert (vault.amount, vault.delegate, vault.delegated_amount) == (960 * TOKEN, None, 0)
    again = staking(drop, 0, market.carol, market.alice)
    world.refused(again, errors.distributor.AlreadyClaimed, signers=[market.carol])
    world.refused(drop.claim(0), errors.distributor.AlreadyClaimed)


def test_the_position_may_be_opened_in_the_same_transaction(market: Market, drop: Drop) -> None:
    both = [market.staking("open_position"), staking(drop, 0, market.carol, market.alice)]
    market.world.send(*both, signers=[market.carol])
    market.check()
    assert market.position(market.carol).pending == 50 * TOKEN


def test_only_the_claimant_stakes_a_leaf_and_only_for_himself(market: Market, drop: Drop) -> None:
    world, carol, dave = market.world, market.carol, market.dave
    for one in (carol, dave):
        market.send(market.staking("open_position", by=one))
    theirs = staking(drop, 0, dave, market.alice)
    world.refused(theirs, errors.distributor.WrongProof, signers=[dave])
    position = pda.staking.position(market.alice.node, dave.pubkey())
    gift = staking(drop, 0, carol, market.alice, position=position)
    world.refused(gift, errors.staking.NotHolder, signers=[carol])
    elsewhere = staking(drop, 0, carol, market.alice, node_vault=token_account(carol.pubkey(), IO_MINT))
    world.refused(elsewhere, errors.staking.WrongVault, signers=[carol])
    fake = staking(drop, 0, carol, market.alice, staking_program=pda.mint.CONFIG)
    world.refused(fake, "ConstraintAddress", signers=[carol])


def test_staking_keeps_its_own_rules_for_what_is_claimed(market: Market, drop: Drop) -> None:
    """900 IO are more than the node has room for: nothing is claimed, and it can be claimed otherwise."""
    world = market.world
    market.send(market.staking("open_position"))
    large = staking(drop, 2, market.carol, market.alice)
    world.refused(large, errors.staking.MaximumStake, signers=[market.carol])
    world.send(ix.staking.set_paused(signer=world.deployer, paused=0b10))
    paused = staking(drop, 0, market.carol, market.alice)
    world.refused(paused, errors.staking.Paused, signers=[market.carol])
    before = market.purse(market.carol)
    world.send(drop.claim(2))
    assert market.purse(market.carol) == before + 900 * TOKEN


def test_a_claimant_cannot_spend_out_of_the_vault_himself(market: Market, drop: Drop) -> None:
    """What lets him stake is given and used up within the one instruction."""
    world, carol = market.world, market.carol
    market.send(market.staking("open_position"))
    direct = market.staking("stake", source=drop.vault, amount=TOKEN)
    world.refused(direct, "OwnerMismatch", signers=[carol])
    world.send(staking(drop, 0, carol, market.alice), signers=[carol])
    world.refused(direct, "OwnerMismatch", signers=[carol])
    allow = approve(
        ApproveParams(
            program_id=TOKEN_PROGRAM_ID,
            source=drop.vault,
            delegate=carol.pubkey(),
            owner=carol.pubkey(),
            amount=TOKEN,
        )
    )
    world.refused(allow, "OwnerMismatch", signers=[carol])
