"""Shards: stake sums and fee vaults are spread over several accounts, so that writers do not queue."""

from __future__ import annotations

from solders.pubkey import Pubkey

from ionet import constants, pda


def shard_of(node: Pubkey) -> Pubkey:
    """Returns the account in which a node's active stake is summed: by the first byte of its address."""
    return pda.staking.shard(bytes(node)[0] % constants.staking.STAKE_SHARDS)


def stake_shards() -> list[Pubkey]:
    """Returns all accounts over which the sum of active stake is spread."""
    return [pda.staking.shard(index) for index in range(constants.staking.STAKE_SHARDS)]


def vault_of(job: Pubkey, mint: Pubkey = pda.mint.MINT) -> Pubkey:
    """Returns the fee vault of a mint that a job pays into: by the last byte of its address."""
    return pda.buyback.vault(mint, bytes(job)[-1] % constants.buyback.FEE_SHARDS)


def fee_vaults(mint: Pubkey = pda.mint.MINT) -> list[Pubkey]:
    """Returns all fee vaults of a mint."""
    return [pda.buyback.vault(mint, shard) for shard in range(constants.buyback.FEE_SHARDS)]
