"""A market grown on the embedded network, and taken to a real node as accounts: what takes weeks is there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

import ionet
from ionet import IO, SOL, USD, hardware_classes
from ionet._generated import PROGRAMS
from ionet.chain.ids import PYTH_RECEIVER, TOKEN_PROGRAM
from ionet.cli.localnet import PEOPLE, set_up
from ionet.governance.proposals import TREASURY
from ionet.localnet.dollars import write_prices
from ionet.localnet.market import CONFIDENCE, FEED, PRICE
from ionet.proofs.verdicts import report_verdicts
from ionet.rewards import Report

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
#: The longest that programs accept a price: as long as the journeys on a clock that nobody turns may take.
PRICE_AGE: Final = 300
RATE: Final = USD("2.5")
#: Nodes see their clock a little late.
_BEHIND: Final = 20


@dataclass(frozen=True, slots=True)
class Grown:
    """A market of three weeks: alice has two nodes with 11,000 IO, of which one is proved and offered.

    Attributes:
        client: the deployer's, on the embedded network where it has grown.
        people: everybody's keys, by name.
        node: the one that is offered.
        report: the only one so far.
    """

    client: ionet.Client
    people: dict[str, Keypair]
    node: Pubkey
    report: Report

    def addresses(self) -> Sequence[Pubkey]:
        """All accounts that it consists of."""
        network = self.client.network
        owners = [*map(Pubkey.from_string, PROGRAMS), TOKEN_PROGRAM, PYTH_RECEIVER]
        found = [address for owner in owners for address, _ in network.owned(owner)]
        return [*found, TREASURY, *(one.pubkey() for one in self.people.values())]


def grown() -> Grown:
    """Grows it; its clock is at the present at the end."""
    people = {name: Keypair() for name in PEOPLE}
    began = int(time.time()) - _BEHIND - 21 * DAY
    client = ionet.Client.local(signer=people["deployer"], now=began)
    set_up(client, people)
    client.jobs.set_params(max_price_age=PRICE_AGE).send()
    alice = client.as_(people["alice"])
    first, second = (register(client, people, "alice", number, "H100") for number in (1, 2))
    alice.staking.stake(first, IO(8_000)).send()
    alice.staking.stake(second, IO(3_000)).send()
    client.as_(people["carol"]).staking.stake(first, IO(2_000)).send()
    client.airdrop(TREASURY, SOL(10))
    client.network.clock.set(int(time.time()) - _BEHIND)
    attester = client.as_(people["attester"])
    report = report_verdicts(attester.proofs, attester.staking, [first])
    alice.jobs.offer(first, rate=RATE).send()
    # A price from the future is as good as one of as long ago.
    half = int(time.time()) + PRICE_AGE * 2 // 3
    client.cheats.set_price(FEED, PRICE, confidence=CONFIDENCE, publish_time=half)
    return Grown(client, people, first, report)


def register(
    client: ionet.Client,
    people: dict[str, Keypair],
    owner: str,
    number: int,
    kind: str,
    device: Keypair | None = None,
) -> Pubkey:
    """A node of somebody's, with this class and the device of this number."""
    call = client.as_(people[owner]).staking.register(
        class_id=next(one.id for one in hardware_classes() if one.name == kind),
        fingerprint=bytes([number]) * 32,
        device=device or Keypair(),
        attester=people["attester"],
        commission_bps=1_000,
        region=276,
        memory_gib=80,
    )
    return call.send().result


@dataclass(slots=True)
class Market:
    """The market on a node.

    Attributes:
        client: the deployer's.
        near: the deployer's on the embedded network where the market has grown.
        people: everybody's keys, by name.
        node: of alice's nodes the one that is offered.
        report: the latest.
        turns: whether the node's clock can be turned.
    """

    client: ionet.Client
    near: ionet.Client
    people: dict[str, Keypair]
    node: Pubkey
    report: Report
    turns: bool

    def as_(self, name: str) -> ionet.Client:
        """Somebody's client."""
        return self.client.as_(self.people[name])

    def key(self, name: str) -> Pubkey:
        """Somebody's address."""
        return self.people[name].pubkey()

    def purse(self, name: str) -> int:
        """Base units of IO in somebody's wallet."""
        return self.client.tokens(self.key(name), ionet.pda.mint.MINT)

    def move(self, until: int) -> None:
        """Lets time pass until then, and prices follow."""
        self.client.cheats.set_time(until)
        write_prices(self.client)

    def advance(self, seconds: int) -> None:
        """Lets time pass."""
        self.move(self.client.time() + seconds)

    def prove(self, *nodes: Pubkey) -> None:
        """Nodes pass a compute proof of the latest hour, by a report."""
        attester = self.as_("attester")
        self.report = report_verdicts(attester.proofs, attester.staking, nodes, previous=self.report)
