"""Crediting nodes with what final reports say that they have earned, in as few transactions as can be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from solders.pubkey import Pubkey

from ionet import AsyncCall, AsyncClient, NodeState, ReportState, accounts, constants
from ionet.chain.errors import IonetError, TransactionFailed
from ionet.chain.packing import pack
from ionet.formats.when import HOUR
from ionet.staking.stake import is_changing

if TYPE_CHECKING:
    from ionet.rewards import Evidence, Leaves, Report

#: Seconds of the chain between two looks.
_EVERY: Final = 660
#: Seconds after which a credit that was refused is tried again.
_AGAIN_AFTER: Final = HOUR
#: Seconds by which a node's credit may be behind where nothing on it waits for that: each costs a fee. A
#: node's first comes at once.
_BEHIND: Final = 6 * HOUR
#: Hours before the newest whose reports are looked for: one may have been left out, or voided.
_LOOK_BACK: Final = 48
_AT_ONCE: Final = 8

#: Calls that are made before they are sent.
_MADE_AT_ONCE: Final = 256

_Nodes = Mapping[Pubkey, accounts.staking.Node]
#: Sends a call, and notes it: what it is, its hour, and what it is about.
Send = Callable[[AsyncCall[Any], str, int, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Due:
    """A node that is to be credited with its leaf.

    Attributes:
        node: its address.
        state: its account.
        previous_height: that of the leaf.
    """

    node: Pubkey
    state: accounts.staking.Node
    previous_height: int


class Credits:
    """Credits every node, as anybody may.

    A node on which stake begins or ends is credited with each report in its order, since its stakers' parts
    depend on that. Any other is credited every six hours with the newest, as leaves count whole lives.

    Args:
        client: pays, and signs what anybody may do.
        evidence: returns where a report's evidence is on this machine, by its hash.
        send: sends a call.
        note: has a line for what could not be credited.
    """

    def __init__(
        self,
        client: AsyncClient,
        evidence: Callable[[bytes], Awaitable[Path]],
        send: Send,
        note: Callable[[str, int, str], None],
    ) -> None:
        self._client = client
        self._evidence = evidence
        self._send = send
        self._note = note
        self._next_at = 0
        #: When nodes were refused a report's credit.
        self._refused: dict[tuple[Pubkey, Pubkey], int] = {}
        #: The leaves that were read last, and of which report.
        self._leaves: tuple[Pubkey, Report] | None = None

    def is_due(self, now: int) -> bool:
        """Whether it is time to look, at a time of the chain."""
        return now >= self._next_at

    async def look(self, now: int, start: int, config: accounts.proofs.Config) -> None:
        """Credits what can be credited now.

        Args:
            now: the chain's time.
            start: where the first hour begins, Unix seconds.
            config: of the program proofs.

        Raises:
            IonetError: the chain or the evidence cannot be read now.
        """
        self._next_at = now + _EVERY
        newest = await self._newest(now, start, config)
        if newest is None:
            return
        address, account = newest
        report = await self._read(address, account)
        nodes = await self._fetch(report)
        due, waiting = await asyncio.to_thread(divided, report.leaves, nodes, now)
        await self._credit(address, account, report, due, now)
        if waiting:
            await self._in_order(address, account, waiting, now, config.min_height)

    async def _in_order(
        self,
        address: Pubkey,
        account: accounts.proofs.Report,
        waiting: _Nodes,
        now: int,
        min_height: int,
    ) -> None:
        """Credits nodes with the earliest report that they lack and can still have; the next look goes on."""
        lowest = min(node.credited_height for node in waiting.values())
        while account.height > lowest + 1 and account.predecessor != Pubkey.default():
            earlier = await self._client.proofs.get_report(account.predecessor)
            if not _is_creditable(earlier, now, min_height):
                break
            address, account = account.predecessor, earlier
        report = await self._read(address, account)

        def chosen() -> list[Due]:
            held = [waiting.get(Pubkey(raw.tobytes())) for raw in report.leaves.nodes]
            return divided(report.leaves, held, now, in_order=True)[0]

        await self._credit(address, account, report, await asyncio.to_thread(chosen), now)

    # -- reading

    async def _newest(
        self, now: int, start: int, config: accounts.proofs.Config
    ) -> tuple[Pubkey, accounts.proofs.Report] | None:
        """Returns the latest report whose leaves can be credited, or None."""
        latest = (now - max(config.hold, config.challenge_window) - start) // HOUR
        for seq in range(latest, max(0, latest - _LOOK_BACK), -1):
            for keyed in await self._client.find(accounts.proofs.Report, seq=seq):
                if _is_creditable(keyed.account, now, config.min_height):
                    return keyed.address, keyed.account
        return None

    async def _read(self, address: Pubkey, account: accounts.proofs.Report) -> Report:
        """Returns a report's leaves from its evidence.

        Raises:
            IonetError: it cannot be had, or is not what the chain names.
        """
        if self._leaves is not None and self._leaves[0] == address:
            return self._leaves[1]
        path = await self._evidence(account.evidence_hash)
        _, report = await asyncio.to_thread(read_report, path, account)
        self._leaves = address, report
        return report

    async def _fetch(self, report: Report) -> list[accounts.staking.Node | None]:
        """The nodes of a report's leaves, in their order."""
        keys = [Pubkey(raw.tobytes()) for raw in report.leaves.nodes]
        return await self._client.fetch_many(accounts.staking.Node, keys)

    # -- sending

    async def _credit(
        self,
        address: Pubkey,
        account: accounts.proofs.Report,
        report: Report,
        due: Sequence[Due],
        now: int,
    ) -> None:
        tried = [
            item
            for item in due
            if now >= self._refused.get((item.node, address), now - _AGAIN_AFTER) + _AGAIN_AFTER
        ]
        # Calls hold their leaves' proofs, so that only some are made before they are sent.
        for first in range(0, len(tried), _MADE_AT_ONCE):
            await self._credit_some(address, account, report, tried[first : first + _MADE_AT_ONCE], now)

    async def _credit_some(
        self,
        address: Pubkey,
        account: accounts.proofs.Report,
        report: Report,
        due: Sequence[Due],
        now: int,
    ) -> None:
        calls = [await self._call(item, address, account, report) for item in due]
        groups = pack(self._client.address, [await call.ix() for call in calls])
        gate = asyncio.Semaphore(_AT_ONCE)

        async def send(group: list[int]) -> None:
            async with gate:
                try:
                    about = ", ".join(str(due[number].node) for number in group)
                    call = reduce(add, (calls[number] for number in group))
                    await self._send(call, "credit", account.seq, about)
                    return
                except TransactionFailed as bad:
                    if len(group) == 1:
                        self._refused[due[group[0]].node, address] = now
                        self._note("credit refused", account.seq, f"{due[group[0]].node}: {bad}")
                        return
                except IonetError as bad:
                    # Whether it landed the next look sees.
                    self._note("credit unknown", account.seq, f"{about}: {bad}")
                    return
            # What one node's state forbids must not cost the others theirs.
            for number in group:
                await send([number])

        await asyncio.gather(*(send(group) for group in groups))

    async def _call(
        self, due: Due, address: Pubkey, account: accounts.proofs.Report, report: Report
    ) -> AsyncCall[Any]:
        """Makes the call, with the report at the leaf's previous height where that was not credited."""
        previous = None
        if is_changing(due.state) and due.previous_height > due.state.credited_height:
            previous, height = account.predecessor, account.height - 1
            while height > due.previous_height and previous != Pubkey.default():
                earlier = await self._client.proofs.get_report(previous)
                previous, height = earlier.predecessor, earlier.height - 1
        return self._client.staking.credit(due.node, address, report, previous=previous)


