"""The real chain: the jobs program, seen from one attester's seat."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from base64 import b64decode
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from ionet import AsyncCall, AsyncClient, JobState, NodeState, accounts, constants, pda, types
from ionet.chain.errors import (
    AccountNotFound,
    DecodeError,
    IonetError,
    ProgramError,
    RpcError,
    TransactionExpired,
    TransactionFailed,
    TransactionNotShown,
    TransactionUnknown,
    TransportError,
)
from ionet.chain.ids import CLOCK, SLOT_HASHES
from ionet.chain.records import clock_time, decoded, decoded_or_none, shaped
from ionet.chain.signers import Signer
from ionet.jobs.escrow import looked_at, paid_seconds, payable, silent_from
from ionet.jobs.status import Crank, or_none
from ionet.orchestrator._chain import (
    Attestation,
    Attested,
    Beacon,
    ChainRejected,
    ChainUnavailable,
    JobView,
    Party,
    Phase,
)
from ionet.orchestrator._seats import place
from ionet.proofs.disproof import Disproof

_BEACON_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.4
#: For which a node's account is remembered.
_NODE_SECONDS: Final = 60.0
#: For which the attester set is remembered, and for which a closed job may still be listed.
_SEATS_SECONDS: Final = 10.0
_CLOSED_SECONDS: Final = 120.0
#: Between whole looks, beside what the jobs' own numbers tell.
_WHOLE_EVERY: Final = 900.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NodeView:
    """What the orchestrator needs of a node's account.

    Attributes:
        device: the key that signs for its device, 32 bytes.
        class_id: its hardware class.
        pool: the class's kind of hardware, ``gpu`` or ``cpu``.
        live: whether it is in the market.
        owner: who owns it, 32 bytes.
        units: how many processors it has.
        verdict_at: end of the hour of its latest verdict, Unix seconds; 0 without one.
        verdict: that verdict's evidence, 32 bytes.
    """

    device: bytes
    class_id: int
    pool: str
    live: bool
    owner: bytes
    units: int
    verdict_at: int = 0
    verdict: bytes = bytes(32)


@dataclass(frozen=True, slots=True)
class HourView:
    """An hour's compute proofs on the chain. Times are Unix seconds.

    Attributes:
        seq: hours from the start of emission to its end.
        period_end: its end.
        ticked_at: when they began.
        commit_until: until when seats post their roots.
        seed: what products are made of, 32 bytes.
        draw_from: the slot from which those count that pass before the draw; 0 while it has not begun.
        randomness: what is opened is drawn from it, 32 bytes; None while the hour is not drawn.
        roots: by the keys of the seats that have posted one.
    """

    seq: int
    period_end: int
    ticked_at: int
    commit_until: int
    seed: bytes
    draw_from: int
    randomness: bytes | None
    roots: Mapping[bytes, bytes]


class ProgramChain:
    """`Chain` over a client whose signer holds a seat in the attester set.

    Args:
        client: signs what only a seat may do, and pays unless somebody else does.
        nodes: serve only jobs on these nodes, 32 bytes each; None for all.
        payer: pays for every step, and signs by itself what anybody may do; None: the client's signer.
    """

    def __init__(
        self, client: AsyncClient, *, nodes: Sequence[bytes] | None = None, payer: Signer | None = None
    ) -> None:
        self._client = client
        self._payer = payer
        self._anybody = client if payer is None else client.as_(payer)
        self._nodes = None if nodes is None else frozenset(nodes)
        self._known: dict[bytes, tuple[float, NodeView]] = {}
        #: By job: a device may have another key, and a node another owner, when it is leased again.
        self._seen: dict[Pubkey, NodeView] = {}
        #: Jobs as they were read last, and as this seat sees them; of other nodes only how new they are.
        self._accounts: dict[Pubkey, accounts.jobs.Job] = {}
        self._views: dict[Pubkey, JobView] = {}
        self._others: dict[Pubkey, int] = {}
        #: Jobs that are closed, and since when: an older answer may still list them.
        self._closed: dict[Pubkey, float] = {}
        #: Jobs of clusters that have not started, and the clusters that a job has left.
        self._waiting: set[Pubkey] = set()
        self._broken: set[Pubkey] = set()
        self._seat: int | None = None
        self._begun: int | None = None
        self._keys: frozenset[bytes] = frozenset()
        self._held: tuple[int, ...] = ()
        self._seats_at = self._whole_at = -math.inf

    async def now(self) -> int:
        """See `Chain.now`."""
        now: int = await self._ask(self._client.time())
        return now

    async def begun(self) -> int:
        """Returns when the first hour of emission begins, Unix seconds: all hours are counted from then."""
        if self._begun is None:
            self._begun = await self._ask(self._client.proofs.period_end(0))
        return self._begun

    async def beacon(self, after: int | None = None) -> Beacon:
        """See `Chain.beacon`. On a local network, waiting makes a block."""
        deadline = time.monotonic() + _BEACON_SECONDS
        while True:
            account = await self._ask(self._client.account(SLOT_HASHES))
            if account is None:
                raise ChainUnavailable("the cluster has no slot hashes")
            slot, value = int.from_bytes(account.data[8:16], "little"), bytes(account.data[16:48])
            if after is None or slot > after:
                return Beacon(slot, value)
            if time.monotonic() > deadline:
                raise ChainUnavailable(f"no slot after {after} in {_BEACON_SECONDS:.0f} s")
            if self._client.is_local:
                self._client.network.clock.advance(slots=1)
            else:
                await asyncio.sleep(_POLL_SECONDS)

    async def jobs(self) -> Sequence[JobView]:
        """See `Chain.jobs`. What has not changed is not fetched again, but for a whole look now and then."""
        await self._read_seats()
        listed = await self._list()
        for address in self._accounts.keys() - listed.keys():
            self._drop(address)
        if time.monotonic() - self._whole_at > _WHOLE_EVERY:
            self._whole_at, changed = time.monotonic(), list(listed)
        else:
            changed = [address for address, seq in listed.items() if self._seq(address) != seq]
        self._take(changed, await self._ask(self._client.accounts(changed)))
        waiting = self._clusters_of(self._waiting)
        self._take_clusters(waiting, await self._ask(self._client.accounts(waiting)) if waiting else [])
        await self._make_views([address for address in self._accounts if address not in self._views])
        return list(self._views.values())

    async def look_again(self, keys: Sequence[bytes]) -> tuple[int, Sequence[JobView]]:
        """See `Chain.look_again`. One request, where there are fewer than a hundred accounts."""
        await self._read_seats()
        addresses = [Pubkey(key) for key in keys]
        clusters = self._clusters_of(addresses)
        asked = [CLOCK, *addresses, *clusters]
        clock, *found = await self._ask(self._client.accounts(asked))
        self._take(addresses, found[: len(addresses)])
        self._take_clusters(clusters, found[len(addresses) :])
        if unknown := [one for one in self._clusters_of(addresses) if one not in clusters]:
            self._take_clusters(unknown, await self._ask(self._client.accounts(unknown)))
        await self._make_views([one for one in addresses if one in self._accounts and one not in self._views])
        return clock_time(clock), [self._views[one] for one in addresses if one in self._views]

    async def job(self, key: bytes) -> JobView | None:
        """Returns a job; None once it is closed."""
        _, found = await self.look_again([key])
        return found[0] if found else None

    def place(self, about: bytes) -> int:
        """See `Chain.place`."""
        return place(self._keys, bytes(self._client.address), about)

    async def start(self, job: JobView) -> str:
        """See `Chain.start`."""
        return await self._send(self._client.jobs.start(Pubkey(job.key)))

    async def confirm_manifest(self, job: JobView) -> str:
        """See `Chain.confirm_manifest`."""
        return await self._send(self._client.jobs.confirm_manifest(Pubkey(job.key)))

    async def attest(self, job: JobView, attestation: Attestation) -> str:
        """See `Chain.attest`."""
        if job.started_at is None:
            raise ChainRejected("NotRunning", "the job has not started")
        args = types.jobs.AttestArgs(
            good=attestation.good,
            upto=attestation.upto - job.started_at,
            reason=attestation.reason_bits,
            proof_digest=attestation.verdict,
            timelock=attestation.timelock,
            result_hash=attestation.result,
        )
        return await self._send(self._client.jobs.attest(Pubkey(job.key), args))

    async def settle(self, job: JobView, party: Party) -> str:
        """See `Chain.settle`. What is paid into a payout account is put up for auction at once."""
        key = Pubkey(job.key)
        calls = {
            Party.SUPPLIER: self._anybody.jobs.settle,
            Party.RENTER: self._anybody.jobs.refund,
            Party.FEES: self._anybody.jobs.collect_fees,
        }
        signature = await self._send(calls[party](key))
        if party is Party.SUPPLIER:
            await self._offer_payout(key)
        return signature

    async def _offer_payout(self, job: Pubkey) -> None:
        """Starts a payout's auction, unless one is running; if that fails, anyone can do so later."""
        with contextlib.suppress(ChainUnavailable, ChainRejected):
            if Crank.START_PAYOUT in await self._ask(self._client.jobs.due(job)):
                await self._send(self._anybody.buyback.start_payout(job))

    async def lose(self, job: JobView) -> str:
        """See `Chain.lose`."""
        return await self._send(self._client.jobs.lose(Pubkey(job.key)))

    async def complete(self, job: JobView) -> str:
        """See `Chain.complete`."""
        return await self._send(self._anybody.jobs.complete(Pubkey(job.key)))

    async def expire(self, job: JobView) -> str:
        """See `Chain.expire`."""
        return await self._send(self._anybody.jobs.expire(Pubkey(job.key)))

    async def close(self, job: JobView) -> str:
        """See `Chain.close`."""
        signature = await self._send(self._anybody.jobs.close(Pubkey(job.key)))
        if any(job.cluster):
            # It may be too early to close a cluster that just ended; its renter can do so as well.
            with contextlib.suppress(ChainUnavailable, ChainRejected):
                await self._close_cluster(Pubkey(job.cluster))
        return signature

    async def _close_cluster(self, cluster: Pubkey) -> None:
        try:
            status = await self._ask(self._client.jobs.get_cluster(cluster))
        except AccountNotFound:
            return
        if status.closable and not await self._ask(self._client.jobs.find_jobs(cluster=cluster)):
            await self._send(self._anybody.jobs.close_cluster(cluster))

    # ---- hours of compute proofs

    async def running_hour(self) -> tuple[int, HourView | None]:
        """Returns the number of the hour that runs, and its compute proofs where somebody has begun them."""
        running: tuple[int, HourView | None] = await self._ask(self._hour())
        return running

    async def _hour(self) -> tuple[int, HourView | None]:
        seq = await self._client.proofs.latest_hour() + 1
        try:
            hour = await self._client.proofs.get_hour(seq)
        except AccountNotFound:
            return seq, None
        keys = (await self._client.proofs.get_attesters()).keys
        posted = {
            bytes(key): root
            for seat, (key, root) in enumerate(zip(keys, hour.roots, strict=True))
            if hour.committed >> seat & 1
        }
        return seq, HourView(
            seq=seq,
            period_end=hour.period_end,
            ticked_at=hour.ticked_at,
            commit_until=min(hour.ticked_at + constants.proofs.COMMIT_TIME, hour.period_end),
            seed=hour.seed,
            draw_from=hour.draw_from,
            randomness=hour.randomness if hour.drawn_slot else None,
            roots=posted,
        )

    async def is_seat(self, key: bytes) -> bool:
        """Returns whether a key holds a seat with a weight."""
        await self._read_seats()
        return key in self._keys

    async def slot(self) -> int:
        """Returns the latest slot."""
        slot: int = await self._ask(self._client.slot())
        return slot

    async def tick(self) -> str:
        """Begins the compute proofs of the hour that runs."""
        return await self._send(self._anybody.proofs.tick())

    async def post_root(self, seq: int, root: bytes, count: int) -> str:
        """Posts this seat's root of an hour, and how many commitments it stands for."""
        return await self._send(self._client.proofs.commit_compute(seq, root, count))

    async def draw_hour(self, seq: int) -> str:
        """Draws an hour, or begins its draw."""
        return await self._send(self._anybody.proofs.draw_hour(seq))

    async def close_hours(self, before: int) -> int:
        """Closes the hours whose rent is this seat's and that ended before a time; returns how many."""
        payer = self._anybody.address
        old = await self._ask(self._client.find(accounts.proofs.Hour, payer=payer))
        due = [keyed.account.seq for keyed in old if keyed.account.period_end < before]
        for seq in due:
            await self._send(self._anybody.proofs.close_hour(seq))
        return len(due)

    async def disprove(self, disproof: Disproof) -> str:
        """Shows that something a device has signed is wrong: two transactions, a slot apart."""
        call = self._anybody.proofs.disproof_table(disproof)
        try:
            table = (await call.send()).result
        except (IonetError, OSError) as error:
            raise ChainUnavailable(f"no lookup table was made: {error}") from error
        await self.beacon(after=await self.slot())
        return await self._send(self._anybody.proofs.disprove(disproof, table))

    # ---- reading

    async def _read_seats(self) -> None:
        """Reads the attester set, unless that was a moment ago; views are of this seat."""
        if time.monotonic() - self._seats_at < _SEATS_SECONDS:
            return
        found = await self._ask(self._client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET))
        self._seats_at = time.monotonic()
        keys = found.keys[: found.seats]
        self._keys = frozenset(bytes(key) for key, weight in zip(keys, found.weights, strict=False) if weight)
        held = tuple(number for number, weight in enumerate(found.weights[: found.seats]) if weight)
        seat = keys.index(self._client.address) if self._client.address in keys else None
        if (seat, held) != (self._seat, self._held):
            self._seat, self._held = seat, held
            self._views.clear()

    async def _list(self) -> dict[Pubkey, int]:
        """Returns the number of the latest event of each job, by address: what changes with every change."""
        config = {
            "encoding": "base64",
            "commitment": self._client.commitment,
            "filters": accounts.jobs.Job.filters(),
            "dataSlice": {"offset": accounts.jobs.Job.OFFSETS["seq"], "length": 8},
        }
        answer = await self._ask(
            self._client.request("getProgramAccounts", str(accounts.jobs.Job.PROGRAM_ID), config)
        )
        with shaped("getProgramAccounts"):
            listed = {
                Pubkey.from_string(entry["pubkey"]): int.from_bytes(
                    b64decode(entry["account"]["data"][0], validate=True), "little"
                )
                for entry in answer
            }
        now = time.monotonic()
        self._closed = {address: at for address, at in self._closed.items() if now - at < _CLOSED_SECONDS}
        return {address: seq for address, seq in listed.items() if address not in self._closed}

    def _seq(self, address: Pubkey) -> int:
        if address in self._others:
            return self._others[address]
        known = self._accounts.get(address)
        return -1 if known is None else known.seq

    def _take(self, addresses: Sequence[Pubkey], found: Sequence[RawAccount | None]) -> None:
        """Takes accounts as they were read; an answer that is older than what is known changes nothing."""
        for address, raw in zip(addresses, found, strict=True):
            if raw is None:
                self._closed[address] = time.monotonic()
                self._drop(address)
                continue
            try:
                job = decoded(accounts.jobs.Job, address, raw)
            except DecodeError as bad:
                # One account that cannot be read is no reason to leave the others.
                _log.warning("the job %s cannot be read: %s", address, bad)
                continue
            if self._nodes is not None and bytes(job.node) not in self._nodes:
                self._others[address] = job.seq
                continue
            known = self._accounts.get(address)
            if known is not None and (job.seq < known.seq or job == known):
                continue
            self._accounts[address] = job
            self._views.pop(address, None)
            if job.state == JobState.BOOKED and or_none(job.cluster):
                self._waiting.add(address)
            else:
                self._waiting.discard(address)

    def _drop(self, address: Pubkey) -> None:
        for kept in (self._accounts, self._views, self._seen, self._others):
            kept.pop(address, None)
        self._waiting.discard(address)

    def _clusters_of(self, addresses: Iterable[Pubkey]) -> list[Pubkey]:
        """The clusters of those jobs that wait for the start of theirs."""
        return sorted({self._accounts[one].cluster for one in addresses if one in self._waiting}, key=bytes)

    def _take_clusters(self, addresses: Sequence[Pubkey], found: Sequence[RawAccount | None]) -> None:
        """Takes which clusters a job has left before the start."""
        for address, raw in zip(addresses, found, strict=True):
            cluster = decoded_or_none(accounts.jobs.Cluster, address, raw)
            broken = cluster is not None and bool(cluster.broken)
            if broken == (address in self._broken):
                continue
            (self._broken.add if broken else self._broken.discard)(address)
            for job in self._waiting:
                if self._accounts[job].cluster == address:
                    self._views.pop(job, None)

    async def _make_views(self, addresses: Sequence[Pubkey]) -> None:
        unknown = [address for address in addresses if address not in self._seen]
        nodes = [self._accounts[address].node for address in unknown]
        found = await self._ask(self._client.fetch_many(accounts.staking.Node, nodes)) if nodes else []
        for address, key, node in zip(unknown, nodes, found, strict=True):
            if node is not None:
                self._seen[address] = self._remember(bytes(key), node)
        for address in addresses:
            if (job := self._accounts.get(address)) is not None:
                self._views[address] = self._view(address, job)

    def _remember(self, address: bytes, node: accounts.staking.Node) -> NodeView:
        view = NodeView(
            bytes(node.device_key),
            node.class_,
            node.pool.name.lower(),
            live=node.state == NodeState.LIVE,
            owner=bytes(node.owner),
            units=node.units,
            verdict_at=node.last_proof.time,
            verdict=node.last_proof.evidence_hash,
        )
        self._known[address] = time.monotonic(), view
        return view

    async def node(self, address: bytes) -> NodeView | None:
        """Returns a node, remembered for a minute; None if there is none, as of what gateways make up."""
        at, known = self._known.get(address, (0.0, None))
        if known is not None and time.monotonic() - at < _NODE_SECONDS:
            return known
        try:
            return self._remember(address, await self._ask(self._client.staking.get_node(Pubkey(address))))
        except (AccountNotFound, DecodeError):
            return None

    async def device_of(self, node: bytes) -> bytes | None:
        """Returns the key of a node's device; None if there is no such node."""
        known = await self.node(node)
        return None if known is None else known.device

    def _view(self, address: Pubkey, job: accounts.jobs.Job) -> JobView:
        """Returns a job as this seat sees it: of its account alone, whatever time it is."""
        node, seat = self._seen.get(address), self._seat
        phase = (Phase.BOOKED, Phase.RUNNING, Phase.ENDED)[job.state]
        started = job.started_at or None
        seen = job.seen[seat] if seat is not None else None
        # What is held back counts as unsettled, too; `settle_from` says until when.
        settle_from = max(
            job.frozen_until,
            0 if started is None or job.state == JobState.ENDED else started + constants.jobs.FIRST_HOUR,
        )
        unsettled = {Party.SUPPLIER} if payable(job, settle_from) > 0 else set()
        if job.state == JobState.ENDED:
            unsettled |= {Party.FEES} if job.owed_fees > job.paid_fees else set()
            unsettled |= {Party.RENTER} if job.owed_refund > job.paid_refund else set()
        return JobView(
            key=bytes(address),
            node=bytes(job.node),
            renter=bytes(job.renter),
            device=None if node is None else node.device,
            class_id=None if node is None else node.class_id,
            pool=None if node is None else node.pool,
            manifest=job.manifest_hash,
            phase=phase,
            booked_at=job.booked_at,
            start_by=job.booked_at + constants.jobs.START_WINDOW,
            confirm_by=job.booked_at + constants.jobs.MANIFEST_WINDOW,
            confirmed=bool(job.manifest_seen),
            cluster=bytes(job.cluster),
            cluster_size=job.cluster_size,
            joins=bool(job.replaces),
            started_at=started,
            ends_at=None if job.state == JobState.BOOKED or started is None else job.ends_at,
            attested=(
                Attested(seen.good, started + seen.upto)
                if seen is not None and seen.upto and started is not None
                else None
            ),
            agreed_upto=None if started is None else started + looked_at(job),
            late=started is not None and job.attesters > 1 and self._late(job),
            paid_upto=None if started is None else started + paid_seconds(job),
            settle_from=settle_from,
            unsettled=frozenset(unsettled),
            closable_at=job.ended_at if job.state == JobState.ENDED else None,
            broken=job.cluster in self._broken,
            lost_at=(seen.lost_at or None) if seen is not None else None,
            silent_from=silent_from(job) if phase is Phase.RUNNING else None,
            # Another one may have been shown since.
            verdict=node.verdict if node is not None and node.verdict_at == job.verdict_at else bytes(32),
        )

    def _late(self, job: accounts.jobs.Job) -> bool:
        """Whether a seat has not judged a job to its end."""
        length = job.ends_at - job.started_at
        return any(job.seen[seat].upto < length for seat in self._held)

    # ---- doing

    async def _ask(self, question: Coroutine[Any, Any, Any]) -> Any:
        try:
            return await question
        except (RpcError, TransportError) as error:
            raise ChainUnavailable(str(error)) from error

    async def _send(self, call: AsyncCall[Any]) -> str:
        try:
            paid = call if self._payer is None else call.paid_by(self._payer)
            return (await paid.send()).signature
        except AccountNotFound as error:
            raise ChainRejected("AccountNotFound", str(error)) from error
        except ProgramError as error:
            raise ChainRejected(error.name, str(error)) from error
        except (
            TransactionExpired,
            TransactionNotShown,
            TransactionUnknown,
            RpcError,
            TransportError,
        ) as error:
            raise ChainUnavailable(str(error)) from error
        except TransactionFailed as error:
            raise ChainRejected(type(error).__name__, str(error)) from error
