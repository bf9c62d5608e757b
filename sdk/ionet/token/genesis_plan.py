"""The genesis table, and plans that give it recipients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from solders.pubkey import Pubkey

from ionet import pda
from ionet._generated.shared import Allocation
from ionet.chain.amounts import IO
from ionet.token.airdrop import AirdropTree, RecipientsError, Share, read_recipients, share
from ionet.token.vesting import Schedule

#: How long the airdrops of genesis can be claimed, in days.
CLAIM_DAYS: Final = 180


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the table.

    Attributes:
        number: the numbers of its grants and its airdrop derive from it.
        name: its name in recipients' files.
        allocation: of the mint program.
        amount: in all.
        upfront: how much of it is there at genesis.
        months: how long the rest vests; 0 if all is there at genesis.
        cliff: months before vesting begins.
        linear: vests every half hour instead of every month.
        airdrop: claimed instead of vested.
        revocable: whether its grants can be revoked, unless the file says otherwise.
    """

    number: int
    name: str
    allocation: Allocation
    amount: IO
    upfront: IO = IO(0)  # noqa: RUF009  (amounts cannot change)
    months: int = 0
    cliff: int = 0
    linear: bool = False
    airdrop: bool = False
    revocable: bool = False

    def schedule(self, total: IO, upfront: IO, start: int) -> Schedule:
        """The terms of a grant of this item."""
        if self.linear:
            return Schedule.linear(total, start, months=self.months, upfront=upfront)
        return Schedule.monthly(total, start, months=max(1, self.months), cliff=self.cliff, upfront=upfront)

    @property
    def terms(self) -> str:
        """The terms in words."""
        if self.airdrop:
            return "airdrop"
        if not self.months:
            return "at genesis"
        first = f"{self.upfront:n} at genesis, then " if self.upfront else ""
        cliff = f" after {self.cliff}" if self.cliff else ""
        return f"{first}{self.months} months{cliff}{', linear' if self.linear else ''}"


_M: Final = 1_000_000
ITEMS: Final[Sequence[Item]] = (
    Item(0, "launch_pool", Allocation.COMMUNITY, IO(20 * _M), upfront=IO(20 * _M)),
    Item(1, "ignition", Allocation.COMMUNITY, IO(25 * _M), upfront=IO(25 * _M), airdrop=True),
    Item(2, "galxe", Allocation.COMMUNITY, IO("7500000"), upfront=IO("7500000"), airdrop=True),
    Item(3, "community", Allocation.COMMUNITY, IO("47500000"), upfront=IO("3500000"), months=41, linear=True),
    Item(4, "research", Allocation.RESEARCH, IO(128 * _M), upfront=IO("38400000"), months=35, linear=True),
    Item(5, "seed", Allocation.SEED, IO(100 * _M), months=24, cliff=12),
    Item(6, "series_a", Allocation.SERIES_A, IO("81600000"), months=24, cliff=12),
    Item(7, "core", Allocation.CORE, IO("90400000"), months=36, cliff=12, revocable=True),
)
BY_NAME: Final[Mapping[str, Item]] = {item.name: item for item in ITEMS}


@dataclass(frozen=True, slots=True)
class Recipient:
    """A line of the recipients' file: a share of an item."""

    item: Item
    share: Share
    revocable: bool


@dataclass(frozen=True, slots=True)
class PlannedGrant:
    """A grant that a plan makes.

    Attributes:
        id: its number: the item's times 2^32, plus its index among the item's recipients.
    """

    id: int
    item: Item
    beneficiary: Pubkey
    schedule: Schedule
    revocable: bool

    @property
    def address(self) -> Pubkey:
        """The grant's account."""
        return pda.distributor.grant(self.id)


class GenesisPlan:
    """The grants and airdrops of genesis, given all recipients.

    Args:
        recipients: in the order of the file.

    Raises:
        RecipientsError: an item's amounts do not sum to the table's, to the base unit.
    """

    def __init__(self, recipients: Iterable[Recipient]) -> None:
        self.recipients: Mapping[str, list[Recipient]] = {item.name: [] for item in ITEMS}
        for recipient in recipients:
            self.recipients[recipient.item.name].append(recipient)
        wrong = [
            f"{item.name} has {self.total(item)} instead of {item.amount},"
            f" {abs(difference)} too {'few' if difference.base < 0 else 'many'}"
            for item in ITEMS
            if (difference := self.total(item) - item.amount)
        ]
        if wrong:
            raise RecipientsError("the sums do not match: " + "; ".join(wrong))

    def total(self, item: Item) -> IO:
        """Sum of an item's recipients."""
        return IO.from_base(sum(recipient.share.amount.base for recipient in self.recipients[item.name]))

    def grants(self, start: int) -> list[PlannedGrant]:
        """The grants, with a start in Unix seconds.

        An item's upfront part is divided in proportion, by cumulative sums, so that the parts sum to it
        exactly.
        """
        grants = []
        for item in ITEMS:
            if item.airdrop:
                continue
            shares = paid = 0
            for index, recipient in enumerate(self.recipients[item.name]):
                shares += recipient.share.amount.base
                upfront = item.upfront.base * shares // item.amount.base - paid
                paid += upfront
                schedule = item.schedule(recipient.share.amount, IO.from_base(upfront), start)
                grants.append(
                    PlannedGrant(
                        (item.number << 32) + index,
                        item,
                        recipient.share.claimant,
                        schedule,
                        recipient.revocable,
                    )
                )
        return grants

    @cached_property
    def airdrops(self) -> list[tuple[Item, AirdropTree]]:
        """The airdrops with their trees; each has the item's number."""
        return [
            (item, AirdropTree(item.number, [recipient.share for recipient in self.recipients[item.name]]))
            for item in ITEMS
            if item.airdrop
        ]


def circulating_at_genesis() -> IO:
    """What circulates on the first day: 94,400,000 IO, published as 95 million."""
    return IO.from_base(sum(item.upfront.base for item in ITEMS))


def schedules(start: int) -> list[Schedule]:
    """The table's schedules, one for each item, as if each had one recipient."""
    return [item.schedule(item.amount, item.upfront, start) for item in ITEMS]


def read_plan(path: Path) -> GenesisPlan:
    """Reads a plan from a CSV file: columns `item,recipient,amount` and optionally `revocable` (yes or no).

    Raises:
        RecipientsError: lines that cannot be read, or sums that do not match; each is named.
        OSError: the file cannot be read.
    """
    columns = ("item", "recipient", "amount")
    return GenesisPlan(read_recipients(path, columns, _recipient, optional=("revocable",)))


def _recipient(row: Mapping[str, str]) -> Recipient:
    name = row["item"]
    item = BY_NAME.get(name)
    if item is None:
        raise RecipientsError(f"{name!r} is not one of the items {', '.join(BY_NAME)}")
    answer = row["revocable"].lower()
    if answer not in ("", "yes", "no"):
        raise RecipientsError(f"revocable is yes or no, not {answer!r}")
    if answer == "yes" and item.airdrop:
        raise RecipientsError("an airdrop cannot be revoked")
    revocable = item.revocable if not answer else answer == "yes"
    return Recipient(item, share(row["recipient"], row["amount"]), revocable)
