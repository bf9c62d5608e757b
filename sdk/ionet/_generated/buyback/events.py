"""Events of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Event, bind_event

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class AuctionOpened(Event):
    """The auction of a fee vault was opened.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        auction: The auction.
        mint: The mint.
        shard: Number of the fee vault.
        vault: The fee vault.
    """

    seq: int
    auction: Pubkey
    mint: Pubkey
    shard: int
    vault: Pubkey


bind_event(
    AuctionOpened,
    PROGRAM_ID,
    bytes.fromhex("19e68cd764c10e46"),
    (("seq", c.u64), ("auction", c.pubkey), ("mint", c.pubkey), ("shard", c.u8), ("vault", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class AuctionStarted(Event):
    """A lot of a fee vault is for sale.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        auction: The auction.
        time: When it happened, unix time.
        size: What is for sale, base units of the auction's mint.
        minimum: The smallest sale, base units of the mint; what is left at the end may be less.
        decimals: Decimals of the mint.
        day: UTC day, counted from 1970.
        opening: What the vault held when the day's first lot was started or sold, base units.
        sold_today: Sold on this day so far, base units of the mint.
        vault: What the vault holds, base units.
        price: The oracle's price of IO: `price · 10^exponent` USD.
        exponent: Exponent of `price`.
        currency_price: The oracle's price of what is for sale: `currency_price · 10^currency_exponent`
                USD a token; 1 and 0 at par.
        currency_exponent: Exponent of `currency_price`.
    """

    seq: int
    auction: Pubkey
    time: int
    size: int
    minimum: int
    decimals: int
    day: int
    opening: int
    sold_today: int
    vault: int
    price: int
    exponent: int
    currency_price: int
    currency_exponent: int


bind_event(
    AuctionStarted,
    PROGRAM_ID,
    bytes.fromhex("7e61c13848a2a240"),
    (
        ("seq", c.u64),
        ("auction", c.pubkey),
        ("time", c.i64),
        ("size", c.u64),
        ("minimum", c.u64),
        ("decimals", c.u8),
        ("day", c.u64),
        ("opening", c.u64),
        ("sold_today", c.u64),
        ("vault", c.u64),
        ("price", c.i64),
        ("exponent", c.i32),
        ("currency_price", c.i64),
        ("currency_exponent", c.i32),
    ),
)


@dataclass(frozen=True, slots=True)
class AuthorityAccepted(Event):
    """The proposed successor has become the authority.

    Attributes:
        seq: Number of the event, counted by the configuration.
        authority: The new authority.
    """

    seq: int
    authority: Pubkey


bind_event(
    AuthorityAccepted,
    PROGRAM_ID,
    bytes.fromhex("a6c0dbbc29d1c31a"),
    (("seq", c.u64), ("authority", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class AuthorityProposed(Event):
    """The authority has proposed a successor, or withdrawn the proposal.

    Attributes:
        seq: Number of the event, counted by the configuration.
        authority: The present authority.
        successor: Becomes the authority when it accepts; the default key stands for nobody.
    """

    seq: int
    authority: Pubkey
    successor: Pubkey


bind_event(
    AuthorityProposed,
    PROGRAM_ID,
    bytes.fromhex("f4755e7035972359"),
    (("seq", c.u64), ("authority", c.pubkey), ("successor", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class FeesBurned(Event):
    """Fees in IO were burned: the receipt.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        receipt: Counts burns from 1, those of `IoSold` included.
        time: When it happened, unix time.
        shard: Number of the fee vault.
        amount: Burned, base units.
        burned_total: Burned by all vaults so far, base units.
        supply_before: Supply of IO before it, base units.
        supply_after: Supply of IO after it, base units.
    """

    seq: int
    receipt: int
    time: int
    shard: int
    amount: int
    burned_total: int
    supply_before: int
    supply_after: int


bind_event(
    FeesBurned,
    PROGRAM_ID,
    bytes.fromhex("9ceb95073e79cd17"),
    (
        ("seq", c.u64),
        ("receipt", c.u64),
        ("time", c.i64),
        ("shard", c.u8),
        ("amount", c.u64),
        ("burned_total", c.u64),
        ("supply_before", c.u64),
        ("supply_after", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class Initialized(Event):
    """The configuration was created.

    Attributes:
        authority: The first authority.
        params: The first parameters.
    """

    authority: Pubkey
    params: types.ParamsArgs


bind_event(
    Initialized,
    PROGRAM_ID,
    bytes.fromhex("d0d573627352c9d1"),
    (("authority", c.pubkey), ("params", types.ParamsArgs.CODEC)),
)


@dataclass(frozen=True, slots=True)
class IoCredited(Event):
    """A job's supplier was paid IO for what the job was paid in: the receipt.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        supplier: The job's supplier.
        seller: Who sold the IO.
        receipt: Counts the payout's sales from 1.
        time: When it happened, unix time.
        elapsed: Seconds since the start of the lot.
        price: The oracle's price of IO: `price · 10^exponent` USD.
        exponent: Exponent of `price`.
        currency_price: The oracle's price of what is sold: `currency_price · 10^currency_exponent` USD a
                token; 1 and 0 at par.
        currency_exponent: Exponent of `currency_price`.
        out: Paid out of the vault, base units of the payout's mint.
        io: Credited to the supplier, base units.
        left: What is left of the lot, base units.
        sold_total: Sold for this job so far, base units of the payout's mint.
        credited_total: Credited to the supplier for it so far, base units of IO.
        credit_before: What the supplier's account held before it, base units.
        credit_after: What the supplier's account holds after it, base units.
        vault_before: What the vault held before it, base units.
        vault_after: What the vault holds after it, base units.
    """

    seq: int
    job: Pubkey
    supplier: Pubkey
    seller: Pubkey
    receipt: int
    time: int
    elapsed: int
    price: int
    exponent: int
    currency_price: int
    currency_exponent: int
    out: int
    io: int
    left: int
    sold_total: int
    credited_total: int
    credit_before: int
    credit_after: int
    vault_before: int
    vault_after: int


bind_event(
    IoCredited,
    PROGRAM_ID,
    bytes.fromhex("e6321c4f747c427e"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("supplier", c.pubkey),
        ("seller", c.pubkey),
        ("receipt", c.u64),
        ("time", c.i64),
        ("elapsed", c.u64),
        ("price", c.i64),
        ("exponent", c.i32),
        ("currency_price", c.i64),
        ("currency_exponent", c.i32),
        ("out", c.u64),
        ("io", c.u64),
        ("left", c.u64),
        ("sold_total", c.u64),
        ("credited_total", c.u64),
        ("credit_before", c.u64),
        ("credit_after", c.u64),
        ("vault_before", c.u64),
        ("vault_after", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class IoSold(Event):
    """Fees were sold for IO that was burned: the receipt.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        auction: The auction.
        seller: Who sold the IO.
        receipt: Counts burns from 1, those of `FeesBurned` included.
        sale: Counts the auction's sales from 1.
        time: When it happened, unix time.
        elapsed: Seconds since the start of the lot.
        price: The oracle's price of IO: `price · 10^exponent` USD.
        exponent: Exponent of `price`.
        currency_price: The oracle's price of what is sold: `currency_price · 10^currency_exponent` USD a
                token; 1 and 0 at par.
        currency_exponent: Exponent of `currency_price`.
        out: Paid out of the vault, base units of the auction's mint.
        io: Burned, base units.
        left: What is left of the lot, base units.
        sold_today: Sold on this day so far, base units of the mint.
        sold_total: Sold by this auction so far, base units of its mint.
        bought_total: Burned for it so far, base units of IO.
        burned_total: Burned by all vaults so far, base units.
        supply_before: Supply of IO before it, base units.
        supply_after: Supply of IO after it, base units.
        vault_before: What the vault held before it, base units.
        vault_after: What the vault holds after it, base units.
    """

    seq: int
    auction: Pubkey
    seller: Pubkey
    receipt: int
    sale: int
    time: int
    elapsed: int
    price: int
    exponent: int
    currency_price: int
    currency_exponent: int
    out: int
    io: int
    left: int
    sold_today: int
    sold_total: int
    bought_total: int
    burned_total: int
    supply_before: int
    supply_after: int
    vault_before: int
    vault_after: int


bind_event(
    IoSold,
    PROGRAM_ID,
    bytes.fromhex("727dc69956edc95f"),
    (
        ("seq", c.u64),
        ("auction", c.pubkey),
        ("seller", c.pubkey),
        ("receipt", c.u64),
        ("sale", c.u64),
        ("time", c.i64),
        ("elapsed", c.u64),
        ("price", c.i64),
        ("exponent", c.i32),
        ("currency_price", c.i64),
        ("currency_exponent", c.i32),
        ("out", c.u64),
        ("io", c.u64),
        ("left", c.u64),
        ("sold_today", c.u64),
        ("sold_total", c.u64),
        ("bought_total", c.u64),
        ("burned_total", c.u64),
        ("supply_before", c.u64),
        ("supply_after", c.u64),
        ("vault_before", c.u64),
        ("vault_after", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class ParamsSet(Event):
    """The parameters were set.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        params: The new parameters.
    """

    seq: int
    params: types.ParamsArgs


bind_event(
    ParamsSet,
    PROGRAM_ID,
    bytes.fromhex("396f21fc784c62f5"),
    (("seq", c.u64), ("params", types.ParamsArgs.CODEC)),
)


@dataclass(frozen=True, slots=True)
class PausedSet(Event):
    """The paused entries were set.

    Attributes:
        seq: Number of the event, counted by the configuration.
        by: The authority, or the pauser.
        paused: Bits of the entries that are paused now, `PAUSE_*`.
    """

    seq: int
    by: Pubkey
    paused: int


bind_event(
    PausedSet,
    PROGRAM_ID,
    bytes.fromhex("ab7d7f9ce9514442"),
    (("seq", c.u64), ("by", c.pubkey), ("paused", c.u64)),
)


@dataclass(frozen=True, slots=True)
class PayoutClosed(Event):
    """A payout is over, and its accounts are closed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        sold_total: Sold for this job so far, base units of the payout's mint.
        credited_total: Credited to the supplier for it so far, base units of IO.
        withdrawn_total: Withdrawn so far, fees included, base units of the payout's mint.
    """

    seq: int
    job: Pubkey
    sold_total: int
    credited_total: int
    withdrawn_total: int


bind_event(
    PayoutClosed,
    PROGRAM_ID,
    bytes.fromhex("34de19c805ba61a4"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("sold_total", c.u64),
        ("credited_total", c.u64),
        ("withdrawn_total", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class PayoutOpened(Event):
    """The payout of a job was opened.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        supplier: The job's supplier.
        mint: What the job is paid in.
        vault: The token account that the job pays into.
    """

    seq: int
    job: Pubkey
    supplier: Pubkey
    mint: Pubkey
    vault: Pubkey


bind_event(
    PayoutOpened,
    PROGRAM_ID,
    bytes.fromhex("75216ccad5338ce5"),
    (("seq", c.u64), ("job", c.pubkey), ("supplier", c.pubkey), ("mint", c.pubkey), ("vault", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class PayoutStarted(Event):
    """A lot of a payout is for sale.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        time: When it happened, unix time.
        size: What is for sale, base units of the payout's mint.
        minimum: The smallest sale, base units of the mint; what is left at the end may be less.
        decimals: Decimals of the mint.
        price: The oracle's price of IO: `price · 10^exponent` USD.
        exponent: Exponent of `price`.
        currency_price: The oracle's price of what is for sale: `currency_price · 10^currency_exponent`
                USD a token; 1 and 0 at par.
        currency_exponent: Exponent of `currency_price`.
    """

    seq: int
    job: Pubkey
    time: int
    size: int
    minimum: int
    decimals: int
    price: int
    exponent: int
    currency_price: int
    currency_exponent: int


bind_event(
    PayoutStarted,
    PROGRAM_ID,
    bytes.fromhex("736c169a11c34d3a"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("time", c.i64),
        ("size", c.u64),
        ("minimum", c.u64),
        ("decimals", c.u8),
        ("price", c.i64),
        ("exponent", c.i32),
        ("currency_price", c.i64),
        ("currency_exponent", c.i32),
    ),
)


@dataclass(frozen=True, slots=True)
class PayoutWithdrawn(Event):
    """A supplier withdrew what was left, in the mint that the job was paid in; no lot is left.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        supplier: The job's supplier.
        time: When it happened, unix time.
        destination: The token account that was paid.
        amount: Paid to the supplier, base units of the payout's mint.
        fee: Paid to the fee vault, base units of the payout's mint.
        withdrawn_total: Withdrawn so far, fees included, base units of the payout's mint.
    """

    seq: int
    job: Pubkey
    supplier: Pubkey
    time: int
    destination: Pubkey
    amount: int
    fee: int
    withdrawn_total: int


bind_event(
    PayoutWithdrawn,
    PROGRAM_ID,
    bytes.fromhex("613d26d2d71bf773"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("supplier", c.pubkey),
        ("time", c.i64),
        ("destination", c.pubkey),
        ("amount", c.u64),
        ("fee", c.u64),
        ("withdrawn_total", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class VaultOpened(Event):
    """A fee vault was opened.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        mint: The mint.
        shard: Number of the fee vault.
        vault: The fee vault.
    """

    seq: int
    mint: Pubkey
    shard: int
    vault: Pubkey


bind_event(
    VaultOpened,
    PROGRAM_ID,
    bytes.fromhex("c6fac3191a6bc510"),
    (("seq", c.u64), ("mint", c.pubkey), ("shard", c.u8), ("vault", c.pubkey)),
)


#: Each event by its discriminator.
EVENTS: Mapping[bytes, type[Event]] = {
    AuctionOpened.DISCRIMINATOR: AuctionOpened,
    AuctionStarted.DISCRIMINATOR: AuctionStarted,
    AuthorityAccepted.DISCRIMINATOR: AuthorityAccepted,
    AuthorityProposed.DISCRIMINATOR: AuthorityProposed,
    FeesBurned.DISCRIMINATOR: FeesBurned,
    Initialized.DISCRIMINATOR: Initialized,
    IoCredited.DISCRIMINATOR: IoCredited,
    IoSold.DISCRIMINATOR: IoSold,
    ParamsSet.DISCRIMINATOR: ParamsSet,
    PausedSet.DISCRIMINATOR: PausedSet,
    PayoutClosed.DISCRIMINATOR: PayoutClosed,
    PayoutOpened.DISCRIMINATOR: PayoutOpened,
    PayoutStarted.DISCRIMINATOR: PayoutStarted,
    PayoutWithdrawn.DISCRIMINATOR: PayoutWithdrawn,
    VaultOpened.DISCRIMINATOR: VaultOpened,
}


__all__ = [
    "AuctionOpened",
    "AuctionStarted",
    "AuthorityAccepted",
    "AuthorityProposed",
    "FeesBurned",
    "Initialized",
    "IoCredited",
    "IoSold",
    "ParamsSet",
    "PausedSet",
    "PayoutClosed",
    "PayoutOpened",
    "PayoutStarted",
    "PayoutWithdrawn",
    "VaultOpened",
]
