"""Pages of events, also of those alone whose fields say something, of which there is no index.

Such a page looks through the events that indexes find, so many at most, and its `next` leads on from there:
what a question costs is bounded, however rare what it asks for is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet.explorer import _models as m
from ionet.explorer._values import BadQuestion
from ionet.ledger import Database, Place, Signed, State
from ionet.ledger.errors import TooRare
from ionet.ledger.rowfiles import Patience
from ionet.ledger.subjects import types

#: Events that a page reads at most, and how many at a time.
LOOKED_AT: Final = 2_000
_AT_ONCE: Final = 500
#: Blocks of old hours that are read for nothing at most: half a second, for which others wait.
IDLE: Final = 5_000
#: How many addresses an event may be asked to name.
NAMED: Final = 16
#: Fields that have the number of a class, and types whose device has one.
_CLASSES: Final = {"staking.ClassSet": "id", "staking.ReferenceSet": "id"}
_OF_DEVICES: Final = frozenset({"staking.DeviceReleased", "staking.DeviceEvicted"})


@dataclass(frozen=True, slots=True)
class Said:
    """What the fields of events are asked to say; None or empty: anything.

    Attributes:
        choice: of a vote, in lower case.
        seat: of an attester.
        class_: of hardware.
        side: own or co, which the holder's stake is of; types that name no holder move both.
        naming: one of these addresses.
    """

    choice: str | None = None
    seat: int | None = None
    class_: int | None = None
    side: str | None = None
    naming: tuple[Pubkey, ...] = ()

    def __bool__(self) -> bool:
        its = (self.choice, self.seat, self.class_, self.side)
        return any(value is not None for value in its) or bool(self.naming)

    def check(self, names: Sequence[str], about: Pubkey | None) -> None:
        """Refuses what no event can say.

        Args:
            names: the types that are asked for; none: all.
            about: the account that is.

        Raises:
            BadQuestion: with what would be right.
        """
        if self.naming and not names and about is None:
            raise BadQuestion("`naming` needs `name` or `about`: say among which events to look")
        for word, value, example in (
            ("choice", self.choice, "governance.Voted"),
            ("seat", self.seat, "jobs.Attested"),
            ("class", self.class_, "staking.DeviceRegistered"),
            ("side", self.side, "staking.Staked"),
        ):
            if value is None:
                continue
            having = [name for name in names if _has(word, name)]
            if not having or (word != "side" and len(having) < len(names)):
                lacking = next((name for name in names if name not in having), None)
                why = f"{lacking} has none" if lacking else "no type is named"
                raise BadQuestion(f"`{word}` is asked of types that have one, as `name={example}`; {why}")

    def fits(self, signed: Signed, state: State) -> bool:
        """Whether an event says it."""
        entry = signed.entry
        if self.naming and not any(bytes(key) in entry.data for key in self.naming):
            return False
        if (event := entry.event) is None:
            return False
        return (
            (self.choice is None or event.choice.name.lower() == self.choice)  # type: ignore[attr-defined]
            and (self.seat is None or event.seat == self.seat)  # type: ignore[attr-defined]
            and (self.class_ is None or _class_of(entry.name, event, state) == self.class_)
            and (self.side is None or _is_of_side(self.side, event, state))
        )


def _has(word: str, name: str) -> bool:
    """Whether events of a type say something of a word."""
    fields = types()[name].__slots__
    match word:
        case "class":
            return "class_" in fields or name in _CLASSES or name in _OF_DEVICES
        case "side":
            return "holder" in fields and "node" in fields
    return word in fields


def _class_of(name: str, event: Any, state: State) -> int | None:
    if name in _OF_DEVICES:
        device = state.devices.get(event.device)
        return None if device is None else device.class_
    its: int = getattr(event, _CLASSES.get(name, "class_"))
    return its


def _is_of_side(side: str, event: Any, state: State) -> bool:
    if (holder := getattr(event, "holder", None)) is None:
        return True
    node = state.nodes.get(event.node)
    return (node is not None and node.owner == holder) == (side == "own")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for; see `ionet.ledger.Database.page`.

    Attributes:
        limit: of a page.
        hour: the hour of the node `about` that is to have been credited by them; None: any.
        said: what their fields say.
    """

    limit: int
    about: Pubkey | None
    names: Sequence[str]
    since: int | None
    until: int | None
    hour: int | None
    beyond: Place | None
    newest_first: bool
    said: Said = Said()

    def check(self) -> None:
        """Refuses what cannot be meant.

        Raises:
            BadQuestion: with what would be right.
        """
        if unknown := [name for name in self.names if name not in types()]:
            raise BadQuestion(
                f"{unknown[0][:60]!r} is no type of event; one is called jobs.Booked, for example"
            )
        if self.hour is not None and self.about is None:
            raise BadQuestion("`hour` is of a node: say which one with `about`")
        if self.hour is not None and self.said:
            raise BadQuestion("`hour` is asked with `about` alone: leave out what fields are to say")
        self.said.check(self.names, self.about)


def page(
    database: Database, now: m.AsOf, state: State | None, asked: Wanted
) -> tuple[list[Signed], Place | None]:
    """Some events, and the place that the following page begins beyond; None: there is none.

    Args:
        database: to read from.
        now: as of when.
        state: of then, which may move on meanwhile; None: nothing is asked of fields.
        asked: which ones.

    Raises:
        BadQuestion: too much of old hours would be read for nothing.
    """
    try:
        return _page(database, now, state, asked)
    except TooRare:
        raise BadQuestion(
            "too much of old hours would be read for too few events: ask for less time, with `since` and"
            " `until`"
        ) from None


def first(database: Database, about: Pubkey, slot: int) -> Signed | None:
    """The first event about an account up to a slot; None: there is none."""
    try:
        return next(iter(database.page(1, about=about, slot=slot, patience=Patience(IDLE))), None)
    except TooRare:
        # Only an address that was made to look like another one leads to so many blocks without any.
        return None


def _page(
    database: Database, now: m.AsOf, state: State | None, asked: Wanted
) -> tuple[list[Signed], Place | None]:
    patience = Patience(IDLE)
    # Nothing of its slots is later than it.
    until = None if asked.until is None or asked.until >= now.time else asked.until

    def read(most: int, beyond: Place | None) -> list[Signed]:
        return database.page(
            most,
            about=asked.about,
            names=asked.names or None,
            since=asked.since,
            until=until,
            slot=now.slot,
            beyond=beyond,
            newest_first=asked.newest_first,
            patience=patience,
        )

    if not asked.said:
        its = read(asked.limit + 1, asked.beyond)
        more = len(its) > asked.limit
        return its[: asked.limit], its[asked.limit - 1].entry.place if more else None
    assert state is not None
    fitting: list[Signed] = []
    beyond, looked_at = asked.beyond, 0
    # Of each type so many are read: the latest of all of them are only known then.
    parts = max(1, len(asked.names)) if asked.about is None else 1
    most = max(1, _AT_ONCE // parts)
    while looked_at < LOOKED_AT:
        its = read(most, beyond)
        for signed in its:
            if not asked.said.fits(signed, state):
                continue
            if len(fitting) == asked.limit:
                return fitting, fitting[-1].entry.place
            fitting.append(signed)
        if len(its) < most:
            return fitting, None
        beyond, looked_at = its[-1].entry.place, looked_at + most * parts
    return fitting, beyond
