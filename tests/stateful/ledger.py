"""The ledger that events alone rebuild (rule 23): every sum of the three programs from their events.

It takes nothing from an account. Where an event states a sum after it, the sum has to be what the events
before made of it, and each account's numbers must run without a gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from solders.pubkey import Pubkey

from ionet import events
from ionet.types import staking as types

_S, _P, _M = events.staking, events.proofs, events.mint
NO_TOTALS = types.NodeTotals(**dict.fromkeys(types.NodeTotals.__dataclass_fields__, 0))


@dataclass(slots=True)
class Book:
    """What events say of one node."""

    totals: types.NodeTotals = NO_TOTALS
    seq: int = 0
    credited: int = 0
    through: int = 0
    frozen: int = 0
    commission: tuple[int, int] | None = None
    units: int = 1
    #: By holder, the owner too.
    active: Counter[Pubkey] = field(default_factory=Counter)
    pending: Counter[Pubkey] = field(default_factory=Counter)
    cooling: dict[Pubkey, list[tuple[int, int]]] = field(default_factory=dict)
    #: Set apart for each slash.
    apart: Counter[Pubkey] = field(default_factory=Counter)


@dataclass(slots=True)
class Ledger:
    """What events say of everything.

    Attributes:
        flows: tokens into (positive) or out of vaults, by what they are for.
    """

    owners: dict[Pubkey, Pubkey]
    nodes: dict[Pubkey, Book]
    seqs: dict[str, int]
    paid: int = 0
    withheld: int = 0
    emitted: int = 0
    reserve_burned: int = 0
    fees_burned: int = 0
    slashed: int = 0
    credited: int = 0
    bonds: dict[Pubkey, int] = field(default_factory=dict)
    bonds_burned: int = 0
    reports: dict[Pubkey, str] = field(default_factory=dict)
    received: Counter[Pubkey] = field(default_factory=Counter)

    def apply(self, event: Any) -> None:
        """Adds an event."""
        kind = type(event)
        self._numbered(event)
        handler: Callable[[Ledger, Any], None] | None = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, event)
        if hasattr(event, "totals"):
            book = self.nodes[event.node]
            # Late weights end as credits come; no token moves by it.
            late = {"own_late": event.totals.own_late, "co_late": event.totals.co_late}
            book.totals = replace(book.totals, **late)
            assert book.totals == event.totals, f"{event} follows {book.totals}"

    def _numbered(self, event: Any) -> None:
        if not hasattr(event, "seq"):
            return
        if isinstance(event, (_S.DeviceRegistered, _S.DeviceReleased, _S.DeviceEvicted, _S.IdentityApproved)):
            known = self.seqs.get(str(event.device))
            assert known is None or event.seq == known + 1, f"{event} follows {known}"
            self.seqs[str(event.device)] = event.seq
            return
        if type(event).__module__ == _S.Staked.__module__ and hasattr(event, "node"):
            book = self.nodes[event.node]
            assert event.seq == book.seq + 1, f"{event} follows {book.seq}"
            book.seq = event.seq
            return
        program = type(event).__module__
        known = self.seqs.get(program)
        assert known is None or event.seq == known + 1, f"{event} follows {known}"
        self.seqs[program] = event.seq

    # -- nodes

    def _add(self, node: Pubkey, **changes: int) -> Book:
        book = self.nodes[node]
        new = {name: getattr(book.totals, name) + change for name, change in changes.items()}
        book.totals = replace(book.totals, **new)
        return book

    def _is_owner(self, event: Any) -> bool:
        return bool(self.owners[event.node] == event.holder)

    def _staked(self, event: Any) -> None:
        self._pending(event)
        self.received[event.holder] -= event.amount

    def _pending(self, event: Any) -> None:
        amount = event.amount
        if self._is_owner(event):
            book = self._add(event.node, own_pending=amount)
        else:
            book = self._add(event.node, co_tokens=amount, co_shares=amount, co_pending=amount)
        book.pending[event.holder] += amount

    def _activated(self, event: Any) -> None:
        amount = event.amount
        if self._is_owner(event):
            book = self._add(event.node, own_pending=-amount, own_active=amount)
        else:
            book = self._add(event.node, co_pending=-amount, co_active=amount)
        book.pending[event.holder] -= amount
        book.active[event.holder] += amount

    def _unstaked(self, event: Any) -> None:
        book, holder = self.nodes[event.node], event.holder
        mine = self._is_owner(event)
        side = "own" if mine else "co"
        before, after = book.totals, event.totals
        of_pending = getattr(before, f"{side}_pending") - getattr(after, f"{side}_pending")
        of_active = getattr(before, f"{side}_active") - getattr(after, f"{side}_active")
        book.pending[holder] -= of_pending
        book.active[holder] -= of_active
        if event.cooling:
            book.cooling.setdefault(holder, []).append((event.ready_at, event.cooling))
        if mine:
            # Tokens: whatever does not cool has left.
            assert of_pending + of_active == event.left + event.cooling
            self._add(event.node, own_pending=-of_pending, own_active=-of_active, own_cooling=event.cooling)
        else:
            # Shares: what was active cools, what was pending is gone for tokens.
            assert of_active == event.cooling
            self._add(
                event.node,
                co_pending=-of_pending,
                co_active=-of_active,
                co_shares=-of_pending,
                co_tokens=-event.left,
            )
        self.received[holder] += event.left

    def _withdrawn(self, event: Any, now: int) -> None:
        book, holder = self.nodes[event.node], event.holder
        if event.totals.former < book.totals.former:
            # What is left of a former owner's side goes as a whole.
            assert event.amount == book.totals.former, event
            self._add(event.node, former=-event.amount)
            self.received[holder] += event.amount
            return
        slots = book.cooling.get(holder, [])
        ready = sum(amount for at, amount in slots if at <= now)
        book.cooling[holder] = [one for one in slots if one[0] > now]
        if self._is_owner(event):
            self._add(event.node, own_cooling=-event.amount)
        else:
            self._add(event.node, co_shares=-ready, co_tokens=-event.amount)
        self.received[holder] += event.amount

    def withdrawn(self, event: Any, now: int) -> None:
        """`apply`, for the one event whose meaning depends on its time."""
        self._numbered(event)
        self._withdrawn(event, now)
        book = self.nodes[event.node]
        late = {"own_late": event.totals.own_late, "co_late": event.totals.co_late}
        book.totals = replace(book.totals, **late)
        assert book.totals == event.totals, event

    def _credited(self, event: Any) -> None:
        assert event.amount == event.owner_part + event.co_part
        book = self._add(event.node, own_due=event.owner_part, co_owed=event.co_part)
        self._counted(book, event)

    def _forfeited(self, event: Any) -> None:
        book = self.nodes[event.node]
        self._counted(book, event)
        self.slashed += event.amount

    def _counted(self, book: Book, event: Any) -> None:
        book.credited += event.amount
        self.credited += event.amount
        self.paid -= event.amount
        assert event.credited_through >= book.through, event
        book.through = event.credited_through
        assert (book.credited, self.credited) == (event.credited, event.credited_total), event

    def _claimed(self, event: Any) -> None:
        self._due(event)
        self.received[event.holder] += event.amount

    def _due(self, event: Any) -> None:
        self._add(event.node, **{"own_due" if self._is_owner(event) else "co_owed": -event.amount})

    def _compounded(self, event: Any) -> None:
        self._due(event)
        self._pending(event)

    def _commission(self, event: Any) -> None:
        self.nodes[event.node].commission = (event.from_, event.commission_bps)

    def _expelled(self, event: Any) -> None:
        assert self.owners[event.node] == event.owner
        book = self.nodes[event.node]
        gone = ("own_active", "own_pending", "own_cooling", "own_due")
        assert sum(getattr(book.totals, one) for one in gone) == event.amount, event
        assert book.totals.former == 0, event
        book.totals = replace(book.totals, **dict.fromkeys(gone, 0), former=event.amount)
        book.active[event.owner] = book.pending[event.owner] = 0
        book.cooling[event.owner] = []

    def _units(self, event: Any) -> None:
        assert abs(event.units - self.nodes[event.node].units) == 1, event
        self.nodes[event.node].units = event.units

    def _proposed(self, event: Any) -> None:
        self._frozen(event, event.amount)

    def _resolved(self, event: Any) -> None:
        self._frozen(event, -event.freed)

    def _closed(self, event: Any) -> None:
        self._frozen(event, -event.lapsed)

    def _frozen(self, event: Any, change: int) -> None:
        book = self.nodes[event.node]
        book.frozen += change
        assert book.frozen == event.frozen, event

    def _set_apart(self, event: Any) -> None:
        assert not self._taken(event) or event.terminal, event
        self.nodes[event.node].frozen -= event.amount

    def _disproved(self, event: Any) -> None:
        assert not self._taken(event), event

    def _taken(self, event: Any) -> int:
        """Takes in what was set apart; how much of it was co-stakers'."""
        book = self.nodes[event.node]
        before, after = book.totals, event.totals
        lost = {
            name: getattr(before, name) - getattr(after, name)
            for name in ("own_due", "own_active", "own_pending", "own_cooling", "co_tokens")
        }
        assert min(lost.values()) >= 0, event
        assert sum(lost.values()) == event.amount == after.set_apart - before.set_apart, event
        book.totals = replace(
            before, set_apart=after.set_apart, **{name: getattr(after, name) for name in lost}
        )
        owner, rest = self.owners[event.node], lost["own_cooling"]
        book.active[owner] -= lost["own_active"]
        book.pending[owner] -= lost["own_pending"]
        left = []
        for at, amount in book.cooling.get(owner, []):
            taken = min(rest, amount)
            rest -= taken
            if amount > taken:
                left.append((at, amount - taken))
        book.cooling[owner] = left
        book.apart[event.slash] += event.amount
        co_tokens: int = lost["co_tokens"]
        return co_tokens

    def _slashed(self, event: Any) -> None:
        book = self._add(event.node, set_apart=-event.amount)
        book.apart[event.slash] -= event.amount
        assert book.apart[event.slash] == event.left, event
        self.slashed += event.amount

    def _cancelled(self, event: Any) -> None:
        self._frozen(event, -event.freed)
        book = self._add(event.node, set_apart=-event.returned)
        assert book.apart.pop(event.slash, 0) == event.returned, event
        self.received[event.owner] += event.returned

    # -- emission, reports, bonds

    def _emitted(self, event: Any) -> None:
        self.paid += event.paid
        self.withheld += event.withheld
        self.emitted += event.paid + event.withheld
        assert (event.emitted_total, event.withheld_total) == (self.emitted, self.withheld), event

    def _reserve(self, event: Any) -> None:
        self.reserve_burned += event.amount
        assert event.burned_total == self.reserve_burned, event

    def _fees(self, event: Any) -> None:
        self.fees_burned += event.amount

    def _made(self, event: Any) -> None:
        self.reports[event.report] = "pending"

    def _renewed(self, event: Any) -> None:
        self.reports[event.report] = "pending"

    def _approved(self, event: Any) -> None:
        if event.approved_at:
            assert event.weight >= event.threshold, event
            self.reports[event.report] = "approved"

    def _endorsed(self, event: Any) -> None:
        if event.approved_at:
            self.reports[event.report] = "approved"

    def _final(self, event: Any) -> None:
        self.reports[event.report] = "final"

    def _void(self, event: Any) -> None:
        self.reports[event.report] = "void"

    def _challenged(self, event: Any) -> None:
        self.bonds[event.challenge] = event.bond
        self.received[event.challenger] -= event.bond

    def _decided(self, event: Any) -> None:
        bond = self.bonds.pop(event.challenge)
        assert bond == event.bond, event
        if not event.upheld:
            self.bonds_burned += bond

    def _lifted(self, event: Any) -> None:
        assert self.bonds.pop(event.challenge) == event.bond, event

    @property
    def burned(self) -> int:
        return self.reserve_burned + self.fees_burned + self.slashed + self.bonds_burned


