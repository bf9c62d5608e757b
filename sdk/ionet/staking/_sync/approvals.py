# Generated from staking/_async/approvals.py by scripts/codegen; do not edit.
"""What seats approve together: a device's hardware, and the class that a node goes down to."""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet import accounts, constants, events, ix, pda
from ionet.chain._sync.call import Call, deferred
from ionet.staking._sync.base import StakingBase


@dataclass(frozen=True, slots=True)
class Lowering:
    """How far seats have come with taking a node down to a class.

    Attributes:
        seats: numbers of the seats that have approved it.
        weight: theirs together.
        threshold: weight that it needs.
        due_at: from when anyone can take the node down, Unix seconds; 0 while the weight is not enough.
        until: the last second in which they count.
    """

    seats: tuple[int, ...]
    weight: int
    threshold: int
    due_at: int
    until: int


class Approvals(StakingBase):
    """Calls of attesters, and what follows from them."""

    def approve_identity(self, device: Pubkey, digest: bytes) -> Call[events.staking.IdentityApproved]:
        """Approves the digest of a device's hardware certificate; for an attester. Gives the event.

        At the attesters' threshold the digest is the device's.

        Args:
            device: the device's account.
            digest: 32 bytes; zeros that it has none.
        """
        instruction = ix.staking.approve_identity(
            attester=self._connection.address, device=device, digest=digest
        )
        return Call(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.IdentityApproved)
        )

    @deferred
    def approve_class(self, node: Pubkey, class_id: int) -> Call[events.staking.LowerApproved]:
        """Approves that a node goes down to a class; for an attester. Gives the event.

        Args:
            node: the node's address.
            class_id: the class that its proofs have shown.
        """
        account = self.get_node(node)
        instruction = ix.staking.approve_class(
            attester=self._connection.address,
            node=node,
            device=account.device,
            class_=pda.staking.class_(account.class_),
            lower=pda.staking.class_(class_id),
            before=account.class_,
            after=class_id,
        )
        return Call(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.LowerApproved)
        )

    @deferred
    def lower_class(self, node: Pubkey, class_id: int) -> Call[events.staking.NodeLowered]:
        """Takes a node down to the class that the attesters' threshold approved; for anyone. Gives the event.

        Args:
            node: the node's address.
            class_id: that class.
        """
        account = self.get_node(node)
        instruction = ix.staking.lower_class(
            node=node,
            device=account.device,
            class_=pda.staking.class_(account.class_),
            lower=pda.staking.class_(class_id),
            before=account.class_,
            after=class_id,
            offer=account.offer,
        )
        return Call(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.NodeLowered)
        )

    def lowering(self, node: Pubkey, class_id: int) -> Lowering:
        """How far seats have come with taking a node down to a class.

        Args:
            node: the node's address.
            class_id: the lower class.
        """
        account, now = self.get_node(node), self._connection.time()
        set_ = self._connection.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
        device = self._connection.fetch(accounts.staking.Device, account.device)
        address = pda.staking.lowering(node, account.class_, class_id)
        (approval,) = self._connection.fetch_many(accounts.staking.Approval, [address])
        nothing = Lowering((), 0, set_.threshold, 0, 0)
        if approval is None or not approval.seats or approval.set_version != set_.set_version:
            return nothing
        until = max(approval.opened_at, approval.reached_at) + constants.staking.APPROVAL_TIME
        if now > until or approval.opened_at < device.registered_at:
            return nothing
        seats = tuple(seat for seat in range(len(set_.weights)) if approval.seats >> seat & 1)
        due_at = approval.reached_at + constants.staking.LOWER_NOTICE if approval.reached_at else 0
        return Lowering(seats, sum(set_.weights[seat] for seat in seats), set_.threshold, due_at, until)
