"""Enums of several programs.

Generated from idl/ by scripts/codegen; do not edit.
"""

from __future__ import annotations

from ionet.chain.schema import Named


class Allocation(Named):
    """The part of the genesis supply that IO comes from."""

    COMMUNITY = 0, "Community, 100,000,000 IO."
    RESEARCH = 1, "Research and development, 128,000,000 IO."
    SEED = 2, "Seed investors, 100,000,000 IO."
    SERIES_A = 3, "Series A investors, 81,600,000 IO."
    CORE = 4, "Core contributors, 90,400,000 IO."
    NONE = 5, "None of them."


class ProofReason(Named):
    """Why a compute proof failed."""

    PASSED = 0, "It passed."
    MALFORMED = 1, "The answer could not be read."
    SMALLER = 2, "The answer was to a smaller problem."
    WRONG_SEED = 3, "The answer was to another challenge."
    REPLAYED = 4, "The answer had been used before."
    WRONG_ROOT = 5, "The answer does not belong to the commitment."
    WRONG_ROWS = 6, "Other rows were opened than those drawn."
    BAD_MERKLE_PATH = 7, "A row does not belong to the commitment."
    WRONG_ROW = 8, "A row of the product is wrong."
    SLOW = 9, "It was too slow for its hardware class."
    UNANSWERED = 10, "There was no answer in time."
    DISPROVED = 11, "What the device had signed was shown to be wrong on the chain."
    WRONG_START = 12, "Chains of reads did not begin where they had to."
    WRONG_CHAINS = 13, "Other chains were opened than those drawn."
    WRONG_READ = 14, "A read of a chain does not follow from those before."
    WRONG_END = 15, "A chain does not end where the commitment says."


__all__ = ["Allocation", "ProofReason"]
