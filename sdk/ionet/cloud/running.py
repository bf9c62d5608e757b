"""A booked job as its renter sees it: its log, how its program ended, its files, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Self

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.amounts import Amount
from ionet.chain.errors import (
    AccountNotFound,
    ConfigError,
    ProgramError,
    RpcError,
    TransactionExpired,
    TransactionNotShown,
    TransactionUnknown,
    TransportError,
)
from ionet.cloud import fetching, results
from ionet.cloud.errors import NotRun, ResultError, RunUnreachable
from ionet.cloud.results import Verdict
from ionet.formats.canonical import encode
from ionet.formats.when import span, when
from ionet.store import AsyncHttpStore, NotStored, StoreError, StoreUnreachable
from ionet.store.sealed import is_sealed, unseal_file
from ionet.token.currency import unit_of
from ionet.wire import Answer, Peer, Refused, Role, SealError, Unreachable, seal
from ionet.wire._link import gateway_urls

if TYPE_CHECKING:
    from ionet import AsyncClient, accounts
    from ionet.jobs.receipt import JobHistory

#: Seconds between two looks at the chain, two questions to the node, and two pages of a long log: a node may
#: send a mebibyte a second, and others ask it, too.
_LOOK: Final = 3.0
_POLL: Final = 0.5
_PAGE: Final = 0.4
#: Seconds for an answer of the node, and for it to be there.
_ANSWER: Final = 10.0
_PRESENCE: Final = 2.0
_TRIES: Final = 3
#: Signed transactions that are handed over at once.
_ENDINGS: Final = 64
#: Seconds for which a result that stands on the chain may be on its way to the store.
_UPLOADING: Final = 10.0
#: Why a node does not take a job, where it will not take it later either.
_FINAL: Final = frozenset({"bad-manifest", "placement"})
#: Bytes of a result document and of a log.
_DOCUMENT: Final = 64 << 20
_LOG: Final = 256 << 20
#: A place where no log has anything, and that a file system can have.
_BEYOND: Final = 1 << 40
_NOT_AGREED: Final = "has ended, and its attesters do not agree on a result"
#: Told something for people, in a sentence.
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a job costs its renter.

    Attributes:
        paid: price of the used time and fees, at most this.
        refund: what goes back, at least this.
        first_hour: whether less than an hour was used, which is paid in any case.
        used: seconds since the start.
    """

    paid: Amount
    refund: Amount
    first_hour: bool
    used: int


class _InTurn(Unreachable):
    """Another process of the renter's is connected with their key, for some seconds."""


