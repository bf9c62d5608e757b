"""Whether the chain holds what its programs' events say: sums, balances, and every field of every account.

What is expected comes from a ledger's events alone, what is found from the accounts that a node shows, each
program's in one answer of one slot. Nothing is taken from one side to compute the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import accounts, events, pda
from ionet._generated.staking.types import SlashState
from ionet.chain._async.reader import AsyncReader
from ionet.chain.errors import DecodeError
from ionet.chain.following import PAGE
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.chain.layouts import Mint, TokenAccount
from ionet.chain.records import shaped, whole
from ionet.chain.transactions import raw_account
from ionet.ledger.database import Database
from ionet.ledger.errors import LedgerError
from ionet.ledger.follower import Follower
from ionet.ledger.records import Entry
from ionet.ledger.replay.compare import QUIET, Difference, differences, index, key_of, types
from ionet.ledger.replay.records import Proposal
from ionet.ledger.replay.state import State, replay
from ionet.ledger.subjects import PROGRAMS
from ionet.ledger.withheld import withheld
from ionet.token.emission import cumulative

#: How often accounts are read anew, where the ledger and a node do not come to the same slot.
_TRIES: Final = 40
_PAUSE: Final = 0.25


@dataclass(slots=True)
class Found:
    """What a node shows.

    Attributes:
        slots: in which each program's accounts were read, and the tokens (`token`).
        accounts: by their types' names and addresses, decoded.
        unread: accounts of the programs that could not be read, and why.
        tokens: what each token account holds, base units: all of IO, and the programs' own of other mints.
        supply: of IO, base units.
        io: which of the token accounts are of IO.
    """

    slots: dict[str, int] = field(default_factory=dict)
    accounts: dict[tuple[str, Pubkey], Any] = field(default_factory=dict)
    unread: dict[Pubkey, str] = field(default_factory=dict)
    tokens: dict[Pubkey, int] = field(default_factory=dict)
    supply: int = 0
    io: frozenset[Pubkey] = frozenset()


@dataclass(frozen=True, slots=True)
class Check:
    """One sum.

    Attributes:
        name: what is added up.
        expected: by the events.
        found: on the chain.
    """

    name: str
    expected: int
    found: int

    @property
    def difference(self) -> int:
        """Found less expected."""
        return self.found - self.expected


@dataclass(frozen=True, slots=True)
class Verified:
    """What came out.

    Attributes:
        slot: up to which the events were looked at.
        events: how many of them that are.
        checks: sums.
        differences: single values, one for each account and field that is not what the events say.
        missing: what is not whole: gaps in numbers, cut logs, events that contradict each other,
            transactions of closed accounts that the node shows and the ledger does not have, in words.
        gifts: what token accounts hold beyond what events say, sent by others; harmless.
    """

    slot: int
    events: int
    checks: tuple[Check, ...]
    differences: tuple[Difference, ...]
    missing: tuple[str, ...]
    gifts: Mapping[Pubkey, int]

    @property
    def holds(self) -> bool:
        """Whether everything is as the events say."""
        sums = all(check.difference == 0 for check in self.checks)
        return sums and not self.differences and not self.missing


# --- reading ------------------------------------------------------------------------------------


async def read_found(client: AsyncReader) -> Found:
    """Reads every account of the programs, and their tokens.

    Raises:
        RpcError, TransportError: the node cannot be read.
    """
    there = Found()
    for name in PROGRAMS:
        await _read_program(client, name, there)
    await _read_tokens(client, there)
    return there


async def _read_program(client: AsyncReader, name: str, there: Found) -> None:
    program_id = getattr(events, name).Initialized.PROGRAM_ID
    tags = {
        kind.DISCRIMINATOR: (known, kind) for known, kind in types().items() if program_id == kind.PROGRAM_ID
    }
    config = {"encoding": "base64", "commitment": "confirmed", "withContext": True}
    answer = await client.request("getProgramAccounts", str(program_id), config)
    with shaped("getProgramAccounts"):
        there.slots[name] = whole(answer["context"]["slot"])
        for entry in answer["value"]:
            address, raw = Pubkey.from_string(entry["pubkey"]), raw_account(entry["account"])
            data = b"" if raw is None else bytes(raw.data)
            if data[:8] not in tags:
                there.unread[address] = "is of no type of the program's"
                continue
            kind, cls = tags[data[:8]]
            try:
                there.accounts[kind, address] = cls.decode(data)
            except DecodeError as bad:
                there.unread[address] = str(bad)


async def _read_tokens(client: AsyncReader, there: Found) -> None:
    of_io = {"memcmp": {"offset": 0, "bytes": str(pda.mint.MINT)}}
    config = {
        "encoding": "base64",
        "commitment": "confirmed",
        "withContext": True,
        "filters": [{"dataSize": 165}, of_io],
    }
    answer = await client.request("getProgramAccounts", str(TOKEN_PROGRAM), config)
    with shaped("getProgramAccounts"):
        there.slots["token"] = whole(answer["context"]["slot"])
        for entry in answer["value"]:
            _take_token(there, Pubkey.from_string(entry["pubkey"]), raw_account(entry["account"]))
    there.io = frozenset(there.tokens)
    others = [address for address in _vaults(there) if address not in there.tokens]
    for start in range(0, len(others), 100):
        part = others[start : start + 100]
        config = {"encoding": "base64", "commitment": "confirmed"}
        answer = await client.request("getMultipleAccounts", [str(address) for address in part], config)
        with shaped("getMultipleAccounts"):
            there.slots["token"] = max(there.slots["token"], whole(answer["context"]["slot"]))
            for address, entry in zip(part, answer["value"], strict=True):
                _take_token(there, address, raw_account(entry))
    mint = await client.account(pda.mint.MINT)
    there.supply = 0 if mint is None else Mint.decode(bytes(mint.data)).supply


def _take_token(there: Found, address: Pubkey, raw: Any) -> None:
    if raw is not None and raw.owner == TOKEN_PROGRAM:
        try:
            there.tokens[address] = TokenAccount.decode(bytes(raw.data)).amount
        except DecodeError as bad:
            there.unread[address] = str(bad)


def _vaults(there: Found) -> Iterator[Pubkey]:
    """Token accounts that accounts of the programs name as theirs."""
    for (kind, address), account in there.accounts.items():
        for name in ("vault", "escrow", "bond_vault", "fee_vault", "emission_vault", "reserve_vault"):
            if isinstance(vault := getattr(account, name, None), Pubkey):
                yield vault
        if kind == "jobs.Currency":
            yield from account.vaults
        elif kind in {"distributor.Grant", "distributor.Airdrop"}:
            yield pda.distributor.vault(address)


async def verify(
    client: AsyncReader, database: Database, follower: Follower | None = None, *, since: int = -1
) -> Verified:
    """Compares the chain as it is now with a ledger of its events.

    Args:
        client: asks the node.
        database: the ledger.
        follower: fills it; None: another process does.
        since: the node was asked before for transactions of closed accounts up to this slot.

    Raises:
        LedgerError: the ledger does not come to the slot that the node shows, or the node no longer has the
            past.
        RpcError, TransportError: the node cannot be read.
    """
    before = (-1, -1)
    for _ in range(_TRIES):
        there = await read_found(client)
        newest, oldest = max(there.slots.values()), min(there.slots.values())
        if follower is not None:
            await follower.catch_up()
        marks = database.marks()
        answer = await client.request("getSlot", {"commitment": "confirmed"})
        with shaped("getSlot"):
            now = (newest, whole(answer))
        # Test networks make slots only for transactions, and some are a slot ahead of themselves.
        stands = (now[1] == newest and marks.scanned >= newest - 1) or now == before
        before = now
        if marks.scanned >= newest or stands:
            quiet = not any(entry for entry in _within(database, oldest, newest))
            # Where something happened while it was read: of every program as of its own slot.
            came = _verified(there, database, newest, by_slot=not quiet)
            return await _asked(client, database, came, since)
        await asyncio.sleep(_PAUSE)
    raise LedgerError(
        f"the ledger is whole up to slot {marks.scanned} only, and the node shows slot {newest}; is ionet"
        " ledger run at work?"
    )


async def verify_at(
    client: AsyncReader, database: Database, slot: int, follower: Follower | None = None
) -> Verified:
    """Compares a ledger's events up to a slot with the balances that were noted in transactions then.

    No node shows accounts as they were; but each transaction names what its token accounts held after it.

    Args:
        client: asks the node.
        database: the ledger.
        slot: the events up to its end.
        follower: fills the ledger; None: another process does.

    Raises:
        LedgerError: the ledger has not come to that slot, or the node no longer has the past.
        RpcError, TransportError: the node cannot be read.
    """
    if follower is not None:
        await follower.catch_up()
    if (scanned := database.marks().scanned) < slot:
        raise LedgerError(f"the ledger is whole up to slot {scanned} only, not up to {slot}")
    told = Comparison(Found())
    state = replay(told.counted(database.entries(slot=slot)))
    for name, vaults in _expected_tokens(state).items():
        there = {address: await _held_at(client, address, slot) for address in vaults}
        for address, held in there.items():
            if held is None and vaults[address]:
                raise LedgerError(
                    f"the node shows no transaction of token account {address} up to slot {slot}, by which it"
                    " held something by the events: it no longer has the past; ask one that has all of it"
                )
        told.balances(name, vaults, {address: held or 0 for address, held in there.items()})
    return await _asked(client, database, told.result(state, database, slot))


async def _asked(client: AsyncReader, database: Database, came: Verified, since: int = -1) -> Verified:
    """What came out, with what the node shows of closed accounts."""
    more = await withheld(client, database, came.slot, since=since)
    return replace(came, missing=(*came.missing, *more))


async def _held_at(client: AsyncReader, address: Pubkey, slot: int) -> int | None:
    """What a token account held at a slot's end, base units, by its last transaction until then.

    None: the node shows none.
    """
    config: dict[str, Any] = {"commitment": "confirmed", "limit": PAGE}
    while True:
        page = await client.request("getSignaturesForAddress", str(address), config)
        with shaped("getSignaturesForAddress"):
            for entry in page:
                if entry["err"] is None and whole(entry["slot"]) <= slot:
                    return await _held_after(client, str(entry["signature"]), address)
            if len(page) < PAGE:
                return None
            config["before"] = str(page[-1]["signature"])


async def _held_after(client: AsyncReader, signature: str, address: Pubkey) -> int:
    config = {"encoding": "jsonParsed", "commitment": "confirmed", "maxSupportedTransactionVersion": 0}
    answer = await client.request("getTransaction", signature, config)
    if answer is None:
        raise LedgerError(f"the node does not show transaction {signature}: it no longer has the past")
    with shaped("getTransaction"):
        keys = [entry["pubkey"] for entry in answer["transaction"]["message"]["accountKeys"]]
        place = keys.index(str(address))
        return sum(
            int(held["uiTokenAmount"]["amount"])
            for held in answer["meta"]["postTokenBalances"]
            if held["accountIndex"] == place
        )


def _within(database: Database, oldest: int, newest: int) -> Iterator[Entry]:
    for entry in database.entries(slot=newest, after=_end_of(oldest)):
        yield entry
        return


def _end_of(slot: int) -> Any:
    from ionet.ledger.records import Place

    return Place(slot, 1 << 30, 0, 0, 0)


def _verified(there: Found, database: Database, newest: int, *, by_slot: bool = False) -> Verified:
    """Compares; where events fell between the slots of several answers, each with the state of its own."""
    slots = sorted(set(there.slots.values())) if by_slot else [newest]
    state, after, told = State(), None, Comparison(there)
    for slot in slots:
        replay(told.counted(database.entries(slot=slot, after=after)), state)
        after = _end_of(slot)
        told.take(state, None if not by_slot else {name for name, at in there.slots.items() if at == slot})
    return told.result(state, database, newest)


# --- comparing ----------------------------------------------------------------------------------


class Comparison:
    """Compares what was found with states by events.

    Args:
        there: what a node shows.
    """

    def __init__(self, there: Found) -> None:
        self._found = there
        self._checks: list[Check] = []
        self._differences: list[Difference] = []
        self._gifts: dict[Pubkey, int] = {}
        self._events = 0

    def counted(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The same, counted for the result."""
        for entry in entries:
            self._events += entry.event is not None
            yield entry

    def take(self, state: State, programs: set[str] | None = None) -> None:
        """Compares with a state; `programs`: only what was read in its slot, `token` for tokens."""
        wanted = {*PROGRAMS, "token"} if programs is None else programs
        self._accounts(state, wanted)
        self._sums(state, wanted)
        if "token" in wanted:
            self._tokens(state)

    def result(self, state: State, database: Database, slot: int) -> Verified:
        """What came out; of as many events as were `counted`."""
        missing = [*_incomplete(database), *state.broken]
        missing += [f"the verdict of node {node} was written without being shown" for node in state.unshown]
        missing += [f"account {address} {why}" for address, why in self._found.unread.items()]
        return Verified(
            slot,
            self._events,
            tuple(self._checks),
            tuple(self._differences),
            tuple(missing),
            self._gifts,
        )

    def _accounts(self, state: State, wanted: set[str]) -> None:
        records = index(state)
        for (kind, address), account in self._found.accounts.items():
            if kind.partition(".")[0] not in wanted:
                continue
            record = records.pop((kind, key_of(kind, address, account)), None)
            if record is not None:
                self._differences += differences(record, address, account)
            else:
                self._differences += _unsaid(state, kind, address, account)
            self._differences += _inner(kind, address, account)
        for (kind, key), record in records.items():
            gone = isinstance(record, Proposal) or kind in QUIET
            if kind.partition(".")[0] in wanted and not gone:
                at = key if isinstance(key, Pubkey) else None
                self._differences.append(Difference(kind, "account", at, "an account", None))

    def _add(self, name: str, expected: int, there: int) -> None:
        self._checks.append(Check(name, expected, there))

    def _of(self, kind: str) -> list[tuple[Pubkey, Any]]:
        return [
            (address, account) for (known, address), account in self._found.accounts.items() if known == kind
        ]

    def _sums(self, state: State, wanted: set[str]) -> None:
        if "mint" in wanted and state.mint is not None:
            for _, config in self._of("mint.Config"):
                self._add("emitted", state.mint.emitted, config.emitted)
                self._add("reserve burned", state.mint.reserve_burned, config.reserve_burned)
                passed = cumulative(config.last_time - config.start)
                self._add("emitted by the schedule until then", state.mint.emitted, passed)
        if "staking" in wanted:
            self._stake(state)
        if "jobs" in wanted:
            self._add("escrowed by jobs", sum(job.held for job in state.jobs.values()), self._held())
        if "buyback" in wanted and state.buyback is not None:
            for _, config in self._of("buyback.Config"):
                self._add("burn receipts", state.buyback.receipts, config.receipts)
                self._add("burned by receipts", state.buyback.burned, config.burned)
        if "distributor" in wanted:
            granted = sum(grant.released for grant in state.grants.values())
            claimed = sum(airdrop.claimed for airdrop in state.airdrops.values())
            self._add(
                "released of grants", granted, sum(g.released for _, g in self._of("distributor.Grant"))
            )
            airdrops = self._of("distributor.Airdrop")
            self._add("claimed of airdrops", claimed, sum(airdrop.claimed for _, airdrop in airdrops))
        if "governance" in wanted:
            names = ("in_favour", "against", "abstain")
            there = dict(self._of("governance.Proposal"))
            votes = sum(sum(getattr(p, n) for n in names) for a, p in state.proposals.items() if a in there)
            self._add("votes", votes, sum(sum(getattr(p, n) for n in names) for p in there.values()))

    def _stake(self, state: State) -> None:
        nodes = [node for _, node in self._of("staking.Node")]
        shards = [shard for _, shard in self._of("staking.StakeShard")]
        counted = sum(node.counted for node in state.nodes.values())
        self._add("active stake that votes, by shards", counted, sum(shard.active.now for shard in shards))
        active = sum(node.own__active + node.co__active for node in state.nodes.values())
        self._add("active stake of nodes", active, sum(node.own.active + node.co.active for node in nodes))
        credited = sum(node.credited for node in state.nodes.values())
        self._add("credited to nodes", credited, sum(node.credited for node in nodes))
        for _, ledger in self._of("staking.EmissionLedger"):
            self._add("credited in all", credited, ledger.credited)
        self._positions()

    def _positions(self) -> None:
        """What co-stakers have is what their nodes say of them."""
        sums: dict[Pubkey, list[int]] = {}
        for _, position in self._of("staking.Position"):
            cooling = sum(slot.amount for slot in position.cooling.slots)
            parts = (position.active, position.pending, cooling, position.late)
            totals = sums.setdefault(position.node, [0, 0, 0, 0])
            sums[position.node] = [total + part for total, part in zip(totals, parts, strict=True)]
        for address, node in self._of("staking.Node"):
            active, pending, cooling, late = sums.get(address, [0, 0, 0, 0])
            for name, theirs, its in (
                ("co.active", active, node.co.active),
                ("co.pending", pending, node.co.pending),
                ("co.shares", active + pending + cooling, node.co.shares),
                ("co.late", late, node.co.late),
            ):
                if theirs != its:
                    self._differences.append(Difference("positions", name, address, its, theirs))

    def _held(self) -> int:
        return sum(
            job.price + job.fee - job.paid_supplier - job.paid_fees - job.paid_refund
            for _, job in self._of("jobs.Job")
        )

    # -- tokens

    def _tokens(self, state: State) -> None:
        self._add("supply of IO", state.supply, self._found.supply)
        held = sum(self._found.tokens[address] for address in self._found.io)
        self._add("supply in token accounts", state.supply, held)
        for name, vaults in _expected_tokens(state).items():
            self.balances(name, vaults, {vault: self._found.tokens.get(vault, 0) for vault in vaults})

    def balances(self, name: str, vaults: Mapping[Pubkey, int], there: Mapping[Pubkey, int]) -> None:
        """Compares what token accounts hold, base units, with what they should; more is a gift."""
        gifts = {at: there[at] - vaults[at] for at in vaults if there[at] > vaults[at]}
        self._gifts |= gifts
        self._add(name, sum(vaults.values()), sum(there.values()) - sum(gifts.values()))
        self._differences += [
            Difference(name, "balance", address, vaults[address], there[address])
            for address in vaults
            if there[address] < vaults[address]
        ]


