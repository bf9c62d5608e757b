"""The 500,000,000 IO of genesis: who gets them, and when.

Everything goes through the distributor program, in a grant for each recipient or in airdrops. `read_plan`
reads recipients from a CSV file and refuses sums that differ from the table's by a base unit;
`client.genesis.run` carries out a plan, `client.genesis.verify` compares it with the chain.

| item | IO | terms |
|---|---|---|
| launch_pool | 20,000,000 | at genesis |
| ignition | 25,000,000 | airdrop, Ignition seasons 1 and 2 |
| galxe | 7,500,000 | airdrop |
| community | 47,500,000 | 3,500,000 at genesis, the rest linearly over 41 months |
| research | 128,000,000 | 30 % at genesis, the rest linearly over 35 months |
| seed | 100,000,000 | 24 monthly tranches after a year |
| series_a | 81,600,000 | 24 monthly tranches after a year |
| core | 90,400,000 | 36 monthly tranches after a year; revocable |

Of the community's 80,000,000 without the launch pool, 45 % are there at genesis: both airdrops and 3,500,000
more. So 94,400,000 IO circulate at first: the published "95 million".
"""

from __future__ import annotations

from ionet.token.airdrop import RecipientsError
from ionet.token.genesis_plan import (
    BY_NAME,
    CLAIM_DAYS,
    ITEMS,
    GenesisPlan,
    Item,
    PlannedGrant,
    Recipient,
    circulating_at_genesis,
    read_plan,
    schedules,
)
from ionet.token.genesis_state import GenesisItem, GenesisMismatch, GenesisState, GenesisStep

__all__ = [
    "BY_NAME",
    "CLAIM_DAYS",
    "ITEMS",
    "GenesisItem",
    "GenesisMismatch",
    "GenesisPlan",
    "GenesisState",
    "GenesisStep",
    "Item",
    "PlannedGrant",
    "Recipient",
    "RecipientsError",
    "circulating_at_genesis",
    "read_plan",
    "schedules",
]
