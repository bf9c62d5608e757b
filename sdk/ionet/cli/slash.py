"""`ionet slash`: proposals to burn a node's stake."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer
from solders.pubkey import Pubkey

from ionet import IO, SlashState, accounts
from ionet.cli.arguments import IoAmount, NodeAddress, address, digest, io_amount
from ionet.cli.failures import UserError
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.session import session
from ionet.staking.stake import slash_is_over, slash_is_settable, slash_room, slash_until

app = Commands("Proposals to burn a node's stake: appeals, decisions, execution.")

SlashAddress = Annotated[Pubkey, typer.Argument(metavar="SLASH", parser=address, help="The slash's account.")]


def _decided(text: str) -> IO:
    """An amount, of which zero rejects."""
    return IO(0) if text in ("0", "0.0") else io_amount(text)


@app.command("list")
def list_slashes(
    node: Annotated[
        Pubkey | None, typer.Option("--node", metavar="NODE", parser=address, help="Of this node only.")
    ] = None,
) -> None:
    """List the slashes that are not closed."""
    io = session()
    found, now = io.reader.staking.slashes(node=node), io.reader.time()
    io.screen.table(
        ("slash", "node", ">held back", ">set apart", "state", "what can happen"),
        [
            (
                one.address,
                one.account.node,
                IO.from_base(one.account.amount),
                IO.from_base(one.account.apart),
                _state(one.account),
                _next(one.account, now),
            )
            for one in found
        ],
        data=[
            {
                "slash": one.address,
                "node": one.account.node,
                "amount": IO.from_base(one.account.amount),
                "apart": IO.from_base(one.account.apart),
                "burned": IO.from_base(one.account.burned),
                "fraud": bool(one.account.fraud),
                "state": one.account.state,
                "appeal_until": one.account.appeal_until,
                "lapses_at": slash_until(one.account),
                "evidence_hash": one.account.evidence_hash,
            }
            for one in found
        ],
        empty="No open slashes.",
    )


@app.command()
def show(slash: SlashAddress) -> None:
    """Show a slash, and what can happen to it now."""
    io = session()
    found, now = io.reader.staking.get_slash(slash), io.reader.time()
    room = slash_room(io.reader.staking.get_config(), found, io.reader.staking.total_active(), now)
    kept = IO.from_base(max(0, found.apart - room.base))
    io.screen.facts(
        [
            ("Slash", slash),
            ("Node", found.node),
            ("Held back", IO.from_base(found.amount)),
            ("Set apart", IO.from_base(found.apart)),
            ("Kept by limit", f"{kept} wait for room; {room} can be burned now" if found.apart else None),
            ("Burned", IO.from_base(found.burned)),
            ("Fraud", "it stops the node's credit, and a decision ends the node" if found.fraud else None),
            ("State", _state(found)),
            ("Evidence", found.evidence_hash.hex()),
            ("Proposed", f"{when(found.proposed_at)} by {found.proposer}"),
            ("Appealed", when(found.appealed_at) if found.appealed_at else None),
            ("Decided", when(found.decided_at) if found.decided_at else None),
            ("Next", _next(found, now)),
        ],
        data={
            **{name: getattr(found, name) for name in found.__slots__ if name not in ("version", "bump")},
            "slash": slash,
            "amount": IO.from_base(found.amount),
            "apart": IO.from_base(found.apart),
            "kept_by_limit": kept,
            "room": room,
            "burned": IO.from_base(found.burned),
            "fraud": bool(found.fraud),
            "state": found.state,
            "lapses_at": slash_until(found),
        },
    )


@app.command()
def propose(
    node: NodeAddress,
    amount: IoAmount,
    evidence: Annotated[
        Path | None, typer.Option("--evidence", metavar="FILE", help="What shows that it is due.")
    ] = None,
    evidence_hash: Annotated[
        bytes | None,
        typer.Option("--evidence-hash", metavar="HEX", parser=digest, help="Its sha256, instead."),
    ] = None,
    fraud: Annotated[
        bool,
        typer.Option("--fraud", help="It names fraud: the node is credited nothing until it is decided."),
    ] = False,
) -> None:
    """Propose to burn a node's stake, and hold it back; for the slasher."""
    if (evidence is None) == (evidence_hash is None):
        raise UserError("name the evidence by --evidence or by --evidence-hash")
    found = evidence_hash or sha256((evidence or Path()).read_bytes()).digest()
    io = session()
    sent = io.send(
        io.client.staking.propose_slash(node, amount, found, fraud=fraud),
        f"propose to slash {amount} of {node}",
    )
    account = io.client.staking.get_slash(sent.result)
    io.done(
        sent,
        f"Proposed {sent.result}: {amount} of {node} are held back",
        f"Its owner may appeal until {when(account.appeal_until)}",
        slash=sent.result,
        node=node,
        amount=amount,
        fraud=fraud,
        appeal_until=account.appeal_until,
        evidence_hash=found,
    )


