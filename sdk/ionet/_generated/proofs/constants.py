"""Constants of the proofs program.

Generated from idl/proofs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

#: Seed of the attester set: `["attesters"]`.
ATTESTERS_SEED: Final = b"attesters"
#: Seed of the token account that holds a bond: `["bond", challenge]`.
BOND_SEED: Final = b"bond"
#: Seed of a challenge: `["challenge", report, node]`.
CHALLENGE_SEED: Final = b"challenge"
#: Time from an hour's tick in which seats post their roots, seconds.
COMMIT_TIME: Final = 1_200
#: Seed of the configuration: `["config"]`.
CONFIG_SEED: Final = b"config"
#: Time from a correction's approval to its finality, seconds. The next correction is approved after this
#: time plus the hold at the earliest.
CORRECTION_WINDOW: Final = 259_200
#: Time in which a key that has left a seat takes no other, seconds: what it approved at the old seat would
#: count twice.
DEPARTED_TIME: Final = 604_800
#: How long what a device signed in an hour can be disproved after its end, seconds.
DISPROVE_TIME: Final = 604_800
#: Slots from the last root to the one whose hash decides the draw, so that no root is chosen by it.
DRAW_SLOTS: Final = 32
#: Seed of an hour: `["hour", seq]`, the seq in 8 bytes, little endian.
HOUR_SEED: Final = b"hour"
#: Heights whose reports are known, and the most that are approved and not final at once.
KEPT_HEIGHTS: Final = 192
#: Largest bond of a challenge, base units of IO.
MAX_CHALLENGE_BOND: Final = 10_000_000_000_000
#: Longest time that a challenge may freeze a node's credit, seconds.
MAX_CHALLENGE_FREEZE: Final = 604_800
#: Longest time from approval to finality, seconds.
MAX_CHALLENGE_WINDOW: Final = 259_200
#: How many keys that have left a seat are remembered: no change of the set may exceed it.
MAX_DEPARTED: Final = 16
#: Largest bound of a node's part by the fees of its job, bps.
MAX_FEE_BOUND_BPS: Final = 9_500
#: Largest part of an hour for the GPU pool, bps.
MAX_GPU_BPS: Final = 10_000
#: Longest time that rewards are held back behind their hour, seconds.
MAX_HOLD: Final = 2_592_000
#: Largest part of a pool for nodes in use, bps.
MAX_IN_USE_BPS: Final = 5_000
#: Most seats of the attester set.
MAX_SEATS: Final = 16
#: Most hours in a row that a node may have to be up.
MAX_UP_HOURS: Final = 168
#: Most bytes of the address under which a report's evidence is published.
MAX_URI: Final = 96
#: Most reports that the guardian voids in `VOID_PERIOD`.
MAX_VOIDS: Final = 20
#: Smallest bond of a challenge, base units of IO.
MIN_CHALLENGE_BOND: Final = 100_000_000
#: Shortest time that a challenge may freeze a node's credit, seconds.
MIN_CHALLENGE_FREEZE: Final = 86_400
#: Shortest time from approval to finality, seconds.
MIN_CHALLENGE_WINDOW: Final = 21_600
#: Pause bit: making and approving reports. Reports approved before still become final.
PAUSE_REPORT: Final = 1
#: Time after the freeze of an undecided challenge in which only the guardian can challenge that node again,
#: seconds.
QUIET: Final = 2_592_000
#: Prefix of a report's content in its hash.
REPORT_DOMAIN: Final = b"ionet:report"
#: Seed of a report: `["report", seq, content hash]`, the number in 8 bytes, little endian.
REPORT_SEED: Final = b"report"
#: Prefix of a reward leaf in its hash, after a zero byte.
REWARD_DOMAIN: Final = b"ionet:reward"
#: Time in which the guardian voids at most `MAX_VOIDS` reports, seconds.
VOID_PERIOD: Final = 2_592_000


__all__ = [
    "ATTESTERS_SEED",
    "BOND_SEED",
    "CHALLENGE_SEED",
    "COMMIT_TIME",
    "CONFIG_SEED",
    "CORRECTION_WINDOW",
    "DEPARTED_TIME",
    "DISPROVE_TIME",
    "DRAW_SLOTS",
    "HOUR_SEED",
    "KEPT_HEIGHTS",
    "MAX_CHALLENGE_BOND",
    "MAX_CHALLENGE_FREEZE",
    "MAX_CHALLENGE_WINDOW",
    "MAX_DEPARTED",
    "MAX_FEE_BOUND_BPS",
    "MAX_GPU_BPS",
    "MAX_HOLD",
    "MAX_IN_USE_BPS",
    "MAX_SEATS",
    "MAX_UP_HOURS",
    "MAX_URI",
    "MAX_VOIDS",
    "MIN_CHALLENGE_BOND",
    "MIN_CHALLENGE_FREEZE",
    "MIN_CHALLENGE_WINDOW",
    "PAUSE_REPORT",
    "QUIET",
    "REPORT_DOMAIN",
    "REPORT_SEED",
    "REWARD_DOMAIN",
    "VOID_PERIOD",
]
