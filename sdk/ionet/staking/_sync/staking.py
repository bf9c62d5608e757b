# Generated from staking/_async/staking.py by scripts/codegen; do not edit.
"""The staking program: hardware classes, devices, nodes, stake, rewards and slashes."""

from __future__ import annotations

from ionet.staking._sync.approvals import Approvals
from ionet.staking._sync.nodes import Nodes
from ionet.staking._sync.setup import StakingSetup
from ionet.staking._sync.slashes import Slashes
from ionet.staking._sync.stake import Stakes

__all__ = ["Staking"]


class Staking(StakingSetup, Nodes, Stakes, Slashes, Approvals):
    """Calls and reads of the staking program.

    `stake`, `activate`, `unstake`, `withdraw`, `claim` and `compound` find out whether the signer owns the
    node: its owner acts on the owner's side, everyone else on a co-staker's position.
    """
