"""Wallets: what one holds now, transactions for it to sign, and what became of them.

The chain's node is asked for all of it, and no key is here. The pages check what is built, by its bytes.
"""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from solders.pubkey import Pubkey

from ionet import IO, AsyncClient, NodeState, SignsElsewhere, accounts, pda
from ionet.chain.errors import AccountNotFound, DecodeError, TransactionFailed
from ionet.chain.transactions import encoded
from ionet.explorer import _models as m
from ionet.explorer._api import TABLE, AskedNothing, router
from ionet.explorer._csv import table_of
from ionet.explorer._market import Absent
from ionet.explorer._past import Past
from ionet.explorer._sending import TEXT, became, handed, signed_of
from ionet.explorer._values import BadQuestion, address_of, money, of_io, word
from ionet.explorer._watching import Watching
from ionet.ledger import State
from ionet.staking.stake import StakeStatus

Action = Literal["stake", "claim", "compound", "unstake", "withdraw"]
#: Where signed transactions are taken.
SENT: Final = "/api/v1/sent"
#: Nodes on which a wallet's stake is looked for.
_NODES: Final = 50
_PROGRAMS: Final = frozenset({accounts.staking.Position.PROGRAM_ID})
_AMOUNTS: Final = frozenset({"stake", "unstake"})
_Key = Annotated[str, Field(min_length=32, max_length=44)]


class AskedWallet(AskedNothing):
    """… about a wallet."""

    node: Annotated[
        _Key | None,
        Field(
            description="Its stake on this node, also as its owner; default: all co-stake that the ledger"
            " has."
        ),
    ] = None
    format: Annotated[Literal["json", "csv"], Field(description="`csv`: a table.")] = "json"
    part: Annotated[
        Literal["stakes", "nodes", "facts"],
        Field(description="Which table, with `csv`; `facts`: a row of what it holds."),
    ] = "stakes"


class AskedCall(AskedNothing):
    """… for a transaction."""

    holder: Annotated[_Key, Field(description="Who signs, pays and holds the stake.")]
    node: Annotated[_Key, Field(description="The node's address.")]
    amount: Annotated[
        int | None,
        Field(
            gt=0,
            lt=1 << 64,
            description="To stake, and for owners to unstake: base units of IO; for co-stakers to unstake:"
            " shares. None of others.",
        ),
    ] = None


class AskedSent(AskedNothing):
    """… about a transaction that was sent."""

    blockhash: Annotated[_Key, Field(description="The transaction's.")]
    since: Annotated[int, Field(ge=0, lt=1 << 63, description="`since` of the answer that it was built by.")]


class Signed(BaseModel):
    """A transaction to send."""

    model_config = ConfigDict(extra="forbid")

    transaction: Annotated[str, Field(max_length=TEXT, description="With its signature, base64.")]


async def _watching(request: Request) -> Watching:
    watching: Watching = request.app.state.watching
    return watching


async def _fresh(response: Response) -> None:
    response.headers["cache-control"] = "no-store"


_TheNode = Annotated[Watching, Depends(_watching)]
wallets: Final = APIRouter(
    prefix=router.prefix,
    dependencies=[Depends(_fresh)],
    responses={
        **router.responses,
        503: {"model": m.Error, "description": "The chain's node does not say."},
    },
)


@wallets.get("/wallets/{address}", summary="What a wallet holds now, and its stake", responses=TABLE)
def wallet(
    request: Request,
    watching: _TheNode,
    address: Annotated[str, Path(min_length=32, max_length=44, description="An address, base58.")],
    asked: Annotated[AskedWallet, Query()],
) -> m.Wallet:
    """A wallet."""
    holder, past = address_of(address), request.app.state.past
    nodes = _nodes(past, holder) if asked.node is None else [address_of(asked.node)]
    owned = _owned(past, holder)

    async def look(client: AsyncClient) -> m.Wallet:
        held = await client.tokens(holder, pda.mint.MINT, IO)
        stakes = await _stakes(client, holder, nodes, only=asked.node is not None)
        return m.Wallet(
            address=address,
            sol=money(await client.balance(holder)),
            io=money(held),
            stakes=[_stake(status) for status in stakes],
            nodes=owned,
        )

    held: m.Wallet = watching.ask(look)
    if asked.format == "json":
        return held
    headers = {"cache-control": "no-store"}
    rows: Any = Response(table_of(held, asked.part), media_type="text/csv; charset=utf-8", headers=headers)
    return rows  # type: ignore[no-any-return]


