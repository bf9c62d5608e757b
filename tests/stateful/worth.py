"""What everybody has in a market of rentals, owed by others too, and who gains by what he does alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from tests.model import escrow
from tests.model.escrow import bps, gross
from tests.model.rentals import Rental, Rentals

#: Base units, by owner and currency.
Worth: TypeAlias = Mapping[tuple[str, str], int]


def worth(model: Rentals) -> Worth:
    """Purses, bonds that are not lost, payouts, and what escrows owe as things stand."""
    found = Counter(model.purses)
    for one in model.jobs:
        if not one.is_closed:
            supplier, refund = _owed(one)
            found[one.supplier, one.currency] += supplier
            found[one.refund_to, one.currency] += refund
        if one.payout is not None:
            found[one.supplier, one.currency] += one.payout.held
        for who, bond in one.disputes.items():
            found[who, one.currency] += 0 if bond.upheld is False else bond.bond
    return found


def _owed(one: Rental) -> tuple[int, int]:
    """What is still to come for the supplier, and at most, if nobody does anything, for who is refunded."""
    job, paid = one.job, one.job.paid
    if job.is_booked:
        return 0, job.escrow
    if job.owed is not None:
        refund = job.owed.refund
    elif job.stopped is not None:
        made = escrow.split(job.segments, job.terms, job.stopped[1], job.attested, job.elapsed)
        refund = made.refund
    else:
        # Whoever attests may fall silent: then no more of the fee is kept than of the price.
        whole = gross(job.segments, job.attested)
        refund = job.deposit - whole - bps(whole, job.terms.booking + job.terms.renter)
    return job.due - paid["supplier"], refund - paid["refund"]


def gains(before: Worth, after: Worth, who: str) -> bool:
    """Whether somebody has more of a currency and not less of another; a sale of IO is no gain."""
    changes = [after[key] - before[key] for key in before if key[0] == who]
    return max(changes) > 0 and min(changes) >= 0
