"""A wallet's nodes: what they have, what they earn, and what is to be done."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated, Final

import httpx
from fastapi import APIRouter, Path
from pydantic import ValidationError

from ionet.chain.amounts import IO, USD
from ionet.console import _models as m
from ionet.console._nodes import OwnNode, nodes_of
from ionet.console._parts import Have
from ionet.console._uploads import Full
from ionet.console._who import Owner, Reader
from ionet.explorer._market import Absent
from ionet.explorer._models import NodeHours
from ionet.explorer._values import BadQuestion, address_of, class_name, money, word
from ionet.service.public import check_url
from ionet.staking.stake import minimum
from ionet.worker._findings import Finding

supply: Final = APIRouter()
#: URLs for alerts of one wallet.
_HOOKS: Final = 5
#: Bytes of the explorer's answer.
_LARGEST: Final = 1 << 20


@supply.get("/supply", summary="The wallet's nodes: stake, rewards, health, what is to be done")
async def nodes(parts: Have, reader: Reader) -> m.Supply:
    """Nodes."""
    found = await nodes_of(parts.client, reader.wallet)
    return m.Supply(nodes=tuple(map(_supplied, found)), hours=parts.explorer is not None)


def _supplied(it: OwnNode) -> m.Supplied:
    node, offer, class_ = it.chain.node, it.chain.offer, it.chain.class_
    needed = IO.from_base(node.minimum) if class_ is None else minimum(class_, node.units)
    return m.Supplied(
        node=str(it.chain.address),
        class_name=class_name(node.class_),
        units=node.units,
        state=word(node.state),
        active=money(IO.from_base(node.own.active)),
        minimum=money(needed),
        claimable=money(IO.from_base(node.own.due)),
        rate=None if offer is None else money(USD.from_base(offer.rate)),
        open=bool(offer is not None and offer.open),
        booked_until=it.leased_until,
        credited_until=node.credited_through,
        findings=tuple(map(_finding, it.findings)),
    )


def _finding(it: Finding) -> m.Finding:
    return m.Finding(check=it.check, level=it.level.value, says=it.says, rule=it.rule, todo=it.todo)


@supply.get("/nodes/{node}/hours", summary="What a node earned hour by hour, or why nothing")
async def hours(
    parts: Have, reader: Reader, node: Annotated[str, Path(min_length=32, max_length=44)]
) -> NodeHours:
    """As the explorer says that this console asks."""
    if parts.explorer is None:
        raise Absent("this console knows no explorer, which would say it")
    try:
        answer = await parts.explorer.get(f"/api/v1/nodes/{address_of(node)}/hours")
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise Absent("the explorer knows no such node")
        answer.raise_for_status()
        return NodeHours.model_validate_json(answer.content[:_LARGEST])
    except (httpx.HTTPError, ValidationError):
        raise Unexplored("the explorer does not answer that at the moment") from None


class Unexplored(Exception):
    """The explorer does not say."""


# -- alerts


@supply.get("/hooks", summary="Where the wallet's alerts go")
async def hooks(parts: Have, owner: Owner) -> m.Hooks:
    """URLs."""
    found = parts.kept.hooks(owner.wallet)
    return m.Hooks(
        hooks=tuple(m.Hook(id=each.id, url=each.url, problem=parts.alerts.problem(each.id)) for each in found)
    )


@supply.post("/hooks", summary="Has alerts about the wallet's nodes sent to a URL")
async def new_hook(parts: Have, owner: Owner, wanted: m.NewHook) -> m.MadeHook:
    """A URL of the internet, which gets a POST of JSON for each alert."""
    url = check_url(wanted.url)
    if len(parts.kept.hooks(owner.wallet)) >= _HOOKS:
        raise Full(f"a wallet has at most {_HOOKS} URLs for alerts: remove one first")
    # Wallets cost nothing, and each URL is work without end.
    if not await parts.client.staking.nodes(owner.wallet):
        raise BadQuestion("alerts are about a wallet's nodes, and this one has none: register one first")
    name = parts.kept.add_hook(owner.wallet, url, int(parts.clock()))
    return m.MadeHook(id=name, secret=f"whsec_{b64encode(parts.access.alerts(name)).decode()}")


@supply.post("/hooks/{hook}/remove", summary="Sends no more alerts there")
async def remove(parts: Have, owner: Owner, hook: m.Id) -> m.Ended:
    """The URL is forgotten."""
    if not parts.kept.remove_hook(hook, owner.wallet):
        raise Absent("you have no such URL")
    return m.Ended(ended=True)
