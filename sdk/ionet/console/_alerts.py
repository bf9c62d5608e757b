"""Alerts: what has changed with wallets' nodes, told to URLs of theirs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import httpx
from solders.pubkey import Pubkey

from ionet import AsyncClient
from ionet.chain.amounts import IO
from ionet.chain.errors import IonetError
from ionet.console._kept import Kept
from ionet.console._nodes import OwnNode, nodes_of
from ionet.service.notices import Notifier
from ionet.service.public import Public
from ionet.worker._findings import Level

_log = logging.getLogger(__name__)
#: Seconds between two looks.
_LOOK: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen of a node.

    Attributes:
        troubles: what is not well, by check: what it says, and what to do.
        leased: whether it was rented.
        due: rewards to claim, base units.
    """

    troubles: dict[str, tuple[str, str]]
    leased: bool
    due: int


class Alerts:
    """Looks at the nodes of wallets that want to know.

    Args:
        client: of the chain's node.
        kept: which they are.
        transport: makes what URLs are called by.
        every: seconds between two looks.
        secret: by which alerts to a URL of this id are signed.
    """

    def __init__(
        self,
        client: AsyncClient,
        kept: Kept,
        transport: Callable[[], httpx.AsyncBaseTransport] = Public,
        every: float = _LOOK,
        secret: Callable[[str], bytes | None] = lambda hook: None,
    ) -> None:
        self._secret = secret
        self._client, self._kept, self._transport, self._every = client, kept, transport, every
        self._seen: dict[Pubkey, dict[Pubkey, _Seen]] = {}
        self._notifiers: dict[str, Notifier] = {}

    def problem(self, hook: str) -> str:
        """Why the latest alert could not be delivered; empty: it could, or there was none."""
        notifier = self._notifiers.get(hook)
        return (notifier.problem if notifier is not None else None) or ""

    async def run(self) -> None:
        """Looks, until it is cancelled."""
        try:
            while True:
                try:
                    await self.look()
                except Exception:
                    _log.exception("a look for alerts failed")
                await asyncio.sleep(self._every)
        finally:
            for notifier in self._notifiers.values():
                with contextlib.suppress(asyncio.CancelledError):
                    await notifier.__aexit__()

    async def look(self) -> None:
        """Looks once, and tells what has changed since the last time."""
        wanted = self._kept.all_hooks()
        await self._follow({hook.id: hook.url for hook in wanted})
        owners = {hook.owner for hook in wanted}
        self._seen = {owner: seen for owner, seen in self._seen.items() if owner in owners}
        for owner in owners:
            try:
                await self._look_at(owner, [hook.id for hook in wanted if hook.owner == owner])
            except IonetError as bad:
                _log.warning("nodes of %s cannot be looked at for alerts: %s", owner, bad)
            except Exception:
                # What nobody has foreseen of one wallet's nodes keeps no other wallet from being told.
                _log.exception("nodes of %s cannot be looked at for alerts", owner)

    async def _look_at(self, owner: Pubkey, hooks: Sequence[str]) -> None:
        nodes = await nodes_of(self._client, owner)
        now = await self._client.time()
        seen = {node.chain.address: _seen(node) for node in nodes}
        before = self._seen.get(owner)
        self._seen[owner] = seen
        if before is None:
            return
        for address, after in seen.items():
            for event, text in _changes(before.get(address), after):
                for hook in hooks:
                    self._notifiers[hook].tell(event, str(address), text, now)

    async def _follow(self, urls: dict[str, str]) -> None:
        gone = [self._notifiers.pop(each) for each in self._notifiers.keys() - urls.keys()]
        # Each may take seconds to end.
        await asyncio.gather(*(notifier.__aexit__() for notifier in gone))
        for new in urls.keys() - self._notifiers.keys():
            notifier = Notifier(urls[new], transport=self._transport(), secret=self._secret(new))
            self._notifiers[new] = await notifier.__aenter__()


def _seen(it: OwnNode) -> _Seen:
    troubles = {each.check: (each.says, each.todo) for each in it.findings if each.level is not Level.OK}
    return _Seen(troubles, bool(it.leased_until), it.chain.node.own.due)


def _changes(before: _Seen | None, after: _Seen) -> Iterator[tuple[str, str]]:
    """What is new of a node: events and their texts."""
    if before is None:
        yield "node-new", "The node is yours now."
        return
    for check, (says, todo) in after.troubles.items():
        if check not in before.troubles:
            yield "node-trouble", f"{check}: {says}. To do: {todo}"
    for check in before.troubles.keys() - after.troubles.keys():
        yield "node-well", f"{check}: it is well again."
    if after.leased != before.leased:
        yield ("job-began", "The node is rented.") if after.leased else ("job-ended", "The node is free.")
    if after.due > before.due:
        yield "reward", f"{IO.from_base(after.due - before.due)} of rewards more can be claimed."
