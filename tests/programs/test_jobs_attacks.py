"""Faults that attackers found in jobs and in who attests, by their names."""

from __future__ import annotations

from solders.keypair import Keypair
from tests.programs.market import DOLLAR, TWO_HOURS, Market
from tests.programs.support import HOUR, MINUTE

from ionet import ix, types


def seat(market: Market, *keys: Keypair | None) -> None:
    """Replaces the attester set."""
    market.world.advance(1)
    seats = [types.proofs.Seat(one.pubkey() if one else Keypair().pubkey(), 1) for one in keys]
    threshold = len(seats) // 2 + 1
    call = ix.proofs.set_attesters(authority=market.world.deployer, seats=seats, threshold=threshold)
    market.send(call)


def test_node_held_for_nothing(market: Market) -> None:
    before = market.purse(market.renter)
    for _ in range(10):
        job = market.book()
        market.world.advance(100)
        market.send(market.jobs("cancel", job))
        market.pay_out(job)
    assert market.purse(market.renter) == before


def test_job_without_enough_seats(market: Market) -> None:
    market.set_offer(rate=42 * DOLLAR)
    seat(market, market.attesters[0], None)
    one = [types.proofs.Seat(market.attesters[0].pubkey(), 1), types.proofs.Seat(type(NOBODY).default(), 0)]
    market.send(ix.proofs.set_attesters(authority=market.world.deployer, seats=one, threshold=1))
    job = market.run()
    assert market.job(job).attesters == 2
    market.world.advance(TWO_HOURS)
    market.attest(job, TWO_HOURS)
    market.world.advance(24 * HOUR + 1)
    market.send(market.jobs("expire", job))
    assert market.pay_out(job)[0] == 0


def test_seat_moved(market: Market) -> None:
    market.set_offer(rate=42 * DOLLAR)
    job, (first, second) = market.run(), market.attesters
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    seat(market, None, second)
    seat(market, None, first)
    market.attest(job, HOUR)
    market.send(market.jobs("settle", job))
    assert market.job(job).paid_supplier > 0


def test_successor_cannot_correct(market: Market) -> None:
    job = market.run()
    market.world.advance(50 * MINUTE)
    market.attest(job, 50 * MINUTE)
    heir = market.actor()
    seat(market, heir, market.attesters[1])
    from tests.programs.people import attestation

    from ionet import errors

    call = market.jobs("attest", job, attester=heir.pubkey(), args=attestation(0, 50 * MINUTE))
    market.refused(call, errors.jobs.AttestationFalls)


def test_dead_node_costs_first_hour(market: Market) -> None:
    job = market.run()
    market.world.advance(10 * MINUTE)
    market.attest(job, 5 * MINUTE, 10 * MINUTE, reason=16)
    market.send(market.jobs("stop", job))
    market.send(market.jobs("complete", job))
    # An hour less what was looked at and not good: 55 minutes of two hours, for five that it worked.
    # G = ⌊P · 3,300 / 7,200 s + ...⌋: A = 300 and 3,000 more, though the node was dead.
    assert market.pay_out(job)[0] == 92_592_593 - 231_482


NOBODY = Keypair().pubkey()
