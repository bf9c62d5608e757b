"""Sums and orders of all nodes, kept node by node: counting them anew takes long where there are many."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import islice
from typing import Any, Final, NamedTuple

from solders.pubkey import Pubkey

from ionet import events
from ionet._generated.staking.types import NodeState
from ionet.explorer._orders import SORTS, Orders, Rank, Sort, Standing
from ionet.formats.when import DAY, HOUR
from ionet.ledger import Entry, State
from ionet.ledger.replay import records as r

NOBODY: Final = Pubkey.default()
#: Days of rewards that are kept: today and those before.
DAYS: Final = 30
_YEAR: Final = 365
_LIVE: Final = int(NodeState.LIVE)
_RETIRED: Final = int(NodeState.RETIRED)
#: A set of so many is sorted for each question.
_FEW: Final = 2_000
#: So many nodes are counted anew for a question, where many are due at once.
_AT_ONCE: Final = 2_000


def is_proven(node: r.Node, time: int) -> bool:
    """Whether the node's hardware passed a compute proof in the hour before a time."""
    proved = node.last_proof__time or 0
    return node.state == _LIVE and bool(node.last_proof__passed) and time - HOUR < proved <= time


def is_hired(offer: r.Offer, time: int) -> bool:
    """Whether a lease on an offer stands at a time."""
    return offer.lease_job != NOBODY and time < offer.lease_until


def room(node: r.Node, class_: r.HardwareClass) -> int:
    """How much more co-stakers may stake, base units: rule 4 of staking, `Node::co_room`."""
    least = class_.minimum(node.units)
    own, co = node.own__active + node.own__pending, node.co__active + node.co__pending
    if node.state != _LIVE or node.own__active < least:
        return 0
    return max(0, min(least * class_.maximum - own - co, node.own__active - co))


def commission(node: r.Node, time: int) -> int:
    """A node's commission at a time; its account has a new one only from the next credit on."""
    return node.next_commission_bps if 0 < node.commission_at <= time else node.commission_bps


def yearly(reward: int, active: int) -> int | None:
    """The rate a year of 30 days' rewards on stake, bps; None: there is no stake."""
    return reward * 10_000 * _YEAR // (active * DAYS) if active else None


def slashed(state: State) -> dict[Pubkey, int]:
    """What was burned or set apart of nodes by slashes that stand, base units."""
    sums: defaultdict[Pubkey, int] = defaultdict(int)
    for slash in state.slashes.values():
        sums[slash.node] += slash.burned + slash.apart
    return sums


class Rewards:
    """What co-stakers of a node were credited in the last days, base units of IO."""

    __slots__ = ("_by_day", "_day", "_sum")

    def __init__(self) -> None:
        self._by_day = array("q", bytes(8 * DAYS))
        self._day = self._sum = 0

    def __getstate__(self) -> tuple[bytes, int, int]:
        return self._by_day.tobytes(), self._day, self._sum

    def __setstate__(self, kept: tuple[bytes, int, int]) -> None:
        self._by_day, self._day, self._sum = array("q", kept[0]), kept[1], kept[2]

    def add(self, day: int, amount: int) -> None:
        """Counts a credit of a day."""
        self.until(day)
        self._by_day[day % DAYS] += amount
        self._sum += amount

    def until(self, day: int) -> int:
        """The sum of a day and of the days before; no later one has been asked for or counted."""
        for passed in range(max(self._day + 1, day - DAYS + 1), day + 1):
            self._sum -= self._by_day[passed % DAYS]
            self._by_day[passed % DAYS] = 0
        self._day = max(self._day, day)
        return self._sum


@dataclass(slots=True)
class Count:
    """What a group of nodes comes to.

    Attributes:
        registered: nodes that are not retired.
        live, proven, hired: processors of nodes that take part, passed a proof, are leased.
        stake: of live nodes, base units of IO.
    """

    registered: int = 0
    live: int = 0
    proven: int = 0
    hired: int = 0
    stake: int = 0

    def add(self, its: _Seen, sign: int) -> None:
        """Counts a node, or takes it back with -1."""
        self.registered += sign * (its.state != _RETIRED)
        if its.state == _LIVE:
            self.live += sign * its.units
            self.stake += sign * its.active
        self.proven += sign * its.units * its.proven
        self.hired += sign * its.units * its.hired


class _Seen(NamedTuple):
    """What a node was counted as."""

    class_: int
    network: Pubkey
    country: int
    owner: Pubkey
    state: int
    units: int
    active: int
    proven: bool
    hired: bool

    @property
    def groups(self) -> tuple[Hashable, ...]:
        """The groups that it is counted in, besides all nodes."""
        return ("class", self.class_), ("network", self.network), ("country", self.country)


