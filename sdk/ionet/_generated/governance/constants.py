"""Constants of the governance program.

Generated from idl/governance.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

#: Seed of the token account that holds a bond: `["bond", proposal]`.
BOND_SEED: Final = b"bond"
#: Seed of the configuration: `["config"]`.
CONFIG_SEED: Final = b"config"
#: Time for queueing after the vote, and for executing after the hold-up, seconds.
EXPIRY: Final = 1_209_600
#: How long a guardian may cancel, seconds.
GUARDIAN_TERM: Final = 31_536_000
#: The end of voting moves when the outcome turns within this time before it, seconds.
LATE: Final = 43_200
#: Lowest stake that proposing may need, base units of IO.
LEAST_STAKE: Final = 100_000_000
#: Most accounts of a transaction.
MAX_ACCOUNTS: Final = 32
#: Largest bond of a proposal, base units of IO.
MAX_BOND: Final = 1_000_000_000_000
#: Most bytes of a transaction's data.
MAX_DATA: Final = 1_024
#: Most by which late turns extend a vote, in all and at once, seconds.
MAX_EXTENSION: Final = 172_800
#: Longest time from queueing to execution, seconds.
MAX_HOLD_UP: Final = 604_800
#: Highest limit of what leaves the treasury in seven days, bps of what it held of an asset.
MAX_OUTFLOW_BPS: Final = 5_000
#: Highest quorum, bps of eligible stake.
MAX_QUORUM_BPS: Final = 2_000
#: Most that voting, its extension and the hold-up may take together, seconds: the shortest cooldown of
#: stake.
MAX_TERMS: Final = 1_209_600
#: Highest threshold, bps of the votes for and against.
MAX_THRESHOLD_BPS: Final = 6_700
#: Most bytes of a proposal's title.
MAX_TITLE: Final = 64
#: Most transactions of a proposal.
MAX_TRANSACTIONS: Final = 16
#: Most bytes of the address under which a proposal's text is published.
MAX_URI: Final = 96
#: Longest vote, seconds.
MAX_VOTING: Final = 604_800
#: Smallest bond of a proposal, base units of IO.
MIN_BOND: Final = 100_000_000
#: Shortest time from queueing to execution, seconds.
MIN_HOLD_UP: Final = 172_800
#: Lowest limit of what leaves the treasury in seven days, bps of what it held of an asset.
MIN_OUTFLOW_BPS: Final = 500
#: Lowest quorum, bps of eligible stake.
MIN_QUORUM_BPS: Final = 200
#: Lowest threshold, bps of the votes for and against.
MIN_THRESHOLD_BPS: Final = 5_000
#: Shortest vote, seconds.
MIN_VOTING: Final = 259_200
#: Highest stake that proposing may need, base units of IO.
MOST_STAKE: Final = 10_000_000_000_000
#: Seed of a node's part in a vote: `["node_vote", proposal, node]`.
NODE_VOTE_SEED: Final = b"node_vote"
#: Seed of an asset's outflow: `["outflow", asset]`.
OUTFLOW_SEED: Final = b"outflow"
#: Prefix of a proposal's description in its hash.
PROPOSAL_DOMAIN: Final = b"ionet:proposal"
#: Seed of a proposal: `["proposal", proposer, nonce]`, the nonce in 8 bytes, little endian.
PROPOSAL_SEED: Final = b"proposal"
#: Prefix of each transaction in its hash, followed by the hash of all before it.
TRANSACTION_DOMAIN: Final = b"ionet:transaction"
#: Seed of a transaction: `["transaction", proposal, index]`, the index in 1 byte.
TRANSACTION_SEED: Final = b"transaction"
#: Seed of the treasury: `["treasury"]`.
TREASURY_SEED: Final = b"treasury"
#: Seed of a co-staker's vote: `["vote", proposal, position]`.
VOTE_SEED: Final = b"vote"


__all__ = [
    "BOND_SEED",
    "CONFIG_SEED",
    "EXPIRY",
    "GUARDIAN_TERM",
    "LATE",
    "LEAST_STAKE",
    "MAX_ACCOUNTS",
    "MAX_BOND",
    "MAX_DATA",
    "MAX_EXTENSION",
    "MAX_HOLD_UP",
    "MAX_OUTFLOW_BPS",
    "MAX_QUORUM_BPS",
    "MAX_TERMS",
    "MAX_THRESHOLD_BPS",
    "MAX_TITLE",
    "MAX_TRANSACTIONS",
    "MAX_URI",
    "MAX_VOTING",
    "MIN_BOND",
    "MIN_HOLD_UP",
    "MIN_OUTFLOW_BPS",
    "MIN_QUORUM_BPS",
    "MIN_THRESHOLD_BPS",
    "MIN_VOTING",
    "MOST_STAKE",
    "NODE_VOTE_SEED",
    "OUTFLOW_SEED",
    "PROPOSAL_DOMAIN",
    "PROPOSAL_SEED",
    "TRANSACTION_DOMAIN",
    "TRANSACTION_SEED",
    "TREASURY_SEED",
    "VOTE_SEED",
]
