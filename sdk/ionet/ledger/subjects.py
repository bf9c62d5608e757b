"""What each event is about: the account that counts it, a second one, and what it moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import events, pda
from ionet.chain.schema import Event

#: By the order of their names; a ledger keeps these numbers.
PROGRAMS: Final = ("buyback", "distributor", "governance", "jobs", "mint", "proofs", "staking")

#: Fields that name the account whose running number an event carries; all others are counted by the
#: program's configuration.
_COUNTED_BY: Final[Mapping[str, str]] = {
    "buyback.AuctionOpened": "auction",
    "buyback.AuctionStarted": "auction",
    "buyback.IoSold": "auction",
    # A payout is named by its job.
    "buyback.PayoutOpened": "job",
    "buyback.PayoutStarted": "job",
    "buyback.IoCredited": "job",
    "buyback.PayoutWithdrawn": "job",
    "buyback.PayoutClosed": "job",
    "distributor.Released": "grant",
    "distributor.GrantRevoked": "grant",
    "distributor.BeneficiaryProposed": "grant",
    "distributor.BeneficiaryAccepted": "grant",
    "distributor.ClaimsOpened": "airdrop",
    "distributor.AirdropClaimed": "airdrop",
    "distributor.AirdropReclaimed": "airdrop",
    "distributor.ClaimsClosed": "airdrop",
    "jobs.OfferSet": "offer",
    "jobs.ClusterOpened": "cluster",
    "jobs.DelegateSet": "cluster",
    "jobs.ClusterGrown": "cluster",
    "jobs.ClusterClosed": "cluster",
    "jobs.DisputeClosed": "dispute",
    "staking.IdentityApproved": "device",
}
#: Fields that name an account which an event is about as well.
_ALSO: Final = ("node", "job", "report", "network", "slash", "dispute", "grant", "airdrop", "hour")
#: What an event moved, base units of IO or of the job's currency: the sum of these fields.
_AMOUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "buyback.IoSold": ("io",),
    "buyback.IoCredited": ("io",),
    "distributor.GrantCreated": ("schedule.total",),
    "distributor.AirdropCreated": ("total",),
    "distributor.AirdropReclaimed": ("returned",),
    "distributor.GrantRevoked": ("returned",),
    "governance.Proposed": ("bond",),
    "jobs.Booked": ("price", "fee"),
    "jobs.Extended": ("price", "fee"),
    "jobs.DisputeMade": ("bond",),
    "mint.Emitted": ("paid",),
    "proofs.ChallengeMade": ("bond",),
    "proofs.ChallengeDecided": ("bond",),
    "proofs.ChallengeLifted": ("bond",),
    "staking.Unstaked": ("left",),
}
#: After these an account is gone, and may be made again, counting from 1.
CLOSING: Final = frozenset({"jobs.ClusterClosed", "jobs.DisputeClosed"})


@dataclass(frozen=True, slots=True)
class Subject:
    """How to read what events of a type are about.

    Attributes:
        name: `program.Type`.
        program: number of the program, in the order of `PROGRAMS`.
        account: the account that counts it.
        also: a second account that it is about, or None.
        seq: its running number; None: it has none.
        amount: what it moved, base units; None: nothing.
        currency: whether that is in its job's currency rather than in IO.
        node: the node that it is about, or None.
        job: the job that it is about, or None.
    """

    name: str
    program: int
    account: Callable[[Any], Pubkey]
    also: Callable[[Any], Pubkey] | None
    seq: bool
    amount: Callable[[Any], int] | None
    currency: bool
    node: Callable[[Any], Pubkey] | None
    job: Callable[[Any], Pubkey] | None

    def measure(self, event: Any) -> str:
        """Under which name it is summed up: its own; payments of a job by who was paid."""
        return f"{self.name}:{event.party.name.lower()}" if self.name == "jobs.Paid" else self.name


def types() -> dict[str, type[Event]]:
    """Every type of event by its name, `program.Type`, in order."""
    return {
        f"{program}.{name}": getattr(module, name)
        for program in PROGRAMS
        for module in (getattr(events, program),)
        for name in sorted(module.__all__)
        if isinstance(getattr(module, name), type) and issubclass(getattr(module, name), Event)
    }


@cache
def subjects() -> dict[type[Event], Subject]:
    """What the events of each type are about."""
    return {kind: _subject(name, kind) for name, kind in types().items()}


def _subject(name: str, kind: type[Event]) -> Subject:
    program = name.split(".", maxsplit=1)[0]
    fields = kind.__slots__
    counted_by = _COUNTED_BY.get(name)
    if counted_by is None and program == "staking":
        counted_by = next((field for field in ("device", "node") if _counts(name, field, fields)), None)
    elif counted_by is None and program == "jobs" and "job" in fields:
        counted_by = "job"
    elif counted_by is None and program == "governance" and "proposal" in fields:
        counted_by = "proposal"
    config = getattr(pda, program).CONFIG
    account = (lambda event: config) if counted_by is None else _reader(counted_by)
    also = next((field for field in _ALSO if field in fields and field != counted_by), None)
    amounts = _AMOUNTS.get(name, ("amount",) if "amount" in fields else ())
    return Subject(
        name,
        PROGRAMS.index(program),
        account,
        None if also is None else _reader(also),
        "seq" in fields,
        _summed(amounts) if amounts else None,
        program == "jobs" or name == "buyback.PayoutWithdrawn",
        _reader("node") if "node" in fields else None,
        _reader("job") if "job" in fields else None,
    )


def _counts(name: str, field: str, fields: tuple[str, ...]) -> bool:
    """Whether an event of staking is counted by a device, or by a node."""
    if field == "device":
        return name.startswith("staking.Device")
    return field in fields and not name.startswith("staking.Device")


def _reader(field: str) -> Callable[[Any], Pubkey]:
    return attrgetter(field)


def _summed(names: tuple[str, ...]) -> Callable[[Any], int]:
    read = [attrgetter(name) for name in names]
    return read[0] if len(read) == 1 else lambda event: sum(part(event) for part in read)
