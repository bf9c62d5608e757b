# Generated from _api/_async/jobs.py by scripts/codegen; do not edit.
"""The jobs program: offers, bookings, and the life of a job until everyone is paid."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import accounts, ix, pda, types
from ionet._errors import IonetError
from ionet._escrow import BOOKED, held
from ionet._generated.buyback import PROGRAM_ID as BUYBACK
from ionet._generated.jobs import PROGRAM_ID
from ionet._pda import find_with_bump, token_account
from ionet._quote import Quote, extension, quote
from ionet._records import Found
from ionet._sync.call import Call

if TYPE_CHECKING:
    from ionet._sync.client import Client
#: How far a nonce may lie above the offer's latest.
_NONCES: Final = 256
_NOBODY: Final = Pubkey.default()
_CURRENCIES: Final = 4
_REJECTED: Final = 2
_BPS: Final = 10_000
#: A limit that is not given lies so far above what is due now: prices move until the transaction lands.
_MARGIN_PERCENT: Final = 101


class Jobs:
    """Calls and reads of the jobs program."""

    def __init__(self, client: Client) -> None:
        self._client = client

    # -- setting up

    def initialize(self, *, resolver: Pubkey) -> Call[None]:
        """Creates the configuration with the published defaults; for the program's upgrade authority."""
        return Call(self._client, [ix.jobs.initialize(authority=self._client.address, resolver=resolver)])

    def create_currency(
        self, mint: Pubkey, *, feed_id: bytes, price_account: Pubkey, at_par: bool, payment_bps: int
    ) -> Call[Pubkey]:
        """Lets jobs be paid in a mint; for the authority. Gives the currency's address.

        Args:
            mint: of the classic token program.
            feed_id: Pyth's id of the feed that quotes it in USD, 32 bytes.
            price_account: the account that the feed is read from.
            at_par: one dollar each, unless the feed says less than 0.99.
            payment_bps: payment fee of the side that uses it.
        """
        args = types.jobs.CurrencyArgs(
            pricing=int(at_par),
            enabled=True,
            payment_bps=payment_bps,
            feed_id=feed_id,
            price_account=price_account,
        )
        address = pda.jobs.currency(mint)
        return Call(
            self._client,
            [ix.jobs.create_currency(authority=self._client.address, mint=mint, args=args)],
            decode=lambda _: address,
        )

    # -- offers

    def offer(
        self,
        node: Pubkey,
        *,
        usd_per_hour: int,
        currencies: Sequence[Pubkey] = (pda.mint.MINT,),
        min_seconds: int = 3_600,
        max_seconds: int = 30 * 86_400,
        payout_as_paid: bool = False,
        taking: bool = True,
    ) -> Call[Pubkey]:
        """Offers a node; for its owner, once. Gives the offer's address.

        Args:
            node: which.
            usd_per_hour: micro-dollars (10^-6 USD) per processor and hour.
            currencies: mints that may be paid in, four at most.
            min_seconds: shortest rental, an hour at least.
            max_seconds: longest rental.
            payout_as_paid: be paid in what the renter pays, instead of IO.
            taking: take bookings.
        """
        args = _offer_args(
            usd_per_hour, currencies, min_seconds, max_seconds, payout_as_paid=payout_as_paid, taking=taking
        )
        address = pda.jobs.offer(node)
        return Call(
            self._client,
            [ix.jobs.offer(owner=self._client.address, node=node, args=args)],
            decode=lambda _: address,
        )

    def set_offer(
        self,
        node: Pubkey,
        *,
        usd_per_hour: int | None = None,
        currencies: Sequence[Pubkey] | None = None,
        min_seconds: int | None = None,
        max_seconds: int | None = None,
        payout_as_paid: bool | None = None,
        taking: bool | None = None,
    ) -> Call[None]:
        """Changes a node's offer for new jobs and extensions; for its owner. What is not given stays."""
        now = self.get_offer(node)
        args = _offer_args(
            now.rate if usd_per_hour is None else usd_per_hour,
            [one for one in now.currencies if one != _NOBODY] if currencies is None else currencies,
            now.min_seconds if min_seconds is None else min_seconds,
            now.max_seconds if max_seconds is None else max_seconds,
            payout_as_paid=bool(now.payout) if payout_as_paid is None else payout_as_paid,
            taking=bool(now.open) if taking is None else taking,
        )
        return Call(self._client, [ix.jobs.set_offer(owner=self._client.address, node=node, args=args)])

    def offers(self) -> list[Found[accounts.jobs.Offer]]:
        """All offers."""
        return self._client.find(accounts.jobs.Offer)

    def search(
        self,
        *,
        class_: int | None = None,
        region: int | None = None,
        units: int | None = None,
        max_usd_per_hour: int | None = None,
        mint: Pubkey | None = None,
        seconds: int | None = None,
    ) -> list[Found[accounts.jobs.Offer]]:
        """Offers of live nodes that can be booked now, the cheapest first.

        Class and region are filtered by the RPC node, the rest here.

        Args:
            class_: id of the hardware class.
            region: ISO 3166-1 number of the country.
            units: processors, at least.
            max_usd_per_hour: micro-dollars per processor and hour.
            mint: that can be paid in.
            seconds: how long to rent.
        """
        wanted = {
            name: value for name, value in (("class_", class_), ("region", region)) if value is not None
        }
        found = self._client.find(accounts.staking.Node, state=0, **wanted)
        nodes = {one.address for one in found if units is None or one.account.units >= units}
        now = self._client.time()

        def fits(offer: accounts.jobs.Offer) -> bool:
            leased = offer.lease_job != _NOBODY and now < offer.lease_until
            return (
                offer.node in nodes
                and not leased
                and (max_usd_per_hour is None or offer.rate <= max_usd_per_hour)
                and (mint is None or mint in offer.currencies)
                and (seconds is None or offer.min_seconds <= seconds <= offer.max_seconds)
            )

        offers = self._client.find(accounts.jobs.Offer, open=1)
        return sorted((one for one in offers if fits(one.account)), key=lambda one: one.account.rate)

    def get_offer(self, node: Pubkey) -> accounts.jobs.Offer:
        """A node's offer, with its lease."""
        return self._client.fetch(accounts.jobs.Offer, pda.jobs.offer(node))

    # -- renting

    def quote(self, node: Pubkey, seconds: int, *, mint: Pubkey = pda.mint.MINT) -> Quote:
        """What a rental costs now, with every fee of both sides.

        Raises:
            AccountNotFound: the node has no offer, or the mint is no currency.
        """
        offer, config = self.get_offer(node), self.config()
        currency = self._client.fetch(accounts.jobs.Currency, pda.jobs.currency(mint))
        payout = self._payout_currency(offer, mint)
        found = self._client.fetch(accounts.staking.Node, node)
        price = self._client.price(currency.price_account)
        return quote(offer, currency, payout, config, price, found.units, seconds)

    def _payout_currency(self, offer: accounts.jobs.Offer, mint: Pubkey) -> accounts.jobs.Currency:
        return self._client.fetch(accounts.jobs.Currency, pda.jobs.currency(_paid_in(offer, mint)))

    def book(
        self,
        node: Pubkey,
        seconds: int,
        manifest_hash: bytes,
        *,
        mint: Pubkey = pda.mint.MINT,
        max_deposit: int | None = None,
        source: Pubkey | None = None,
        cluster: Pubkey | None = None,
    ) -> Call[Pubkey]:
        """Books a node: the deposit goes into the job's own escrow. Gives the job's address.

        Args:
            node: which.
            seconds: how long; an hour at least.
            manifest_hash: sha256 of the manifest that says what is to be run, 32 bytes.
            mint: what to pay in.
            max_deposit: the most that may be taken, base units; default: 1 % above the quote.
            source: the token account it comes from; default: the signer's associated one.
            cluster: the cluster that the job is to be part of; see `open_cluster`.
        """
        if max_deposit is None:
            max_deposit = _margin((self.quote(node, seconds, mint=mint)).deposit)
        offer = pda.jobs.offer(node)
        current = self._client.fetch(accounts.jobs.Offer, offer)
        currency = self._client.fetch(accounts.jobs.Currency, pda.jobs.currency(mint))
        paid_in = _paid_in(current, mint)
        nonce, job = cheapest_job(offer, current.nonce, exchanged=paid_in != mint)
        args = types.jobs.BookArgs(
            nonce=nonce,
            seconds=seconds,
            max_deposit=max_deposit,
            manifest_hash=manifest_hash,
        )
        renter = self._client.address
        instruction = ix.jobs.book(
            renter=renter,
            node=node,
            payout_currency=pda.jobs.currency(paid_in),
            price=currency.price_account,
            mint=mint,
            source=source or token_account(renter, mint),
            cluster=cluster,
            args=args,
        )
        return Call(self._client, [instruction], decode=lambda _: job)

    def open_cluster(self, size: int, *, cluster_id: bytes | None = None) -> Call[Pubkey]:
        """Opens a cluster: jobs of the signer's that start only when all are booked. Gives its address.

        Args:
            size: how many jobs, 2 to 255.
            cluster_id: 32 bytes, new for each cluster; default: random.
        """
        renter, chosen = self._client.address, secrets.token_bytes(32) if cluster_id is None else cluster_id
        address = pda.jobs.cluster(renter, chosen)
        return Call(
            self._client,
            [ix.jobs.open_cluster(renter=renter, id=chosen, size=size)],
            decode=lambda _: address,
        )

    def book_cluster(
        self,
        nodes: Sequence[Pubkey],
        seconds: int,
        manifest_hash: bytes,
        *,
        mint: Pubkey = pda.mint.MINT,
        cluster_id: bytes | None = None,
    ) -> list[Call[Pubkey]]:
        """Books several nodes as one cluster: a transaction for each, to be sent in this order.

        The first one also opens the cluster; each gives its job's address. If one of them fails, cancel the
        others, which is free for two minutes, or leave them: none starts, and after 20 minutes all goes back.

        Args:
            nodes: two or more.
            seconds: how long, for all of them.
            manifest_hash: of the manifest that they run together, 32 bytes.
            mint: what to pay in.
            cluster_id: 32 bytes, new for each cluster; default: random.
        """
        chosen = secrets.token_bytes(32) if cluster_id is None else cluster_id
        cluster = pda.jobs.cluster(self._client.address, chosen)
        calls = [self.book(node, seconds, manifest_hash, mint=mint, cluster=cluster) for node in nodes]
        return [self.open_cluster(len(nodes), cluster_id=chosen) + calls[0], *calls[1:]] if calls else []

    def get_cluster(self, cluster: Pubkey) -> accounts.jobs.Cluster:
        """The cluster at an address."""
        return self._client.fetch(accounts.jobs.Cluster, cluster)

    def close_cluster(self, cluster: Pubkey) -> Call[None]:
        """Closes a cluster in which no job waits any more; the rent goes back to its renter."""
        renter = (self.get_cluster(cluster)).renter
        return Call(self._client, [ix.jobs.close_cluster(renter=renter, cluster=cluster)])

    def get(self, job: Pubkey) -> accounts.jobs.Job:
        """The job at an address."""
        return self._client.fetch(accounts.jobs.Job, job)

    def find(self, **fields: Pubkey) -> list[Found[accounts.jobs.Job]]:
        """Jobs that are not closed, by `renter`, `supplier`, `node` or `offer`."""
        return self._client.find(accounts.jobs.Job, **fields)

    # -- running

    def start(self, job: Pubkey) -> Call[None]:
        """Begins the booked time; for the supplier, the device or an attester."""
        found = self.get(job)
        instruction = ix.jobs.start(
            operator=self._client.address,
            job=job,
            offer=found.offer,
            node=found.node,
            cluster=_cluster(found),
        )
        return Call(self._client, [instruction])

    def quote_extension(self, job: Pubkey, seconds: int) -> Quote:
        """What so many more seconds cost now: at the job's own rate and fees."""
        found = self.get(job)
        currency = self._client.fetch(accounts.jobs.Currency, pda.jobs.currency(found.mint))
        return extension(found, currency, self._client.price(currency.price_account), seconds)

    def extend(
        self, job: Pubkey, seconds: int, *, max_deposit: int | None = None, source: Pubkey | None = None
    ) -> Call[None]:
        """Books more time for a job that runs; for its renter, four times at most.

        Args:
            job: which.
            seconds: how much more; in all at most the offer's longest rental.
            max_deposit: the most that may be taken, base units; default: 1 % above the quote.
            source: the token account it comes from; default: the signer's associated one.
        """
        found = self.get(job)
        currency = self._client.fetch(accounts.jobs.Currency, pda.jobs.currency(found.mint))
        if max_deposit is None:
            max_deposit = _margin((self.quote_extension(job, seconds)).deposit)
        renter = self._client.address
        instruction = ix.jobs.extend(
            renter=renter,
            job=job,
            offer=found.offer,
            node=found.node,
            currency=pda.jobs.currency(found.mint),
            price=currency.price_account,
            escrow=found.escrow,
            source=source or token_account(renter, found.mint),
            seconds=seconds,
            max_deposit=max_deposit,
        )
        return Call(self._client, [instruction])

    def attest(self, job: Pubkey, attestation: types.jobs.AttestArgs) -> Call[None]:
        """Says how much of the time since the start was looked at, and how much was good; for an attester."""
        return Call(self._client, [ix.jobs.attest(attester=self._client.address, job=job, args=attestation)])

    def cancel(self, job: Pubkey) -> Call[None]:
        """Ends a job before its start; for its renter or supplier."""
        found = self.get(job)
        instruction = ix.jobs.cancel(
            party=self._client.address, job=job, offer=found.offer, cluster=_cluster(found)
        )
        return Call(self._client, [instruction])

    def stop(self, job: Pubkey) -> Call[None]:
        """Ends the work before its time; for its renter or supplier."""
        offer = (self.get(job)).offer
        return Call(self._client, [ix.jobs.stop(party=self._client.address, job=job, offer=offer)])

    def complete(self, job: Pubkey) -> Call[None]:
        """Ends a job whose time is over and attested to its end; for anyone."""
        return Call(self._client, [ix.jobs.complete(job=job, offer=(self.get(job)).offer)])

    def expire(self, job: Pubkey) -> Call[None]:
        """Ends a job that nobody started, or whose attesters fell silent; for anyone."""
        found = self.get(job)
        return Call(self._client, [ix.jobs.expire(job=job, offer=found.offer, cluster=_cluster(found))])

    # -- disputes

    def dispute(
        self,
        job: Pubkey,
        evidence_hash: bytes,
        *,
        max_bond: int | None = None,
        source: Pubkey | None = None,
    ) -> Call[Pubkey]:
        """Disputes a job's split, with a bond; for its renter or supplier. Gives the dispute's address.

        What is not paid yet is held back until the resolver decides, for 14 days at most. The bond comes back
        if the decision gives the signer more than the attested time does, or if there is none.

        Args:
            job: one that runs, or ended within a day.
            evidence_hash: sha256 of what the dispute rests on, 32 bytes.
            max_bond: the most that may be taken as a bond, base units; default: what it is now.
            source: the token account it comes from; default: the signer's associated one.
        """
        found, party = self.get(job), self._client.address
        if max_bond is None:
            max_bond = -(-held(found) * (self.config()).dispute_bond_bps // _BPS)
        address = pda.jobs.dispute(job, party)
        instruction = ix.jobs.dispute(
            party=party,
            job=job,
            mint=found.mint,
            source=source or token_account(party, found.mint),
            max_bond=max_bond,
            evidence_hash=evidence_hash,
        )
        return Call(self._client, [instruction], decode=lambda _: address)

    def disputes(self, **fields: Pubkey) -> list[Found[accounts.jobs.Dispute]]:
        """Disputes that are not closed, by `job` or `party`."""
        return self._client.find(accounts.jobs.Dispute, **fields)

    def resolve(self, job: Pubkey, gross: int) -> Call[None]:
        """Decides a job's open dispute; for the resolver.

        Args:
            job: which.
            gross: how much of the job's price is due, base units; fees and refund follow from it.

        Raises:
            IonetError: no dispute of the job is open.
        """
        found = self.get(job)
        of_job = self.disputes(job=job)
        open_ = [one.address for one in of_job if one.account.until == found.frozen_until]
        if not open_:
            raise IonetError(f"no dispute of job {job} is open")
        instruction = ix.jobs.resolve(
            resolver=self._client.address, job=job, offer=found.offer, dispute=open_[0], gross=gross
        )
        return Call(self._client, [instruction])

    def close_dispute(self, dispute: Pubkey, *, destination: Pubkey | None = None) -> Call[None]:
        """Sends the bond of a dispute that is over where it belongs, and closes it; for anyone.

        Args:
            dispute: decided, or older than 14 days.
            destination: an account of the party's; default: its associated one. A lost bond goes to the fee
                vault of the job.
        """
        found = self._client.fetch(accounts.jobs.Dispute, dispute)
        if found.outcome == _REJECTED:
            destination = found.fee_vault
        elif destination is None:
            mint = (self._client.token_account(found.bond_vault)).mint
            destination = token_account(found.party, mint)
        instruction = ix.jobs.close_dispute(
            dispute=dispute, bond_vault=found.bond_vault, destination=destination, rent_payer=found.party
        )
        return Call(self._client, [instruction])

    # -- paying

    def settle(self, job: Pubkey) -> Call[None]:
        """Pays the supplier what attested time has earned; for anyone.

        Where he is paid in IO and the renter pays in another mint, it goes into the job's payout account of
        the buyback, which has to be open.
        """
        found = self.get(job)
        exchanged = found.payout_vault != _NOBODY
        destination = found.payout_vault if exchanged else token_account(found.supplier, found.mint)
        return Call(self._client, [ix.jobs.settle(job=job, escrow=found.escrow, destination=destination)])

    def refund(self, job: Pubkey) -> Call[None]:
        """Pays the renter what is left of an ended job; for anyone."""
        found = self.get(job)
        destination = token_account(found.renter, found.mint)
        return Call(self._client, [ix.jobs.refund(job=job, escrow=found.escrow, destination=destination)])

    def collect_fees(self, job: Pubkey) -> Call[None]:
        """Pays the fees of an ended job into the buyback's vault; for anyone."""
        found = self.get(job)
        return Call(
            self._client, [ix.jobs.collect_fees(job=job, escrow=found.escrow, destination=found.fee_vault)]
        )

    def close(self, job: Pubkey) -> Call[None]:
        """Closes a job that has paid everyone; the rent goes back to the one who paid it."""
        found = self.get(job)
        instruction = ix.jobs.close(
            rent_payer=found.rent_payer, job=job, escrow=found.escrow, fee_vault=found.fee_vault
        )
        return Call(self._client, [instruction])

    def config(self) -> accounts.jobs.Config:
        """Fees, limits and roles."""
        return self._client.fetch(accounts.jobs.Config, pda.jobs.CONFIG)


def cheapest_job(offer: Pubkey, nonce: int, *, exchanged: bool = False) -> tuple[int, Pubkey]:
    """The next nonce for which deriving the job's addresses costs the program least.

    Args:
        offer: the node's.
        nonce: its latest.
        exchanged: whether the supplier is paid in another mint, through an account of the buyback's.
    """
    best: tuple[int, int, Pubkey] | None = None
    for candidate in range(nonce + 1, nonce + _NONCES + 1):
        seeds = (b"job", bytes(offer), candidate.to_bytes(8, "little"))
        job, bump = find_with_bump(seeds, PROGRAM_ID)
        misses = 255 - bump
        if best is None or misses < best[0]:
            misses += 255 - find_with_bump((b"escrow", bytes(job)), PROGRAM_ID)[1]
            if exchanged:
                misses += 255 - find_with_bump((b"payout", bytes(job)), BUYBACK)[1]
            if best is None or misses < best[0]:
                best = misses, candidate, job
        if best[0] == 0:
            break
    assert best is not None
    return best[1], best[2]


def _offer_args(
    usd_per_hour: int,
    currencies: Sequence[Pubkey],
    min_seconds: int,
    max_seconds: int,
    *,
    payout_as_paid: bool,
    taking: bool,
) -> types.jobs.OfferArgs:
    if not 1 <= len(currencies) <= _CURRENCIES:
        raise ValueError(f"an offer names 1 to {_CURRENCIES} mints, not {len(currencies)}")
    return types.jobs.OfferArgs(
        rate=usd_per_hour,
        min_seconds=min_seconds,
        max_seconds=max_seconds,
        open=taking,
        payout=int(payout_as_paid),
        currencies=(*currencies, *[_NOBODY] * (_CURRENCIES - len(currencies))),
    )


def _paid_in(offer: accounts.jobs.Offer, mint: Pubkey) -> Pubkey:
    """The mint that the supplier is paid in when the renter pays in `mint`."""
    return mint if offer.payout else pda.mint.MINT


def _cluster(job: accounts.jobs.Job) -> Pubkey | None:
    """The cluster that an instruction about the job needs: only while it waits for its start."""
    return job.cluster if job.state == BOOKED and job.cluster != _NOBODY else None


def _margin(amount: int) -> int:
    return -(-amount * _MARGIN_PERCENT // 100)
