"""Constants of the staking program.

Generated from idl/staking.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

#: How long seats have from the first approval on, and how long what they approved together can be done,
#: seconds; later ones begin anew.
APPROVAL_TIME: Final = 604_800
#: Seed of a class: `["class", id]`, the id in 2 bytes, little endian.
CLASS_SEED: Final = b"class"
#: Time from announcing a commission to when it applies, seconds.
COMMISSION_NOTICE: Final = 604_800
#: Most that a commission may rise at once, bps.
COMMISSION_STEP_BPS: Final = 500
#: Seed of the configuration: `["config"]`.
CONFIG_SEED: Final = b"config"
#: Most that is credited in seven days, base units of IO. No month emits more than the first, and no week a
#: quarter of one, so that three weeks of hours which one report makes up for are credited together. What
#: is beyond that waits some days: a leaf is credited as far as there is room.
CREDIT_LIMIT: Final = 333_333_333_333_333
#: Shortest time between two credits of a node on which something is pending or late, seconds, so that anyone
#: can settle the changes that the first one has made due.
CREDIT_REST: Final = 600
#: Time for deciding an appealed slash, seconds.
DECISION: Final = 2_592_000
#: Default time for an appeal, seconds.
DEFAULT_APPEAL: Final = 2_592_000
#: Default cooldown, seconds.
DEFAULT_COOLDOWN: Final = 1_209_600
#: Default limit for what is burned by decision in seven days, bps of all active stake.
DEFAULT_DECIDED_LIMIT_BPS: Final = 1_000
#: Default bound of an hour's reward, bps of the owner's minimum: a cheat that is found with a chance of one
#: in ten a day, and loses its minimum, gains nothing in a hold of seven days.
DEFAULT_REWARD_BOUND_BPS: Final = 96
#: Seed of a device: `["device", fingerprint]`.
DEVICE_SEED: Final = b"device"
#: What a disproof sets apart, bps of the node's minimum.
DISPROOF_BPS: Final = 1_000
#: Seed of a slash by disproof: `["disproof", node, hour]`, the hour in 8 bytes, little endian.
DISPROOF_SEED: Final = b"disproof"
#: Seed of emission's ledger: `["emission"]`.
EMISSION_SEED: Final = b"emission"
#: Time for setting apart a slash that nobody appealed, from the end of its time for an appeal, seconds.
EXECUTION: Final = 1_209_600
#: Seed of the approvals of a device's identity: `["identity", device, digest]`.
IDENTITY_SEED: Final = b"identity"
#: How long after its last hour a node may still be credited for it, seconds, not counting time in which its
#: credit was stopped: the longest hold plus the time in which a report is creditable.
LAST_CREDIT: Final = 5_184_000
#: How long before a node is lowered its owner is told: since the approval that reached the threshold,
#: seconds.
LOWER_NOTICE: Final = 86_400
#: Seed of the approvals of a lower class: `["lower", node, its class, the lower class]`, classes in 2 bytes,
#: little endian.
LOWER_SEED: Final = b"lower"
#: Longest time for an appeal, seconds.
MAX_APPEAL: Final = 5_184_000
#: Highest minimum stake per processor of a class before its multiplier, base units.
MAX_BASE_MINIMUM: Final = 1_000_000_000_000
#: Longest cooldown, seconds.
MAX_COOLDOWN: Final = 2_592_000
#: How many withdrawals may cool at the same time on one side or position.
MAX_COOLING: Final = 4
#: Highest limit for what is burned by decision in seven days, bps of all active stake.
MAX_DECIDED_LIMIT_BPS: Final = 3_300
#: Highest maximum stake of a node, as a multiple of its minimum.
MAX_MAXIMUM: Final = 20
#: Largest multiplier of a class, bps of the reference.
MAX_MULTIPLIER_BPS: Final = 10_000_000
#: Highest bound of an hour's reward, bps of the owner's minimum.
MAX_REWARD_BOUND_BPS: Final = 1_000
#: Most positions that one credit settles.
MAX_SETTLED: Final = 4
#: Most processors of a node.
MAX_UNITS: Final = 8
#: Shortest time for an appeal, seconds.
MIN_APPEAL: Final = 604_800
#: Lowest minimum stake per processor of a class before its multiplier, base units.
MIN_BASE_MINIMUM: Final = 100_000_000
#: Shortest cooldown, seconds: longer than voting plus hold-up, so that no vote is lighter than it looks.
MIN_COOLDOWN: Final = 1_209_600
#: Lowest limit for what is burned by decision in seven days, bps of all active stake.
MIN_DECIDED_LIMIT_BPS: Final = 100
#: Lowest maximum stake of a node, as a multiple of its minimum.
MIN_MAXIMUM: Final = 2
#: Lowest bound of an hour's reward, bps of the owner's minimum.
MIN_REWARD_BOUND_BPS: Final = 10
#: Seed of a network: `["network", authority]`.
NETWORK_SEED: Final = b"network"
#: Seed of a node: `["node", its first device]`.
NODE_SEED: Final = b"node"
#: Seed of a node's offer in the jobs program: `["offer", node]`.
OFFER_SEED: Final = b"offer"
#: Pause bit: registering devices, nodes and networks, and reopening nodes.
PAUSE_REGISTER: Final = 1
#: Pause bit: staking and compounding.
PAUSE_STAKE: Final = 2
#: Seed of a position: `["position", node, holder]`.
POSITION_SEED: Final = b"position"
#: Seed of a shard: `["shard", index]`, the index in 1 byte.
SHARD_SEED: Final = b"shard"
#: Most that may be burned by slashes without a decision in seven days, bps of all active stake.
SLASH_LIMIT_BPS: Final = 100
#: How long no slash of a node can be proposed after one has lapsed, seconds.
SLASH_PAUSE: Final = 2_592_000
#: Seed of a slash: `["slash", node, nonce]`, the nonce in 8 bytes, little endian.
SLASH_SEED: Final = b"slash"
#: Number of shards in which active stake is summed.
STAKE_SHARDS: Final = 16
#: Most active stake of all nodes whose credit is stopped by proposals that name fraud, bps of all active
#: stake; one node may always be stopped.
STOP_LIMIT_BPS: Final = 1_000
#: Seed of a node's token account: `["vault", node]`.
VAULT_SEED: Final = b"vault"


__all__ = [
    "APPROVAL_TIME",
    "CLASS_SEED",
    "COMMISSION_NOTICE",
    "COMMISSION_STEP_BPS",
    "CONFIG_SEED",
    "CREDIT_LIMIT",
    "CREDIT_REST",
    "DECISION",
    "DEFAULT_APPEAL",
    "DEFAULT_COOLDOWN",
    "DEFAULT_DECIDED_LIMIT_BPS",
    "DEFAULT_REWARD_BOUND_BPS",
    "DEVICE_SEED",
    "DISPROOF_BPS",
    "DISPROOF_SEED",
    "EMISSION_SEED",
    "EXECUTION",
    "IDENTITY_SEED",
    "LAST_CREDIT",
    "LOWER_NOTICE",
    "LOWER_SEED",
    "MAX_APPEAL",
    "MAX_BASE_MINIMUM",
    "MAX_COOLDOWN",
    "MAX_COOLING",
    "MAX_DECIDED_LIMIT_BPS",
    "MAX_MAXIMUM",
    "MAX_MULTIPLIER_BPS",
    "MAX_REWARD_BOUND_BPS",
    "MAX_SETTLED",
    "MAX_UNITS",
    "MIN_APPEAL",
    "MIN_BASE_MINIMUM",
    "MIN_COOLDOWN",
    "MIN_DECIDED_LIMIT_BPS",
    "MIN_MAXIMUM",
    "MIN_REWARD_BOUND_BPS",
    "NETWORK_SEED",
    "NODE_SEED",
    "OFFER_SEED",
    "PAUSE_REGISTER",
    "PAUSE_STAKE",
    "POSITION_SEED",
    "SHARD_SEED",
    "SLASH_LIMIT_BPS",
    "SLASH_PAUSE",
    "SLASH_SEED",
    "STAKE_SHARDS",
    "STOP_LIMIT_BPS",
    "VAULT_SEED",
]
