"""Processors that come and go, change hands and are banned, and owners who are expelled."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from solders.instruction import Instruction
from tests.model import staking
from tests.programs.support import DAY
from tests.stateful.arena import wallet
from tests.stateful.slashing import Slashing
from tests.stateful.walk import NODES, Step, a_node, action, check_event

from ionet import Sent, events

#: Claims processors besides the owners of nodes; nobody makes a node of one.
HEIR = "grace"
a_processor = st.sampled_from((*NODES, *(f"{name} second" for name in NODES)))
a_claimant = st.sampled_from((None, None, HEIR, "alice"))


def any_former(walk: Devices) -> bool:
    return any(one.former is not None for one in walk.stakes.nodes.values())


class Devices(Slashing):
    """What owners, buyers and the resolver do with processors."""

    def at(self, device: str) -> str:
        """The node that a processor is on, or else the one whose owner has it at first."""
        return self.stakes.devices[device].node or device.split(maxsplit=1)[0]

    def about_device(self, name: str, device: str, by: str | None = None, **given: Any) -> Instruction:
        address = self.arena.processor(device).device
        return self.arena.staking(name, self.at(device), by, device=address, **given)

    def of_node(self, device: str) -> dict[str, Any]:
        """The account of the node that a processor is on."""
        node = self.stakes.devices[device].node
        return {"node": None if node is None else self.arena.nodes[node].node}

    @action(weight=2, node=a_node, device=a_processor, own=st.sampled_from((True, True, True, False)))
    def attach(self, node: str, device: str, own: bool) -> None:
        """A processor joins a node, mostly the owner's other one."""
        one = f"{node} second" if own else device
        if self.arena.kind(node) == self.arena.kind(one.split(maxsplit=1)[0]):
            address = self.arena.processor(one).device
            call = self.arena.staking("attach_device", node, node, device=address)
            self.attempt(Step(call, lambda _: self.stakes.attach(node, one, self.now)))

    @action(weight=1, node=a_node, by=st.sampled_from((None, None, HEIR)))
    def detach(self, node: str, by: str | None) -> None:
        who, one = by or node, f"{node} second"
        first = None if by is None else self.arena.nodes[node].device
        address = self.arena.processor(one).device
        call = self.arena.staking("detach_device", node, who, device=address, first=first)
        self.attempt(Step(call, lambda _: self.stakes.detach(node, one, who, self.now)))

    @action(weight=1, device=a_processor)
    def release(self, device: str) -> None:
        """Whoever has it gives it up."""
        who = self.stakes.devices[device].owner or HEIR
        call = self.about_device("release_device", device, who, **self.of_node(device))
        self.attempt(Step(call, lambda _: self.stakes.release(device, who)))

    @action(weight=1, device=a_processor, by=a_claimant)
    def claim_device(self, device: str, by: str | None) -> None:
        who, key = by or device.split(maxsplit=1)[0], self.arena.processor(device).device_key.pubkey()
        call = self.about_device("claim_device", device, who, device_key=key)
        self.attempt(Step(call, lambda _: self.stakes.claim_device(device, who)))

    @action(weight=1, device=a_processor, ban=st.sampled_from((False, False, True)), node=st.booleans())
    def evict(self, device: str, ban: bool, node: bool) -> None:
        """The resolver takes a processor, and bans it or not, and maybe its node."""
        call = self.about_device("evict_device", device, ban=ban, **self.of_node(device))
        self.attempt(Step(call, lambda _: self.stakes.evict_device(device, ban, self.now)))
        if node:
            self.evict_node(self.at(device))

    def evict_node(self, node: str) -> None:
        call = self.arena.staking("evict_node", node)
        self.attempt(Step(call, lambda _: self.stakes.evict(node, self.now)))

    def expel(self, node: str) -> None:
        def done(sent: Sent[None] | None) -> None:
            amount = self.stakes.expel(node, self.now)
            check_event(sent, events.staking.OwnerExpelled, amount=amount)

        self.attempt(Step(self.arena.staking("expel_owner", node), done))

    @action(weight=1, when=any_former, node=a_node)
    def withdraw_former(self, node: str) -> None:
        purse = wallet(self.arena.nodes[node].key)
        call = self.arena.staking("withdraw_former", node, destination=purse)

        def done(sent: Sent[None] | None) -> None:
            check_event(sent, events.staking.Withdrawn, amount=self.stakes.pay_former(node, self.now))

        self.attempt(Step(call, done))

    @action(
        weight=2,
        node=a_node,
        credited=st.booleans(),
        wait=st.sampled_from((0, 0, 14 * DAY - 1, 14 * DAY, 61 * DAY)),
        back=st.booleans(),
    )
    def pass_on(self, node: str, credited: bool, wait: int, back: bool) -> None:
        """A node's processor is given to somebody else, its owner expelled; maybe all is taken back."""
        if self.stakes.nodes[node].state == staking.LIVE:
            call = self.arena.staking("retire_node", node)
            self.attempt(Step(call, lambda _: self.stakes.retire(node, self.now)))
        self.release(node)
        self.claim_device(node, HEIR)
        if credited:
            self.publish([0] * 3, node)
        self.expel(node)
        self.world.advance(wait)
        self.expel(node)
        if any_former(self):
            self.withdraw_former(node)
        if back:
            self.release(node)
            self.claim_device(node, None)
            self.retire_or_reopen(node, None)
