"""Follows a run to its end, and within a renter's limits replaces what it loses meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from solders.keypair import Keypair

from ionet import IonetError
from ionet.cli.session import Session

if TYPE_CHECKING:
    from ionet import AsyncClient
    from ionet.cloud import AsyncLaunch, AsyncRun, Offered
    from ionet.cloud.choosing import Wish
    from ionet.cloud.launching import Progress
    from ionet.cloud.replacing import AsyncGuard, Limits
    from ionet.cloud.restarting import Anew


class Closing:
    """Closes a client at the end."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def __aenter__(self) -> AsyncClient:
        return self._client

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()


class Lasting:
    """A run, from its booking to its program's end, however often it is booked.

    Args:
        io: the command's session.
        client: the renter's.
        launching: makes what books such a run.
        wish: what it is booked by.
        limits: what the renter allows; None: nothing is replaced.
        until: when the first booking ends, Unix seconds of the chain.
        progress: told how far what is uploaded is.
        note: told what is booked from now on, or that nothing is.
    """

    def __init__(
        self,
        io: Session,
        client: AsyncClient,
        launching: Callable[[Wish], AsyncLaunch],
        wish: Wish,
        limits: Limits | None,
        until: int,
        progress: Progress,
        note: Callable[[AsyncRun | None], None],
    ) -> None:
        self._io, self._client, self._launching, self._wish = io, client, launching, wish
        self._limits, self._until, self._progress, self._note = limits, until, progress, note

    async def reached(
        self,
        booked: AsyncRun,
        offered: Offered,
        follow: Callable[[AsyncRun, Offered, Callable[[], Awaitable[None]]], Awaitable[int]],
    ) -> int:
        """Follows a run to its end; begins it anew where its first node is lost.

        Args:
            booked: the run.
            offered: what it was booked by.
            follow: follows one to its end, and returns the exit status; raises `NotRun` where it has none.
                Before it ends any job it has nothing more be booked, by what it is given last.
        """
        from ionet.cloud import NotRun

        while True:
            async with booked, _guarded(self._io, self._client, booked, offered, self._limits) as guard:

                async def enough(guard: AsyncGuard | None = guard) -> None:
                    if guard is not None:
                        await guard.end()

                try:
                    return await follow(booked, offered, enough)
                except NotRun:
                    # What lands afterwards would be paid to its end, for nobody.
                    await enough()
                    await self._end_rest(booked)
                    wanted = await self._anew(booked, offered, guard)
                    if wanted is None:
                        raise
                    again = await self._again(wanted)
                    if again is None:
                        raise
            offered, booked = again
            self._limits = wanted.after(offered.limit)

    async def _end_rest(self, booked: AsyncRun) -> None:
        """Ends what nothing uses any more, and says what it costs."""
        from ionet.cloud.running import AsyncClusterRun, cost_text

        if not isinstance(booked, AsyncClusterRun):
            return
        try:
            if await booked.end_rest():
                self._tell("the first node's job is over, and with it the program: the other jobs are ended")
                self._tell(cost_text(await booked.cost()))
        except IonetError as bad:
            see = f"ionet job cluster {booked.cluster}"
            self._io.screen.warn(f"The cluster's other jobs may go on ({bad}); see them, to stop each: {see}")

    async def _anew(self, booked: AsyncRun, offered: Offered, guard: AsyncGuard | None) -> Anew | None:
        from ionet.cloud.restarting import anew
        from ionet.cloud.running import AsyncClusterRun

        if self._limits is None or guard is None or not isinstance(booked, AsyncClusterRun):
            return None
        limits = replace(self._limits, replace=self._limits.replace - guard.replaced)
        try:
            return await anew(self._client, booked, offered, limits, self._until)
        except IonetError as bad:
            self._tell(f"the program is not begun anew: {bad}")
            return None

    async def _again(self, wanted: Anew) -> tuple[Offered, AsyncRun] | None:
        from ionet.cloud.restarting import book_anew

        self._tell("the first node is lost: the program begins anew, on nodes that are booked until its end")
        self._note(None)
        again = await book_anew(self._client, self._launching, self._wish, wanted, self._tell, self._progress)
        if again is None:
            self._tell("the time is over for which the program was booked")
            return None
        offered, booked = again
        self._note(booked)
        nodes = len(offered.nodes)
        self._tell(f"booked {nodes} nodes anew, first job {booked.job}, for at most {offered.limit}")
        return again

    def _tell(self, text: str) -> None:
        tell(self._io)(text)


def tell(io: Session) -> Callable[[str], None]:
    """Says what happens, a sentence a line."""
    return lambda text: io.screen.warn(f"{text[:1].upper()}{text[1:]}")


@asynccontextmanager
async def _guarded(
    io: Session,
    client: AsyncClient,
    booked: AsyncRun,
    offered: Offered,
    limits: Limits | None,
) -> AsyncIterator[AsyncGuard | None]:
    """Replaces lost nodes meanwhile, by a session key whose allowance ends afterwards."""
    from ionet.chain.files import write_secret
    from ionet.cloud.replacing import AsyncGuard, entrust, take_back
    from ionet.cloud.running import AsyncClusterRun

    if limits is None or not limits.replace or not isinstance(booked, AsyncClusterRun):
        yield None
        return
    if io.login is not None:
        # It is a session key already, with an allowance of its own.
        own = AsyncGuard(client, booked.cluster, limits, tell(io))
        async with _guarding(own):
            yield own
        return
    key = Keypair()
    # It may have SOL left, and what it may spend, if this command is killed.
    place = Path(f"session-{str(booked.cluster)[:8]}.json")
    write_secret(place, json.dumps(list(bytes(key))))
    try:
        allowed = await entrust(client, booked.cluster, key.pubkey(), offered.quotes, limits)
    except IonetError as bad:
        io.screen.warn(f"Lost nodes will not be replaced, as no session key may spend anything: {bad}")
        yield None
        return
    io.screen.warn(f"The session key in {place} may spend {allowed} on replacements; after a crash go on by:")
    bounds = f"--replace {limits.replace} --max-rate {limits.max_rate:n}"
    io.screen.warn(f"ionet -k {place} job guard {booked.cluster} {bounds}")
    async with Closing(io.async_client(key)) as session:
        watching = AsyncGuard(session, booked.cluster, limits, tell(io))
        try:
            async with _guarding(watching):
                yield watching
        finally:
            try:
                await take_back(client, session, offered.quotes.mint)
                if watching.replaced:
                    io.screen.warn(
                        f"The rent of {watching.replaced} jobs comes back to the session key when they are"
                        f" closed: keep {place}"
                    )
                else:
                    os.unlink(place)  # noqa: PTH108 (pathlib's is refused in a coroutine)
            except IonetError as bad:
                io.screen.warn(f"The session key in {place} may still spend: {bad}")


@asynccontextmanager
async def _guarding(watching: AsyncGuard) -> AsyncIterator[None]:
    guard = asyncio.create_task(watching.run())
    try:
        yield
    finally:
        guard.cancel()
        await asyncio.gather(guard, return_exceptions=True)
