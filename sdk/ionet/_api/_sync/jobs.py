# Generated from _api/_async/jobs.py by scripts/codegen; do not edit.
"""The jobs program: offers, bookings, and the life of a job until everyone is paid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import accounts, ix, pda, types
from ionet._generated.jobs import PROGRAM_ID
from ionet._pda import find_with_bump, token_account
from ionet._quote import Quote, quote
from ionet._sync.call import Call

if TYPE_CHECKING:
    from ionet._records import Found
    from ionet._sync.client import Client

#: How far a nonce may lie above the offer's latest.
_NONCES: Final = 256
_ZEROS: Final = bytes(32)


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
        args = types.jobs.OfferArgs(
            rate=usd_per_hour,
            min_seconds=min_seconds,
            max_seconds=max_seconds,
            open=taking,
            payout=int(payout_as_paid),
            currencies=(*currencies, *[Pubkey.default()] * (4 - len(currencies))),
        )
        address = pda.jobs.offer(node)
        return Call(
            self._client,
            [ix.jobs.offer(owner=self._client.address, node=node, args=args)],
            decode=lambda _: address,
        )

    def offers(self) -> list[Found[accounts.jobs.Offer]]:
        """All offers."""
        return self._client.find(accounts.jobs.Offer)

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
        found = self._client.fetch(accounts.staking.Node, node)
        price = self._client.price(currency.price_account)
        return quote(offer, currency, config, price, found.units, seconds)

    def book(
        self,
        node: Pubkey,
        seconds: int,
        manifest_hash: bytes,
        *,
        mint: Pubkey = pda.mint.MINT,
        max_deposit: int | None = None,
        source: Pubkey | None = None,
    ) -> Call[Pubkey]:
        """Books a node: the deposit goes into the job's own escrow. Gives the job's address.

        Args:
            node: which.
            seconds: how long; an hour at least.
            manifest_hash: sha256 of the manifest that says what is to be run, 32 bytes.
            mint: what to pay in.
            max_deposit: the most that may be taken, base units; default: 1 % above the quote.
            source: the token account it comes from; default: the signer's associated one.
        """
        if max_deposit is None:
            max_deposit = -(-(self.quote(node, seconds, mint=mint)).deposit * 101 // 100)
        offer = pda.jobs.offer(node)
        current = self._client.fetch(accounts.jobs.Offer, offer)
        currency = self._client.fetch(accounts.jobs.Currency, pda.jobs.currency(mint))
        nonce, job = cheapest_job(offer, current.nonce)
        args = types.jobs.BookArgs(
            nonce=nonce,
            seconds=seconds,
            max_deposit=max_deposit,
            manifest_hash=manifest_hash,
            cluster=_ZEROS,
            cluster_size=1,
        )
        renter = self._client.address
        instruction = ix.jobs.book(
            renter=renter,
            node=node,
            price=currency.price_account,
            mint=mint,
            source=source or token_account(renter, mint),
            args=args,
        )
        return Call(self._client, [instruction], decode=lambda _: job)

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
            operator=self._client.address, job=job, offer=found.offer, node=found.node
        )
        return Call(self._client, [instruction])

    def attest(self, job: Pubkey, attestation: types.jobs.AttestArgs) -> Call[None]:
        """Says how much of the time since the start was looked at, and how much was good; for an attester."""
        return Call(self._client, [ix.jobs.attest(attester=self._client.address, job=job, args=attestation)])

    def cancel(self, job: Pubkey) -> Call[None]:
        """Ends a job before its start; for its renter or supplier."""
        offer = (self.get(job)).offer
        return Call(self._client, [ix.jobs.cancel(party=self._client.address, job=job, offer=offer)])

    def stop(self, job: Pubkey) -> Call[None]:
        """Ends the work before its time; for its renter or supplier."""
        offer = (self.get(job)).offer
        return Call(self._client, [ix.jobs.stop(party=self._client.address, job=job, offer=offer)])

    def complete(self, job: Pubkey) -> Call[None]:
        """Ends a job whose time is over and attested to its end; for anyone."""
        return Call(self._client, [ix.jobs.complete(job=job, offer=(self.get(job)).offer)])

    def expire(self, job: Pubkey) -> Call[None]:
        """Ends a job that nobody started, or whose attesters fell silent; for anyone."""
        return Call(self._client, [ix.jobs.expire(job=job, offer=(self.get(job)).offer)])

    # -- paying

    def settle(self, job: Pubkey) -> Call[None]:
        """Pays the supplier what attested time has earned; for anyone."""
        found = self.get(job)
        destination = token_account(found.supplier, found.mint)
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


def cheapest_job(offer: Pubkey, nonce: int) -> tuple[int, Pubkey]:
    """The next nonce for which deriving the job's and its escrow's addresses costs the program least."""
    program = PROGRAM_ID
    best: tuple[int, int, Pubkey] | None = None
    for candidate in range(nonce + 1, nonce + _NONCES + 1):
        seeds = (b"job", bytes(offer), candidate.to_bytes(8, "little"))
        job, bump = find_with_bump(seeds, program)
        misses = 255 - bump
        if best is None or misses < best[0]:
            misses += 255 - find_with_bump((b"escrow", bytes(job)), program)[1]
            if best is None or misses < best[0]:
                best = misses, candidate, job
        if best[0] == 0:
            break
    assert best is not None
    return best[1], best[2]
