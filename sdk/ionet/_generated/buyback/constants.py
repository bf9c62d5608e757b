"""Constants of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

#: Seed of an auction: `["auction", mint, shard]`, the shard in 1 byte.
AUCTION_SEED: Final = b"auction"
#: Seed of the configuration: `["config"]`.
CONFIG_SEED: Final = b"config"
#: Seed of a fee vault: `["fees", mint, shard]`, the shard in 1 byte.
FEES_SEED: Final = b"fees"
#: Fee vaults of a mint: several, so that jobs settling at once do not wait for one account.
FEE_SHARDS: Final = 8
#: Lowest bound for the smallest sale, micro-dollars.
LEAST_LOT: Final = 1_000_000
#: A lot lapses after this many periods: by then it has stood at its last price for as long as it took to get
#: there.
LOT_PERIODS: Final = 2
#: Widest confidence interval that may be allowed, bps of the price.
MAX_CONFIDENCE_BPS: Final = 500
#: Most of a vault that may be sold in a day, bps: well below the whole, so that tokens sent to the vault
#: raise the day's sales by far less.
MAX_DAILY_SHARE_BPS: Final = 5_000
#: Farthest from the oracle that an auction may begin or end, bps.
MAX_DISTANCE_BPS: Final = 1_000
#: Largest distance from the moving average that may be allowed, bps of it.
MAX_EMA_DISTANCE_BPS: Final = 2_000
#: Longest run of an auction's price, seconds.
MAX_PERIOD: Final = 14_400
#: Largest age of a price that may be allowed, seconds.
MAX_PRICE_AGE: Final = 300
#: Shortest run of an auction's price, seconds.
MIN_PERIOD: Final = 600
#: Highest bound for the smallest sale, micro-dollars.
MOST_LOT: Final = 10_000_000_000
#: Pause bit: burning fees.
PAUSE_BURN: Final = 1
#: Pause bit: auctions of fees, and selling to them. Payouts have none.
PAUSE_SELL: Final = 2
#: Seed of a payout: `["payout_state", job]`.
PAYOUT_SEED: Final = b"payout_state"
#: Seed of a payout's token account, which the job pays into: `["payout", job]`.
PAYOUT_VAULT_SEED: Final = b"payout"


__all__ = [
    "AUCTION_SEED",
    "CONFIG_SEED",
    "FEES_SEED",
    "FEE_SHARDS",
    "LEAST_LOT",
    "LOT_PERIODS",
    "MAX_CONFIDENCE_BPS",
    "MAX_DAILY_SHARE_BPS",
    "MAX_DISTANCE_BPS",
    "MAX_EMA_DISTANCE_BPS",
    "MAX_PERIOD",
    "MAX_PRICE_AGE",
    "MIN_PERIOD",
    "MOST_LOT",
    "PAUSE_BURN",
    "PAUSE_SELL",
    "PAYOUT_SEED",
    "PAYOUT_VAULT_SEED",
]
