"""Constants of the jobs program.

Generated from idl/jobs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

#: Seed of the token account that holds a bond: `["bond", dispute]`.
BOND_SEED: Final = b"bond"
#: Bit of an attestation's reason: a sample was wrong.
BREAK_BAD_SAMPLE: Final = 8
#: Bit of an attestation's reason: the node failed a compute challenge.
BREAK_CHALLENGE_FAILED: Final = 32
#: Bit of an attestation's reason: another process was on the device.
BREAK_FOREIGN_PROCESS: Final = 2
#: Bit of an attestation's reason: the device was used by others.
BREAK_FOREIGN_USE: Final = 4
#: Bit of an attestation's reason: the node could not be reached.
BREAK_NODE_LOST: Final = 16
#: Bit of an attestation's reason: a sample was missing.
BREAK_SAMPLE_GAP: Final = 1
#: Seed of a cluster: `["cluster", renter, id]`.
CLUSTER_SEED: Final = b"cluster"
#: Seed of the configuration: `["config"]`.
CONFIG_SEED: Final = b"config"
#: Seed of a currency: `["currency", mint]`.
CURRENCY_SEED: Final = b"currency"
#: Bit of `Job.disputes`: the renter has disputed it.
DISPUTED_BY_RENTER: Final = 1
#: Bit of `Job.disputes`: the supplier has disputed it.
DISPUTED_BY_SUPPLIER: Final = 2
#: Seed of a dispute: `["dispute", job, party]`.
DISPUTE_SEED: Final = b"dispute"
#: A dispute that nobody decides is over after this long, seconds.
DISPUTE_TIME: Final = 1_209_600
#: A job may be disputed until this long after its end, seconds.
DISPUTE_WINDOW: Final = 86_400
#: Seed of the token account that holds a deposit: `["escrow", job]`.
ESCROW_SEED: Final = b"escrow"
#: Seed of the buyback's fee vaults: `["fees", mint, shard]`, the shard in 1 byte.
FEES_SEED: Final = b"fees"
#: The time that a renter pays for in any case, and the shortest rental, seconds.
FIRST_HOUR: Final = 3_600
#: Seed of a job: `["job", offer, nonce]`, the nonce in 8 bytes, little endian.
JOB_SEED: Final = b"job"
#: Attesters' statements that a node is gone count together within this time, seconds.
LOST_WITHIN: Final = 3_600
#: Time from booking in which an attester can confirm the manifest, seconds: the supplier has the rest of the
#: start window for starting the job.
MANIFEST_WINDOW: Final = 600
#: Most attesters that a job may need.
MAX_ATTESTERS: Final = 5
#: Largest booking fee of one side, bps.
MAX_BOOKING_BPS: Final = 100
#: Most jobs that a cluster is opened for.
MAX_CLUSTER: Final = 255
#: Widest confidence interval that may be allowed, bps of the price.
MAX_CONFIDENCE_BPS: Final = 500
#: Most mints that an offer can name.
MAX_CURRENCIES: Final = 4
#: Largest bond of a dispute, bps of what it freezes.
MAX_DISPUTE_BOND_BPS: Final = 2_000
#: Largest distance from the moving average that may be allowed, bps of it.
MAX_EMA_DISTANCE_BPS: Final = 2_000
#: Largest payment fee of one side, bps.
MAX_PAYMENT_BPS: Final = 300
#: Largest age of a price that may be allowed, seconds.
MAX_PRICE_AGE: Final = 300
#: Most segments of a job: the booking and its extensions.
MAX_SEGMENTS: Final = 5
#: Highest value of the parameter `verdict_age`, and how old a verdict of the report at the head may be,
#: seconds.
MAX_VERDICT_AGE: Final = 172_800
#: Fewest jobs that a cluster is opened for: one of a single job can grow.
MIN_CLUSTER: Final = 1
#: Smallest bond of a dispute, bps of what it freezes.
MIN_DISPUTE_BOND_BPS: Final = 100
#: Lowest value of the parameter `verdict_age`, seconds.
MIN_VERDICT_AGE: Final = 3_600
#: How far a booking's nonce may be ahead of the offer's; bounded, so that nobody can use the nonces up.
NONCE_WINDOW: Final = 256
#: Seed of an offer: `["offer", node]`.
OFFER_SEED: Final = b"offer"
#: A currency at par is refused below this price, hundredths of a dollar.
PAR_PERCENT: Final = 99
#: Pause bit: booking and extending. What is booked goes on.
PAUSE_BOOK: Final = 2
#: Pause bit: creating offers. Offers can still be changed.
PAUSE_OFFER: Final = 1
#: Seed of the buyback's token account that a supplier's part waits in: `["payout", job]`.
PAYOUT_SEED: Final = b"payout"
#: Anyone may end a job whose attesters were silent for this long, seconds.
SILENCE: Final = 86_400
#: Time from booking to the latest start, seconds.
START_WINDOW: Final = 1_200


__all__ = [
    "BOND_SEED",
    "BREAK_BAD_SAMPLE",
    "BREAK_CHALLENGE_FAILED",
    "BREAK_FOREIGN_PROCESS",
    "BREAK_FOREIGN_USE",
    "BREAK_NODE_LOST",
    "BREAK_SAMPLE_GAP",
    "CLUSTER_SEED",
    "CONFIG_SEED",
    "CURRENCY_SEED",
    "DISPUTED_BY_RENTER",
    "DISPUTED_BY_SUPPLIER",
    "DISPUTE_SEED",
    "DISPUTE_TIME",
    "DISPUTE_WINDOW",
    "ESCROW_SEED",
    "FEES_SEED",
    "FIRST_HOUR",
    "JOB_SEED",
    "LOST_WITHIN",
    "MANIFEST_WINDOW",
    "MAX_ATTESTERS",
    "MAX_BOOKING_BPS",
    "MAX_CLUSTER",
    "MAX_CONFIDENCE_BPS",
    "MAX_CURRENCIES",
    "MAX_DISPUTE_BOND_BPS",
    "MAX_EMA_DISTANCE_BPS",
    "MAX_PAYMENT_BPS",
    "MAX_PRICE_AGE",
    "MAX_SEGMENTS",
    "MAX_VERDICT_AGE",
    "MIN_CLUSTER",
    "MIN_DISPUTE_BOND_BPS",
    "MIN_VERDICT_AGE",
    "NONCE_WINDOW",
    "OFFER_SEED",
    "PAR_PERCENT",
    "PAUSE_BOOK",
    "PAUSE_OFFER",
    "PAYOUT_SEED",
    "SILENCE",
    "START_WINDOW",
]
