"""The proofs program under attack: disproofs, roots, draws and closing, by instructions written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from tests.programs.market import CLASS, OTHER_CLASS, Market
from tests.programs.people import TOKEN, class_args
from tests.programs.support import DAY, HOUR, MINUTE, Refusal
from tests.programs.test_challenges import proposed, showing
from tests.programs.test_devices import passed_on, reopening
from tests.programs.test_disproofs import Scene, cell_of, read_of, wrong_state
from tests.programs.test_hours import committing, drawing, read, seq, slots, ticked, ticking
from tests.programs.test_proofs import params

from ionet import errors, events, ix, pda, types
from ionet.chain.ids import ED25519_PROGRAM, SLOT_HASHES
from ionet.proofs.disproof import signature_check

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")


@pytest.fixture
def scene() -> Scene:
    return Scene.new()


def gift(market: Market, to: Pubkey, lamports: int) -> None:
    who = market.world.deployer
    market.world.send(transfer(TransferParams(from_pubkey=who, to_pubkey=to, lamports=lamports)))


# -- evidence


def test_what_is_signed_as_one_kind_of_proof_is_not_the_other(scene: Scene) -> None:
    """The same root, hour and node, under the other message's first 16 bytes."""
    market = scene.market
    cell, wrong = cell_of(scene), read_of(scene, **wrong_state(read_of(scene)))
    for made, kind in ((cell, b"ionet:mem:answer"), (wrong, b"ionet:poc:commit")):
        message = kind + made.message[16:]
        check = signature_check(made.device, bytes(scene.key.sign_message(message)), message)
        market.world.refused(scene.changed(made, check=check), errors.proofs.NotSigned)


def test_two_signatures_in_one_check_are_none(scene: Scene) -> None:
    """The device's own of something else, and behind it anybody's."""
    made, world = cell_of(scene), scene.market.world
    usual = bytes(made.instructions(world.deployer)[0].data)
    head, body = usual[2:16], usual[16:]
    again = bytearray(head)
    for at in (0, 4, 8):
        again[at : at + 2] = (int.from_bytes(head[at : at + 2], "little") + 14).to_bytes(2, "little")
    # Both entries name the same bytes, which are right.
    twice = Instruction(ED25519_PROGRAM, b"\2\0" + bytes(again) * 2 + body, [])
    world.refused(scene.changed(made, check=twice), errors.proofs.NotSigned)


def test_a_path_is_as_long_as_the_tree_is_high(scene: Scene) -> None:
    made = cell_of(scene)
    for path in ((), made.path[:-1], (*made.path, bytes(32)), (*made.path, *made.path)):
        scene.refused(replace(made, path=path), errors.proofs.WrongProof)


def test_a_commitment_to_other_sizes_has_other_cells(scene: Scene) -> None:
    """A cell of a product of 64 x 32, shown as one of a product of 64 x 48 or 128 x 32."""
    made, world = cell_of(scene), scene.market.world
    for sizes in ((64, 48), (128, 32)):
        signed = made.instructions(world.deployer)[0]
        changed = replace(
            made, args=replace(made.args, commitment=replace(made.args.commitment, sizes=sizes))
        )
        error = errors.proofs.NotSigned if sizes[0] == 64 else errors.proofs.WrongProof
        world.refused(scene.changed(changed, check=signed), error)


def test_an_account_of_the_right_program_and_another_kind_is_refused(scene: Scene) -> None:
    made, world = cell_of(scene), scene.market.world
    cases: list[tuple[dict[str, Any], Refusal]] = [
        ({"hour": pda.proofs.ATTESTER_SET}, "AccountDiscriminatorMismatch"),
        ({"config": pda.proofs.hour(made.hour)}, "AccountDiscriminatorMismatch"),
        ({"node": scene.market.alice.device}, errors.proofs.NotANode),
        ({"node": pda.staking.class_(CLASS)}, errors.proofs.NotANode),
        ({"shard": made.node}, "AccountDiscriminatorMismatch"),
    ]
    for changes, error in cases:
        world.refused(scene.changed(made, **changes), error)


# -- what follows


def test_a_verdict_that_was_shown_already_fails_all_the_same(scene: Scene) -> None:
    market, made = scene.market, cell_of(scene)
    published = proposed(market, {market.alice.node: 30 * TOKEN})
    market.send(showing(market, published))
    assert market.node().last_proof.passed == 1
    scene.call(made).send()
    assert market.node().last_proof.reason == types.staking.ProofReason.DISPROVED
    market.refused(showing(market, published), errors.staking.VerdictBeforeChange)


def test_lamports_sent_ahead_hold_nothing_up(scene: Scene) -> None:
    """To the address of a slash, less than its rent; and of an hour, more."""
    market, made = scene.market, cell_of(scene)
    gift(market, made.slash, 10**6)
    assert scene.call(made).send().result.amount
    market.world.advance(HOUR)
    gift(market, pda.proofs.hour(seq(market)), 10**9)
    hour = ticked(market)
    market.world.advance(8 * DAY)
    market.send(ix.proofs.close_hour(hour=hour, payer=market.world.deployer))
    assert market.world.client.account(hour) is None


