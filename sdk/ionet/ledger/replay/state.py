"""The state of the programs at a point of the chain, from events alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from solders.pubkey import Pubkey

from ionet import constants
from ionet.ledger.records import Entry
from ionet.ledger.replay import records as r

if TYPE_CHECKING:
    from ionet.chain.schema import Event

R = TypeVar("R", bound=r.Record)
Handler = Callable[["State", Any, int], None]
HANDLERS: Final[dict[type[Any], Handler]] = {}


def on(*kinds: type[Event]) -> Callable[[Handler], Handler]:
    """Makes a function the handler of events of these types."""

    def mark(handler: Handler) -> Handler:
        for kind in kinds:
            HANDLERS[kind] = handler
        return handler

    return mark


@dataclass(slots=True)
class State:
    """What events say of every account; a pure function of them.

    Attributes:
        slot: of the last event.
        time: of the last event, Unix seconds.
        supply: of IO, base units.
        nodes, positions and so on: by address; classes and shards by number, positions by node and holder,
            currencies by mint, votes by proposal and position or node, transactions by proposal and number,
            payouts by job.
        fee_vaults: what each fee vault holds, base units.
        unshown: nodes whose verdict was written without an event of proofs that says who shows it.
        broken: what events contradict each other in, in words.
    """

    slot: int = -1
    time: int = 0
    supply: int = 0
    mint: r.MintConfig | None = None
    distributor: r.DistributorConfig | None = None
    buyback: r.BuybackConfig | None = None
    proofs: r.ProofsConfig | None = None
    staking: r.StakingConfig | None = None
    jobs_config: r.JobsConfig | None = None
    governance: r.GovernanceConfig | None = None
    attesters: r.AttesterSet | None = None
    emission: r.EmissionLedger = field(default_factory=r.EmissionLedger)
    grants: dict[Pubkey, r.Grant] = field(default_factory=dict)
    airdrops: dict[Pubkey, r.Airdrop] = field(default_factory=dict)
    auctions: dict[Pubkey, r.Auction] = field(default_factory=dict)
    payouts: dict[Pubkey, r.Payout] = field(default_factory=dict)
    reports: dict[Pubkey, r.Report] = field(default_factory=dict)
    challenges: dict[Pubkey, r.Challenge] = field(default_factory=dict)
    hours: dict[Pubkey, r.Hour] = field(default_factory=dict)
    classes: dict[int, r.HardwareClass] = field(default_factory=dict)
    devices: dict[Pubkey, r.Device] = field(default_factory=dict)
    approvals: dict[Pubkey, r.Approval] = field(default_factory=dict)
    networks: dict[Pubkey, r.Network] = field(default_factory=dict)
    nodes: dict[Pubkey, r.Node] = field(default_factory=dict)
    positions: dict[tuple[Pubkey, Pubkey], r.Position] = field(default_factory=dict)
    shards: list[r.StakeShard] = field(
        default_factory=lambda: [r.StakeShard(number) for number in range(constants.staking.STAKE_SHARDS)]
    )
    slashes: dict[Pubkey, r.Slash] = field(default_factory=dict)
    currencies: dict[Pubkey, r.Currency] = field(default_factory=dict)
    offers: dict[Pubkey, r.Offer] = field(default_factory=dict)
    jobs: dict[Pubkey, r.Job] = field(default_factory=dict)
    clusters: dict[Pubkey, r.Cluster] = field(default_factory=dict)
    disputes: dict[Pubkey, r.Dispute] = field(default_factory=dict)
    proposals: dict[Pubkey, r.Proposal] = field(default_factory=dict)
    votes: dict[tuple[Pubkey, Pubkey], r.VoteRecord] = field(default_factory=dict)
    node_votes: dict[tuple[Pubkey, Pubkey], r.NodeVote] = field(default_factory=dict)
    transactions: dict[tuple[Pubkey, int], r.StoredTransaction] = field(default_factory=dict)
    outflows: dict[Pubkey, r.AssetOutflow] = field(default_factory=dict)
    fee_vaults: dict[Pubkey, int] = field(default_factory=dict)
    unshown: set[Pubkey] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)

    def apply(self, entry: Entry) -> None:
        """Takes an event, the next one of the chain."""
        self.slot, self.time = entry.place.slot, entry.time
        if entry.event is None:
            self.broken.append(f"an event in slot {entry.place.slot} is of a later version")
            return
        handler = handlers().get(type(entry.event))
        if handler is None:
            return
        try:
            handler(self, entry.event, entry.time)
        except LookupError as missing:
            self.broken.append(
                f"{entry.name} in slot {entry.place.slot} is about {missing}, unknown until then"
            )

    def agree(self, event: Event, name: str, stated: int, expected: int) -> None:
        """Notes it where an event states something else than those before it."""
        if stated != expected:
            kind = f"{type(event).__module__.split('.')[-2]}.{type(event).__name__}"
            self.broken.append(f"{kind} in slot {self.slot} states {name} {stated}, {expected} is expected")

    def node_of(self, event: Any) -> r.Node:
        """The node that an event is about, with its number and time."""
        node = self.nodes[event.node]
        node.seq, node.last_time = event.seq, max(self.time, node.last_time)
        return node

    def __iter__(self) -> Iterator[tuple[Any, r.Record]]:
        """Every record, with the key under which its account is found."""
        for single in (
            self.mint,
            self.distributor,
            self.buyback,
            self.proofs,
            self.staking,
            self.jobs_config,
            self.governance,
            self.attesters,
        ):
            if single is not None:
                yield None, single
        if self.staking is not None:
            yield None, self.emission
        tables: Iterable[dict[Any, Any]] = (
            self.grants,
            self.airdrops,
            self.auctions,
            self.payouts,
            self.reports,
            self.challenges,
            self.hours,
            self.classes,
            self.devices,
            self.approvals,
            self.networks,
            self.nodes,
            self.positions,
            self.slashes,
            self.currencies,
            self.offers,
            self.jobs,
            self.clusters,
            self.disputes,
            self.proposals,
            self.votes,
            self.node_votes,
            self.transactions,
            self.outflows,
        )
        for table in tables:
            yield from table.items()
        yield from ((shard.index, shard) for shard in self.shards)


def replay(entries: Iterable[Entry], state: State | None = None) -> State:
    """The state after events, in the chain's order.

    Args:
        entries: every event since the state.
        state: is changed; None: that before the first event.
    """
    state = State() if state is None else state
    for entry in entries:
        state.apply(entry)
    return state


@cache
def handlers() -> dict[type[Any], Handler]:
    """The handler of each type of event that changes the state: of all modules that have some."""
    for name in ("others", "renting", "stake"):
        import_module(f"ionet.ledger.replay.{name}")
    return HANDLERS


__all__ = ["Handler", "State", "handlers", "on", "replay"]
