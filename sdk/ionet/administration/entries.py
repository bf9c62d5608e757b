"""Entries of the programs that can be paused; combine several with `|`."""

from __future__ import annotations

from enum import IntFlag

from ionet import constants


class JobsEntry(IntFlag):
    """Entries of the jobs program that can be paused."""

    OFFERING = constants.jobs.PAUSE_OFFER
    #: Booking and extending.
    BOOKING = constants.jobs.PAUSE_BOOK


class StakingEntry(IntFlag):
    """Entries of the staking program that can be paused."""

    REGISTERING = constants.staking.PAUSE_REGISTER
    STAKING = constants.staking.PAUSE_STAKE


class MintEntry(IntFlag):
    """Entries of the mint that can be paused."""

    EMITTING = constants.mint.PAUSE_EMIT


class BuybackEntry(IntFlag):
    """Entries of the buyback that can be paused."""

    #: Burning fees.
    BURNING = constants.buyback.PAUSE_BURN
    #: Auctions, and selling to them.
    SELLING = constants.buyback.PAUSE_SELL


class DistributorEntry(IntFlag):
    """Entries of the distributor that can be paused."""

    #: Making grants.
    GRANTING = constants.distributor.PAUSE_GRANT
    #: Making airdrops.
    AIRDROPPING = constants.distributor.PAUSE_AIRDROP


class ProofsEntry(IntFlag):
    """Entries of the proofs program that can be paused."""

    REPORTING = constants.proofs.PAUSE_REPORT
