"""The proofs program: the attester set, its hourly reports, challenges, and verdicts of compute proofs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Unpack

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda, types
from ionet._generated.proofs.types import ReportState
from ionet.chain._async.call import AsyncCall, deferred
from ionet.chain.pda import token_account
from ionet.formats.when import HOUR
from ionet.proofs._async.hours import AsyncHours
from ionet.proofs.disproof import table_draft
from ionet.proofs.report import ReportDraft, check_same, head_of, leaf_args
from ionet.token.emission import cumulative

if TYPE_CHECKING:
    from ionet.chain.records import KeyedAccount
    from ionet.proofs.disproof import Disproof
    from ionet.rewards import Report


class AsyncProofs(AsyncHours):
    """Calls and reads of the proofs program."""

    # -- setting up

    def initialize(self) -> AsyncCall[None]:
        """Creates the configuration and an empty attester set; for the program's upgrade authority."""
        return AsyncCall(self._connection, [ix.proofs.initialize(authority=self._connection.address)])

    def set_attesters(
        self, weights: Mapping[Pubkey, int] | Iterable[tuple[Pubkey, int]], *, threshold: int | None = None
    ) -> AsyncCall[None]:
        """Replaces the attester set; for the authority. Seats follow the order given.

        Args:
            weights: key to weight, 16 at most. Every earlier seat stays listed in its place; a vacated one
                has the default key and weight 0, so give a set with several of those as pairs.
            threshold: weight that approves a report; default: two thirds of all, rounded up.
        """
        pairs = list(weights.items()) if isinstance(weights, Mapping) else list(weights)
        needed = -(-2 * sum(weight for _, weight in pairs) // 3) if threshold is None else threshold
        seats = [types.proofs.Seat(key, weight) for key, weight in pairs]
        instruction = ix.proofs.set_attesters(
            authority=self._connection.address, seats=seats, threshold=needed
        )
        return AsyncCall(self._connection, [instruction])

    def set_params(self, **changes: Unpack[types.proofs.Params]) -> AsyncCall[None]:
        """Sets parameters; for the authority. Those not given stay as they are.

        Args:
            changes: see `ionet.types.proofs.ParamsArgs` for what each means.

        Raises:
            TypeError: there is no such parameter.
        """
        return self._set_params(**changes)

    # -- reports

    async def propose(self, report: Report, place: str, *, predecessor: Pubkey | None = None) -> ReportDraft:
        """Drafts a report from an hour's leaves; sends nothing.

        Args:
            report: the hour's leaves; its period ends whole hours after the start of emission.
            place: address of its published evidence file, 96 bytes of UTF-8 at most.
            predecessor: the report that it continues; default: the one at the head.

        Raises:
            EncodeError: a period that does not end on a whole hour, or a place that is too long.
        """
        start = (await self._connection.fetch(accounts.mint.Config, pda.mint.CONFIG)).start
        predecessor = await self.head() if predecessor is None else predecessor
        return ReportDraft.of(report, start, place, predecessor)

    async def head(self) -> Pubkey:
        """The latest report that reached the threshold and was not voided; the default key without one."""
        return head_of(await self.get_config())

    @deferred
    async def report(self, proposal: ReportDraft) -> AsyncCall[Pubkey]:
        """Creates a report with the signer's approval; for an attester. Gives the report's address.

        Emits first if the report's hours are not emitted yet.
        """
        reporting = ix.proofs.report(
            attester=self._connection.address,
            predecessor=proposal.args.predecessor,
            seq=proposal.seq,
            content_hash=proposal.content_hash,
            args=proposal.args,
        )
        emitted = (await self._mint.get_config()).emitted
        due = emitted < cumulative(proposal.seq * HOUR)
        instructions = [ix.mint.emit(), reporting] if due else [reporting]
        return AsyncCall(self._connection, instructions, decode=lambda _: proposal.address)

    @deferred
    async def approve(self, report: Pubkey, recomputed: Report) -> AsyncCall[None]:
        """Approves a report; for another attester, who has computed the same.

        Args:
            report: its account.
            recomputed: the report that `ionet.rewards.verify_evidence` computed from its evidence and the
                previous report's leaves: nobody approves what they have not computed.

        Raises:
            ReportDiffers: the report on the chain differs from `recomputed`.
        """
        check_same(await self.get_report(report), recomputed)
        return AsyncCall(
            self._connection, [ix.proofs.approve(attester=self._connection.address, report=report)]
        )

    @deferred
    async def renew(self, report: Pubkey, recomputed: Report) -> AsyncCall[None]:
        """Restarts the approval of a report; for an attester, whose approval is the first.

        For a report that is void, has fallen, or waits for an earlier attester set.

        Args:
            report: its account.
            recomputed: as for `approve`.

        Raises:
            ReportDiffers: the report on the chain differs from `recomputed`.
        """
        check_same(await self.get_report(report), recomputed)
        return AsyncCall(
            self._connection, [ix.proofs.renew_report(attester=self._connection.address, report=report)]
        )

    def endorse(self, report: Pubkey) -> AsyncCall[None]:
        """Endorses a correction, which then only needs the threshold; for the guardian."""
        return AsyncCall(
            self._connection, [ix.proofs.endorse(guardian=self._connection.address, report=report)]
        )

    def finalize(self, report: Pubkey) -> AsyncCall[None]:
        """Makes an approved report final when its challenge window is over; for anyone."""
        return AsyncCall(self._connection, [ix.proofs.finalize(report=report)])

    def refute(self, report: Pubkey, node: Pubkey, leaves: Report) -> AsyncCall[None]:
        """Voids a report that is not final because of a wrong leaf; for anyone, without a bond.

        Args:
            report: the report's account.
            node: the leaf's node, which was already credited more, or is no node at all.
            leaves: the report's leaves.
        """
        leaf = leaf_args(leaves, node)
        return AsyncCall(self._connection, [ix.proofs.refute(report=report, node=node, leaf=leaf)])

    def void(self, report: Pubkey) -> AsyncCall[None]:
        """Voids a report that is not final; for the guardian, or the authority for a correction."""
        return AsyncCall(
            self._connection, [ix.proofs.void_report(guardian=self._connection.address, report=report)]
        )

    async def get_report(self, report: Pubkey) -> accounts.proofs.Report:
        """The report at an address."""
        return await self._connection.fetch(accounts.proofs.Report, report)

    async def reports(
        self, *, state: ReportState | None = None
    ) -> list[KeyedAccount[accounts.proofs.Report]]:
        """All reports, or those in a state, latest hour first."""
        fields = {} if state is None else {"state": int(state)}
        reports = await self._connection.find(accounts.proofs.Report, **fields)
        return sorted(
            reports, key=lambda report: (-report.account.seq, -report.account.created_at, str(report.address))
        )

    # -- challenges

    def challenge(
        self, report: Pubkey, node: Pubkey, evidence_hash: bytes, *, source: Pubkey | None = None
    ) -> AsyncCall[Pubkey]:
        """Challenges a node's leaf with a bond, and holds back its credit; for anyone. Gives the challenge.

        Args:
            report: an approved or final report.
            node: the leaf's node.
            evidence_hash: sha256 of the evidence that the leaf is wrong, 32 bytes.
            source: the IO account that pays the bond; default: the signer's associated one.
        """
        challenger = self._connection.address
        address = pda.proofs.challenge(report, node)
        instruction = ix.proofs.challenge(
            challenger=challenger,
            report=report,
            node=node,
            source=source or token_account(challenger, pda.mint.MINT),
            evidence_hash=evidence_hash,
        )
        return AsyncCall(self._connection, [instruction], decode=lambda _: address)

    @deferred
    async def decide(self, challenge: Pubkey, *, upheld: bool) -> AsyncCall[events.proofs.ChallengeDecided]:
        """Decides a challenge; for the resolver. Gives the event.

        Args:
            challenge: its address.
            upheld: whether the leaf is wrong: then the bond goes back, and only later reports credit the
                node. Otherwise the bond is burned.
        """
        account = await self.get_challenge(challenge)
        instruction = ix.proofs.decide(
            resolver=self._connection.address,
            challenge=challenge,
            report=account.report,
            node=account.node,
            destination=token_account(account.challenger, pda.mint.MINT),
            rent_payer=account.challenger,
            upheld=upheld,
        )
        return AsyncCall(
            self._connection, [instruction], decode=lambda sent: sent.event(events.proofs.ChallengeDecided)
        )

    @deferred
    async def lift(self, challenge: Pubkey) -> AsyncCall[None]:
        """Ends a challenge that was not decided in time; for anyone. The bond goes back."""
        account = await self.get_challenge(challenge)
        instruction = ix.proofs.lift_challenge(
            challenge=challenge,
            node=account.node,
            destination=token_account(account.challenger, pda.mint.MINT),
            rent_payer=account.challenger,
        )
        return AsyncCall(self._connection, [instruction])

    async def get_challenge(self, challenge: Pubkey) -> accounts.proofs.Challenge:
        """The challenge at an address, `ionet.pda.proofs.challenge(report, node)`."""
        return await self._connection.fetch(accounts.proofs.Challenge, challenge)

    async def challenges(
        self, *, node: Pubkey | None = None, report: Pubkey | None = None
    ) -> list[KeyedAccount[accounts.proofs.Challenge]]:
        """Open challenges: all, or those of a node or a report."""
        filters: dict[str, Any] = {"node": node, "report": report}
        fields = {name: value for name, value in filters.items() if value is not None}
        return await self._connection.find(accounts.proofs.Challenge, **fields)

    # -- compute proofs

    def show_verdict(self, node: Pubkey, report: Pubkey, leaves: Report) -> AsyncCall[None]:
        """Writes a node's verdict from the report at the head into the node's account; for anyone.

        Args:
            node: the node's address.
            report: the report at the head.
            leaves: its leaves.

        Raises:
            KeyError: the report has no leaf for it.
        """
        leaf = leaf_args(leaves, node)
        return AsyncCall(self._connection, [ix.proofs.show_verdict(report=report, node=node, leaf=leaf)])

    # -- hours of compute proofs

    @deferred
    async def tick(self) -> AsyncCall[Pubkey]:
        """Begins the compute proofs of the hour that runs; for anyone. Gives the hour's account."""
        seq = await self.latest_hour() + 1
        instruction = ix.proofs.tick(payer=self._connection.address, seq=seq)
        return AsyncCall(self._connection, [instruction], decode=lambda _: pda.proofs.hour(seq))

    def commit_compute(self, seq: int, root: bytes, count: int) -> AsyncCall[None]:
        """Posts the root of the commitments that a seat received in time; for an attester, once an hour.

        Args:
            seq: hours from the start of emission to the end of the hour.
            root: Merkle root of the commitments, 32 bytes.
            count: how many they are.
        """
        instruction = ix.proofs.commit_compute(
            attester=self._connection.address, hour=pda.proofs.hour(seq), root=root, count=count
        )
        return AsyncCall(self._connection, [instruction])

    def draw_hour(self, seq: int) -> AsyncCall[bool]:
        """Draws an hour, or begins its draw; for anyone. Gives whether it is drawn.

        Where it has only begun, call it again 32 slots later.

        Args:
            seq: hours from the start of emission to the end of the hour.
        """
        instruction = ix.proofs.draw_hour(hour=pda.proofs.hour(seq))
        return AsyncCall(
            self._connection,
            [instruction],
            decode=lambda sent: sent.event(events.proofs.HourDrawn).drawn_slot != 0,
        )

    @deferred
    async def close_hour(self, seq: int) -> AsyncCall[None]:
        """Closes an hour in which nothing can be disproved any more; for anyone.

        The rent goes back to who ticked it.

        Args:
            seq: hours from the start of emission to the end of the hour.
        """
        hour = await self.get_hour(seq)
        instruction = ix.proofs.close_hour(hour=pda.proofs.hour(seq), payer=hour.payer)
        return AsyncCall(self._connection, [instruction])

    async def get_hour(self, seq: int) -> accounts.proofs.Hour:
        """An hour's compute proofs: seed, roots, draw.

        Args:
            seq: hours from the start of emission to the end of the hour.
        """
        return await self._connection.fetch(accounts.proofs.Hour, pda.proofs.hour(seq))

    @deferred
    async def disproof_table(self, disproof: Disproof) -> AsyncCall[AddressLookupTableAccount]:
        """Makes the lookup table that `disprove` needs; for anyone. Gives it: usable from the next slot.

        Args:
            disproof: what is to be shown.
        """
        owner = self._connection.address
        slot = await self._connection.slot() - 1
        draft = table_draft(owner, slot, disproof.addresses(owner))
        table = AddressLookupTableAccount(draft.address, draft.keys)
        return AsyncCall(self._connection, draft.instructions, decode=lambda _: table)

    def disprove(
        self, disproof: Disproof, table: AddressLookupTableAccount
    ) -> AsyncCall[events.staking.NodeDisproved]:
        """Shows that something that a device has signed is wrong; for anyone. Gives the event.

        Its node loses a tenth of its minimum, without appeal, and its verdict fails.

        Args:
            disproof: what is wrong.
            table: of `disproof_table`, from an earlier slot.
        """
        return AsyncCall(
            self._connection,
            disproof.instructions(self._connection.address),
            tables=[table],
            decode=lambda sent: sent.event(events.staking.NodeDisproved),
        )

    # -- reads

    async def get_attesters(self) -> accounts.proofs.AttesterSet:
        """The attester set."""
        return await self._connection.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