def test_only_who_paid_a_slashs_rent_gets_it_back(scene: Scene) -> None:
    market, made = scene.market, cell_of(scene)
    scene.call(made).send()
    market.send(market.staking("cancel_slash", slash=made.slash, authority=market.world.deployer))
    market.world.advance(9 * DAY)
    stranger = market.actor().pubkey()
    market.refused(
        market.staking("close_slash", slash=made.slash, proposer=stranger), errors.staking.WrongRentPayer
    )
    before = market.world.client.account(market.world.deployer)
    market.send(market.staking("close_slash", slash=made.slash, proposer=market.world.deployer))
    after = market.world.client.account(market.world.deployer)
    assert before is not None
    assert after is not None
    assert after.lamports > before.lamports


def test_a_node_that_was_retired_pays_too(scene: Scene) -> None:
    market, made = scene.market, cell_of(scene)
    before = market.node()
    market.send(market.staking("retire_node"))
    assert scene.call(made).send().result.amount == before.minimum // 10
    market.check()


def test_no_owner_is_out_of_a_disproofs_reach_while_what_they_signed_can_be_disproved(scene: Scene) -> None:
    """escape_by_expulsion: with a short hold, an accomplice took the device up and expelled the cheat."""
    market, made = scene.market, cell_of(scene)
    fine = market.node().minimum // 10
    market.send(
        ix.proofs.set_params(authority=market.world.deployer, params=replace(params(market.world), hold=0))
    )
    market.send(market.staking("retire_node"), market.staking("release_device"))
    bob = passed_on(market)
    market.send(market.staking("claim_device", of=bob))
    market.world.advance(HOUR)
    market.send(market.credit(market.publish({market.alice.node: 0})))
    market.refused(market.staking("expel_owner"), errors.staking.DisproofsOpen)
    assert scene.call(made).send().result.amount == fine
    market.world.advance(scene.hour.period_end + 7 * DAY - market.world.now)
    market.refused(market.staking("expel_owner"), errors.staking.DisproofsOpen)
    market.world.advance(HOUR + 1)
    expelled = market.send(market.staking("expel_owner")).event(events.staking.OwnerExpelled)
    assert expelled.amount == 500 * TOKEN - fine


def test_nobody_pays_for_what_a_device_signs_while_its_node_is_retired(scene: Scene) -> None:
    """Who has the machine by then, and its key with it, takes nothing from who has sold it."""
    market, client = scene.market, scene.market.world.client
    market.world.advance(1)
    market.send(market.staking("retire_node"))
    market.world.advance(HOUR)
    client.proofs.tick().send()
    later = Scene(market, client.proofs.get_hour(client.proofs.latest_hour() + 1))
    later.refused(cell_of(later), errors.staking.RetiredThen)
    market.world.advance(HOUR)
    market.send(reopening(market))
    later.refused(cell_of(later), errors.staking.RetiredThen)
    assert scene.call(cell_of(scene)).send().result.amount


def test_a_second_retirement_opens_nothing_of_the_first_one(scene: Scene) -> None:
    """Who had the machine meanwhile waits until then: each such hour costs a tenth of the minimum."""
    market, client = scene.market, scene.market.world.client
    market.world.advance(1)
    market.send(market.staking("retire_node"))
    market.world.advance(HOUR)
    client.proofs.tick().send()
    later = Scene(market, client.proofs.get_hour(client.proofs.latest_hour() + 1))
    market.world.advance(HOUR)
    market.send(reopening(market))
    later.refused(cell_of(later), errors.staking.RetiredThen)
    market.world.advance(HOUR)
    market.send(market.staking("retire_node"))
    later.refused(cell_of(later), errors.staking.RetiredThen)


def test_a_node_taken_to_a_cheaper_class_pays_by_the_one_that_it_cheated_in(scene: Scene) -> None:
    market, made = scene.market, cell_of(scene)
    before = market.node().minimum
    cheap = pda.staking.class_(OTHER_CLASS)
    args = class_args(base_minimum=20 * TOKEN)
    market.send(ix.staking.set_class(authority=market.world.deployer, id=OTHER_CLASS, args=args))
    market.send(market.staking("retire_node"), market.staking("release_device"))
    market.send(market.staking("claim_device", class_=cheap))
    market.send(market.staking("reopen_node", class_=cheap))
    assert market.node().minimum == 20 * TOKEN
    assert scene.call(made).send().result.amount == before // 10


# -- roots and draws


