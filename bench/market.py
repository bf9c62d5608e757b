"""A market of many nodes, as the events of a chain, for benchmarks: stake, offers, leases, credits."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from solders.pubkey import Pubkey

from ionet import Event, events, pda, types
from ionet.chain.events import EmittedEvent, EventLog
from ionet.formats.when import HOUR
from ionet.ledger import Landed
from ionet.token.emission import cumulative

IO: Final = 10**8
START: Final = 1_800_000_000
#: Transactions in a call of the ledger.
CHUNK: Final = 512
CLASSES: Final = 30
#: Transactions of a slot at most.
IN_SLOT: Final = 4
#: Of so many nodes one has a co-staker, and one is rented, from the first hour on.
CO_STAKED, RENTED = 3, 16
_S, _J = events.staking, events.jobs
_NONE: Final = Pubkey.default()
_ZERO: Final = dict.fromkeys(types.staking.NodeTotals.__dataclass_fields__, 0)
_NOBODY: Final = types.staking.PositionSums(0, 0, 0, 0)
#: Of a node in an hour, base units: less than what is emitted.
REWARD: Final = 10**5
_AT_FIRST: Final = {"own_active": 500 * IO}
_BASE58: Final = bytes.maketrans(b"+/0OIl", b"123456")


def key(number: int) -> Pubkey:
    """A device, or anybody else, by number."""
    return Pubkey.from_bytes(hashlib.sha256(number.to_bytes(8, "little")).digest())


@cache
def node_of(number: int) -> Pubkey:
    """A device's node."""
    return pda.staking.node(key(number))


@cache
def _offer(node: Pubkey) -> Pubkey:
    return pda.jobs.offer(node)


def forget() -> None:
    """Frees the memory of addresses."""
    node_of.cache_clear()
    _offer.cache_clear()


def _owner(number: int) -> Pubkey:
    return key((1 << 40) + number % 1_000)


def _totals(**given: int) -> types.staking.NodeTotals:
    return types.staking.NodeTotals(**_ZERO | given)


def _emitted(event: Event, number: int) -> EmittedEvent:
    return EmittedEvent(event, event.PROGRAM_ID, 0, True, number, 0, event.encode())


def signature_of(slot: int, tx: int) -> str:
    """A transaction's signature: 88 characters of base58, which compress as little as real ones."""
    drawn = hashlib.blake2b(b"%d/%d" % (slot, tx)).digest()
    return base64.b64encode(drawn + drawn[:2]).translate(_BASE58).decode()


