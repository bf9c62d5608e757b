"""Which of several accounts alike: sums of stake and fee vaults are spread, so that nobody waits."""

from __future__ import annotations

from solders.pubkey import Pubkey

from ionet import constants, pda


def shard_of(node: Pubkey) -> Pubkey:
    """The account that a node's active stake is summed in: by its key's first byte."""
    return pda.staking.shard(bytes(node)[0] % constants.staking.STAKE_SHARDS)


def stake_shards() -> list[Pubkey]:
    """All accounts over which the sum of active stake is spread."""
    return [pda.staking.shard(index) for index in range(constants.staking.STAKE_SHARDS)]


def vault_of(job: Pubkey, mint: Pubkey = pda.mint.MINT) -> Pubkey:
    """The fee vault of a mint that a job pays into: by its key's last byte."""
    return pda.buyback.vault(mint, bytes(job)[-1] % constants.buyback.FEE_SHARDS)


def fee_vaults(mint: Pubkey = pda.mint.MINT) -> list[Pubkey]:
    """All fee vaults of a mint."""
    return [pda.buyback.vault(mint, shard) for shard in range(constants.buyback.FEE_SHARDS)]