def _expected_tokens(state: State) -> dict[str, dict[Pubkey, int]]:
    """What the programs' token accounts hold by events, by what they are for."""
    groups: dict[str, dict[Pubkey, int]] = {}
    if state.mint is not None:
        mint, ledger = state.mint, state.emission
        groups["emission vault"] = {pda.mint.EMISSION_VAULT: mint.paid - ledger.credited}
        groups["reserve"] = {pda.mint.RESERVE_VAULT: mint.withheld - mint.reserve_burned}
    groups["vaults of nodes"] = {pda.staking.vault(key): node.vault for key, node in state.nodes.items()}
    groups["escrows"] = {pda.jobs.escrow(key): job.held for key, job in state.jobs.items()}
    groups["fee vaults"] = dict(state.fee_vaults)
    groups["payouts"] = {payout.vault: payout.held for payout in state.payouts.values()}
    groups["grants"] = {
        pda.distributor.vault(key): grant.total - grant.released - grant.returned
        for key, grant in state.grants.items()
    }
    groups["airdrops"] = {
        pda.distributor.vault(key): airdrop.total - airdrop.claimed - airdrop.returned
        for key, airdrop in state.airdrops.items()
    }
    bonds = {pda.proofs.bond_vault(key): challenge.bond for key, challenge in state.challenges.items()}
    bonds |= {pda.jobs.bond_vault(key): dispute.bond for key, dispute in state.disputes.items()}
    bonds |= {pda.governance.bond_vault(key): proposal.bond_held for key, proposal in state.proposals.items()}
    groups["bonds"] = {address: bond for address, bond in bonds.items() if bond}
    return {name: vaults for name, vaults in groups.items() if vaults}