class AsyncRun:
    """A job, booked now or earlier, from here or from elsewhere. Use it as an asynchronous context manager.

    What the node says of itself comes end to end: the gateway sees neither log nor outcome. Whatever breaks
    meanwhile (gateway, node, this process) is waited for, or gone on with by a new `AsyncRun`.

    Args:
        client: of the renter; without a signer, only `result` and `fetch` work.
        gateway: its URL, at which the node's agent is connected, too.
        job: the job's address.
        key: the renter's keypair, by which the node knows them; None reads only what is in chain and store.
        insecure: also take ``http://`` to other machines.
        patience: seconds for which a node may refuse a job that is not refused for good.
        connect: whether to connect to the gateway as the renter; if not, the keypair only opens files.
        ledger: knows how closed jobs ended, `ionet.ledger.Database`; None: the chain's history.

    Raises:
        ConfigError: the URL is not a gateway's.
    """

    def __init__(
        self,
        client: AsyncClient,
        gateway: str,
        job: Pubkey,
        *,
        key: Keypair | None = None,
        insecure: bool = False,
        patience: float = 120.0,
        connect: bool = True,
        ledger: JobHistory | None = None,
    ) -> None:
        link, http = gateway_urls(gateway, insecure=insecure)
        self.client, self.job, self.gateway = client, job, gateway
        self._store, self._key = AsyncHttpStore(http), key
        self._peer = None if key is None or not connect else Peer(key, Role.RENTER, [[link]])
        self._patience, self._ledger = patience, ledger
        self._account: accounts.jobs.Job | None = None
        self._device: bytes | None = None
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self._peer is not None:
            await self._stack.enter_async_context(self._peer)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()
        await self._store.aclose()

    @property
    def key(self) -> Keypair | None:
        """The renter's keypair, if it is here."""
        return self._key

    @property
    def known(self) -> accounts.jobs.Job | None:
        """The job as it was last seen; None if it never was."""
        return self._account

    # -- the chain

    async def account(self) -> accounts.jobs.Job | None:
        """The job as the chain has it now; None once it is closed, or if there never was one."""
        try:
            self._account = await self.client.jobs.get_job(self.job)
        except AccountNotFound:
            return None
        return self._account

    async def cost(self) -> Cost:
        """What the job costs if it is ended now, or was ended; exact, once it has ended.

        Raises:
            AccountNotFound: it is closed, and was not seen before by this object.
        """
        from ionet import CloseReason, JobState
        from ionet.jobs.escrow import elapsed, if_cancelled, if_stopped, so_far

        before = self._account
        job, ended = await self.account(), None
        if job is None:
            # Whoever pays everyone closes it at once.
            job, ended = before, await self.client.jobs.ending(self.job)
        if job is None:
            raise AccountNotFound(self.job, "job")
        now = await self.client.time()
        unit = unit_of(await self.client.jobs.get_currency(job.mint))
        if ended is not None:
            refund = ended.owed_refund
        elif job.state == JobState.ENDED:
            refund = so_far(job).refund
        elif job.state == JobState.BOOKED:
            refund = if_cancelled(job, True, now)[1].refund
        elif job.reason == CloseReason.NONE and now >= job.ends_at:
            refund = 0  # it came to its end: no time is left to give back
        else:
            refund = if_stopped(job, job.reason or CloseReason.RENTER_STOPPED, now).refund
        used = elapsed(job, now)
        # It is paid whole by who stops, and by nobody else: not where the supplier stops, or is lost.
        by_renter = job.reason in (CloseReason.NONE, CloseReason.RENTER_STOPPED)
        first_hour = bool(job.started_at) and used < 3_600 and by_renter
        paid = job.price + job.fee - refund
        return Cost(unit.from_base(paid), unit.from_base(refund), first_hour, used)

    async def stop(self) -> bool:
        """Ends a running job now, so that only its used time is paid, and at least the first hour.

        Returns:
            Whether it was stopped by this; not, if its time was over.

        Raises:
            TransactionUnknown: whether it was stopped is unknown.
            IonetError: it could not be stopped.
        """
        from ionet import JobState

        for _ in range(_TRIES):
            job = await self.account()
            if job is None or job.state == JobState.ENDED or job.reason:
                return False
            if job.state != JobState.RUNNING:
                raise NotRun(self.job, f"has not started; cancel it: ionet job cancel {self.job}")
            if await self.client.time() >= job.ends_at:
                return False
            try:
                await self.client.jobs.stop(self.job).send()
            except TransactionNotShown:
                pass
            except TransactionExpired:
                continue
            except TransactionUnknown:
                if not await self._left_by(lambda job: job.state == JobState.ENDED or bool(job.reason)):
                    raise
            except ProgramError:
                # Its time may have been over by then.
                job = await self.account()
                if job is not None and job.state == JobState.RUNNING and not job.reason:
                    raise
                return False
            return True
        raise TransactionExpired(f"job {self.job} is not stopped: {_TRIES} transactions did not land", "")

    async def cancel(self) -> None:
        """Ends a job before its start, at the price of the time that its node was held.

        Raises:
            IonetError: it could not be cancelled, or it is unknown whether it was.
        """
        from ionet import JobState

        try:
            await self.client.jobs.cancel(self.job).send()
        except TransactionNotShown:
            pass
        except TransactionUnknown:
            if not await self._left_by(lambda job: job.state != JobState.BOOKED):
                raise

    async def end(self) -> bool:
        """Ends the job now, whether it waits for its start or runs; see `cancel` and `stop`.

        Returns:
            Whether it was ended by this.

        Raises:
            IonetError: it could not be ended, or it is unknown whether it was.
        """
        from ionet import JobState

        for _ in range(_TRIES):
            job = await self.account()
            if job is None or job.state != JobState.BOOKED:
                break
            try:
                await self.cancel()
            except ProgramError:
                # It may have started by then, or be over.
                continue
            return True
        return await self.stop()

    async def all_jobs(self) -> list[Pubkey]:
        """Its job, and those of its other nodes, also where they have ended."""
        return [self.job]

    async def _left_by(self, ended: Callable[[accounts.jobs.Job], bool]) -> bool:
        """Whether a job's account shows, within a minute, what a transaction was to make of it."""
        for _ in range(60):
            with contextlib.suppress(RpcError, TransportError):
                job = await self.account()
                if job is None or ended(job):
                    return True
            await asyncio.sleep(1.0)
        return False

    # -- the node

    async def _ask(self, method: str, blob: bytes = b"", **arguments: object) -> Answer:
        """Asks the job's node; the answer's content is sealed for this question.

        Raises:
            Unreachable: it does not answer.
            Refused: it does not tell.
        """
        peer, account = self._peer, self._account
        if peer is None or account is None:
            raise Unreachable("the node is asked with the renter's keypair only")
        if self._device is None:
            node = await self.client.staking.get_node(account.node)
            self._device = bytes(node.device_key)
        device = self._device
        if not peer.connected and not await peer.wait_connected(_PRESENCE):
            kind = _InTurn if peer.in_turn else Unreachable
            raise kind("; ".join(peer.problems) or "the gateway does not answer")
        try:
            return await peer.ask(
                device,
                method,
                {"job": bytes(self.job).hex(), **arguments},
                blob,
                seconds=_ANSWER,
                presence=_PRESENCE,
                sealed=True,
            )
        except (Unreachable, SealError) as bad:
            # A node may have another device by then.
            self._device = None
            raise (_InTurn if peer.in_turn else Unreachable)(str(bad)) from bad

    async def order(self, name: str, order: Mapping[str, str]) -> None:
        """Gives an order to a cluster that is held; only its node reads it. Repeated, it does nothing.

        Args:
            name: the order's id, 16 hex digits.
            order: see `ionet.workloads.held`.

        Raises:
            Unreachable: whether it was taken is unknown.
            Refused: it was not taken, and why.
        """
        await self.account()
        answer = await self._ask("channel")
        await self._ask("order", seal(bytes.fromhex(answer.arguments["public"]), encode(order)), id=name)

    async def hand_over(self, endings: Sequence[bytes]) -> None:
        """Gives a held cluster's node what ends its jobs, signed; only the node reads it. See `cloud.ending`.

        Args:
            endings: transactions.

        Raises:
            Unreachable: whether it was taken is unknown.
            Refused: it was not taken, and why.
        """
        await self.account()
        answer = await self._ask("channel")
        public = bytes.fromhex(answer.arguments["public"])
        for start in range(0, len(endings), _ENDINGS):
            texts = [b64encode(raw).decode() for raw in endings[start : start + _ENDINGS]]
            await self._ask("ends", seal(public, encode(texts)))

    async def log_size(self) -> int:
        """How many bytes the log of a running job has.

        Raises:
            Unreachable: its node does not answer.
            Refused: it does not tell.
        """
        await self.account()
        size = (await self._ask("log", start=_BEYOND)).arguments.get("size", 0)
        return size if isinstance(size, int) else 0

    async def _status(self) -> tuple[Answer, Verdict | None]:
        answer = await self._ask("status")
        return answer, results.of_node(answer.blob) if answer.blob else None

    # -- following

    async def follow(
        self, write: Callable[[bytes], None], tell: Tell = lambda text: None, *, start: int = 0
    ) -> Verdict:
        """Follows a job from its booking to its program's end.

        Args:
            write: given what the program prints, as it comes.
            tell: told what happens besides.
            start: the byte of the log to begin with.

        Returns:
            How the program ended: as its node says, or else as attesters wrote down.

        Raises:
            NotRun: the program was not run to an end, and will not be.
            RunUnreachable: the job is closed, and the chain's history does not show its result.
        """
        follower = _Follower(self, write, tell, start)
        while True:
            verdict = await follower.step()
            if verdict is not None:
                return verdict
            await asyncio.sleep(follower.pause)

    # -- the result

    async def _result_hash(self) -> bytes | None:
        """The hash of the result that attesters wrote down, 32 bytes; None while there is none.

        Where a job needs several attesters, of the result on which so many agree.

        Raises:
            RunUnreachable: the job is closed, and the chain's history does not show how it ended.
            NotRun: it has ended without a result.
        """
        from ionet import JobState

        job = await self.account()
        if job is not None:
            if any(job.result_hash):
                if job.attesters == 1:
                    return bytes(job.result_hash)
                agreed = await self.client.jobs.agreed_result(self.job, ledger=self._ledger)
                if agreed is None and job.state == JobState.ENDED:
                    raise NotRun(self.job, _NOT_AGREED)
                return agreed
            if job.state == JobState.ENDED:
                raise NotRun(self.job, f"has ended without a result: {_lower(job.reason.explain())}")
            return None
        ended = await self.client.jobs.ending(self.job, ledger=self._ledger)
        if ended is None:
            raise RunUnreachable(
                f"there is no job {self.job}, or it is closed and this node's history does not go back to its"
                " end; another node's may: --url"
            )
        if not any(ended.result_hash):
            raise NotRun(self.job, f"has ended without a result: {_lower(ended.reason.explain())}")
        agreed = await self.client.jobs.agreed_result(self.job, ledger=self._ledger)
        if agreed is None:
            raise NotRun(self.job, _NOT_AGREED)
        return agreed

    async def result(self, *, seconds: float = 0.0) -> Verdict:
        """How the program ended, as attesters wrote down: the document whose hash stands on the chain.

        Args:
            seconds: for how long to wait for it; a few more, while it is on its way to the store.

        Raises:
            RunUnreachable: it is not there yet, or not in the gateway's store.
            NotRun: the job has ended without a result.
            ResultError: it is of another job's manifest, or cannot be read.
            StoreError: the store sends content of another hash.
        """
        began = time.monotonic()
        deadline = began + seconds
        while True:
            try:
                digest = await self._result_hash()
                if digest is not None:
                    # Seats upload what they have written down: a moment later.
                    deadline = max(deadline, began + _UPLOADING)
                    return await self._document(digest)
                missing = f"job {self.job} has no result yet on the chain"
            except (NotStored, StoreUnreachable) as bad:
                missing = f"the result of job {self.job} cannot be fetched now: {bad}"
            except (RpcError, TransportError) as bad:
                missing = f"the chain cannot be read now: {bad}"
            if time.monotonic() >= deadline:
                raise RunUnreachable(missing)
            await asyncio.sleep(min(1.0, max(0.05, deadline - time.monotonic())))

    async def left(self, *, seconds: float = 0.0) -> Verdict:
        """How the program has ended: as its node says, which knows it first, or as attesters wrote down.

        Args:
            seconds: see `result`.

        Raises:
            IonetError: see `result`.
        """
        await self.account()
        with contextlib.suppress(Unreachable, Refused, ResultError):
            _, verdict = await self._status()
            if verdict is not None:
                return verdict
        return await self.result(seconds=seconds)

    async def _document(self, digest: bytes) -> Verdict:
        document = await self._store.get_bytes(digest, most=_DOCUMENT)
        # A stranger wrote it, and whoever waits here may serve others, too.
        verdict = await asyncio.to_thread(results.of_document, document, digest)
        account = self._account
        if account is not None and verdict.manifest != bytes(account.manifest_hash):
            raise ResultError(f"the result on the chain is of another manifest than job {self.job}'s")
        return verdict

    async def fetch(
        self,
        verdict: Verdict,
        folder: str | Path,
        *,
        force: bool = False,
        progress: fetching.Progress | None = None,
    ) -> fetching.Fetched:
        """Fetches the program's files; see `ionet.cloud.fetching.fetch`."""
        return await fetching.fetch(
            self._store, verdict.outputs, Path(folder), force=force, progress=progress, key=self._key
        )

    async def log(self, write: Callable[[bytes], None], start: int = 0) -> bool:
        """Writes the log as far as there is one, from byte `start` on; returns whether it still grows.

        Raises:
            RunUnreachable: it cannot be had now.
            NotRun: there is none.
        """
        follower = _Follower(self, write, lambda text: None, start)
        await self.account()
        try:
            if not await follower.read_log():
                return True
            digest = follower.digest
        except (Unreachable, Refused) as bad:
            try:
                digest = (await self.result()).log
            except RunUnreachable:
                raise RunUnreachable(f"the log of job {self.job} cannot be had now: {bad}") from bad
        if digest is None:
            raise NotRun(self.job, "has left no log")
        await follower.write_stored(digest)
        return False