def divided(
    leaves: Leaves, nodes: Sequence[accounts.staking.Node | None], now: int, *, in_order: bool = False
) -> tuple[list[Due], dict[Pubkey, accounts.staking.Node]]:
    """Which nodes are to be credited with their leaves now, and which with an earlier report first.

    Args:
        leaves: a report's.
        nodes: the leaves' nodes, in their order; None where there is none to look at.
        now: the chain's time.
        in_order: whether this is the earliest report that nodes lack.
    """
    due, waiting = [], {}
    columns = (
        leaves.nodes,
        leaves.lifetime.tolist(),
        leaves.through.tolist(),
        leaves.previous_height.tolist(),
    )
    for node, raw, lifetime, through, height in zip(nodes, *columns, strict=True):
        if node is None:
            continue
        if not in_order and is_changing(node) and height > node.credited_height:
            waiting[Pubkey(raw.tobytes())] = node
        elif _lacks(node, lifetime, through, now):
            due.append(Due(Pubkey(raw.tobytes()), node, height))
    return due, waiting


def read_report(path: Path, account: accounts.proofs.Report) -> tuple[Evidence, Report]:
    """Reads a report's evidence, and builds the report from it again.

    Raises:
        IonetError: it is not what the chain names.
    """
    from ionet.rewards import build_report, read_evidence

    evidence = read_evidence(path)
    report = build_report(evidence.leaves, evidence.period_end, evidence.digest)
    if report.root != account.root:
        raise IonetError(f"the evidence of hour {account.seq}'s report does not lead to its root")
    return evidence, report


def _is_creditable(report: accounts.proofs.Report, now: int, min_height: int) -> bool:
    in_time = report.creditable_from <= now <= report.creditable_until
    return report.state == ReportState.FINAL and in_time and report.height >= min_height


def _lacks(node: accounts.staking.Node, lifetime: int, through: int, now: int) -> bool:
    """Whether a node is to be credited with its leaf now."""
    if lifetime <= node.credited and through <= node.credited_through:
        return False
    if node.fraud or now < node.credit_frozen_until or node.stopped_since:
        return False
    if is_changing(node) and now <= node.last_credit_at + constants.staking.CREDIT_REST:
        return False
    first = lifetime > node.credited == 0
    if first or is_changing(node) or node.state != NodeState.LIVE:
        return True
    return through - node.credited_through >= _BEHIND
