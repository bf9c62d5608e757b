# Generated from jobs/_async/running.py by scripts/codegen; do not edit.
"""What the parties of a job, its attesters and the resolver do while it runs."""

from __future__ import annotations

from solders.pubkey import Pubkey

from ionet import accounts, constants, ix, pda, types
from ionet._generated.jobs.types import JobState
from ionet._generated.staking.types import NodeState
from ionet.chain._sync.call import Call, deferred
from ionet.chain.amounts import BPS
from ionet.chain.errors import AccountNotFound, IonetError
from ionet.chain.pda import token_account
from ionet.chain.signers import SignerLike, as_signer
from ionet.jobs._sync.paying import Paying
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


class Running(Paying):
    """Calls of a job's parties, its attesters and the resolver."""

    @deferred
    def start(self, job: Pubkey) -> Call[None]:
        """Begins the booked time; for the supplier, the device or an attester."""
        account = self.get_job(job)
        instruction = ix.jobs.start(
            operator=self._connection.address,
            job=job,
            offer=account.offer,
            node=account.node,
            cluster=or_none(account.cluster),
        )
        return Call(self._connection, [instruction])

    def attest(self, job: Pubkey, attestation: types.jobs.AttestArgs) -> Call[None]:
        """Attests how much of the time since the start was looked at and was good; for an attester."""
        return Call(
            self._connection, [ix.jobs.attest(attester=self._connection.address, job=job, args=attestation)]
        )

    @deferred
    def lose(self, job: Pubkey) -> Call[None]:
        """Reports that the node of a running job is gone; for an attester.

        The job ends when as many attesters as it needs report this within an hour: its good time is paid,
        without the minimum of the first hour.
        """
        account = self.get_job(job)
        losing = ix.jobs.lose(
            attester=self._connection.address, job=job, offer=account.offer, cluster=or_none(account.cluster)
        )
        return Call(self._connection, [losing])

    @deferred
    def confirm_manifest(self, job: Pubkey) -> Call[None]:
        """Confirms that a job's manifest is available; for an attester, within ten minutes of the booking.

        If nobody starts the job after that, it costs the renter nothing.
        """
        account = self.get_job(job)
        confirming = ix.jobs.confirm_manifest(
            attester=self._connection.address, job=job, cluster=or_none(account.cluster)
        )
        return Call(self._connection, [confirming])

    def quote_extension(self, job: Pubkey, seconds: int, *, slippage_bps: int = SLIPPAGE_BPS) -> Quote:
        """What more time for a running job costs: at its own rates, and today's price of the currency.

        Raises:
            NotBookable: the program would refuse the extension; the message says why.
            PriceUnusable: the program would not accept the price.
        """
        account = self.get_job(job)
        terms, (node,), (offer,) = self._market(account.mint, [account.node])
        if offer is None:
            raise AccountNotFound(account.offer, "offer")
        checks = (
            (account.state == JobState.RUNNING, "NotRunning", "a job is extended while it runs"),
            (terms.now < account.ends_at, "Over", "the job's time is over; book the node anew"),
            (
                terms.now >= account.frozen_until,
                "Disputed",
                "a disputed job is not extended before it is decided",
            ),
            (
                account.segment_count < constants.jobs.MAX_SEGMENTS,
                "TooManyExtensions",
                "a job is extended four times at most",
            ),
            (seconds > 0, "DurationOutOfBounds", "an extension has a length above zero"),
            (bool(offer.open), "OfferClosed", f"the offer of node {account.node} is closed at present"),
            (
                node is not None and node.state == NodeState.LIVE,
                "NodeNotLive",
                f"the node {account.node} is not live any more",
            ),
            (
                node is not None and not node.banned,
                "NodeBanned",
                f"the node {account.node} has a banned device",
            ),
            (
                node is not None and node.owner == account.supplier,
                "NodePassedOn",
                f"the node {account.node} has passed on to another owner",
            ),
        )
        for holds, reason, message in checks:
            if not holds:
                raise NotBookable(account.node, reason, message)
        check_entry(account.node, terms)
        check_seats(account.node, terms, account.attesters)
        check_length(account.node, offer, account.seconds + seconds)
        return quote_extension(account, terms, seconds, slippage_bps=slippage_bps)

    @deferred
    def extend(
        self,
        job: Pubkey,
        seconds: int,
        *,
        quote: Quote | None = None,
        max_deposit: int | None = None,
        source: Pubkey | None = None,
        payer: SignerLike | None = None,
    ) -> Call[None]:
        """Books more time for a running job, at most four times.

        For its renter, the wallet that gets its refund, or the delegate of its cluster. The refund goes to
        the wallet named in the booking, whoever pays.

        Args:
            job: the job's address.
            seconds: how much more time.
            quote: the agreed quote, see `quote_extension`; default: a new one.
            max_deposit: the most that may be taken, base units; default: the limit of the quote.
            source: the token account that pays; default: the payer's associated one, of a session key its
                wallet's, or the renter's for a delegate.
            payer: signs for the deposit; default: the signer.

        Raises:
            NotBookable, PriceUnusable: see `quote_extension`.
            IonetError: the signer may not extend the job.
        """
        if max_deposit is None:
            quote = quote or self.quote_extension(job, seconds)
            max_deposit = quote.limit.base
        account = self.get_job(job)
        key, party = as_signer(payer), self._connection.address
        payer_address = party if key is None else key.pubkey()
        owner = self._connection.wallet if key is None else payer_address
        if not is_renting(account, party):
            self._check_delegate(account, party)
            source = source or (token_account(account.renter, account.mint) if key is None else None)
        address = pda.jobs.currency(account.mint)
        currency = self._connection.fetch(accounts.jobs.Currency, address)
        instruction = ix.jobs.extend(
            payer=payer_address,
            party=party,
            job=job,
            offer=account.offer,
            node=account.node,
            currency=address,
            price=currency.price_account,
            escrow=account.escrow,
            source=source or token_account(owner, account.mint),
            cluster=or_none(account.cluster),
            seconds=seconds,
            max_deposit=max_deposit,
        )
        return Call(self._connection, [instruction], signers=[] if key is None else [key])

    def _check_delegate(self, job: accounts.jobs.Job, party: Pubkey) -> None:
        addresses = [] if or_none(job.cluster) is None else [job.cluster]
        clusters = self._connection.fetch_many(accounts.jobs.Cluster, addresses)
        if not any(cluster is not None and cluster.delegate == party for cluster in clusters):
            raise IonetError(
                f"only its renter, {job.renter}, who gets its refund, or its cluster's delegate extends a job"
            )

    @deferred
    def cancel(self, job: Pubkey) -> Call[None]:
        """Ends a job before its start; for its renter or supplier.

        It costs the supplier nothing, and the renter the price of the time that the node was held, at least
        the booking fee. `refund` pays back the rest; the renter's own call includes that, and closes the job.
        """
        account = self.get_job(job)
        by_renter = check_party(account, self._connection.address)
        if by_renter:
            return Call(self._connection, self._cancelling(job, account, self._connection.time()))
        cancelling = ix.jobs.cancel(
            party=self._connection.address, job=job, offer=account.offer, cluster=or_none(account.cluster)
        )
        return Call(self._connection, [cancelling])

    @deferred
    def stop(self, job: Pubkey) -> Call[None]:
        """Ends a running job early; for its renter or supplier.

        A renter pays the first hour in any case; a supplier who stops within it gets nothing.
        """
        account = self.get_job(job)
        check_party(account, self._connection.address)
        return Call(
            self._connection, [ix.jobs.stop(party=self._connection.address, job=job, offer=account.offer)]
        )

    # -- disputes

    def dispute_bond(self, job: Pubkey) -> int:
        """The bond that a dispute costs now, base units of the job's currency: a share of what it freezes."""
        bps = (self.get_config()).dispute_bond_bps
        return -(-held(self.get_job(job)) * bps // BPS)

    @deferred
    def dispute(
        self,
        job: Pubkey,
        evidence_hash: bytes,
        *,
        max_bond: int | None = None,
        source: Pubkey | None = None,
    ) -> Call[Pubkey]:
        """Disputes the split, each party once; for the renter or the supplier. Gives the dispute's address.

        What is not paid yet is held back for at most 14 days. The bond comes back unless the decision gives
        the party no more than the attested split did.

        Args:
            job: the address of a job that is running, or ended less than a day ago.
            evidence_hash: sha256 of the evidence, 32 bytes.
            max_bond: the most that may be taken, base units; default: the bond due now.
            source: the token account that pays; default: the signer's associated one.

        Raises:
            IonetError: the signer is no party of the job, or only gets its refund.
        """
        account, party = self.get_job(job), self._connection.address
        check_party(account, party)
        if party not in (account.renter, account.supplier):
            raise IonetError(
                f"its renter {account.renter} or its supplier disputes this job; {party} only gets its refund"
            )
        if max_bond is None:
            max_bond = self.dispute_bond(job)
        address = pda.jobs.dispute(job, party)
        instruction = ix.jobs.dispute(
            party=party,
            job=job,
            mint=account.mint,
            source=source or token_account(party, account.mint),
            max_bond=max_bond,
            evidence_hash=evidence_hash,
        )
        return Call(self._connection, [instruction], decode=lambda _: address)

    @deferred
    def resolve(self, job: Pubkey, gross: int) -> Call[None]:
        """Decides the open dispute of a job, and ends it; for the resolver.

        Args:
            job: the job's address.
            gross: the part of its price that is due, base units; fees of both sides follow from it.

        Raises:
            IonetError: no dispute is open, or `gross` is negative or above the price.
        """
        account = self.get_job(job)
        open_ = [
            dispute
            for dispute in self.disputes(job)
            if dispute.is_open and dispute.until == account.frozen_until
        ]
        if not open_:
            raise IonetError(f"no dispute of job {job} is open")
        if not 0 <= gross <= account.price:
            raise IonetError(f"at most the price can be due, {account.price} base units, not {gross}")
        instruction = ix.jobs.resolve(
            resolver=self._connection.address,
            job=job,
            offer=account.offer,
            dispute=open_[0].address,
            gross=gross,
        )
        return Call(self._connection, [instruction])
