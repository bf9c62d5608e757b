"""What the chain asks of a node, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet import IO, USD, NodeState, accounts, constants
from ionet.formats.when import span, when
from ionet.jobs.quotes import max_verdict_age, obstacle
from ionet.staking.stake import minimum
from ionet.worker._findings import Finding, Rule


@dataclass(frozen=True, slots=True)
class OnChain:
    """A node as the chain has it.

    Attributes:
        address: of its account.
        name: what its owner calls it; None: findings name none.
        node: its account.
        offer: its offer, or None.
        class_: its hardware class, or None.
    """

    address: Pubkey
    name: str | None
    node: accounts.staking.Node
    offer: accounts.jobs.Offer | None
    class_: accounts.staking.Class | None


def node_findings(
    it: OnChain, terms: accounts.jobs.Config | None, head_end: int, now: int, *, banned: bool = False
) -> Iterator[Finding]:
    """What is well with a node, and what is not.

    Args:
        it: the node.
        terms: the jobs program's settings, or None.
        head_end: end of the hour of the report at the head, Unix seconds; 0 if there is none.
        now: Unix seconds.
        banned: whether its device is banned.
    """
    yield _life(it, banned=banned)
    yield _stake(it)
    yield _proof(it, terms, head_end, now)
    yield _offer(it, terms, head_end, now)


def _life(it: OnChain, *, banned: bool) -> Finding:
    rule = Rule("state", "The node is live, and none of its devices is banned.", it.name)
    node = it.node
    if banned or node.banned:
        return rule.fault("its device is banned", "no remedy: it earns nothing more and cannot be leased")
    if node.state == NodeState.RETIRED:
        return rule.fault(f"retired {when(node.retired_at)}", "ionet node reopen")
    if node.state != NodeState.LIVE:
        return rule.fault(
            f"{node.state.name.lower()}: a slash reached its co-stakers",
            "see `ionet node show`; it earns no more",
        )
    return rule.ok("live")


def _stake(it: OnChain) -> Finding:
    node, class_ = it.node, it.class_
    needed = IO.from_base(node.minimum) if class_ is None else minimum(class_, node.units)
    active, pending = IO.from_base(node.own.active), IO.from_base(node.own.pending)
    rule = Rule("stake", "The owner's own active stake covers the class's minimum.", it.name)
    says = f"{active} active, {needed} needed"
    if active >= needed:
        return rule.ok(says)
    if active + pending >= needed:
        return rule.fault(f"{says}, {pending} pending", "ionet stake activate")
    return rule.fault(says, f"ionet stake add {it.address} {needed - active - pending:n}".replace(",", ""))


def _proof(it: OnChain, terms: accounts.jobs.Config | None, head_end: int, now: int) -> Finding:
    node = it.node
    parameter = constants.jobs.MAX_VERDICT_AGE if terms is None else terms.verdict_age
    most = max_verdict_age(node.last_proof, parameter, head_end)
    rule = Rule("proof", f"Its latest compute proof passed, at most {span(most)} ago.", it.name)
    proof, todo = node.last_proof, "leave the worker running: a seat challenges it every hour"
    if not proof.time:
        return rule.warn("none yet", todo)
    age = f"{span(now - proof.time)} ago"
    if not proof.passed:
        return rule.fault(f"failed {age}: {proof.reason.explain()}", "ionet node why says more")
    if now - proof.time > most:
        return rule.fault(f"passed {age}", todo)
    return rule.ok(f"passed {age}")


def _offer(it: OnChain, terms: accounts.jobs.Config | None, head_end: int, now: int) -> Finding:
    node, offer = it.node, it.offer
    rule = Rule("offer", "The node has an open offer that somebody can book.", it.name)
    if offer is None:
        return rule.warn("none yet", f"ionet worker offer {it.address} --rate USD")
    rate = f"{USD.from_base(offer.rate)} per processor and hour"
    if offer.lease_until > now:
        return rule.ok(f"{rate}; leased until {when(offer.lease_until)}")
    if not offer.open:
        return rule.warn(f"{rate}; closed", f"ionet worker offer {it.address} --open")
    refusal = None if terms is None else obstacle(node, offer, it.class_, terms, head_end, now)
    if refusal is not None:
        return rule.warn(f"{rate}; nobody can book it, as it {refusal[1]}", "see above")
    return rule.ok(f"{rate}; can be booked")
