"""What goes on beside the answers: the ledger follows the chain, and accounts are compared with it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from typing import Any, Final, TypeVar

from ionet import AsyncClient
from ionet.chain.errors import IonetError
from ionet.chain.following import MARGIN
from ionet.explorer import _models as m
from ionet.ledger import Database, Follower, LedgerError, Verified, open_ledger, read_ledger, verify
from ionet.ledger.replay.state import handlers

T = TypeVar("T")

_log = logging.getLogger(__name__)
#: Differences that are told.
_SHOWN: Final = 50
#: Seconds between two looks, and after which a ledger that another process fills has stopped.
_LOOK: Final = 5.0
_STANDS: Final = 300.0
#: Seconds for which the node may not be read before the ledger does not move on.
_AWAY: Final = 10.0
#: Seconds to the next try when the node cannot be read: at first, and at most.
_RETRY: Final = (2.0, 60.0)
#: Tries to fill a ledger for the first time until it is given up.
_TRIES: Final = 3
#: Seconds that the machine's clock may be off the chain's before it is worth a word.
_OFF: Final = 3_600
#: Seconds that the node has for an answer, and questions to it at a time.
_PATIENCE: Final = 5.0
_ASKED: Final = 4


class Unanswered(Exception):
    """The chain's node does not say what was asked; the text says why."""


class Watching:
    """What is known of the ledger beside its content.

    Attributes:
        reconciled: what the last comparison with accounts came to.
        trouble: why the ledger does not move on, in a sentence; empty: it does.
    """

    def __init__(self) -> None:
        self.trouble = ""
        self.reconciled = unknown("no comparison has been made yet")

    def ask(self, question: Callable[[AsyncClient], Coroutine[Any, Any, T]]) -> T:
        """Asks the chain's node something that no event says.

        Args:
            question: what is asked of a client.

        Raises:
            Unanswered: there is no node, or no answer in time.
        """
        raise Unanswered("this explorer has no node to ask")


