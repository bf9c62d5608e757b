"""`ionet stake`: stake and rewards of owners and co-stakers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet import IO, AccountNotFound, IonetError, TransactionFailed
from ionet.cli.arguments import IoAmount, NodeAddress, address, io_amount
from ionet.cli.failures import NOT_FOUND, REFUSED, UserError
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import session

if TYPE_CHECKING:
    from ionet import StakeStatus

app = Commands("Stake on nodes, and what it earns.")

Holder = Annotated[
    Pubkey | None,
    typer.Option("--holder", metavar="ADDRESS", parser=address, help="Whose stake; default: the signer's."),
]
OptionalNode = Annotated[
    Pubkey | None, typer.Argument(metavar="[NODE]", parser=address, help="The node; or --all.")
]
All = Annotated[bool, typer.Option("--all", help="On every node.")]


def _some_io(text: str) -> IO:
    """An amount, or zero for ALL."""
    return IO(0) if text == "ALL" else io_amount(text)


@app.command()
def add(node: NodeAddress, amount: IoAmount) -> None:
    """Stake IO on a node: as its owner, or else as a co-staker.

    It is pending at first: it counts for the maximum, but earns nothing until it is activated. An owner's
    stake is active at once if co-stakers have nothing on the node.
    """
    io = session()
    sent = io.send(io.client.staking.stake(node, amount), f"stake {amount} on {node}")
    status = io.client.staking.status(node)
    io.done(
        sent,
        f"{amount} are {'pending' if status.pending else 'active'} on {node}",
        _capital(_activation(status, io.client.time())),
        node=node,
        amount=amount,
        pending=status.pending,
        can_activate=status.can_activate,
        activates_from=status.activates_from,
    )


@app.command()
def activate(node: NodeAddress, holder: Holder = None) -> None:
    """Make pending stake active, so that it earns and votes; for anyone."""
    io = session()
    sent = io.send(io.client.staking.activate(node, holder), f"activate stake on {node}")
    io.done(sent, f"{sent.result} are active on {node}", node=node, amount=sent.result)


@app.command()
def settle(node: NodeAddress) -> None:
    """Make due pending stake on a node active, and end late weights; for anyone."""
    io = session()
    io.done(io.send(io.client.staking.settle(node), f"settle {node}"), f"Settled {node}", node=node)


@app.command()
def unstake(
    node: NodeAddress,
    amount: Annotated[IO, typer.Argument(metavar="AMOUNT", parser=_some_io, help="How many IO, or ALL.")],
) -> None:
    """Take stake off a node: pending stake is paid out at once, active stake cools for 14 days."""
    io = session()
    if not amount:
        # As it is counted, and not what it is worth: after a loss that would leave some behind.
        amount = IO.from_base(io.client.staking.status(node).shares)
        if not amount:
            raise UserError(f"nothing is staked on {node} that is not cooling already")
    sent = io.send(io.client.staking.unstake(node, amount), f"unstake {amount} from {node}")
    left, cooling = IO.from_base(sent.result.left), IO.from_base(sent.result.cooling)
    ready_at = sent.result.ready_at if cooling else 0
    lines = [f"{left} left at once"] if left else []
    if cooling:
        lines.append(f"{cooling} cool until {when(ready_at)}; then: ionet stake withdraw {node}")
    io.done(sent, *lines, node=node, left=left, cooling=cooling, ready_at=ready_at)


@app.command()
def withdraw(node: NodeAddress) -> None:
    """Pay out stake whose cooldown is over."""
    io = session()
    sent = io.send(io.client.staking.withdraw(node), f"withdraw from {node}")
    io.done(sent, f"{sent.result} left {node}", node=node, amount=sent.result)


@app.command()
def claim(node: OptionalNode = None, everything: All = False) -> None:
    """Pay out rewards, from one node or from all."""
    io = session()
    if everything == (node is not None):
        raise UserError("name a node, or say --all")
    if node is not None:
        sent = io.send(io.client.staking.claim(node), f"claim rewards on {node}")
        io.done(sent, f"Claimed {sent.result}", node=node, amount=sent.result)
        return
    _each(io.client.staking.claim, "claim", "claimed")


@app.command()
def compound(node: OptionalNode = None, everything: All = False) -> None:
    """Turn rewards into pending stake, as much as there is room for."""
    io = session()
    if everything == (node is not None):
        raise UserError("name a node, or say --all")
    if node is not None:
        sent = io.send(io.client.staking.compound(node), f"compound rewards on {node}")
        io.done(sent, f"{sent.result} more are pending on {node}", node=node, amount=sent.result)
        return
    _each(io.client.staking.compound, "compound", "compounded")


def _each(call: Any, verb: str, past: str) -> None:
    """Does the same on every node with rewards; a refusal on one does not stop the others."""
    from ionet.cli.failures import sentence

    io = session()
    stakes = [stake for stake in io.client.staking.stakes() if stake.claimable]
    if io.sign_only and stakes:
        io.print_unsent([call(stake.node) for stake in stakes])
        return
    io.refuse_nonce()
    rows, data = [], []
    stopped: IonetError | None = None
    for stake in stakes:
        if io.dry_run:
            rows.append((stake.node, stake.claimable, "dry run, nothing was sent"))
            data.append({"node": stake.node, "claimable": stake.claimable})
            continue
        try:
            sent = io.send(call(stake.node), f"{verb} rewards on {stake.node}")
        except TransactionFailed as bad:
            rows.append((stake.node, stake.claimable, f"refused: {sentence(bad)}"))
            data.append({"node": stake.node, "claimable": stake.claimable, "error": sentence(bad)})
            continue
        except IonetError as bad:
            # The node is gone, or the end unknown: what has landed is still shown.
            stopped = bad
            break
        rows.append((stake.node, sent.result, sent.signature))
        data.append({"node": stake.node, past: sent.result, "signature": sent.signature})
    if stopped is None or rows:
        io.screen.table(("node", ">amount", "signature"), rows, data=data, empty="No rewards anywhere.")
    if stopped is not None:
        raise stopped
    if any("error" in entry for entry in data):
        raise typer.Exit(REFUSED)


@app.command()
def status(
    node: NodeAddress,
    holder: Annotated[
        Pubkey | None,
        typer.Option(
            "--holder",
            metavar="ADDRESS",
            parser=address,
            help="Whose stake; default: the signer's, or without a keypair the owner's.",
        ),
    ] = None,
) -> None:
    """Show stake on a node: active, pending and cooling, and what can be withdrawn or claimed now."""
    io = session()
    staking, now = io.reader.staking, io.reader.time()
    if holder is None:
        holder = io.signer.pubkey() if io.has_signer else staking.get_node(node).owner
    room = staking.get_capacity(node)
    try:
        stake = staking.status(node, holder)
    except AccountNotFound:
        raise UserError(f"{holder} has no stake on {node}", NOT_FOUND) from None
    cooling = [
        ("Cooling" if n == 0 else "", f"{slot.amount}, {_ready(slot.ready_at, now)}")
        for n, slot in enumerate(stake.cooling)
    ]
    io.screen.facts(
        [
            ("Node", node),
            ("Holder", f"{holder} ({'owner' if stake.is_owner else 'co-staker'})"),
            ("Active", stake.active),
            ("Pending", f"{stake.pending}; {_activation(stake, now)}" if stake.pending else None),
            ("Late", f"{stake.late}, which still share rewards of earlier hours" if stake.late else None),
            *cooling,
            ("Withdraw now", stake.ready or None),
            ("Claim now", stake.claimable),
            ("Held back", stake.blocked),
            ("Worth", stake.worth),
            ("Room left", f"{room.total} for the owner, {room.co} for co-stakers (maximum {room.maximum})"),
        ],
        data={**_json(stake), "room": {"total": room.total, "co": room.co, "maximum": room.maximum}},
    )


@app.command("list")
def list_stakes(holder: Holder = None) -> None:
    """List all stake of a holder: own nodes first, then co-staked ones."""
    io = session()
    holder = holder or io.signer.pubkey()
    stakes, now = io.reader.staking.stakes(holder), io.reader.time()
    rows = []
    for stake in stakes:
        coming = [slot for slot in stake.cooling if slot.ready_at > now]
        total = sum((slot.amount for slot in coming), IO(0))
        rows.append(
            (
                stake.node,
                "owner" if stake.is_owner else "co-staker",
                f"{stake.active:n}",
                f"{stake.pending:n}{' (activate)' if stake.can_activate else ''}",
                f"{total:n}{' until ' + when(coming[0].ready_at) if coming else ''}",
                f"{stake.ready:n}",
                f"{stake.claimable:n}",
            )
        )
    io.screen.table(
        ("node", "as", ">active", ">pending", ">cooling", ">withdraw now", ">claim now"),
        rows,
        data=[_json(stake) for stake in stakes],
        empty=f"{holder} has no stake.",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _activation(status: StakeStatus, now: int) -> str:
    if not status.pending:
        return "nothing is pending"
    if status.can_activate:
        return f"it can be activated now: ionet stake activate {status.node}"
    wait = span(status.activates_from - now)
    begins = f"{when(status.activates_from)} (in {wait})"
    return f"it can be activated from {begins}, if that hour is credited by then"


def _ready(ready_at: int, now: int) -> str:
    if ready_at <= now:
        return "ready"
    return f"ready {when(ready_at)} (in {span(ready_at - now)})"


def _json(stake: StakeStatus) -> dict[str, Any]:
    return {name: getattr(stake, name) for name in stake.__slots__}