def test_a_draw_takes_hashes_from_the_sysvar_alone(market: Market) -> None:
    hour = ticked(market)
    for seat in (0, 1):
        market.send(committing(market, hour, seat))
    slots(market, 40)
    made_up = Pubkey(b"\7" * 32)
    market.world.client.network.set_account(
        made_up, lamports=10**9, data=bytes(market.world.raw(SLOT_HASHES).data), owner=MEMO
    )
    market.refused(ix.proofs.draw_hour(hour=hour, slot_hashes=made_up), errors.proofs.NoSlotHashes)
    tick = ix.proofs.tick(payer=market.world.deployer, seq=seq(market) + 1, slot_hashes=made_up)
    market.world.advance(HOUR)
    market.refused(tick, errors.proofs.NoSlotHashes)


def test_a_root_is_posted_by_a_seat_that_signs_into_an_hour(market: Market) -> None:
    hour = ticked(market)
    usual = committing(market, hour, 0)

    def with_account(number: int, key: Pubkey, *, signs: bool) -> Instruction:
        metas = list(usual.accounts)
        metas[number] = AccountMeta(key, signs, metas[number].is_writable)
        return Instruction(usual.program_id, bytes(usual.data), metas)

    market.refused(with_account(0, market.attesters[0].pubkey(), signs=False), "AccountNotSigner")
    market.refused(with_account(1, hour, signs=False), "AccountDiscriminatorMismatch")
    market.refused(with_account(2, pda.proofs.CONFIG, signs=False), "AccountDiscriminatorMismatch")
    market.refused(with_account(2, market.alice.node, signs=False), "AccountOwnedByWrongProgram")
    market.refused(drawing(market.alice.node), "AccountOwnedByWrongProgram")


def test_a_seat_with_a_new_key_posts_no_second_root(market: Market) -> None:
    hour, other = ticked(market), market.actor()
    market.send(committing(market, hour, 0))
    keys = [other.pubkey(), market.attesters[1].pubkey()]
    seats = [types.proofs.Seat(key, 1) for key in keys]
    market.send(ix.proofs.set_attesters(authority=market.world.deployer, seats=seats, threshold=2))
    mine = ix.proofs.commit_compute(attester=other.pubkey(), hour=hour, root=b"\6" * 32, count=1)
    market.refused(mine, errors.proofs.AlreadyCommitted)
    market.refused(committing(market, hour, 0), errors.proofs.NotAttester)


def test_no_root_is_posted_once_the_hour_is_drawn(market: Market) -> None:
    """By a seat that the authority adds in the hour."""
    hour, other = ticked(market), market.actor()
    for seat in (0, 1):
        market.send(committing(market, hour, seat))
    slots(market, 40)
    drawn = market.send(drawing(hour)).event(events.proofs.HourDrawn)
    keys = [*(one.pubkey() for one in market.attesters[:2]), other.pubkey()]
    seats = [types.proofs.Seat(key, 1) for key in keys]
    market.send(ix.proofs.set_attesters(authority=market.world.deployer, seats=seats, threshold=2))
    late = ix.proofs.commit_compute(attester=other.pubkey(), hour=hour, root=b"\6" * 32, count=1)
    market.refused(late, errors.proofs.AlreadyDrawn)
    assert read(market, hour).draw_from == drawn.draw_from


def test_an_hour_is_closed_once_and_does_not_come_back(market: Market) -> None:
    hour, number = ticked(market), seq(market)
    who = market.world.deployer
    closing = ix.proofs.close_hour(hour=hour, payer=who)
    market.world.advance(8 * DAY)
    # Lamports sent in the same transaction bring nothing back.
    market.send(closing, transfer(TransferParams(from_pubkey=who, to_pubkey=hour, lamports=10**8)))
    held = market.world.client.account(hour)
    assert held is None or not held.data
    market.refused(closing, "AccountOwnedByWrongProgram")
    market.refused(ticking(market, number), errors.proofs.WrongHour)


def test_a_node_is_not_disproved_by_an_hour_that_was_closed(scene: Scene) -> None:
    market, made = scene.market, cell_of(scene)
    market.world.advance(9 * DAY)
    market.send(ix.proofs.close_hour(hour=pda.proofs.hour(made.hour), payer=market.world.deployer))
    market.world.refused(scene.call(made), "AccountOwnedByWrongProgram")


def test_a_draw_in_the_last_second_counts_and_one_later_does_not(market: Market) -> None:
    hour = ticked(market)
    end = read(market, hour).period_end
    market.world.advance(20 * MINUTE - 1)
    market.send(committing(market, hour, 0))
    market.world.advance(1)
    market.send(drawing(hour))
    slots(market, 40)
    # Time passes without slots: the hash that decides is known until the end.
    clock = market.world.client.network.clock
    clock.advance(end - market.world.now, slots=1)
    market.refused(drawing(hour), errors.proofs.HourOver)
    market.world.turn_back(1)
    assert market.send(drawing(hour)).event(events.proofs.HourDrawn).drawn_slot