class Keeper(Watching):
    """Follows and compares, in a thread of its own, so that answers do not wait for it.

    Args:
        connect: makes a client of the node; called in the thread.
        where: the ledger.
        fills: whether it fills the ledger; otherwise another process does.
        every: seconds from one comparison to the next; None: none is made.
        keep: seconds of which the ledger's database keeps rows, if it fills it; None: all.
        ended: called, in the thread, when it ends by itself; `failure` says why.

    Attributes:
        failure: why it ended before the ledger was up to date for the first time, or None.
    """

    def __init__(
        self,
        connect: Callable[[], AsyncClient],
        where: str,
        *,
        fills: bool,
        every: float | None,
        keep: int | None = None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._ended = ended
        #: Whether the ledger has been up to date once.
        self._filled = not fills
        self._connect = connect
        self._where = where
        self._fills = fills
        self._every = every
        self._keep = keep
        self._ready = threading.Event()
        self.failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._client: AsyncClient | None = None
        self._asked = threading.BoundedSemaphore(_ASKED)
        #: Up to which slot nothing was missing of accounts that are closed.
        self._whole = -1
        self._thread = threading.Thread(target=self._run, name="ionet-explorer-keeper", daemon=True)
        if every is None:
            self.reconciled = unknown("comparisons are switched off")

    def start(self) -> None:
        """Begins, and returns once there is a ledger to read.

        Raises:
            LedgerError: the ledger cannot be used, or is of another chain than the node.
            RpcError, TransportError: the node cannot be read.
        """
        # Loaded here, not by several threads at once.
        handlers()
        self._thread.start()
        self._ready.wait()
        if self.failure is not None:
            raise self.failure

    def stop(self) -> None:
        """Ends; what was written stays."""
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            # The loop may have ended by itself.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)
        self._thread.join(30.0)

    def ask(self, question: Callable[[AsyncClient], Coroutine[Any, Any, T]]) -> T:
        """See `Watching.ask`."""
        loop, client = self._loop, self._client
        if loop is None or client is None:
            raise Unanswered("the chain's node cannot be asked at the moment")
        if not self._asked.acquire(blocking=False):
            raise Unanswered("the chain's node is asked too much at the moment; try again in some seconds")
        try:
            asked = asyncio.run_coroutine_threadsafe(_in_time(question(client)), loop)
            return asked.result(2 * _PATIENCE)
        except (IonetError, TimeoutError, TookTooLong, CancelledError) as bad:
            _log.warning("the node did not answer a reader's question: %s", bad)
            raise Unanswered("the chain's node does not answer that at the moment") from bad
        finally:
            self._asked.release()

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            pass
        except BaseException as bad:
            if not self._ready.is_set() or not self._filled:
                self.failure = bad
            else:
                _log.exception("the explorer's ledger is no longer kept up to date")
                self.trouble = f"the ledger is no longer kept up to date: {bad}"
        finally:
            self._ready.set()
            self._ended()

    async def _main(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        async with self._connect() as client:
            self._client = client
            opens = open_ledger if self._fills else read_ledger
            with await opens(client, self._where) as database:
                off = int(time.time()) - await client.time()
                if abs(off) > _OFF:
                    _log.warning("this machine's clock is %s s off the chain's, which counts", off)
                self._ready.set()
                await (self._follow(client, database) if self._fills else self._look(client, database))

    async def _follow(self, client: AsyncClient, database: Database) -> None:
        pause, longest = _RETRY
        due, refused, again = 0.0, 0, False
        while True:
            try:
                async with Follower(client, database, keep=self._keep, again=again) as follower:
                    while True:
                        if await follower.next(_LOOK) is not None:
                            self._filled = True
                        self._look_at(follower)
                        pause = _RETRY[0]
                        if self._every is not None and time.monotonic() >= due:
                            await self._compare(client, database, Follower(client, database))
                            due = time.monotonic() + self._every
            except IonetError as bad:
                refused += isinstance(bad, LedgerError)
                if not self._filled and refused == _TRIES:
                    raise
                self.trouble = f"the ledger does not move on: {bad}"
                again = True
                _log.warning("%s; tries again in %s s", self.trouble, pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)

    def _look_at(self, follower: Follower) -> None:
        """Says whether the node has not been read for some time."""
        away = follower.trouble is not None and time.monotonic() - follower.troubled_at >= _AWAY
        said = f"the ledger does not move on: {follower.trouble}" if away else ""
        if said and not self.trouble:
            _log.warning("%s", said)
        self.trouble = said

    async def _look(self, client: AsyncClient, database: Database) -> None:
        due, slot, since = 0.0, -1, time.monotonic()
        while True:
            now = time.monotonic()
            if (scanned := database.marks().scanned) != slot:
                slot, since, self.trouble = scanned, now, ""
            elif now - since > _STANDS:
                self.trouble = f"the ledger has stood at slot {slot}: is ionet ledger run at work?"
            if self._every is not None and now >= due:
                await self._compare(client, database, None)
                due = time.monotonic() + self._every
            await asyncio.sleep(_LOOK)

    async def _compare(self, client: AsyncClient, database: Database, follower: Follower | None) -> None:
        try:
            genesis = str(await client.request("getGenesisHash"))
            if genesis != database.genesis:
                raise LedgerError(
                    f"the ledger is of the chain {database.genesis}, and the node's is {genesis}"
                )
            verified = await verify(client, database, follower, since=self._whole - MARGIN)
            if verified.holds:
                self._whole = verified.slot
            self.reconciled = told(verified)
        except IonetError as bad:
            _log.warning("accounts could not be compared with the ledger: %s", bad)
            self.reconciled = unknown(str(bad))
            return
        if self.reconciled.state != "holds":
            _log.error("accounts are not as the events say, up to slot %s", self.reconciled.slot)


async def _in_time(question: Coroutine[Any, Any, T]) -> T:
    async with asyncio.timeout(_PATIENCE):
        return await question


def unknown(why: str) -> m.Reconciled:
    """No comparison."""
    return m.Reconciled(
        state="unknown", slot=None, checked_at=None, checks=0, differences=[], more=0, why=why
    )


def told(verified: Verified) -> m.Reconciled:
    """What a comparison came to."""
    apart = [
        m.Difference(name=check.name, expected=str(check.expected), found=str(check.found))
        for check in verified.checks
        if check.difference
    ]
    apart += [
        m.Difference(
            name=f"{each.check} {each.address or ''} {each.name}".replace("  ", " "),
            expected=str(each.expected),
            found=str(each.found),
        )
        for each in verified.differences
    ]
    apart += [m.Difference(name=what, expected="", found="") for what in verified.missing]
    return m.Reconciled(
        state="holds" if verified.holds else "differs",
        slot=verified.slot,
        checked_at=int(time.time()),
        checks=len(verified.checks),
        differences=apart[:_SHOWN],
        more=max(0, len(apart) - _SHOWN),
        why="",
    )
