"""A wallet's nodes on the chain, and what the rules of `ionet worker doctor` say of them."""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet import AsyncClient, accounts, pda
from ionet.worker._findings import Finding
from ionet.worker._rules import OnChain, node_findings

_NOBODY = Pubkey.default()


@dataclass(frozen=True, slots=True)
class OwnNode:
    """A node of a wallet's.

    Attributes:
        chain: its accounts.
        findings: what is well, and what is not.
        leased_until: when it is free again, Unix seconds; 0 if it is free.
    """

    chain: OnChain
    findings: tuple[Finding, ...]
    leased_until: int


async def nodes_of(client: AsyncClient, owner: Pubkey) -> list[OwnNode]:
    """The nodes of an owner.

    Args:
        client: of the chain's node.
        owner: whose.
    """
    owned = await client.staking.nodes(owner)
    offers = await client.fetch_many(accounts.jobs.Offer, [pda.jobs.offer(node.address) for node in owned])
    numbers = sorted({node.account.class_ for node in owned})
    found = await client.fetch_many(
        accounts.staking.Class, [pda.staking.class_(number) for number in numbers]
    )
    classes = dict(zip(numbers, found, strict=True))
    terms = await client.jobs.get_config()
    (proofs,) = await client.fetch_many(accounts.proofs.Config, [pda.proofs.CONFIG])
    head_end, now = 0 if proofs is None else proofs.head_period_end, await client.time()
    nodes = []
    for node, offer in zip(owned, offers, strict=True):
        chain = OnChain(node.address, None, node.account, offer, classes[node.account.class_])
        leased = offer is not None and offer.lease_job != _NOBODY and now < offer.lease_until
        until = offer.lease_until if offer is not None and leased else 0
        nodes.append(OwnNode(chain, tuple(node_findings(chain, terms, head_end, now)), until))
    return nodes
