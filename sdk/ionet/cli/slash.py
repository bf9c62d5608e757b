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
    """An amount; zero rejects the slash."""
    return IO(0) if text in ("0", "0.0") else io_amount(text)


@app.command("list")
def list_slashes(
    node: Annotated[
        Pubkey | None, typer.Option("--node", metavar="NODE", parser=address, help="Only of this node.")
    ] = None,
) -> None:
    """List open slashes."""
    io = session()
    slashes, now = io.reader.staking.slashes(node=node), io.reader.time()
    io.screen.table(
        ("slash", "node", ">held back", ">set apart", "state", "what can happen"),
        [
            (
                slash.address,
                slash.account.node,
                IO.from_base(slash.account.amount),
                IO.from_base(slash.account.apart),
                _state(slash.account),
                _next(slash.account, now),
            )
            for slash in slashes
        ],
        data=[
            {
                "slash": slash.address,
                "node": slash.account.node,
                "amount": IO.from_base(slash.account.amount),
                "apart": IO.from_base(slash.account.apart),
                "burned": IO.from_base(slash.account.burned),
                "fraud": bool(slash.account.fraud),
                "state": slash.account.state,
                "appeal_until": slash.account.appeal_until,
                "lapses_at": slash_until(slash.account),
                "evidence_hash": slash.account.evidence_hash,
            }
            for slash in slashes
        ],
        empty="No open slashes.",
    )


@app.command()
def show(slash: SlashAddress) -> None:
    """Show a slash, and what can happen to it now."""
    io = session()
    account, now = io.reader.staking.get_slash(slash), io.reader.time()
    room = slash_room(io.reader.staking.get_config(), account, io.reader.staking.total_active(), now)
    kept = IO.from_base(max(0, account.apart - room.base))
    io.screen.facts(
        [
            ("Slash", slash),
            ("Node", account.node),
            ("Held back", IO.from_base(account.amount)),
            ("Set apart", IO.from_base(account.apart)),
            ("Kept by limit", f"{kept} wait for room; {room} can be burned now" if account.apart else None),
            ("Burned", IO.from_base(account.burned)),
            ("Fraud", "it stops the node's credit, and a decision ends the node" if account.fraud else None),
            ("State", _state(account)),
            ("Evidence", account.evidence_hash.hex()),
            ("Proposed", f"{when(account.proposed_at)} by {account.proposer}"),
            ("Appealed", when(account.appealed_at) if account.appealed_at else None),
            ("Decided", when(account.decided_at) if account.decided_at else None),
            ("Next", _next(account, now)),
        ],
        data={
            **{name: getattr(account, name) for name in account.__slots__ if name not in ("version", "bump")},
            "slash": slash,
            "amount": IO.from_base(account.amount),
            "apart": IO.from_base(account.apart),
            "kept_by_limit": kept,
            "room": room,
            "burned": IO.from_base(account.burned),
            "fraud": bool(account.fraud),
            "state": account.state,
            "lapses_at": slash_until(account),
        },
    )


@app.command()
def propose(
    node: NodeAddress,
    amount: IoAmount,
    evidence: Annotated[Path | None, typer.Option("--evidence", metavar="FILE", help="The evidence.")] = None,
    evidence_hash: Annotated[
        bytes | None,
        typer.Option("--evidence-hash", metavar="HEX", parser=digest, help="Its sha256, instead."),
    ] = None,
    fraud: Annotated[
        bool,
        typer.Option(
            "--fraud", help="The slash is for fraud: the node is credited nothing until it is decided."
        ),
    ] = False,
) -> None:
    """Propose to burn a node's stake, and hold it back; for the slasher."""
    if (evidence is None) == (evidence_hash is None):
        raise UserError("name the evidence by --evidence or by --evidence-hash")
    evidence_hash = evidence_hash or sha256((evidence or Path()).read_bytes()).digest()
    io = session()
    sent = io.send(
        io.client.staking.propose_slash(node, amount, evidence_hash, fraud=fraud),
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
        evidence_hash=evidence_hash,
    )


@app.command()
def appeal(slash: SlashAddress) -> None:
    """Appeal a slash to the resolver; for the node's owner."""
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
    """Burn what a slash has set apart, as far as the seven-day limit allows; for anyone.

    Sets apart first what can be.
    """
    io = session()
    sent = io.send(io.client.staking.execute_slash(slash), f"execute {slash}")
    burned, left = IO.from_base(sent.result.amount), IO.from_base(sent.result.left)
    lines = [f"Burned {burned}"]
    if left:
        lines.append(f"the limit keeps back {left} until it has room")
    io.done(sent, *lines, slash=slash, burned=burned, left=left, by_decision=sent.result.by_decision)


@app.command()
def cancel(slash: SlashAddress) -> None:
    """Cancel an undecided slash, and return what was set apart; for the authority."""
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
        return "anyone can burn what was set apart, as far as the limit allows"
    if slash.state == SlashState.DISPROVED:
        return f"it stays until {when(slash.appeal_until)}, so that nobody shows the same again"
    if slash.state == SlashState.APPEALED and last is not None:
        return f"the resolver decides until {when(last)}, else it lapses"
    if slash.state == SlashState.PROPOSED and now < slash.appeal_until:
        return f"the owner may appeal until {when(slash.appeal_until)}"
    return "the resolver can decide on fraud" + ("" if last is None else f" until {when(last)}")
