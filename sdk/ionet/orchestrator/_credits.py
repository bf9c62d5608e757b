"""Crediting nodes with what final reports say that they have earned, in as few transactions as can be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
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
    from ionet.rewards import Evidence, Report

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

_Nodes = Mapping[Pubkey, accounts.staking.Node]
#: Sends a call, and notes it: what it is, its hour, and what it is about.
Send = Callable[[AsyncCall[Any], str, int, str], Awaitable[None]]


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
        before = {key: report.leaves.leaf(report.leaves.index(bytes(key))).previous_height for key in nodes}
        waiting = {
            key: node
            for key, node in nodes.items()
            if is_changing(node) and before[key] > node.credited_height
        }
        others = {key: node for key, node in nodes.items() if key not in waiting}
        await self._credit(address, account, report, others, now)
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
        held = {bytes(key) for key in waiting}
        mine = [raw.tobytes() for raw in report.leaves.nodes if raw.tobytes() in held]
        chosen = {key: waiting[key] for key in map(Pubkey, mine)}
        await self._credit(address, account, report, chosen, now)

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

    async def _fetch(self, report: Report) -> dict[Pubkey, accounts.staking.Node]:
        keys = [Pubkey(raw.tobytes()) for raw in report.leaves.nodes]
        nodes = await self._client.fetch_many(accounts.staking.Node, keys)
        return {key: node for key, node in zip(keys, nodes, strict=True) if node is not None}

    # -- sending

    async def _credit(
        self, address: Pubkey, account: accounts.proofs.Report, report: Report, nodes: _Nodes, now: int
    ) -> None:
        due = [
            key
            for key, node in nodes.items()
            if now >= self._refused.get((key, address), now - _AGAIN_AFTER) + _AGAIN_AFTER
            and _lacks(node, report, key, now)
        ]
        calls = [await self._call(key, nodes[key], address, account, report) for key in due]
        groups = pack(self._client.address, [await call.ix() for call in calls])
        gate = asyncio.Semaphore(_AT_ONCE)

        async def send(group: list[int]) -> None:
            async with gate:
                try:
                    about = ", ".join(str(due[number]) for number in group)
                    call = reduce(add, (calls[number] for number in group))
                    await self._send(call, "credit", account.seq, about)
                    return
                except TransactionFailed as bad:
                    if len(group) == 1:
                        self._refused[due[group[0]], address] = now
                        self._note("credit refused", account.seq, f"{due[group[0]]}: {bad}")
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
        self,
        node: Pubkey,
        state: accounts.staking.Node,
        address: Pubkey,
        account: accounts.proofs.Report,
        report: Report,
    ) -> AsyncCall[Any]:
        """Makes the call, with the report at the leaf's previous height where that was not credited."""
        leaf = report.leaves.leaf(report.leaves.index(bytes(node)))
        previous = None
        if is_changing(state) and leaf.previous_height > state.credited_height:
            previous, height = account.predecessor, account.height - 1
            while height > leaf.previous_height and previous != Pubkey.default():
                earlier = await self._client.proofs.get_report(previous)
                previous, height = earlier.predecessor, earlier.height - 1
        return self._client.staking.credit(node, address, report, previous=previous)


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


def _lacks(node: accounts.staking.Node, report: Report, key: Pubkey, now: int) -> bool:
    """Whether a node is to be credited with its leaf now."""
    leaf = report.leaves.leaf(report.leaves.index(bytes(key)))
    if leaf.lifetime <= node.credited and leaf.through <= node.credited_through:
        return False
    if node.fraud or now < node.credit_frozen_until or node.stopped_since:
        return False
    if is_changing(node) and now <= node.last_credit_at + constants.staking.CREDIT_REST:
        return False
    first = leaf.lifetime > node.credited == 0
    if first or is_changing(node) or node.state != NodeState.LIVE:
        return True
    return leaf.through - node.credited_through >= _BEHIND