class AsyncClusterRun(AsyncRun):
    """The run of a program on several nodes: its log and outcome are the head's, its costs are all jobs'.

    Args:
        client: see `AsyncRun`.
        gateway: see `AsyncRun`.
        job: the head's: the one that was booked first.
        cluster: the cluster's account.
        jobs: all jobs that were booked for it; those booked in place of lost ones are found.
        key: see `AsyncRun`.
        insecure: see `AsyncRun`.
        patience: see `AsyncRun`.
    """

    def __init__(
        self,
        client: AsyncClient,
        gateway: str,
        job: Pubkey,
        *,
        cluster: Pubkey,
        jobs: Iterable[Pubkey] = (),
        key: Keypair | None = None,
        insecure: bool = False,
        patience: float = 120.0,
    ) -> None:
        super().__init__(client, gateway, job, key=key, insecure=insecure, patience=patience)
        self.cluster = cluster
        self._insecure = insecure
        self._others: dict[Pubkey, AsyncRun] = {}
        self._add(jobs)

    def _add(self, jobs: Iterable[Pubkey]) -> None:
        for job in jobs:
            if job != self.job and job not in self._others:
                self._others[job] = AsyncRun(
                    self.client, self.gateway, job, connect=False, insecure=self._insecure
                )

    async def __aexit__(self, *error: object) -> None:
        for run in self._others.values():
            await run.__aexit__(*error)
        await super().__aexit__(*error)

    async def _rest(self) -> list[AsyncRun]:
        """A run of each job but the head's."""
        self._add([keyed.address for keyed in await self.client.jobs.cluster_jobs(self.cluster)])
        return list(self._others.values())

    async def stop(self) -> bool:
        """Ends all jobs, so that only the used time of each is paid; see `AsyncRun.stop`.

        One that waits for its start would start by itself, for nobody, and is cancelled.
        """
        stopped = await super().stop()
        for run in await self._rest():
            stopped |= await run.end()
        return stopped

    async def all_jobs(self) -> list[Pubkey]:
        """See `AsyncRun.all_jobs`."""
        return [self.job, *(run.job for run in await self._rest())]

    async def stop_one(self, job: Pubkey) -> bool:
        """Ends the job of a node other than the head's; see `AsyncRun.end`."""
        return any([await run.end() for run in await self._rest() if run.job == job])

    async def is_headless(self) -> bool:
        """Whether attesters have found the head's node gone: nothing runs the program any more."""
        from ionet import CloseReason

        job, ended = await self.account(), None
        if job is None:
            ended = await self.client.jobs.ending(self.job)
        found = job or ended
        return found is not None and CloseReason(found.reason) == CloseReason.LOST

    async def end_rest(self) -> bool:
        """Ends what is left of it where its head's job is over: nothing uses the others any more.

        Returns:
            Whether anything was ended by this.

        Raises:
            IonetError: something could not be ended, or whether it was is unknown.
        """
        from ionet import JobState

        account = await self.account()
        if account is not None and account.state != JobState.ENDED and not account.reason:
            return False
        return await self.stop()

    async def cost(self) -> Cost:
        """What all jobs cost together; see `AsyncRun.cost`."""
        return _together([await super().cost(), *[await run.cost() for run in await self._rest()]])

    async def cost_of(self, jobs: Collection[Pubkey]) -> Cost:
        """What some jobs cost, none of them the head's, and at least one; see `AsyncRun.cost`."""
        return _together([await run.cost() for run in await self._rest() if run.job in jobs])

    async def cancel(self) -> None:
        """Ends all jobs that have not started, at the price of the time that their nodes were held."""
        for booking in await self.client.jobs.cancel_cluster(self.cluster):
            if booking.error is not None:
                raise NotRun(booking.job, f"may still be booked: {booking.error}")


