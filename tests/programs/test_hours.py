"""The proofs program: an hour's seed, what seats have received, and the draw.

Two attesters have a seat each; seats post their roots for 20 minutes from the tick.
"""

from __future__ import annotations

from typing import Final

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.programs.market import Market
from tests.programs.support import DAY, HOUR, MINUTE

from ionet import accounts, errors, events, ix, pda
from ionet.chain.ids import SLOT_HASHES

ROOT: Final = b"\5" * 32
NOTHING: Final = bytes(32)


def seq(market: Market) -> int:
    """The hour that runs."""
    return (market.world.now - market.world.mint_config.start) // HOUR + 1


def ticking(market: Market, hour: int | None = None) -> Instruction:
    return ix.proofs.tick(payer=market.world.deployer, seq=seq(market) if hour is None else hour)


def ticked(market: Market) -> Pubkey:
    market.send(ticking(market))
    return pda.proofs.hour(seq(market))


def committing(market: Market, hour: Pubkey, seat: int) -> Instruction:
    attester = market.attesters[seat].pubkey()
    return ix.proofs.commit_compute(attester=attester, hour=hour, root=ROOT, count=7)


def drawing(hour: Pubkey) -> Instruction:
    return ix.proofs.draw_hour(hour=hour)


def read(market: Market, hour: Pubkey) -> accounts.proofs.Hour:
    return market.world.client.fetch(accounts.proofs.Hour, hour)


def slots(market: Market, count: int) -> None:
    market.world.client.network.clock.advance(0, slots=count)


def hashes(market: Market) -> dict[int, bytes]:
    """The hashes of the latest slots, as the sysvar has them."""
    data = bytes(market.world.raw(SLOT_HASHES).data)
    count = int.from_bytes(data[:8], "little")
    entries = [data[at : at + 40] for at in range(8, 8 + 40 * count, 40)]
    return {int.from_bytes(entry[:8], "little"): entry[8:] for entry in entries}


def test_an_hours_seed_is_the_hash_of_the_slot_before(market: Market) -> None:
    """Nobody can know it before the hour, and only the first tick counts."""
    sent = market.send(ticking(market))
    made, known = read(market, pda.proofs.hour(seq(market))), hashes(market)
    assert made.seed_slot == sent.slot - 1
    assert made.seed == known[made.seed_slot]
    assert (made.seq, made.period_end) == (seq(market), market.world.mint_config.start + seq(market) * HOUR)
    assert (made.payer, made.committed, made.draw_from) == (market.world.deployer, 0, 0)
    market.refused(ticking(market), "AccountAlreadyInUse")


@pytest.mark.parametrize("off", [-1, 1, 2**40])
def test_no_other_hour_than_the_one_that_runs_is_ticked(market: Market, off: int) -> None:
    market.world.advance(HOUR)
    market.refused(ticking(market, seq(market) + off), errors.proofs.WrongHour)


def test_when_all_seats_have_posted_a_later_slots_hash_decides(market: Market) -> None:
    hour = ticked(market)
    market.send(committing(market, hour, 0))
    market.refused(committing(market, hour, 0), errors.proofs.AlreadyCommitted)
    market.refused(drawing(hour), errors.proofs.CommitsOpen)
    sent = market.send(committing(market, hour, 1)).event(events.proofs.ComputeCommitted)
    assert (sent.seat, sent.root, sent.count) == (1, ROOT, 7)
    made = read(market, hour)
    assert (made.committed, made.draw_from, made.roots[:3]) == (0b11, sent.draw_from, (ROOT, ROOT, NOTHING))
    market.refused(drawing(hour), errors.proofs.DrawTooEarly)
    slots(market, 200)
    drawn = market.send(drawing(hour)).event(events.proofs.HourDrawn)
    known = hashes(market)
    assert drawn.drawn_slot == min(slot for slot in known if slot >= sent.draw_from + 32)
    assert drawn.randomness == known[drawn.drawn_slot] == read(market, hour).randomness
    market.refused(drawing(hour), errors.proofs.AlreadyDrawn)


def test_a_seat_that_posts_nothing_delays_the_draw_by_its_time_and_no_more(market: Market) -> None:
    hour = ticked(market)
    market.send(committing(market, hour, 0))
    market.world.advance(20 * MINUTE - 1)
    market.refused(drawing(hour), errors.proofs.CommitsOpen)
    market.world.advance(1)
    market.refused(committing(market, hour, 1), errors.proofs.CommitsClosed)
    begun = market.send(drawing(hour)).event(events.proofs.HourDrawn)
    assert (begun.drawn_slot, begun.randomness) == (0, NOTHING)
    market.refused(drawing(hour), errors.proofs.DrawTooEarly)
    slots(market, 40)
    assert market.send(drawing(hour)).event(events.proofs.HourDrawn).drawn_slot >= begun.draw_from + 32


def test_a_draw_that_nobody_came_for_begins_again(market: Market) -> None:
    """The hash that would have decided is forgotten after 512 slots: nobody chooses another one."""
    hour = ticked(market)
    for seat in (0, 1):
        market.send(committing(market, hour, seat))
    first = read(market, hour).draw_from
    slots(market, 600)
    begun = market.send(drawing(hour)).event(events.proofs.HourDrawn)
    assert begun.drawn_slot == 0
    assert begun.draw_from >= first + 600
    slots(market, 40)
    assert market.send(drawing(hour)).event(events.proofs.HourDrawn).drawn_slot >= begun.draw_from + 32


def test_an_hour_without_roots_or_whose_time_is_over_is_not_drawn(market: Market) -> None:
    hour = ticked(market)
    market.world.advance(30 * MINUTE)
    market.refused(drawing(hour), errors.proofs.NothingCommitted)
    market.world.advance(30 * MINUTE)
    later = ticked(market)
    market.send(committing(market, later, 0))
    market.world.advance(HOUR)
    market.refused(drawing(later), errors.proofs.HourOver)


def test_only_seats_post_roots(market: Market) -> None:
    stranger = market.actor().pubkey()
    call = ix.proofs.commit_compute(attester=stranger, hour=ticked(market), root=ROOT, count=7)
    market.refused(call, errors.proofs.NotAttester)


def test_an_hour_is_kept_as_long_as_it_can_be_disproved(market: Market) -> None:
    hour = ticked(market)
    end = read(market, hour).period_end
    closing = ix.proofs.close_hour(hour=hour, payer=market.world.deployer)
    stranger = market.actor().pubkey()
    market.world.advance(end + 7 * DAY - market.world.now)
    market.refused(closing, errors.proofs.HourKept)
    market.world.advance(1)
    market.refused(ix.proofs.close_hour(hour=hour, payer=stranger), errors.proofs.WrongRentPayer)
    market.send(closing)
    assert market.world.client.account(hour) is None


def test_the_client_ticks_draws_and_closes(market: Market) -> None:
    proofs = market.world.client.proofs
    hour, number = proofs.tick().send().result, seq(market)
    assert hour == pda.proofs.hour(number)
    market.send(committing(market, hour, 0))
    market.world.advance(20 * MINUTE)
    assert proofs.draw_hour(number).send().result is False
    slots(market, 40)
    assert proofs.draw_hour(number).send().result is True
    assert proofs.get_hour(number).drawn_slot
    market.world.advance(9 * DAY)
    proofs.close_hour(number).send()
