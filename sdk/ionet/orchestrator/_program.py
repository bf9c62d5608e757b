"""The real chain: the jobs program, seen from one attester's seat."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import AsyncCall, AsyncClient, JobState, NodeState, accounts, constants, pda, types
from ionet.chain.errors import (
    AccountNotFound,
    ProgramError,
    RpcError,
    TransactionExpired,
    TransactionFailed,
    TransactionNotShown,
    TransactionUnknown,
    TransportError,
)
from ionet.chain.ids import SLOT_HASHES
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

_BEACON_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.4
#: For which a node's account is remembered.
_NODE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class NodeView:
    """What the orchestrator needs of a node's account.

    Attributes:
        device: the key that signs for its device, 32 bytes.
        class_id: its hardware class.
        pool: the class's kind of hardware, ``gpu`` or ``cpu``.
        live: whether it is in the market.
    """

    device: bytes
    class_id: int
    pool: str
    live: bool


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

    async def now(self) -> int:
        """See `Chain.now`."""
        now: int = await self._ask(self._client.time())
        return now

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
        """See `Chain.jobs`."""
        jobs = await self._ask(self._client.jobs.find_jobs())
        mine = [job for job in jobs if self._nodes is None or bytes(job.account.node) in self._nodes]
        self._seen = {job.address: self._seen[job.address] for job in mine if job.address in self._seen}
        if not mine:
            return []
        now, seat = await self.now(), await self._seat()
        broken = await self._broken(job.account for job in mine)
        return [await self._view(job.address, job.account, seat, now, broken) for job in mine]

    async def job(self, key: bytes) -> JobView | None:
        """See `Chain.job`."""
        try:
            account = await self._ask(self._client.jobs.get_job(Pubkey(key)))
        except AccountNotFound:
            return None
        broken = await self._broken([account])
        return await self._view(Pubkey(key), account, await self._seat(), await self.now(), broken)

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
            proof_digest=attestation.proof,
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

    # ---- reading

    async def _seat(self) -> int | None:
        attester_set = await self._ask(
            self._client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
        )
        keys = attester_set.keys[: attester_set.seats]
        return keys.index(self._client.address) if self._client.address in keys else None

    async def _node(self, job: Pubkey, address: Pubkey) -> NodeView | None:
        """Returns what does not change of a node during a job; None if it cannot be found."""
        if job not in self._seen:
            node = await self.node(bytes(address), fresh=True)
            if node is None:
                return None
            self._seen[job] = node
        return self._seen[job]

    async def node(self, address: bytes, *, fresh: bool = False) -> NodeView | None:
        """Returns a node, remembered for a minute unless it must be fresh; None if there is none."""
        at, known = self._known.get(address, (0.0, None))
        if known is None or fresh or time.monotonic() - at > _NODE_SECONDS:
            try:
                node = await self._ask(self._client.staking.get_node(Pubkey(address)))
            except AccountNotFound:
                return None
            live = node.state == NodeState.LIVE
            known = NodeView(bytes(node.device_key), node.class_, node.pool.name.lower(), live)
            self._known[address] = time.monotonic(), known
        return known

    async def device_of(self, node: bytes) -> bytes | None:
        """Returns the key of a node's device; None if there is no such node."""
        known = await self.node(node)
        return None if known is None else known.device

    async def _broken(self, jobs: Iterable[accounts.jobs.Job]) -> frozenset[Pubkey]:
        """Returns the clusters of booked jobs that a job has left."""
        waiting = {job.cluster for job in jobs if job.state == JobState.BOOKED and or_none(job.cluster)}
        addresses = sorted(waiting, key=bytes)
        clusters = await self._ask(self._client.fetch_many(accounts.jobs.Cluster, addresses))
        return frozenset(
            address
            for address, cluster in zip(addresses, clusters, strict=True)
            if cluster is not None and cluster.broken
        )

    async def _view(
        self,
        address: Pubkey,
        job: accounts.jobs.Job,
        seat: int | None,
        now: int,
        broken: frozenset[Pubkey],
    ) -> JobView:
        node = await self._node(address, job.node)
        phase = (Phase.BOOKED, Phase.RUNNING, Phase.ENDED)[job.state]
        started = job.started_at or None
        seen = job.seen[seat] if seat is not None else None
        # What a dispute holds back counts as unsettled, too; `settle_from` says until when.
        unsettled = {Party.SUPPLIER} if payable(job, max(now, job.frozen_until)) > 0 else set()
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
            started_at=started,
            ends_at=None if job.state == JobState.BOOKED or started is None else job.ends_at,
            attested=(
                Attested(seen.good, started + seen.upto)
                if seen is not None and seen.upto and started is not None
                else None
            ),
            agreed_upto=None if started is None else started + looked_at(job),
            paid_upto=None if started is None else started + paid_seconds(job),
            settle_from=max(
                job.frozen_until,
                0 if started is None or job.state == JobState.ENDED else started + constants.jobs.FIRST_HOUR,
            ),
            unsettled=frozenset(unsettled),
            closable_at=job.ended_at if job.state == JobState.ENDED else None,
            broken=job.cluster in broken,
            lost_at=(seen.lost_at or None) if seen is not None else None,
            silent_from=silent_from(job) if phase is Phase.RUNNING else None,
        )

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
