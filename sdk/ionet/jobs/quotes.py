"""What a rental costs, by the jobs program's own arithmetic, and why it cannot be booked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import pda
from ionet._generated.jobs.constants import MAX_VERDICT_AGE
from ionet._generated.jobs.types import Pricing
from ionet._generated.staking.types import NodeState
from ionet.administration.entries import JobsEntry
from ionet.chain.amounts import BPS, IO, USD, Amount
from ionet.chain.errors import IonetError
from ionet.formats.when import DAY, HOUR, span, when
from ionet.staking.stake import minimum
from ionet.token.currency import mints_of, names_of, symbol, unit_of
from ionet.token.prices import check_currency, counts_for

if TYPE_CHECKING:
    from ionet import accounts, types
    from ionet.chain.layouts import PriceUpdate

#: How much dearer a booking may be than its quote: a price moves until the transaction lands.
SLIPPAGE_BPS: Final = 100
_NOBODY: Final = Pubkey.default()


class NotBookable(IonetError):
    """A node cannot be booked, or a job not extended, on these terms.

    Attributes:
        node: the node's address.
        reason: the name of the program's error.
    """

    def __init__(self, node: Pubkey, reason: str, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Terms:
    """What prices depend on besides the node; read once for all nodes of a quote.

    Attributes:
        config: of the jobs program.
        currency: what the renter pays in.
        io: the currency IO, for suppliers who are paid in it.
        price: of the currency.
        now: Unix seconds.
        currencies: all currencies, for their names.
        seats: taken seats of the attester set.
        classes: of the quoted nodes, by number.
        head_end: end of the hour of the report at the head, Unix seconds; 0 if there is none.
    """

    config: accounts.jobs.Config
    currency: accounts.jobs.Currency
    io: accounts.jobs.Currency
    price: PriceUpdate
    now: int
    currencies: tuple[accounts.jobs.Currency, ...]
    seats: int
    classes: Mapping[int, accounts.staking.Class]
    head_end: int

    def attesters(self, rate: int, units: int) -> int:
        """How many attesters have to agree that a second was good: `Config::attesters_for`."""
        large = _ceil(rate * units * DAY, HOUR) >= self.config.large_daily_usd
        return self.config.attesters_large if large else self.config.attesters

    @property
    def at_par(self) -> bool:
        """Whether a token counts as one dollar, whatever its feed says."""
        return self.currency.pricing == Pricing.PAR

    @property
    def usd_per_token(self) -> Fraction:
        """Value of one token: one dollar, or the price less its confidence."""
        return counts_for(self.currency, self.price)

    def check_price(self) -> None:
        """Checks that the program accepts the price now.

        Raises:
            PriceUnusable: it does not.
        """
        check_currency(self.currency, self.price, self.config.price_limits, self.now)

    def tokens(self, usd: int) -> int:
        """Base units of the currency for micro-dollars, rounded up: `io_math::price`."""
        exact = Fraction(usd, USD.UNIT) / self.usd_per_token * Fraction(10) ** self.currency.decimals
        return _ceil(exact.numerator, exact.denominator)


@dataclass(frozen=True, slots=True)
class Quote:
    """A rental's price and every fee of both sides, in the renter's currency.

    Attributes:
        node: the node's address.
        seconds: length of the rental.
        units: processors.
        rate: per processor and hour.
        usd: price in dollars.
        price: what the work costs.
        booking_fee: the renter's booking fee, rounded up.
        payment_fee: the rest of the renter's fee.
        fee: the renter's fee in all.
        deposit: price and fee, which go into the escrow.
        limit: the most that the renter signs for; the program refuses to take more.
        supplier_booking_fee: the supplier's booking fee of a completed rental, rounded up.
        supplier_payment_fee: the rest of the supplier's fee.
        supplier_fee: the supplier's fee in all.
        supplier_net: what the supplier receives, or what buys IO for them if `sold_for_io`.
        sold_for_io: whether the supplier's part is sold for IO in an auction, job by job.
        attesters: how many attesters have to agree that a second was good.
        mint: the currency's mint.
        price_account: the currency's price account, which the booking reads.
        nonce: of the latest job on the node's offer; a booking takes a higher one.
        class_id: the node's hardware class, whose account the booking reads.
        on_head: whether the node's compute proof is too old, or soon will be, for any but the head's verdict:
            then the booking has to show that it is that one.
    """

    node: Pubkey
    seconds: int
    units: int
    rate: USD
    usd: USD
    price: Amount
    booking_fee: Amount
    payment_fee: Amount
    fee: Amount
    deposit: Amount
    limit: Amount
    supplier_booking_fee: Amount
    supplier_payment_fee: Amount
    supplier_fee: Amount
    supplier_net: Amount
    sold_for_io: bool
    attesters: int
    mint: Pubkey
    price_account: Pubkey
    nonce: int
    class_id: int
    on_head: bool


@dataclass(frozen=True, slots=True)
class Quotes:
    """What several nodes cost together, in one currency at one moment.

    Attributes:
        nodes: in the order asked for.
        unit: amounts of the currency.
        mint: of the currency.
        usd_per_token: value of a token, exact.
        at_par: whether that is one dollar by definition.
        published_at: when the price was published, Unix seconds.
        asked_at: when the quote was made, Unix seconds.
    """

    nodes: tuple[Quote, ...]
    unit: type[Amount]
    mint: Pubkey
    usd_per_token: Fraction
    at_par: bool
    published_at: int
    asked_at: int

    def total(self, name: str) -> Amount:
        """The sum of one of the amounts of `Quote`, for example `deposit`."""
        amounts: list[Amount] = [getattr(quote, name) for quote in self.nodes]
        return sum(amounts[1:], amounts[0])

    @property
    def usd(self) -> USD:
        """Price in dollars."""
        return sum((quote.usd for quote in self.nodes), USD(0))

    @property
    def deposit(self) -> Amount:
        """What goes into the escrows."""
        return self.total("deposit")

    @property
    def limit(self) -> Amount:
        """The most that the renter signs for."""
        return self.total("limit")


def quote(
    address: Pubkey,
    node: accounts.staking.Node,
    offer: accounts.jobs.Offer,
    terms: Terms,
    seconds: int,
    *,
    slippage_bps: int = SLIPPAGE_BPS,
) -> Quote:
    """What a node costs for a number of seconds: `jobs::Book::terms` and `io_math::escrow`.

    Raises:
        PriceUnusable: the program does not accept the price.
    """
    terms.check_price()
    rate, units = offer.rate, node.units
    config = terms.config
    sold = not offer.payout and terms.currency.mint != pda.mint.MINT
    return _priced(
        address,
        (rate, units, seconds),
        terms,
        rates=(
            config.booking_bps,
            terms.currency.payment_bps,
            (terms.currency if offer.payout else terms.io).payment_bps,
        ),
        sold=sold,
        attesters=terms.attesters(rate, units),
        nonce=offer.nonce,
        class_id=node.class_,
        on_head=_is_heads(node.last_proof, terms.head_end)
        and terms.now - node.last_proof.time > config.verdict_age - HOUR,
        slippage_bps=slippage_bps,
    )


def quote_extension(
    job: accounts.jobs.Job, terms: Terms, seconds: int, *, slippage_bps: int = SLIPPAGE_BPS
) -> Quote:
    """What more seconds cost: at the job's rate and fee rates, and today's price of the currency.

    Raises:
        PriceUnusable: the program does not accept the price.
    """
    terms.check_price()
    return _priced(
        job.node,
        (job.rate, job.units, seconds),
        terms,
        rates=(job.booking_bps, job.renter_payment_bps, job.supplier_payment_bps),
        sold=job.payout_vault != _NOBODY,
        attesters=job.attesters,
        nonce=job.nonce,
        class_id=0,
        on_head=False,
        slippage_bps=slippage_bps,
    )


def _priced(
    node: Pubkey,
    work: tuple[int, int, int],
    terms: Terms,
    *,
    rates: tuple[int, int, int],
    sold: bool,
    attesters: int,
    nonce: int,
    class_id: int,
    on_head: bool,
    slippage_bps: int,
) -> Quote:
    (rate, units, seconds), (booking_bps, paying_bps, paid_bps) = work, rates
    unit = unit_of(terms.currency)
    usd = _ceil(rate * units * seconds, HOUR)
    price = terms.tokens(usd)
    booking = _ceil(price * booking_bps, BPS)
    fee = _ceil(price * (booking_bps + paying_bps), BPS)
    supplier_fee = _ceil(price * (booking_bps + paid_bps), BPS)
    deposit = price + fee
    limit = deposit if terms.at_par else _ceil(deposit * (BPS + slippage_bps), BPS)
    return Quote(
        node=node,
        seconds=seconds,
        units=units,
        rate=USD.from_base(rate),
        usd=USD.from_base(usd),
        price=unit.from_base(price),
        booking_fee=unit.from_base(booking),
        payment_fee=unit.from_base(fee - booking),
        fee=unit.from_base(fee),
        deposit=unit.from_base(deposit),
        limit=unit.from_base(limit),
        supplier_booking_fee=unit.from_base(booking),
        supplier_payment_fee=unit.from_base(supplier_fee - booking),
        supplier_fee=unit.from_base(supplier_fee),
        supplier_net=unit.from_base(price - supplier_fee),
        sold_for_io=sold,
        attesters=attesters,
        mint=terms.currency.mint,
        price_account=terms.currency.price_account,
        nonce=nonce,
        class_id=class_id,
        on_head=on_head,
    )


def obstacle(
    node: accounts.staking.Node,
    offer: accounts.jobs.Offer,
    class_: accounts.staking.Class | None,
    config: accounts.jobs.Config,
    head_end: int,
    now: int,
) -> tuple[str, str] | None:
    """Why nobody can book a node by an offer: the program's error and a message; `bookable::check_node`.

    Args:
        node: the node.
        offer: its offer.
        class_: its hardware class; None: the minimum is the one that the node remembers.
        config: of the jobs program.
        head_end: end of the hour of the report at the head, Unix seconds; 0 if there is none.
        now: Unix seconds.
    """
    if offer.owner != node.owner:
        return "FormerOwnersOffer", "has changed hands, and its owner has not set the offer since"
    if node.state != NodeState.LIVE:
        return "NodeNotLive", f"is {node.state.name.lower()}: it takes no work"
    if node.banned:
        return "NodeBanned", "has a banned device"
    needed = IO.from_base(node.minimum) if class_ is None else minimum(class_, node.units)
    if node.own.active < needed.base:
        active = IO.from_base(node.own.active)
        return "StakeBelowMinimum", f"has {active} of its owner's active stake, and needs {needed}"
    return _proof_obstacle(node.last_proof, config.verdict_age, head_end, now)


def _proof_obstacle(
    proof: types.staking.LastProof, verdict_age: int, head_end: int, now: int
) -> tuple[str, str] | None:
    """Why nobody can book a node on its latest compute proof."""
    if not proof.passed:
        message = (
            "has failed its latest compute proof" if proof.time else "has not passed a compute proof yet"
        )
        return "NoVerdict", message
    longest, age = max_verdict_age(proof, verdict_age, head_end), now - proof.time
    if age <= longest:
        return None
    message = f"has passed its latest compute proof {span(age)} ago, which may be {span(longest)} at most"
    if not _is_heads(proof, head_end) and now - head_end <= MAX_VERDICT_AGE:
        message += f"; that of the report at the head, once shown, may be {span(MAX_VERDICT_AGE)}"
    return "VerdictTooOld", message


def max_verdict_age(proof: types.staking.LastProof, verdict_age: int, head_end: int) -> int:
    """How old a compute proof may be for bookings, seconds: `Config::max_verdict_age`.

    Args:
        proof: the node's latest one.
        verdict_age: the parameter of the jobs program, seconds.
        head_end: end of the hour of the report at the head, Unix seconds; 0 if there is none.
    """
    return MAX_VERDICT_AGE if _is_heads(proof, head_end) else verdict_age


def _is_heads(proof: types.staking.LastProof, head_end: int) -> bool:
    return head_end != 0 and proof.time == head_end


def check_seats(address: Pubkey, terms: Terms, needed: int) -> None:
    """Checks that there are enough attesters; with fewer, a job would never be paid.

    Raises:
        NotBookable: there are too few.
    """
    if terms.seats < needed:
        message = f"a job on node {address} needs {needed} attesters, of whom there are {terms.seats}"
        raise NotBookable(address, "TooFewSeats", message)


def check_bookable(
    address: Pubkey,
    node: accounts.staking.Node | None,
    offer: accounts.jobs.Offer | None,
    terms: Terms,
    seconds: int,
) -> None:
    """Checks that the program would book this node now, as far as accounts show.

    Raises:
        NotBookable: it would not.
    """

    def refuse(reason: str, message: str) -> NotBookable:
        return NotBookable(address, reason, f"the node {address} {message}")

    if node is None:
        raise refuse("NotANode", "does not exist")
    if offer is None:
        raise refuse("AccountNotInitialized", "has no offer: its owner has not put it on the market")
    check_entry(address, terms)
    refusal = obstacle(node, offer, terms.classes.get(node.class_), terms.config, terms.head_end, terms.now)
    if refusal is not None:
        raise refuse(*refusal)
    if not offer.open:
        raise refuse("OfferClosed", "takes no bookings at present: its offer is closed")
    if offer.lease_job != _NOBODY and terms.now < offer.lease_until:
        left = span(offer.lease_until - terms.now)
        raise refuse(
            "Leased", f"is booked until {when(offer.lease_until)}, {left} from now, by job {offer.lease_job}"
        )
    check_length(address, offer, seconds)
    if terms.currency.mint not in mints_of(offer):
        takes = names_of(mints_of(offer), terms.currencies)
        raise refuse("MintNotTaken", f"takes {takes}, not {symbol(terms.currency)}")
    check_seats(address, terms, terms.attesters(offer.rate, node.units))


def check_entry(address: Pubkey, terms: Terms) -> None:
    """Checks that booking is not paused and the currency is enabled.

    Raises:
        NotBookable: it is paused, or disabled.
    """
    if terms.config.roles.paused & JobsEntry.BOOKING:
        raise NotBookable(address, "Paused", "booking and extending are paused; what is booked goes on")
    if not terms.currency.enabled:
        name = symbol(terms.currency)
        raise NotBookable(address, "CurrencyDisabled", f"no new jobs are paid in {name} at present")


def check_length(address: Pubkey, offer: accounts.jobs.Offer, seconds: int) -> None:
    """Checks a rental's length against the offer.

    Raises:
        NotBookable: it is too short or too long.
    """
    if not offer.min_seconds <= seconds <= offer.max_seconds:
        raise NotBookable(
            address,
            "DurationOutOfBounds",
            f"the node {address} is rented for {span(offer.min_seconds)} to {span(offer.max_seconds)},"
            f" not for {span(seconds)}",
        )


def together(quotes: Sequence[Quote], terms: Terms) -> Quotes:
    """Combines quotes made on the same terms."""
    return Quotes(
        nodes=tuple(quotes),
        unit=unit_of(terms.currency),
        mint=terms.currency.mint,
        usd_per_token=terms.usd_per_token,
        at_par=terms.at_par,
        published_at=terms.price.publish_time,
        asked_at=terms.now,
    )


def _ceil(over: int, under: int) -> int:
    return -(-over // under)