class _Members:
    """Nodes by what they have in common, each list in the order of addresses."""

    def __init__(self) -> None:
        self._lists: defaultdict[Hashable, list[Pubkey]] = defaultdict(list)
        self._unsorted = set[Hashable]()

    def add(self, key: Hashable, node: Pubkey) -> None:
        if key in self._unsorted or not self._lists[key]:
            self._lists[key].append(node)
            self._unsorted.add(key)
        else:
            # To sort all of them again takes long where there are many.
            insort(self._lists[key], node, key=bytes)

    def remove(self, key: Hashable, node: Pubkey) -> None:
        members = self.of(key)
        del members[bisect_left(members, bytes(node), key=bytes)]
        if not members:
            del self._lists[key]

    def of(self, key: Hashable) -> list[Pubkey]:
        members = self._lists.get(key)
        if members is None:
            return []
        if key in self._unsorted:
            members.sort(key=bytes)
            self._unsorted.discard(key)
        return members


@dataclass(slots=True)
class Tally:
    """Sums and orders of a state's nodes.

    `note` is told each event before the state takes it; `settle` counts what has changed since.
    """

    counts: dict[Hashable, Count] = field(default_factory=dict)
    devices: Counter[int] = field(default_factory=Counter)
    active: int = 0
    proven: set[Pubkey] = field(default_factory=set)
    hired: set[Pubkey] = field(default_factory=set)
    rewards: dict[Pubkey, Rewards] = field(default_factory=dict)
    _members: _Members = field(default_factory=_Members)
    _seen: dict[Pubkey, _Seen] = field(default_factory=dict)
    _offers: dict[Pubkey, Pubkey] = field(default_factory=dict)
    _counted: dict[Pubkey, int] = field(default_factory=dict)
    #: Nodes and devices that may count otherwise; None: all.
    _nodes: set[Pubkey] | None = None
    _devices: set[Pubkey] = field(default_factory=set)
    #: When a node counts otherwise, though nothing happens to it.
    _wake: list[tuple[int, Pubkey]] = field(default_factory=list)
    _wakes: dict[Pubkey, int] = field(default_factory=dict)
    _day: int = 0
    #: Nodes that are due at the beginning of a day, which are many.
    _later: set[Pubkey] = field(default_factory=set)
    _orders: Orders = field(default_factory=Orders)
    #: Where nodes stand that were looked at since the orders were changed.
    _stands: dict[Pubkey, Standing | None] = field(default_factory=dict)
    #: What was burned or set apart of each node's stake by slashes that stand, base units.
    _slashed: dict[Pubkey, int] = field(default_factory=dict)

    def note(self, state: State, entry: Entry) -> None:
        """Is told an event, before the state takes it."""
        event: Any = entry.event
        if isinstance(event, events.staking.Credited) and event.co_part:
            self.rewards.setdefault(event.node, Rewards()).add(entry.time // DAY, event.co_part)
        if self._nodes is None or event is None:
            return
        if (node := getattr(event, "node", None)) is not None:
            self._nodes.add(node)
        elif (job := state.jobs.get(getattr(event, "job", NOBODY))) is not None:
            self._nodes.add(job.node)
        elif isinstance(event, events.staking.ClassSet):
            self._nodes.update(self._members.of(("class", event.id)))
        if (device := getattr(event, "device", None)) is not None:
            self._devices.add(device)
        if isinstance(event, events.jobs.OfferSet):
            self._offers[event.node] = event.offer

    def settle(self, state: State, time: int) -> None:
        """Counts what has changed until a time."""
        if self._nodes is None:
            self._nodes, self._devices = set(state.nodes), set(state.devices)
            self._offers = {offer.node: key for key, offer in state.offers.items()}
            self._nodes.update(self._offers)
        if time // DAY != self._day:
            # What is shown of a node is exact all the same; only its place in the order comes later.
            self._later.update(self.rewards if self._day else ())
            self._day = time // DAY
        for _ in range(min(_AT_ONCE, len(self._later))):
            self._nodes.add(self._later.pop())
        while self._wake and self._wake[0][0] <= time:
            when, address = heappop(self._wake)
            if self._wakes.get(address) == when:
                del self._wakes[address]
                self._nodes.add(address)
        if self._nodes:
            self._slashed = slashed(state)
        for address in self._nodes:
            self._look(state, time, address)
        self._orders.change(self._stands)
        self._stands.clear()
        for address in self._devices:
            self._look_at_device(state, address)
        self._nodes.clear()
        self._devices.clear()

    def count(self, kind: str, key: Hashable) -> Count:
        """What nodes of a class, network or country come to."""
        return self.counts.get((kind, key), Count())

    def keys(self, kind: str) -> list[Any]:
        """The classes, networks or countries of nodes."""
        return [key[1] for key in self.counts if isinstance(key, tuple) and key[0] == kind]

    def nodes(self, after: Pubkey | None, only: str | None, **wanted: Hashable) -> Iterator[Pubkey]:
        """Candidates in the order of their addresses: all that are wanted are among them.

        Args:
            after: only those after this address.
            only: live, proven or hired; None: all.
            wanted: class, owner, network or country; None: any.
        """
        lists = [self._members.of((name.rstrip("_"), key)) for name, key in wanted.items() if key is not None]
        fewest = min(lists, key=len) if lists else self._members.of("all")
        those = {"proven": self.proven, "hired": self.hired}.get(only or "")
        if those is not None and len(those) < min(len(fewest), _FEW):
            fewest = sorted(those, key=bytes)
        first = 0 if after is None else bisect_right(fewest, bytes(after), key=bytes)
        return islice(fewest, first, None)

    def owns(self, owner: Pubkey) -> bool:
        """Whether an address owns nodes."""
        return bool(self._members.of(("owner", owner)))

    def order(self) -> None:
        """Makes every order now, so that no question waits for one."""
        self._members.of("all")
        for sort in SORTS:
            self._orders.make(sort)

    def ranked(self, sort: Sort = "reward", skip: int = 0, limit: int | None = None) -> list[Rank]:
        """Nodes with room for more co-stake, the best first; see `Orders.by`."""
        return self._orders.by(sort, skip, limit)

    @property
    def with_room(self) -> int:
        """How many nodes have room for more co-stake."""
        return len(self._orders)

    def _look(self, state: State, time: int, address: Pubkey) -> None:
        if (node := state.nodes.get(address)) is None:
            return
        before = self._seen.get(address)
        offer = state.offers.get(self._offers.get(address, NOBODY))
        now = _Seen(
            node.class_,
            node.network,
            node.region,
            node.owner,
            node.state,
            node.units,
            node.own__active + node.co__active,
            is_proven(node, time),
            offer is not None and is_hired(offer, time),
        )
        if now != before:
            self._count(address, before, now)
        proved = node.last_proof__time or 0
        ends = [proved, proved + HOUR, 0 if offer is None else offer.lease_until, node.commission_at]
        when = min((end for end in ends if end > time), default=0)
        if when and self._wakes.get(address) != when:
            self._wakes[address] = when
            heappush(self._wake, (when, address))
        self._place(state, time, address, node)

    def _count(self, address: Pubkey, before: _Seen | None, now: _Seen) -> None:
        if before is not None:
            self.active -= before.active
            for group in before.groups:
                self.counts[group].add(before, -1)
        self.active += now.active
        for group in now.groups:
            self.counts.setdefault(group, Count()).add(now, 1)
        for names, has in ((self.proven, now.proven), (self.hired, now.hired)):
            (names.add if has else names.discard)(address)
        was = () if before is None else (*before.groups, ("owner", before.owner))
        its = (*now.groups, ("owner", now.owner))
        if before is None:
            self._members.add("all", address)
        for group in set(was) - set(its):
            self._members.remove(group, address)
            if group in self.counts and not self._members.of(group):
                del self.counts[group]
        for group in its:
            if group not in was:
                self._members.add(group, address)
        self._seen[address] = now

    def _place(self, state: State, time: int, address: Pubkey, node: r.Node) -> None:
        class_ = state.classes.get(node.class_)
        more = 0 if class_ is None else room(node, class_)
        if not more:
            self._stands[address] = None
            return
        rewards = self.rewards.get(address)
        reward = 0 if rewards is None else rewards.until(time // DAY)
        self._stands[address] = Standing(
            reward=-reward,
            # Without co-stake there is no rate, and it comes last.
            rate=-(yearly(reward, node.co__active) or 0),
            room=-more,
            co=-node.co__active,
            own=-node.own__active,
            commission=commission(node, time),
            slashed=self._slashed.get(address, 0),
        )

    def _look_at_device(self, state: State, address: Pubkey) -> None:
        if (class_ := self._counted.pop(address, None)) is not None:
            self.devices[class_] -= 1
        device = state.devices.get(address)
        if device is not None and device.owner != NOBODY and not device.banned:
            self._counted[address] = device.class_
            self.devices[device.class_] += 1