@app.command()
def appeal(slash: SlashAddress) -> None:
    """Put a slash before the resolver; for the node's owner."""
    io = session()
    sent = io.send(io.client.staking.appeal(slash), f"appeal against {slash}")
    lapses = slash_until(io.client.staking.get_slash(slash))
    assert lapses is not None
    io.done(sent, f"Appealed; it lapses if it is not decided until {when(lapses)}", slash=slash)


@app.command()
def resolve(
    slash: SlashAddress,
    amount: Annotated[
        IO, typer.Argument(metavar="AMOUNT", parser=_decided, help="At most what was proposed; 0 rejects it.")
    ],
) -> None:
    """Decide a slash; for the resolver."""
    io = session()
    sent = io.send(io.client.staking.resolve_slash(slash, amount), f"decide {slash}: {amount}")
    freed = IO.from_base(sent.result.freed)
    io.done(
        sent, f"Decided: {amount} may be burned, {freed} are free", slash=slash, amount=amount, freed=freed
    )


@app.command("set-apart")
def set_apart(slash: SlashAddress) -> None:
    """Set apart what a slash takes, so that it does not lapse; for anyone."""
    io = session()
    sent = io.send(io.client.staking.set_apart_slash(slash), f"set {slash} apart")
    amount, left = IO.from_base(sent.result.amount), IO.from_base(sent.result.left)
    lines = [f"Set {amount} apart; {left} are still held back"]
    if sent.result.terminal:
        lines.append("It reached the co-stakers: the node is terminal")
    io.done(sent, *lines, slash=slash, amount=amount, left=left, terminal=sent.result.terminal)


@app.command()
def execute(slash: SlashAddress) -> None:
    """Burn what a slash has set apart, as far as the limit of seven days lets; for anyone.

    What can be set apart now is set apart first.
    """
    io = session()
    sent = io.send(io.client.staking.execute_slash(slash), f"execute {slash}")
    burned, left = IO.from_base(sent.result.amount), IO.from_base(sent.result.left)
    lines = [f"Burned {burned}"]
    if left:
        lines.append(f"{left} are kept back by the limit, and can be burned as it has room")
    io.done(sent, *lines, slash=slash, burned=burned, left=left, by_decision=sent.result.by_decision)


@app.command()
def cancel(slash: SlashAddress) -> None:
    """End a slash that is not decided, and give back what was set apart; for the authority."""
    io = session()
    sent = io.send(io.client.staking.cancel_slash(slash), f"cancel {slash}")
    freed, returned = IO.from_base(sent.result.freed), IO.from_base(sent.result.returned)
    io.done(
        sent,
        f"Cancelled: {freed} are free, {returned} went back",
        slash=slash,
        freed=freed,
        returned=returned,
    )


@app.command()
def close(slash: SlashAddress) -> None:
    """Close a slash that is done or has lapsed; for anyone."""
    io = session()
    io.done(io.send(io.client.staking.close_slash(slash), f"close {slash}"), f"Closed {slash}", slash=slash)


def _state(slash: accounts.staking.Slash) -> str:
    return slash.state.name.lower() + (", fraud" if slash.fraud else "")


def _next(slash: accounts.staking.Slash, now: int) -> str:
    """What can happen to a slash now, in words."""
    last = slash_until(slash)
    if slash_is_over(slash, now):
        return "it is over: anyone can close it"
    if slash_is_settable(slash, now):
        until = "" if last is None else f" until {when(last)}"
        return f"anyone can set it apart and execute it{until}"
    if slash.apart:
        return "anyone can burn what was set apart, as the limit has room"
    if slash.state == SlashState.APPEALED and last is not None:
        return f"the resolver decides until {when(last)}, else it lapses"
    if slash.state == SlashState.PROPOSED and now < slash.appeal_until:
        return f"the owner may appeal until {when(slash.appeal_until)}"
    return "the resolver can decide on fraud" + ("" if last is None else f" until {when(last)}")