def slots_of(nodes: int) -> int:
    """How many slots an hour of credits has."""
    return -(-(nodes + 1) // IN_SLOT)


class _Chain:
    """Puts transactions into slots, four in each at most, which are of one hour."""

    def __init__(self, slot: int) -> None:
        self._slot, self._tx, self._hour = slot, -1, -1

    def landed(self, time: int, its: Iterable[Event]) -> Landed:
        self._tx += 1
        if self._tx == IN_SLOT or time // HOUR != self._hour:
            self._slot, self._tx, self._hour = self._slot + 1, 0, time // HOUR
        log = EventLog(tuple(_emitted(event, place) for place, event in enumerate(its, 1)))
        return Landed(self._slot, self._tx, signature_of(self._slot, self._tx), time, log)


def history(
    nodes: int, hours: int, seats: tuple[Pubkey, ...] = (_NONE,), *, first: int = 0
) -> Iterator[list[Landed]]:
    """Nodes that register, stake, are rented, attested and credited hour by hour, in calls of the ledger.

    Args:
        nodes: how many.
        hours: the last of those with credits, which follow the one in which all of them register.
        seats: keys of the attesters.
        first: the first of these hours; 0 is the one in which they register.
    """
    chain, part = _Chain(first * slots_of(nodes)), []
    for time, its in _transactions(nodes, hours, seats, first):
        part.append(chain.landed(time, its))
        if len(part) == CHUNK:
            yield part
            part = []
    yield part


def _transactions(
    nodes: int, hours: int, seats: tuple[Pubkey, ...], first: int
) -> Iterator[tuple[int, list[Event]]]:
    if first == 0:
        yield START, _genesis(seats)
        for number in range(nodes):
            yield START + 1 + number * (HOUR - 2) // nodes, _registered(number)
    for hour in range(max(first, 1), hours + 1):
        begun = START + hour * HOUR
        yield begun, [emitted(hour)]
        for number in range(nodes):
            yield time_of(number, hour, nodes), of_hour(number, hour, nodes)


def time_of(number: int, hour: int, nodes: int) -> int:
    """When a node is credited an hour, Unix seconds."""
    return START + hour * HOUR + number * (HOUR - 1) // nodes


def emitted(hour: int) -> Event:
    """What an hour emits."""
    total = cumulative(hour * HOUR)
    paid = total - cumulative((hour - 1) * HOUR)
    return events.mint.Emitted(hour, START + hour * HOUR, paid, 0, total, 0, total, total)


def _genesis(seats: tuple[Pubkey, ...]) -> list[Event]:
    fixed = types.mint.PolicyArgs(types.mint.PolicyKind.FIXED, 0, 0)
    classes = [
        _S.ClassSet(number, number - 1, types.staking.Pool.GPU, True, 10, 10_000, 500 * IO)
        for number in range(1, CLASSES + 1)
    ]
    currency = types.jobs.CurrencyArgs(types.jobs.Pricing(0), True, 200, bytes(32), _NONE)
    their = tuple(types.proofs.Seat(seat, 1) for seat in seats)
    staking = types.staking.ParamsArgs(_NONE, _NONE, _NONE, 1_209_600, 2_592_000, 1_000, 96)
    proofs = types.proofs.ParamsArgs(
        _NONE, _NONE, _NONE, 86_400, 604_800, 10**10, 9_500, 3_000, 8_000, 5, 604_800
    )
    jobs = types.jobs.ParamsArgs(_NONE, _NONE, 25, 500, 100, 100, 60, 6 * HOUR, 1, 1, 10**12)
    return [
        events.mint.Initialized(_NONE, pda.mint.MINT, START, fixed),
        _S.Initialized(_NONE, staking),
        events.proofs.Initialized(_NONE, proofs),
        _J.Initialized(_NONE, jobs),
        events.proofs.AttestersSet(1, 1, len(seats) // 2 + 1, len(seats), their, START),
        _J.CurrencySet(1, key(1 << 50), 6, currency),
        *classes,
    ]


def _registered(number: int) -> list[Event]:
    device, node, owner, class_ = key(number), node_of(number), _owner(number), number % CLASSES
    made: list[Event] = [
        _S.DeviceRegistered(1, device, bytes(device), key((1 << 41) + number), owner, class_, 0),
        _S.NodeRegistered(1, node, owner, class_, 1, 500, 840, 80, 1_000),
        _S.Staked(2, node, owner, 500 * IO, _totals(own_pending=500 * IO), _NOBODY),
        _S.Activated(3, node, owner, 500 * IO, _totals(**_AT_FIRST), _NOBODY),
        _offered(node, owner),
    ]
    if number % CO_STAKED == 0:
        made.append(_S.Staked(4, node, key((1 << 42) + number), 50 * IO, _co_staked(number), _NOBODY))
    if number % RENTED == 0:
        made += _rented(number, node)
    return made


def _offered(node: Pubkey, owner: Pubkey) -> Event:
    return _J.OfferSet(
        seq=1,
        offer=_offer(node),
        node=node,
        rate=10**6,
        min_seconds=HOUR,
        max_seconds=30 * 24 * HOUR,
        open=True,
        payout=types.jobs.PayoutKind(0),
        currencies=(key(1 << 50), _NONE, _NONE, _NONE),
        owner=owner,
    )


def _co_staked(number: int, **more: int) -> types.staking.NodeTotals:
    """A node's sums: the owner's, and those of a co-staker whose stake stays pending."""
    co = dict.fromkeys(("co_tokens", "co_shares", "co_pending"), 50 * IO if number % CO_STAKED == 0 else 0)
    return _totals(**_AT_FIRST, **co, **more)


def _job(node: Pubkey) -> Pubkey:
    return pda.jobs.job(_offer(node), 1)


def _rented(number: int, node: Pubkey) -> list[Event]:
    """For a month, in dollars."""
    job, renter, mint = _job(node), key((1 << 43) + number), key(1 << 50)
    seconds, price = 720 * HOUR, 720 * 10**6
    begun = START + 1
    return [
        _J.Booked(
            seq=1,
            job=job,
            offer=_offer(node),
            node=node,
            renter=renter,
            payer=renter,
            refund_to=renter,
            source=renter,
            supplier=_owner(number),
            mint=mint,
            usd=price,
            price=price,
            fee=price * 225 // 10_000,
            seconds=seconds,
            attesters=1,
            payout=types.jobs.PayoutKind(0),
            cluster_size=0,
            cluster=_NONE,
            replaces=0,
            manifest_hash=bytes(32),
            currency_price=10**8,
            currency_exponent=-8,
        ),
        _J.Started(2, job, _NONE, begun, begun + seconds),
    ]


def of_hour(number: int, hour: int, nodes: int) -> list[Event]:
    """A node is credited what it has earned; its lease is attested."""
    node = node_of(number)
    through, total = START + hour * HOUR, ((hour - 1) * nodes + number + 1) * REWARD
    stated = (hour * REWARD, through, total, hour, 0, 0, total, 0, 0)
    seq = 3 + (number % CO_STAKED == 0) + hour
    made: list[Event] = [
        _S.Credited(seq, node, REWARD, REWARD, 0, *stated, _co_staked(number, own_due=hour * REWARD)),
    ]
    if number % RENTED == 0:
        good = (hour - 1) * HOUR
        digests = (bytes(32), bytes(32), bytes(32))
        made.append(_J.Attested(2 + hour, _job(node), 0, good, good, 0, good, *digests))
    return made
