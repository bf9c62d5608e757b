"""What a console remembers of one wallet, whatever others do."""

from __future__ import annotations

from solders.keypair import Keypair

from ionet.console._kept import Kept, KeptDelivery

NOW = 1_800_000_000


def test_a_booking_that_another_wallet_has_built_at_the_same_address_takes_nothing_away() -> None:
    """The next job of a node has the same address for all who want to book it: only one of them gets it."""
    kept, job, node = Kept(":memory:"), Keypair().pubkey(), Keypair().pubkey()
    carol, mallory = Keypair().pubkey(), Keypair().pubkey()
    for owner, package in ((carol, "hers"), (mallory, "theirs")):
        kept.add_job(job, owner, package, node, NOW)
        kept.add_delivery(KeptDelivery(job, owner, package, ("true",), b"{}"), NOW)
    kept.booked(job, carol)
    assert [each.title for each in kept.jobs(carol)] == ["hers"]
    assert kept.jobs(mallory) == []
    assert (kept.has_booked(str(job), carol), kept.has_booked(str(job), mallory)) == (True, False)
    kept.delivered(job, mallory)
    assert [each.package for each in kept.deliveries(NOW)] == ["hers"]


def test_bookings_that_nobody_signs_are_forgotten_after_a_day() -> None:
    kept, owner, node = Kept(":memory:"), Keypair().pubkey(), Keypair().pubkey()
    signed, unsigned, new = (Keypair().pubkey() for _ in range(3))
    for job, at in ((signed, NOW), (unsigned, NOW)):
        kept.add_job(job, owner, "title", node, at)
        kept.add_delivery(KeptDelivery(job, owner, "package", ("true",), b"{}"), at)
    kept.booked(signed, owner)
    kept.add_job(new, owner, "title", node, NOW + 86_401)
    kept.add_delivery(KeptDelivery(new, owner, "package", ("true",), b"{}"), NOW + 86_401)
    there = [kept.job(str(job), owner) is not None for job in (signed, unsigned, new)]
    assert there == [True, False, True]
    assert [each.job for each in kept.deliveries(0)] == [new]
