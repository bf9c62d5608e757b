"""Running: what the parties of a job do with it."""

from __future__ import annotations

from solders.pubkey import Pubkey

from ionet import accounts, constants, ix, pda, types
from ionet._generated.jobs.types import JobState
from ionet._generated.staking.types import NodeState
from ionet.chain._async.call import AsyncCall, deferred
from ionet.chain.amounts import BPS
from ionet.chain.errors import AccountNotFound, IonetError
from ionet.chain.pda import token_account
from ionet.chain.signers import SignerLike, as_signer
from ionet.jobs._async.paying import AsyncPaying
from ionet.jobs.escrow import held
from ionet.jobs.quotes import (
    SLIPPAGE_BPS,
    NotBookable,
    Quote,
    check_entry,
    check_length,
    check_seats,
    quote_extension,
)
from ionet.jobs.status import check_party, is_renting, or_none


class AsyncRunning(AsyncPaying):
    """For a job's parties, its attesters and the resolver."""

    @deferred
    async def start(self, job: Pubkey) -> AsyncCall[None]:
        """Begins the booked time; for the supplier, the device or an attester."""
        found = await self.get_job(job)
        instruction = ix.jobs.start(
            operator=self._connection.address,
            job=job,
            offer=found.offer,
            node=found.node,
            cluster=or_none(found.cluster),
        )
        return AsyncCall(self._connection, [instruction])

    def attest(self, job: Pubkey, attestation: types.jobs.AttestArgs) -> AsyncCall[None]:
        """Says how much of the time since the start was looked at, and how much was good; for an attester."""
        return AsyncCall(
            self._connection, [ix.jobs.attest(attester=self._connection.address, job=job, args=attestation)]
        )

    @deferred
    async def lose(self, job: Pubkey) -> AsyncCall[None]:
        """Says that the node of a running job is gone; for an attester.

        When as many attesters as the job has say so within an hour it ends: its good time is paid, without
        the first hour.
        """
        found = await self.get_job(job)
        losing = ix.jobs.lose(
            attester=self._connection.address, job=job, offer=found.offer, cluster=or_none(found.cluster)
        )
        return AsyncCall(self._connection, [losing])

    @deferred
    async def confirm_manifest(self, job: Pubkey) -> AsyncCall[None]:
        """Says that what a job is to run is at hand; for an attester, within ten minutes of the booking.

        If nobody starts the job then, it costs the renter nothing.
        """
        found = await self.get_job(job)
        confirming = ix.jobs.confirm_manifest(
            attester=self._connection.address, job=job, cluster=or_none(found.cluster)
        )
        return AsyncCall(self._connection, [confirming])

    async def quote_extension(self, job: Pubkey, seconds: int, *, slippage_bps: int = SLIPPAGE_BPS) -> Quote:
        """What more time for a running job costs: at its rate and fee rates, at the price of now.

        Raises:
            NotBookable: the program would not extend it so; the message says why.
            PriceUnusable: the program would not take the price.
        """
        found = await self.get_job(job)
        terms, (node,), (offer,) = await self._market(found.mint, [found.node])
        if offer is None:
            raise AccountNotFound(found.offer, "offer")
        checks = (
            (found.state == JobState.RUNNING, "NotRunning", "a job is extended while it runs"),
            (terms.now < found.ends_at, "Over", "the job's time is over; book the node anew"),
            (
                terms.now >= found.frozen_until,
                "Disputed",
                "a disputed job is not extended before it is decided",
            ),
            (
                found.segment_count < constants.jobs.MAX_SEGMENTS,
                "TooManyExtensions",
                "a job is extended four times at most",
            ),
            (seconds > 0, "DurationOutOfBounds", "an extension has a length above zero"),
            (bool(offer.open), "OfferClosed", f"the offer of node {found.node} is closed at present"),
            (
                node is not None and node.state == NodeState.LIVE,
                "NodeNotLive",
                f"the node {found.node} is not live any more",
            ),
            (
                node is not None and not node.banned,
                "NodeBanned",
                f"the node {found.node} has a banned device",
            ),
            (
                node is not None and node.owner == found.supplier,
                "NodePassedOn",
                f"the node {found.node} has passed on to another owner",
            ),
        )
        for holds, reason, message in checks:
            if not holds:
                raise NotBookable(found.node, reason, message)
        check_entry(found.node, terms)
        check_seats(found.node, terms, found.attesters)
        check_length(found.node, offer, found.seconds + seconds)
        return quote_extension(found, terms, seconds, slippage_bps=slippage_bps)

    @deferred
    async def extend(
        self,
        job: Pubkey,
        seconds: int,
        *,
        quote: Quote | None = None,
        max_deposit: int | None = None,
        source: Pubkey | None = None,
        payer: SignerLike | None = None,
    ) -> AsyncCall[None]:
        """Books more time for a running job, at most four times.

        For its renter, who gets its refund, or the delegate of its cluster. What is given back of it goes
        where the booking said, whoever pays.

        Args:
            job: which.
            seconds: how much more.
            quote: what was agreed to, see `quote_extension`; default: one of now.
            max_deposit: the most that may be taken, base units; default: the limit of the quote.
            source: the token account it comes from; default: the payer's associated one, of a delegate the
                renter's.
            payer: signs for the deposit; default: the signer.

        Raises:
            NotBookable, PriceUnusable: see `quote_extension`.
            IonetError: the signer is none of them.
        """
        if max_deposit is None:
            quote = quote or await self.quote_extension(job, seconds)
            max_deposit = quote.limit.base
        found = await self.get_job(job)
        key, party = as_signer(payer), self._connection.address
        pays = party if key is None else key.pubkey()
        if not is_renting(found, party):
            await self._check_delegate(found, party)
            source = source or (token_account(found.renter, found.mint) if key is None else None)
        address = pda.jobs.currency(found.mint)
        currency = await self._connection.fetch(accounts.jobs.Currency, address)
        instruction = ix.jobs.extend(
            payer=pays,
            party=party,
            job=job,
            offer=found.offer,
            node=found.node,
            currency=address,
            price=currency.price_account,
            escrow=found.escrow,
            source=source or token_account(pays, found.mint),
            cluster=or_none(found.cluster),
            seconds=seconds,
            max_deposit=max_deposit,
        )
        return AsyncCall(self._connection, [instruction], signers=[] if key is None else [key])

    async def _check_delegate(self, job: accounts.jobs.Job, who: Pubkey) -> None:
        addresses = [] if or_none(job.cluster) is None else [job.cluster]
        found = await self._connection.fetch_many(accounts.jobs.Cluster, addresses)
        if not any(one is not None and one.delegate == who for one in found):
            raise IonetError(
                f"only its renter, {job.renter}, who gets its refund, or its cluster's delegate extends a job"
            )

    @deferred
    async def cancel(self, job: Pubkey) -> AsyncCall[None]:
        """Ends a job before its start; for its renter or supplier.

        It costs the supplier nothing, and the renter the price of the time that the node was held, at least
        the booking fee. What is given back comes with `refund`; a renter's own call has it in it, and closes
        the job.
        """
        found = await self.get_job(job)
        by_renter = check_party(found, self._connection.address)
        if by_renter:
            return AsyncCall(self._connection, self._cancelling(job, found, await self._connection.time()))
        cancelling = ix.jobs.cancel(
            party=self._connection.address, job=job, offer=found.offer, cluster=or_none(found.cluster)
        )
        return AsyncCall(self._connection, [cancelling])

    @deferred
    async def stop(self, job: Pubkey) -> AsyncCall[None]:
        """Ends the work before its time; for its renter or supplier.

        A renter pays the first hour in any case; a supplier who stops in it gets nothing.
        """
        found = await self.get_job(job)
        check_party(found, self._connection.address)
        return AsyncCall(
            self._connection, [ix.jobs.stop(party=self._connection.address, job=job, offer=found.offer)]
        )

    # -- disputes

    async def dispute_bond(self, job: Pubkey) -> int:
        """What a dispute has to put up now, base units of the job's currency: a share of what it freezes."""
        bps = (await self.get_config()).dispute_bond_bps
        return -(-held(await self.get_job(job)) * bps // BPS)

    @deferred
    async def dispute(
        self,
        job: Pubkey,
        evidence_hash: bytes,
        *,
        max_bond: int | None = None,
        source: Pubkey | None = None,
    ) -> AsyncCall[Pubkey]:
        """Disputes the split, each party once; for the renter or the supplier. Gives the dispute's address.

        What is not paid yet is held back for 14 days at most. The bond comes back unless the decision gives
        the party no more than the attested split did.

        Args:
            job: which: it runs, or ended within a day.
            evidence_hash: sha256 of what shows why, 32 bytes.
            max_bond: the most that may be taken, base units; default: what is due now.
            source: the token account it comes from; default: the signer's associated one.
        """
        found, party = await self.get_job(job), self._connection.address
        check_party(found, party)
        if max_bond is None:
            max_bond = await self.dispute_bond(job)
        address = pda.jobs.dispute(job, party)
        instruction = ix.jobs.dispute(
            party=party,
            job=job,
            mint=found.mint,
            source=source or token_account(party, found.mint),
            max_bond=max_bond,
            evidence_hash=evidence_hash,
        )
        return AsyncCall(self._connection, [instruction], decode=lambda _: address)

    @deferred
    async def resolve(self, job: Pubkey, gross: int) -> AsyncCall[None]:
        """Decides the open dispute of a job, and ends it; for the resolver.

        Args:
            job: which.
            gross: the part of its price that is due, base units; fees of both sides follow from it.

        Raises:
            IonetError: none is open, or more than the price is given away.
        """
        found = await self.get_job(job)
        open_ = [one for one in await self.disputes(job) if one.is_open and one.until == found.frozen_until]
        if not open_:
            raise IonetError(f"no dispute of job {job} is open")
        if not 0 <= gross <= found.price:
            raise IonetError(f"at most the price can be due, {found.price} base units, not {gross}")
        instruction = ix.jobs.resolve(
            resolver=self._connection.address,
            job=job,
            offer=found.offer,
            dispute=open_[0].address,
            gross=gross,
        )
        return AsyncCall(self._connection, [instruction])
