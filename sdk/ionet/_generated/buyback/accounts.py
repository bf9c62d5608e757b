"""Accounts of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Account, bind_account

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class Auction(Account):
    """Sells what a fee vault holds for IO, which is burned: `["auction", mint, shard]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        shard: Number of the fee vault.
        mint: The mint that is sold.
        vault: The fee vault.
        lot: The lot that is for sale.
        day: The UTC day that `opening` and `sold_today` are of, counted from 1970.
        opening: What the vault held when the day's first lot was started or sold, base units.
        sold_today: Sold on that day, base units of the mint.
        sold: Sold in all, base units of the mint.
        bought: Burned for what was sold, base units of IO.
        sales: Sales so far, which is also the number of the latest.
        last_time: Latest time that an instruction has seen, unix time.
        seq: Number of the latest event.
    """

    version: int
    bump: int
    shard: int
    mint: Pubkey
    vault: Pubkey
    lot: types.Lot
    day: int
    opening: int
    sold_today: int
    sold: int
    bought: int
    sales: int
    last_time: int
    seq: int


bind_account(
    Auction,
    PROGRAM_ID,
    bytes.fromhex("da5ef7f27ee98351"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("shard", c.u8),
        ("", c.pad(5)),
        ("mint", c.pubkey),
        ("vault", c.pubkey),
        ("lot", types.Lot.CODEC),
        ("day", c.u64),
        ("opening", c.u64),
        ("sold_today", c.u64),
        ("sold", c.u64),
        ("bought", c.u64),
        ("sales", c.u64),
        ("last_time", c.i64),
        ("seq", c.u64),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Config(Account):
    """The one configuration account of the program, and the owner of every vault: `["config"]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        burned: IO burned in all, base units; never falls.
        last_time: Latest time that an instruction has seen, unix time.
        receipts: Burns so far, which is also the number of the latest receipt.
        seq: Number of the latest event.
        roles: Authority, pauser, and what is paused.
        feed_id: Pyth's id of the feed that quotes IO in USD.
        price_account: The one account that the feed is read from; zeros until it is set, and then nothing
                is sold.
        min_lot: The smallest sale, micro-dollars.
        period: Seconds from an auction's first to its last price.
        start_bps: Distance of an auction's price from the oracle at its start, bps.
        end_bps: Distance of an auction's price from the oracle at its end, bps.
        daily_share_bps: Most of a vault that is sold in a UTC day, bps.
        price_limits: Limits that a price has to keep.
    """

    version: int
    bump: int
    burned: int
    last_time: int
    receipts: int
    seq: int
    roles: types.Roles
    feed_id: bytes
    price_account: Pubkey
    min_lot: int
    period: int
    start_bps: int
    end_bps: int
    daily_share_bps: int
    price_limits: types.PriceLimits


bind_account(
    Config,
    PROGRAM_ID,
    bytes.fromhex("9b0caae01efacc82"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("burned", c.u64),
        ("last_time", c.i64),
        ("receipts", c.u64),
        ("seq", c.u64),
        ("roles", types.Roles.CODEC),
        ("feed_id", c.raw_bytes(32)),
        ("price_account", c.pubkey),
        ("min_lot", c.u64),
        ("period", c.u32),
        ("start_bps", c.i16),
        ("end_bps", c.i16),
        ("daily_share_bps", c.u16),
        ("", c.pad(6)),
        ("price_limits", types.PriceLimits.CODEC),
        ("", c.pad(160)),
    ),
)


@dataclass(frozen=True, slots=True)
class Payout(Account):
    """What a job paid in another currency owes its supplier in IO: `["payout_state", job]`. The jobs
    program
    pays the supplier's part into the vault; the IO that is sold for it goes to the supplier.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        job: The job.
        supplier: Who gets the IO.
        mint: What the job was paid in.
        vault: The token account that the job pays into: `["payout", job]`.
        rent_payer: Who gets the rent of both accounts back.
        lot: The lot that is for sale.
        sold: Sold so far, base units of the mint.
        credited: Credited to the supplier for what was sold, base units of IO.
        withdrawn: Withdrawn by the supplier in the mint itself, fees included, base units.
        sales: Sales so far, which is also the number of the latest receipt.
        last_time: Latest time that an instruction has seen, unix time.
        seq: Number of the latest event.
    """

    version: int
    bump: int
    job: Pubkey
    supplier: Pubkey
    mint: Pubkey
    vault: Pubkey
    rent_payer: Pubkey
    lot: types.Lot
    sold: int
    credited: int
    withdrawn: int
    sales: int
    last_time: int
    seq: int


bind_account(
    Payout,
    PROGRAM_ID,
    bytes.fromhex("452df583da659ee4"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("", c.pad(6)),
        ("job", c.pubkey),
        ("supplier", c.pubkey),
        ("mint", c.pubkey),
        ("vault", c.pubkey),
        ("rent_payer", c.pubkey),
        ("lot", types.Lot.CODEC),
        ("sold", c.u64),
        ("credited", c.u64),
        ("withdrawn", c.u64),
        ("sales", c.u64),
        ("last_time", c.i64),
        ("seq", c.u64),
        ("", c.pad(64)),
    ),
)


__all__ = ["Auction", "Config", "Payout"]