def _unsaid(state: State, kind: str, address: Pubkey, account: Any) -> Iterator[Difference]:
    """An account that no event says is there."""
    if kind == "distributor.Claims":
        airdrop = state.airdrops.get(account.airdrop)
        expected = None if airdrop is None else airdrop.bits.get(account.number)
        if expected is None:
            yield Difference(kind, "account", address, "no account", "one")
        elif expected != int.from_bytes(account.bits, "little"):
            yield Difference(kind, "bits", address, expected, int.from_bytes(account.bits, "little"))
    elif kind == "staking.Position":
        # Opened, and never staked with.
        for name in ("active", "pending", "late", "due", "pending_at"):
            if getattr(account, name):
                yield Difference(kind, name, address, 0, getattr(account, name))
    elif kind == "governance.NodeVote":
        # Opened, and nobody has voted in it.
        for name, value in (("owner_choice", 3), ("overridden", 0)):
            if int(getattr(account, name)) != value:
                yield Difference(kind, name, address, value, int(getattr(account, name)))
    elif kind not in QUIET:
        yield Difference(kind, "account", address, "no account", "one")


#: Where accounts are, by what they hold.
_ADDRESSES: Final[Mapping[str, Callable[[Any], Pubkey]]] = {
    "buyback.Auction": lambda account: pda.buyback.auction(account.mint, account.shard),
    "buyback.Payout": lambda account: pda.buyback.payout(account.job),
    "distributor.Airdrop": lambda account: pda.distributor.airdrop(account.id),
    "distributor.Claims": lambda account: pda.distributor.claims(account.airdrop, account.number),
    "distributor.Grant": lambda account: pda.distributor.grant(account.id),
    "governance.AssetOutflow": lambda account: pda.governance.outflow(account.asset),
    "governance.NodeVote": lambda account: pda.governance.node_vote(account.proposal, account.node),
    "governance.Proposal": lambda account: pda.governance.proposal(account.proposer, account.nonce),
    "governance.StoredTransaction": lambda account: pda.governance.transaction(
        account.proposal, account.index
    ),
    "governance.VoteRecord": lambda account: pda.governance.vote(account.proposal, account.position),
    "jobs.Cluster": lambda account: pda.jobs.cluster(account.renter, account.id),
    "jobs.Currency": lambda account: pda.jobs.currency(account.mint),
    "jobs.Dispute": lambda account: pda.jobs.dispute(account.job, account.party),
    "jobs.Job": lambda account: pda.jobs.job(account.offer, account.nonce),
    "jobs.Offer": lambda account: pda.jobs.offer(account.node),
    "proofs.Challenge": lambda account: pda.proofs.challenge(account.report, account.node),
    "proofs.Hour": lambda account: pda.proofs.hour(account.seq),
    "proofs.Report": lambda account: pda.proofs.report(account.seq, account.content_hash),
    "staking.Class": lambda account: pda.staking.class_(account.id),
    "staking.Device": lambda account: pda.staking.device(account.fingerprint),
    "staking.Network": lambda account: pda.staking.network(account.authority),
    "staking.Node": lambda account: pda.staking.node(account.device),
    "staking.Position": lambda account: pda.staking.position(account.node, account.holder),
    "staking.Slash": lambda account: _slash_place(account)(account.node, account.nonce),
    "staking.StakeShard": lambda account: pda.staking.shard(account.index),
}


def _slash_place(account: accounts.staking.Slash) -> Callable[[Pubkey, int], Pubkey]:
    """A disproof is kept by its hour, so that there is one of a node and hour."""
    return pda.staking.disproof if account.state == SlashState.DISPROVED else pda.staking.slash


def _inner(kind: str, address: Pubkey, account: Any) -> Iterator[Difference]:
    """What holds within an account."""
    place = _ADDRESSES.get(kind)
    if place is not None and (expected := place(account)) != address:
        yield Difference(kind, "address", address, expected, address)
    if account.version != 1:
        yield Difference(kind, "version", address, 1, account.version)
    if kind == "staking.Position":
        weights = sum(slot.weight for slot in account.cooling.slots)
        if weights != account.late:
            yield Difference(kind, "late", address, weights, account.late)


def _incomplete(database: Database) -> Iterator[str]:
    """What is not whole in a ledger, in words."""
    for gap in database.gaps():
        shown = (
            ", ".join(map(str, gap.missing[:5])) or f"{gap.events} events, the highest number is {gap.top}"
        )
        yield f"of {gap.program} account {gap.account} events are missing: number {shown}"
    for cut in database.cuts():
        yield f"the log of transaction {cut.signature} in slot {cut.slot} was cut: events may be missing"