_HANDLERS: dict[type[Any], Callable[[Ledger, Any], None]] = {
    _S.Staked: Ledger._staked,
    _S.Activated: Ledger._activated,
    _S.Unstaked: Ledger._unstaked,
    _S.Credited: Ledger._credited,
    _S.Forfeited: Ledger._forfeited,
    _S.Claimed: Ledger._claimed,
    _S.Compounded: Ledger._compounded,
    _S.CommissionSet: Ledger._commission,
    _S.OwnerExpelled: Ledger._expelled,
    _S.UnitsSet: Ledger._units,
    _S.SlashProposed: Ledger._proposed,
    _S.SlashResolved: Ledger._resolved,
    _S.SlashClosed: Ledger._closed,
    _S.SlashSetApart: Ledger._set_apart,
    _S.NodeDisproved: Ledger._disproved,
    _S.Slashed: Ledger._slashed,
    _S.SlashCancelled: Ledger._cancelled,
    _M.Emitted: Ledger._emitted,
    _M.ReserveBurned: Ledger._reserve,
    events.buyback.FeesBurned: Ledger._fees,
    _P.ReportMade: Ledger._made,
    _P.ReportApproved: Ledger._approved,
    _P.ReportRenewed: Ledger._renewed,
    _P.CorrectionEndorsed: Ledger._endorsed,
    _P.ReportFinalized: Ledger._final,
    _P.ReportVoided: Ledger._void,
    _P.ChallengeMade: Ledger._challenged,
    _P.ChallengeDecided: Ledger._decided,
    _P.ChallengeLifted: Ledger._lifted,
}
