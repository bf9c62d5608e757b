"""Types of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Int
from ionet.chain.schema import Record, bind_record


@dataclass(frozen=True, slots=True)
class Lot(Record):
    """What a vault offers for IO, and since when. The amount and the start are fixed together: neither a
    sale nor what comes into the vault later changes the price of what is left.

    Attributes:
        started_at: When the lot was started, unix time.
        size: Size at the start, base units.
        left: Not yet sold, base units.
        minimum: The smallest sale, base units; what is left at the end may be less.
        decimals: Decimals of the mint.
    """

    started_at: int
    size: int
    left: int
    minimum: int
    decimals: int


bind_record(
    Lot,
    (
        ("started_at", c.i64),
        ("size", c.u64),
        ("left", c.u64),
        ("minimum", c.u64),
        ("decimals", c.u8),
        ("", c.pad(7)),
    ),
)


@dataclass(frozen=True, slots=True)
class ParamsArgs(Record):
    """Parameters, as an instruction takes them.

    Attributes:
        pauser: May pause entries.
        feed_id: Pyth's id of the feed that quotes IO in USD.
        price_account: The one account that the feed is read from.
        start_bps: Distance of an auction's price from the oracle at its start, bps.
        end_bps: Distance of an auction's price from the oracle at its end, bps.
        period: Seconds from an auction's first to its last price.
        daily_share_bps: Most of a vault that is sold in a UTC day, bps.
        max_confidence_bps: Widest confidence interval of a price, bps of it.
        max_ema_distance_bps: Largest distance of a price from its moving average, bps of it.
        max_price_age: Oldest price, seconds.
        min_lot: The smallest sale, micro-dollars.
    """

    pauser: Pubkey
    feed_id: bytes
    price_account: Pubkey
    start_bps: int
    end_bps: int
    period: int
    daily_share_bps: int
    max_confidence_bps: int
    max_ema_distance_bps: int
    max_price_age: int
    min_lot: int


bind_record(
    ParamsArgs,
    (
        ("pauser", c.pubkey),
        ("feed_id", c.raw_bytes(32)),
        ("price_account", c.pubkey),
        ("start_bps", c.i16),
        ("end_bps", c.i16),
        ("period", c.u32),
        ("daily_share_bps", c.u16),
        ("max_confidence_bps", c.u16),
        ("max_ema_distance_bps", c.u16),
        ("max_price_age", c.u32),
        ("min_lot", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class PriceLimits(Record):
    """Limits that a price has to keep.

    Attributes:
        max_age: Oldest acceptable price, in seconds.
        max_confidence_bps: Largest confidence interval, in bps of the price.
        max_ema_distance_bps: Largest distance from the moving average, in bps of it; 0 for no limit.
    """

    max_age: int
    max_confidence_bps: int
    max_ema_distance_bps: int


bind_record(PriceLimits, (("max_age", c.u32), ("max_confidence_bps", c.u16), ("max_ema_distance_bps", c.u16)))


@dataclass(frozen=True, slots=True)
class Roles(Record):
    """Authority, its successor until the successor accepts, and the pauser.

    Attributes:
        authority: May change parameters and lift pauses.
        pending_authority: Becomes the authority when it accepts; all zeros while nobody is proposed.
        pauser: May pause, and nothing else.
        paused: Paused entries, a bit each; each program says which bit stands for what.
    """

    authority: Pubkey
    pending_authority: Pubkey
    pauser: Pubkey
    paused: int


bind_record(
    Roles, (("authority", c.pubkey), ("pending_authority", c.pubkey), ("pauser", c.pubkey), ("paused", c.u64))
)


@dataclass(frozen=True, slots=True)
class SaleArgs(Record):
    """What a seller of IO offers and asks for.

    Attributes:
        max_io: The most IO to sell, base units. Less is taken when less is left of the lot.
        min_out: The least to receive, base units of the lot's mint.
    """

    max_io: int
    min_out: int


bind_record(SaleArgs, (("max_io", c.u64), ("min_out", c.u64)))


class Params(TypedDict, total=False):
    """Parameters to change; those that are left out stay as they are."""

    pauser: Pubkey
    feed_id: bytes
    price_account: Pubkey
    start_bps: Int
    end_bps: Int
    period: Int
    daily_share_bps: Int
    max_confidence_bps: Int
    max_ema_distance_bps: Int
    max_price_age: Int
    min_lot: Int


__all__ = ["Lot", "Params", "ParamsArgs", "PriceLimits", "Roles", "SaleArgs"]
