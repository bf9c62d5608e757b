"""Hours' reports: one seat builds and sends each, the others compute it again and approve it.

The evidence of a report is a file that gateways keep by its hash, which the report names. A report continues
the one at the head, whose evidence is needed for that; without it this seat neither builds nor approves.
Facts are those of the hour's last second by the final events, from a ledger: the same for every seat, however
much later it looks. What no chain can know is measured by each seat, and the median counts. What somebody
else reports is approved only where every fact is as this seat's ledger has it, and every median as the
measurements in the evidence, and this seat's own, make it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from ionet import AsyncCall, AsyncClient, ReportState, accounts, constants, pda
from ionet._generated.shared import ProofReason
from ionet.chain.errors import AccountNotFound, EmissionUnknown, IonetError
from ionet.chain.files import state_folder
from ionet.chain.ids import CLOCK
from ionet.chain.records import clock_time, decoded
from ionet.chain.signers import Signer
from ionet.formats.when import HOUR
from ionet.ledger.errors import HourNotFinal
from ionet.orchestrator._credits import Credits, read_report
from ionet.orchestrator._facts import HourLedger
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._seats import place
from ionet.proofs.report import ReportDraft, head_of, report_at
from ionet.staking.heights import window_ends
from ionet.store.manifest import FileStore
from ionet.token.emission import cumulative, until

if TYPE_CHECKING:
    from ionet.ledger import HourFacts
    from ionet.orchestrator._uptime import Stated
    from ionet.rewards import (
        Before,
        Carry,
        Evidence,
        Measure,
        NodeHour,
        Report,
        Signatures,
        Verdict,
        Word,
    )

_log = logging.getLogger(__name__)
#: Hours that are made up for after an absence at least, however long reports wait to become final.
_CATCH_UP: Final = 24
#: Hours of which a seat says what it has measured; the chain keeps as many reports that are not final.
_REACH: Final = constants.proofs.KEPT_HEIGHTS
#: Hours whose measurements are kept in memory; those of others are read again from the store.
_MEASURED_KEPT: Final = 3
#: Reports that are made final in one look.
_FINALIZED_AT_ONCE: Final = 24
#: Seconds after an hour's end for which a report waits for what other seats have measured.
_MEASURED_WITHIN: Final = 60
#: Seconds after which a verdict in a node's account is renewed; nodes are booked on one of six hours.
_SHOW_EVERY: Final = 3 * HOUR
_SHOWN_AT_ONCE: Final = 8
#: Seconds after an hour's end within which its last events become final.
_FINAL_AFTER: Final = 300
#: Bytes of somebody else's evidence.
_EVIDENCE: Final = 512 << 20

#: Asks a seat by its key for the hash of what it has measured of an hour.
Ask = Callable[[bytes, int], Awaitable[bytes]]
#: Brings a file of at most so many bytes into the store of this machine, by its hash.
Fetch = Callable[[bytes, int], Awaitable[None]]


class NotApproved(IonetError):
    """A report that this seat does not approve; the message says why."""


@dataclass(frozen=True, slots=True)
class _Network:
    """What one request tells of the programs' state."""

    now: int
    minted: accounts.mint.Config
    config: accounts.proofs.Config
    seats: accounts.proofs.AttesterSet

    @property
    def start(self) -> int:
        """Where the first hour begins, Unix seconds."""
        return self.minted.start

    @property
    def latest(self) -> int:
        """Number of the latest hour that is over."""
        return max(0, (self.now - self.start) // HOUR)


@dataclass(frozen=True, slots=True)
class _Head:
    """The report at the head, with what the next one continues."""

    address: Pubkey
    seq: int
    before: Before
    carry: Carry
    report: Report


class HourReports:
    """One seat's part in the hours' reports.

    Args:
        client: signs as the seat.
        payer: pays, and signs what anybody may do; None: the seat.
        store: this machine's files.
        fetch: brings evidence into it from elsewhere.
        publish: told the hash of each file that others need.
        ask: asks another seat what it has measured.
        journal: has this seat's verdicts; steps are noted there.
        folder: where evidence is written before it is stored; statements of devices are read from
            `statements-<hour>.jsonl` there, if there is such a file.
        evidence_at: makes the address of evidence from its hash, 96 bytes at most.
        ledger: where facts come from.
        takeover: seconds of the chain after which the next seat does what another has not done.
        collect: tells how long devices were up in the hour with this end, Unix seconds.
    """

    def __init__(
        self,
        client: AsyncClient,
        payer: Signer | None,
        store: FileStore,
        fetch: Fetch,
        publish: Callable[[bytes], None],
        ask: Ask,
        journal: Journal,
        folder: Path,
        evidence_at: Callable[[bytes], str],
        ledger: HourLedger,
        takeover: int = 120,
        collect: Callable[[int], Awaitable[Stated]] | None = None,
    ) -> None:
        self._client = client
        self._payer = payer
        self._anybody = client if payer is None else client.as_(payer)
        self._store = store
        self._fetch = fetch
        self._publish = publish
        self._ask = ask
        #: What this seat has measured, by hour, with the hash of its file; of long ago the hash alone.
        self._measured: dict[int, tuple[bytes, list[Measure] | None]] = {}
        self._journal = journal
        self._folder = folder
        self._evidence_at = evidence_at
        self._ledger = ledger
        self._takeover = takeover
        self._collect = collect
        self._measuring = asyncio.Lock()
        self._credits = Credits(self._anybody, self._evidence, self._send, self._note)
        self._mine = bytes(client.address)
        self._head: _Head | None = None
        #: When this seat first saw that something is due, by what it is: the chain's time.
        self._since: dict[tuple[str, int], int] = {}
        self._refused: dict[Pubkey, str] = {}
        #: The report whose verdicts have been shown.
        self._shown: Pubkey | None = None
        #: Number of the latest hour that this seat has reported or approved.
        self.latest: int | None = None
        #: Where the first hour begins, Unix seconds; None before the first look.
        self.start: int | None = None
        #: How many steps were taken, by their names.
        self.steps: Counter[str] = Counter()
        #: What the operator should know, or None.
        self.problem: str | None = None

    async def run(self, pause: float) -> None:
        """Does what is due, again and again, until it is cancelled.

        Args:
            pause: seconds of this machine between two looks where nothing is due.
        """
        while True:
            try:
                busy = await self.look()
            except (IonetError, OSError) as bad:
                # The chain, a gateway or the disk: the next look may do better.
                self._tell(str(bad))
                busy = False
            await asyncio.sleep(0 if busy else pause)

    async def look(self) -> bool:
        """Does what is due for the reports; returns whether there may be more to do at once."""
        network = await self._read()
        self.start = None if network is None else network.start
        if network is None or network.latest < 1 or self._place(network, 0) is None:
            return False
        failed: Exception | None = None
        try:
            await self._emit(network)
        except (IonetError, OSError) as bad:
            failed = bad  # what was emitted before is reported all the same
        if await self._finalize(network):
            return True
        try:
            head = await self._continued(network)
            if await self._report(network, head):
                return True
            await self._show(network, head)
        except HourNotFinal as early:
            # Some seconds after the hour's end it always is.
            if network.now > network.start + network.latest * HOUR + _FINAL_AFTER:
                self._tell(str(early))
            return False
        except (IonetError, OSError) as bad:
            failed = failed or bad  # credits are of earlier reports
        if self._credits.is_due(network.now) and self._my_turn(network, "credit", network.latest):
            await self._credits.look(network.now, network.start, network.config)
            self._done("credit", network.latest - 1)
        if failed is not None:
            raise failed
        self.problem = None
        return False

    # -- reading

    async def _read(self) -> _Network | None:
        keys = (pda.mint.CONFIG, pda.proofs.CONFIG, pda.proofs.ATTESTER_SET, CLOCK)
        found = await self._client.accounts(keys)
        if any(account is None for account in found):
            return None
        mint, config, seats, clock = found
        assert mint is not None
        assert config is not None
        assert seats is not None
        return _Network(
            now=clock_time(clock),
            minted=decoded(accounts.mint.Config, keys[0], mint),
            config=decoded(accounts.proofs.Config, keys[1], config),
            seats=decoded(accounts.proofs.AttesterSet, keys[2], seats),
        )

    async def _continued(self, network: _Network) -> _Head | None:
        """Returns the report at the head with its evidence; None where there is no report yet.

        Raises:
            IonetError: its evidence cannot be had.
        """
        from ionet.rewards import Before, score_hour

        address = head_of(network.config)
        if address == Pubkey.default():
            return None
        if self._head is not None and self._head.address == address:
            return self._head
        account = await self._client.proofs.get_report(address)
        path = await self._evidence(account.evidence_hash)

        def read() -> _Head:
            evidence, report = read_report(path, account)
            scores = score_hour(evidence.hour, evidence.emission, evidence.carry, evidence.policy)
            before = Before(account.height, report.root, evidence.leaves)
            return _Head(address, account.seq, before, scores.carry, report)

        self._head = await asyncio.to_thread(read)
        return self._head

    async def _evidence(self, digest: bytes) -> Path:
        """Returns where a report's evidence is on this machine.

        Raises:
            IonetError: nobody has it.
        """
        if digest not in self._store:
            await self._fetch(digest, _EVIDENCE)
        return self._store.path(digest)

    # -- who does what

    def _place(self, network: _Network, about: int) -> int | None:
        """Returns this seat's place in the row for an hour; None where it has no seat."""
        seats = network.seats
        keys = [bytes(key) for key, weight in zip(seats.keys, seats.weights, strict=True) if weight]
        if self._mine not in keys:
            return None
        return place(keys, self._mine, b"hour" + about.to_bytes(8, "little"))

    def _my_turn(self, network: _Network, what: str, seq: int) -> bool:
        """Whether this seat leads what is due for an hour, or those before it have let it pass."""
        since = self._since.setdefault((what, seq), network.now)
        row = self._place(network, seq)
        return row is not None and network.now >= since + row * self._takeover

    def _done(self, what: str, seq: int) -> None:
        self._since = {key: at for key, at in self._since.items() if key[0] != what or key[1] > seq}

    async def _send(self, call: AsyncCall[Any], step: str, seq: int, detail: str = "") -> None:
        paid = call if self._payer is None else call.paid_by(self._payer)
        signature = (await paid.send()).signature
        self._note(step, seq, f"{detail}{': ' if detail else ''}{signature}")

    def _note(self, step: str, seq: int, detail: str) -> None:
        self.steps[step] += 1
        self._journal.note(f"hour {seq}", step, detail)

    def _tell(self, text: str) -> None:
        if self.problem != text:
            self.problem = text
            _log.warning("%s", text)

    # -- emission and finality

    async def _emit(self, network: _Network) -> None:
        if network.minted.emitted >= cumulative(network.latest * HOUR):
            self._done("emit", network.latest)
        elif self._my_turn(network, "emit", network.latest):
            await self._send(self._anybody.mint.emit(), "emit", network.latest)

    async def _finalize(self, network: _Network) -> bool:
        """Makes reports final whose challenge window is over, in their order."""
        config = network.config
        heights = range(config.final_height + 1, config.head + 1)[:_FINALIZED_AT_ONCE]
        addresses = [report_at(config, height) for height in heights]
        if not addresses:
            return False
        first = await self._client.proofs.get_report(addresses[0])
        if not _is_due(first, network):
            return False
        if not self._my_turn(network, "finalize", first.seq):
            return False
        for address, account in zip(
            addresses, await self._client.fetch_many(accounts.proofs.Report, addresses), strict=True
        ):
            if account is None or not _is_due(account, network):
                break
            await self._send(self._anybody.proofs.finalize(address), "finalize", account.seq)
            self._done("finalize", account.seq)
        return True

    # -- reporting and approving

    async def _report(self, network: _Network, head: _Head | None) -> bool:
        seq = _next(network, head)
        if seq is None:
            return False
        if seq < network.latest and head is not None and network.latest not in self._measured:
            # Its turn comes later, and who knows of it today may be gone by then.
            await self._own(network.latest, network.start + network.latest * HOUR)
        after = Pubkey.default() if head is None else head.address
        pending = [
            keyed
            for keyed in await self._client.find(accounts.proofs.Report, predecessor=after)
            # One that leaves no hour out that could be reported: made when this one's time had not come, too.
            if keyed.account.seq <= seq
            and keyed.account.state == ReportState.PENDING
            and not keyed.account.correction
        ]
        mine = list(network.seats.keys).index(self._client.address)
        said = False
        for keyed in sorted(pending, key=lambda keyed: (keyed.account.created_at, bytes(keyed.address))):
            current = keyed.account.set_version == network.seats.set_version
            if current and keyed.account.approvals >> mine & 1:
                said = True
            elif keyed.address not in self._refused:
                try:
                    recomputed = await self._check(keyed.account, head)
                except NotApproved as bad:
                    self._refused[keyed.address] = str(bad)
                    self._note("not approved", seq, f"{keyed.address}: {bad}")
                    _log.warning("the report %s of hour %s is not approved: %s", keyed.address, seq, bad)
                    continue
                proofs = self._client.proofs
                call = (proofs.approve if current else proofs.renew)(keyed.address, recomputed)
                await self._send(call, "approve", seq, str(keyed.address))
                self.latest = seq
                return True
        if said:
            # What this seat has made or approved waits for the others.
            return False
        if not self._my_turn(network, "report", seq):
            return False
        return await self._submit(network, head, seq)

    async def _submit(self, network: _Network, head: _Head | None, seq: int) -> bool:
        from ionet.rewards import assemble, collecting_later

        end = network.start + seq * HOUR
        before = None if head is None else head.before
        facts = await self._ledger.facts(end)
        paid, most = await self._ledger.emission(seq)
        measures = await self._gathered(network, seq, end, facts)
        if measures is None:
            return False
        leaves = None if before is None else before.leaves
        path = self._folder / f"evidence-{seq}.jsonl"

        def built() -> Report | None:
            if not (rows := facts.rows(measures, before=leaves)):
                return None
            state_folder(self._folder)
            made = assemble(
                path,
                period_end=end,
                rows=rows,
                paid=paid,
                most=most,
                policy=facts.policy,
                absent=facts.absent(),
                before=before,
                carry=None if head is None else head.carry,
                measures=measures,
                attesters=facts.attesters,
            )
            return made.report

        def make() -> tuple[Report, bytes] | None:
            with collecting_later():
                report = built()
            return None if report is None else (report, self._store.put(path.read_bytes()))

        done = await asyncio.to_thread(make)
        if done is None:
            self._note("no report", seq, "no node is live")
            self._done("report", seq)
            return False
        report, digest = done
        path.unlink()
        # Others fetch it by the hash that the report names.
        self._publish(digest)
        predecessor = Pubkey.default() if head is None else head.address
        draft = ReportDraft.of(report, network.start, self._evidence_at(digest), predecessor)
        await self._send_report(draft, report)
        self.latest = seq
        self._done("report", seq)
        return True

    async def _send_report(self, draft: ReportDraft, report: Report) -> None:
        proofs = self._client.proofs
        try:
            account = await proofs.get_report(draft.address)
        except AccountNotFound:
            call = await self._funded() + proofs.report(draft)
            await self._send(call, "report", draft.seq, str(draft.address))
            return
        # The same content was reported before, and was voided, has fallen, or waits for an earlier set.
        self._note("renew", draft.seq, f"{draft.address} is {account.state.name.lower()}")
        await self._send(proofs.renew(draft.address, report), "report", draft.seq, str(draft.address))

    async def _funded(self) -> AsyncCall[Any]:
        """Has the payer give the seat the rent of a report, which the program takes from the seat."""
        if self._payer is None:
            return self._client.call()
        size = accounts.proofs.Report.SIZE
        assert size is not None
        rent = await self._client.rent(size)
        source, seat = self._payer.pubkey(), self._client.address
        return self._client.call(
            transfer(TransferParams(from_pubkey=source, to_pubkey=seat, lamports=rent)),
            signers=[self._payer],
        )

    # -- what is measured

    async def measured(self, seq: int) -> bytes:
        """The hash of the file with what this seat has measured of an hour; it is published.

        Raises:
            IonetError: the hour is not over, or too long ago, or the chain cannot be read.
        """
        network = await self._read()
        if network is None or not max(0, network.latest - _REACH) < seq <= network.latest:
            raise IonetError(f"hour {seq} is none of the last {_REACH} that are over")
        return (await self._own(seq, network.start + seq * HOUR))[0]

    async def _own(self, seq: int, end: int) -> tuple[bytes, list[Measure]]:
        """What this seat has measured, with the hash of its file; made once for an hour."""
        from ionet.rewards import measure_lines, measured, read_measures

        # Devices are asked meanwhile: another seat's question must not have them asked again.
        async with self._measuring:
            known = self._measured.get(seq)
            if known is None:
                words, hours = await self._stated(seq, end)
                measures = measured(self._client.signer, end, words, self._judged(end), hours)
                data = b"".join(measure_lines(measures, end))
                digest = await asyncio.to_thread(self._store.put, data)
                self._publish(digest)
            else:
                digest, kept = known
                path = self._store.path(digest)
                measures = kept or (await asyncio.to_thread(read_measures, path, end))[0]
            self._keep(seq, digest, measures)
        return digest, measures

    def _keep(self, seq: int, digest: bytes, measures: list[Measure]) -> None:
        """Keeps what was measured of the hours that were asked about last, and the hashes of the others."""
        self._measured.pop(seq, None)
        self._measured[seq] = (digest, measures)
        for old in list(self._measured)[:-_MEASURED_KEPT]:
            self._measured[old] = (self._measured[old][0], None)
        for old in [number for number in self._measured if number <= max(self._measured) - _REACH]:
            del self._measured[old]

    async def _gathered(
        self, network: _Network, seq: int, end: int, facts: HourFacts
    ) -> list[Measure] | None:
        """What all seats have measured; None while another's may still come.

        A seat that does not answer, and a line that does not hold, are left out.
        """
        from ionet.rewards import Signatures

        _, measures = await self._own(seq, end)
        # Devices have said the same to others.
        signatures = Signatures(end)
        for measure in measures:
            signatures.keep(measure)
        others = [key for key in facts.attesters if key != self._mine]
        theirs = await asyncio.gather(*(self._theirs(key, seq, end, signatures) for key in others))
        silent = [Pubkey(key) for key, found in zip(others, theirs, strict=True) if found is None]
        if silent and network.now < end + _MEASURED_WITHIN:
            return None
        for key in silent:
            self._note("silent", seq, f"{key} has not said what it has measured")
        return [*measures, *(measure for found in theirs for measure in found or ())]

    async def _theirs(self, key: bytes, seq: int, end: int, signatures: Signatures) -> list[Measure] | None:
        from ionet.rewards import read_measures

        try:
            path = await self._evidence(await self._ask(key, seq))
            found, refused = await asyncio.to_thread(read_measures, path, end, signatures)
        except Exception as bad:
            # Whatever a seat shows, what the others have measured counts.
            _log.info("seat %s has not said what it has measured: %r", Pubkey(key), bad)
            return None
        if refused:
            self._note("not counted", seq, f"of {Pubkey(key)}, {refused[0]}; {len(refused)} in all")
        return [measure for measure in found if measure.attester == key]

    async def _stated(self, seq: int, end: int) -> tuple[dict[bytes, Word], dict[bytes, int]]:
        """The devices' statements of an hour, and the hours in a row that this seat has counted.

        Statements are those asked for now, and those in a file, which come first.
        """
        collected, hours = ({}, {}) if self._collect is None else await self._collect(end)
        return collected | await asyncio.to_thread(self._words, seq, end), hours

    def _words(self, seq: int, end: int) -> dict[bytes, Word]:
        from ionet.rewards import read_words

        path = self._folder / f"statements-{seq}.jsonl"
        if not path.exists():
            return {}
        words, refused = read_words(path, end)
        if refused:
            self._note("not counted", seq, f"{path}, {refused[0]}; {len(refused)} in all")
        return words

    def _judged(self, end: int) -> dict[bytes, Verdict]:
        """This seat's verdicts of an hour, by node."""
        from ionet.rewards import Verdict

        return {
            node: Verdict(end, score, reason, reason == ProofReason.PASSED, evidence)
            for node, score, reason, evidence in self._journal.verdicts(end - HOUR, end)
        }

    # -- somebody else's report

    async def _check(self, account: accounts.proofs.Report, head: _Head | None) -> Report:
        """Computes a report again from its evidence, and compares its facts with one's own.

        Raises:
            NotApproved: something differs.
            IonetError: the evidence, or the chain, cannot be read now.
        """
        from ionet.rewards import collecting_later

        path = await self._evidence(account.evidence_hash)
        _, own = await self._own(account.seq, account.period_end)
        # At its end nothing is left of the millions of objects that each look would go through.
        with collecting_later():
            return await self._examine(account, head, path, own)

    async def _examine(
        self, account: accounts.proofs.Report, head: _Head | None, path: Path, own: list[Measure]
    ) -> Report:
        """As `_check`, with the evidence and what this seat has measured."""
        from ionet.rewards import EvidenceError, Signatures, read_evidence, verify_evidence

        leaves = None if head is None else head.before.leaves

        # What devices have said to this seat needs no second look at their signatures.
        def again() -> tuple[Evidence, Report]:
            signatures = Signatures(account.period_end)
            try:
                for measure in own:
                    signatures.keep(measure)
                stated = read_evidence(path)
                return stated, verify_evidence(
                    stated, previous=leaves, root=account.root, signatures=signatures
                )
            except EvidenceError as bad:
                raise NotApproved(f"its evidence does not hold: {bad}") from None

        stated, recomputed = await asyncio.to_thread(again)
        facts = await self._ledger.facts(account.period_end)
        base = await asyncio.to_thread(facts.rows, stated.measures, before=leaves)
        differences = await self._facts_differ(account, stated, head, facts, base)
        # Where this seat's own is left out, it must make no difference.
        missing = await asyncio.to_thread(facts.left_out, stated.measures, own, before=leaves)
        differences += [
            f"{node}: {stated} there, and {seen} with what this seat has found and is left out"
            for node, stated, seen in missing
        ]
        there = {(measure.attester, measure.node) for measure in stated.measures}
        mine = tuple(item for item in own if (item.attester, item.node) not in there)
        for measure, text in facts.apart((*stated.measures, *mine) if mine else stated.measures):
            node, attester = Pubkey(measure.node), Pubkey(measure.attester)
            self._note("measured otherwise", account.seq, f"{node}: {attester} found it {text}")
        if differences:
            more = f", and {len(differences) - 5} more" if len(differences) > 5 else ""
            raise NotApproved("; ".join(differences[:5]) + more)
        return recomputed

    async def _facts_differ(
        self,
        account: accounts.proofs.Report,
        stated: Evidence,
        head: _Head | None,
        facts: HourFacts,
        base: Sequence[NodeHour],
    ) -> list[str]:
        """How a report's facts differ from this seat's, in words."""
        from ionet.rewards import RewardError, compare, to_share

        due = None
        with contextlib.suppress(RewardError):
            due = to_share(*await self._ledger.emission(account.seq), stated.kept)
        carry = None if head is None else head.carry
        found = compare(
            stated, base, facts.policy, due, absent=facts.absent(), carry=carry, attesters=facts.attesters
        )
        return [
            f"{'the hour' if item.node is None else Pubkey(item.node)}: {item.fact} is stated as"
            f" {item.stated}, and {item.seen} here"
            for item in found
        ]

    # -- verdicts

    async def _show(self, network: _Network, head: _Head | None) -> None:
        """Writes verdicts of the report at the head into the nodes' accounts, where they grow old."""
        if head is None:
            return
        # Once for each report at the head, and again when another seat should have done it.
        row = self._place(network, head.seq) or 0
        since = self._since.setdefault(("show", head.seq), network.now)
        if self._shown == head.address or network.now < since + row * self._takeover:
            return
        leaves = head.report.leaves
        keys = [Pubkey(raw.tobytes()) for raw in leaves.nodes]
        nodes = await self._client.fetch_many(accounts.staking.Node, keys)
        due = [
            key
            for number, (key, node) in enumerate(zip(keys, nodes, strict=True))
            if node is not None and _worth_showing(node, leaves.leaf(number).verdict)
        ]
        gate, failed = asyncio.Semaphore(_SHOWN_AT_ONCE), 0

        async def show(key: Pubkey) -> None:
            nonlocal failed
            async with gate:
                try:
                    call = self._anybody.proofs.show_verdict(key, head.address, head.report)
                    await self._send(call, "show verdict", head.seq, str(key))
                except IonetError as bad:
                    failed += 1
                    self._note("show verdict failed", head.seq, f"{key}: {bad}")

        await asyncio.gather(*(show(key) for key in due))
        if not failed:
            self._shown = head.address
            self._done("show", head.seq - 1)


def _next(network: _Network, head: _Head | None) -> int | None:
    """The hour to be reported next: the earliest one that is left, as far back as the programs let; or None.

    After an absence every hour since is made up for in its order, but so many of them that there is room
    among the reports that are not final for those of the hours to come, until the first of them is final.
    """
    if head is None:
        return network.latest
    config = network.config
    waiting, window = config.head - config.final_height, -(-config.challenge_window // HOUR)
    room = max(_CATCH_UP, _REACH - waiting - window)
    first = max(head.seq + 1, network.latest - room + 1)
    if first > network.latest:
        return None
    try:
        until(network.minted, first)
    except EmissionUnknown as bad:
        # Not emitted yet; or too many cranks ago, so that the chain takes no report of it any more.
        return bad.hour if first < bad.hour <= network.latest else None
    return first


def _is_due(report: accounts.proofs.Report, network: _Network) -> bool:
    """Whether a report can be made final now."""
    return report.state == ReportState.APPROVED and network.now >= window_ends(report, network.config)


def _worth_showing(node: accounts.staking.Node, verdict: Verdict) -> bool:
    last = node.last_proof
    if not verdict.time or verdict.time <= last.time or verdict.time - HOUR < node.changed_at:
        return False
    return verdict.passed != bool(last.passed) or verdict.time - last.time >= _SHOW_EVERY
