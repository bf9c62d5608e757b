"""The staking program: hardware classes, devices, nodes, stake, rewards and slashes."""

from __future__ import annotations

from ionet.staking._async.approvals import AsyncApprovals
from ionet.staking._async.nodes import AsyncNodes
from ionet.staking._async.setup import AsyncStakingSetup
from ionet.staking._async.slashes import AsyncSlashes
from ionet.staking._async.stake import AsyncStakes

__all__ = ["AsyncStaking"]


class AsyncStaking(AsyncStakingSetup, AsyncNodes, AsyncStakes, AsyncSlashes, AsyncApprovals):
    """Calls and reads of the staking program.

    `stake`, `activate`, `unstake`, `withdraw`, `claim` and `compound` find out whether the signer owns the
    node: its owner acts on the owner's side, everyone else on a co-staker's position.
    """