async def _stakes(
    client: AsyncClient, holder: Pubkey, nodes: list[Pubkey], *, only: bool
) -> list[StakeStatus]:
    """Stake on nodes: as a co-staker, and where only one is asked for also as its owner."""
    if not only:
        return await client.staking.stakes(holder, on=nodes) if nodes else []
    try:
        return [await client.staking.status(nodes[0], holder)]
    except (AccountNotFound, DecodeError):
        return []


def _nodes(past: Past, holder: Pubkey) -> list[Pubkey]:
    with past.at(None) as moment:
        return [node for node, theirs in moment.state.positions if theirs == holder][:_NODES]


def _owned(past: Past, owner: Pubkey) -> list[m.OwnedNode]:
    with past.at(None) as moment:
        its = islice(moment.tally.nodes(None, None, owner=owner), _NODES)
        return [_owned_node(moment.state, address) for address in its]


def _owned_node(state: State, address: Pubkey) -> m.OwnedNode:
    it = state.nodes[address]
    class_ = state.classes.get(it.class_)
    return m.OwnedNode(
        node=str(address),
        state=word(NodeState(it.state)),
        active=of_io(it.own__active),
        pending=of_io(it.own__pending),
        cooling=of_io(it.own__total),
        claimable=of_io(it.own__due),
        minimum=of_io(0 if class_ is None else class_.minimum(it.units)),
    )


def _stake(it: StakeStatus) -> m.WalletStake:
    return m.WalletStake(
        node=str(it.node),
        owner=it.is_owner,
        active=money(it.active),
        pending=money(it.pending),
        activates_from=it.activates_from,
        cooling=[m.Leaving(amount=money(each.amount), ready_at=each.ready_at) for each in it.cooling],
        ready=money(it.ready),
        claimable=money(it.claimable),
        blocked=it.blocked,
        worth=money(it.worth),
        shares=str(it.shares),
    )


@wallets.get(
    "/calls/{action}", summary="A transaction of a co-staker or a node's owner, to be checked and signed"
)
def call(watching: _TheNode, action: Action, asked: Annotated[AskedCall, Query()]) -> m.Unsigned:
    """A transaction."""
    holder, node = address_of(asked.holder), address_of(asked.node)
    if (asked.amount is None) == (action in _AMOUNTS):
        raise BadQuestion(f"to {action} takes {'an' if action in _AMOUNTS else 'no'} amount")
    return watching.ask(lambda client: _built(client, action, holder, node, asked.amount or 0))


async def _built(
    client: AsyncClient, action: Action, holder: Pubkey, node: Pubkey, amount: int
) -> m.Unsigned:
    client = client.as_(SignsElsewhere(holder))
    staking = client.staking
    try:
        match action:
            case "stake":
                transaction = await staking.stake(node, IO.from_base(amount)).tx(partial=True)
            case "unstake":
                transaction = await staking.unstake(node, IO.from_base(amount)).tx(partial=True)
            case "claim":
                transaction = await staking.claim(node).tx(partial=True)
            case "compound":
                # Rewards become no stake beside stake that waits to be activated.
                ready = (await staking.status(node)).can_activate
                compounding = staking.compound(node)
                transaction = await (staking.activate(node) + compounding if ready else compounding).tx(
                    partial=True
                )
            case "withdraw":
                transaction = await staking.withdraw(node).tx(partial=True)
    except (AccountNotFound, DecodeError):
        raise Absent(
            f"what {action} is about is not on chain: a node {node}, or stake of {holder} on it"
        ) from None
    except TransactionFailed as bad:
        raise BadQuestion(f"it would fail: {bad}") from None
    return m.Unsigned(transaction=encoded(transaction), since=await client.slot())


@wallets.post("/sent", summary="Hands a signed transaction of the staking program to the chain's node")
def send(watching: _TheNode, signed: Signed) -> m.Handed:
    """A transaction to send."""
    transaction = signed_of(signed.transaction, _PROGRAMS, "the staking program")
    return m.Handed(signature=watching.ask(lambda client: handed(client, transaction)))


@wallets.get("/sent/{signature}", summary="What became of a transaction")
def sent(
    watching: _TheNode,
    signature: Annotated[str, Path(min_length=64, max_length=88, description="Base58.")],
    asked: Annotated[AskedSent, Query()],
) -> m.Sent:
    """A transaction that was sent."""
    return watching.ask(lambda client: became(client, signature, asked.blockhash, asked.since))