def _together(costs: Sequence[Cost]) -> Cost:
    """What several jobs cost."""
    paid, refund = costs[0].paid, costs[0].refund
    for cost in costs[1:]:
        paid, refund = paid + cost.paid, refund + cost.refund
    return Cost(paid, refund, any(cost.first_hour for cost in costs), max(cost.used for cost in costs))


class _Follower:
    """One reader of a job's log.

    Args:
        run: the job.
        write: given the log.
        tell: told what happens.
        start: the byte to begin with.
    """

    def __init__(self, run: AsyncRun, write: Callable[[bytes], None], tell: Tell, start: int = 0) -> None:
        self._run, self._write, self._told = run, write, tell
        self._offset = start
        self._looked = float("-inf")
        self._state: str | None = None
        self._refused_since: float | None = None
        self.pause = _POLL
        #: Of the whole log, once the node keeps it no longer.
        self.digest: bytes | None = None

    def _tell(self, text: str) -> None:
        """Tells what is new."""
        if text != self._state:
            self._state = text
            self._told(text)

    async def step(self) -> Verdict | None:
        """Looks once at what is new; returns how the program ended, once it has."""
        from ionet import JobState

        run, self.pause = self._run, _POLL
        job = run._account
        if job is None or job.state != JobState.RUNNING or time.monotonic() - self._looked >= _LOOK:
            try:
                job = await run.account()
                self._looked = time.monotonic()
            except (RpcError, TransportError) as bad:
                self._tell(f"the chain cannot be read now: {bad}")
                self.pause = _LOOK
                return None
        if job is None:
            return await self._by_chain()
        if job.state == JobState.BOOKED:
            await self._waiting(job)
            return None
        if job.state == JobState.ENDED and not job.started_at:
            raise NotRun(run.job, f"was not started: {_lower(job.reason.explain())}")
        try:
            return await self._of_node(job)
        except (Unreachable, Refused, ResultError) as bad:
            if job.state == JobState.ENDED or any(job.result_hash):
                return await self._by_chain()
            if not isinstance(bad, _InTurn):
                self._tell(f"the node does not answer now ({bad}); the job goes on")
            self.pause = _LOOK
            self._looked = float("-inf")
            return None

    async def _waiting(self, job: accounts.jobs.Job) -> None:
        """Looks why a job has not started.

        Raises:
            NotRun: its node will not take it.
        """
        from ionet import constants

        until = when(job.booked_at + constants.jobs.START_WINDOW)
        try:
            answer, _ = await self._run._status()
        except (Unreachable, Refused, ResultError) as bad:
            # A node that has not looked at the chain yet knows nobody.
            self._refused_since = None
            silent = f"; the node does not answer yet: {bad}" if isinstance(bad, Unreachable) else ""
            self._tell(f"booked; it starts by {until}{silent}")
            return
        problem = answer.arguments.get("problem")
        if not isinstance(problem, list) or len(problem) != 2:
            self._refused_since = None
            self._tell(f"booked; it starts by {until}")
            return
        kind, detail = map(str, problem)
        now = time.monotonic()
        self._refused_since = self._refused_since or now
        # Twice at least: the first answer may be of a moment before.
        patience = 2 * _POLL if kind in _FINAL else self._run._patience
        if now - self._refused_since >= patience:
            raise NotRun(self._run.job, f"is refused by its node: {detail}", refused=True)
        self._tell(f"the node does not take the job yet: {detail}")

    async def _of_node(self, job: accounts.jobs.Job) -> Verdict | None:
        over = await self.read_log()
        self._tell(f"running until {when(job.ends_at)}")
        _, verdict = await self._run._status()
        if verdict is None:
            if over:
                raise Unreachable("its node has left the job without an outcome")
            return None
        # What came between the last page and the end.
        while not over and not (over := await self.read_log(once=True)):
            if self.pause == _POLL:
                return verdict
            await asyncio.sleep(self.pause)
        if (digest := self.digest or verdict.log) is not None:
            await self._try_stored(digest)
        return verdict

    async def read_log(self, *, once: bool = False) -> bool:
        """Writes what is new of the log; returns whether the node keeps no log of this job any more.

        Args:
            once: one page only, after which `pause` says whether there was one.
        """
        self.pause = _POLL
        while True:
            answer = await self._run._ask("log", start=self._offset)
            if answer.arguments.get("ended"):
                digest = answer.arguments.get("log")
                self.digest = bytes.fromhex(digest) if isinstance(digest, str) and len(digest) == 64 else None
                return True
            size = answer.arguments.get("size")
            if isinstance(size, int) and size < self._offset:
                # The node has dropped the beginning of a very long log.
                self._told("the node has shortened the log: some of it is not shown here")
                self._offset = size
                return False
            if not answer.blob:
                self.pause = _POLL
                return False
            self._write(answer.blob)
            self._offset += len(answer.blob)
            self.pause = _PAGE
            if once:
                return False
            await asyncio.sleep(_PAGE)

    async def _by_chain(self) -> Verdict:
        """How the program ended by what attesters wrote down, and the rest of its log from the store."""
        run = self._run
        verdict = await run.result(seconds=60.0)
        if verdict.log is not None:
            await self._try_stored(verdict.log)
        return verdict

    async def _try_stored(self, digest: bytes) -> None:
        try:
            await self.write_stored(digest)
        except (StoreError, OSError) as bad:
            self._told(f"the end of the log cannot be fetched now: {bad}")

    async def write_stored(self, digest: bytes) -> None:
        """Writes the rest of the log, which is in the store."""
        with TemporaryDirectory(prefix="ionet-") as folder:
            path = Path(folder) / "log"
            await self._run._store.get(digest, path, most=_LOG)
            # A log begins with the number of its first run, unless it was sealed.
            if is_sealed(path):
                if self._run._key is None:
                    raise StoreError(
                        "the log is sealed for the renter's wallet: to read it takes their keypair"
                    )
                await asyncio.to_thread(unseal_file, path, path, self._run._key)
            with path.open("rb") as file:
                file.seek(self._offset)
                while part := file.read(1 << 20):
                    self._write(part)
                    self._offset += len(part)


def renter_key(signer: object) -> Keypair:
    """A renter's keypair: nodes know renters by their signatures of messages.

    Raises:
        ConfigError: it is elsewhere.
    """
    if not isinstance(signer, Keypair):
        raise ConfigError(
            "to talk to a node takes the renter's keypair itself: an address, or a signer elsewhere, cannot"
        )
    return signer


def cost_text(cost: Cost) -> str:
    """What a stopped job costs, in a sentence."""
    used = f"{span(cost.used)} used"
    if cost.first_hour:
        used += ", of which the first hour is paid in any case"
    return f"{used}: it costs {cost.paid} at most, and at least {cost.refund} come back"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
