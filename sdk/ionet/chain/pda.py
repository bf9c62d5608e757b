"""Program-derived addresses."""

from __future__ import annotations

from functools import lru_cache

from solders.pubkey import Pubkey

from ionet.chain.ids import ASSOCIATED_TOKEN_PROGRAM, BPF_LOADER_UPGRADEABLE, PYTH_PUSH_ORACLE, TOKEN_PROGRAM


@lru_cache(maxsize=8192)
def find_with_bump(seeds: tuple[bytes, ...], program_id: Pubkey) -> tuple[Pubkey, int]:
    """Returns the canonical address of these seeds, and its bump."""
    return Pubkey.find_program_address(seeds, program_id)


def find(seeds: tuple[bytes, ...], program_id: Pubkey) -> Pubkey:
    """Returns the canonical address of these seeds."""
    return find_with_bump(seeds, program_id)[0]


def token_account(owner: Pubkey, mint: Pubkey, token_program: Pubkey = TOKEN_PROGRAM) -> Pubkey:
    """Returns the associated token account of `owner` for `mint`."""
    return find((bytes(owner), bytes(token_program), bytes(mint)), ASSOCIATED_TOKEN_PROGRAM)


def program_data(program_id: Pubkey) -> Pubkey:
    """Returns the account that holds an upgradeable program's code and upgrade authority."""
    return find((bytes(program_id),), BPF_LOADER_UPGRADEABLE)


def event_authority(program_id: Pubkey) -> Pubkey:
    """Returns the address that signs a program's `emit_cpi!` events."""
    return find((b"__event_authority",), program_id)


def price_feed(feed_id: bytes, shard: int = 0) -> Pubkey:
    """Returns the address where Pyth's push oracle keeps the price of a feed (32 bytes)."""
    return find((shard.to_bytes(2, "little"), feed_id), PYTH_PUSH_ORACLE)
