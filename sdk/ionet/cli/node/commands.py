"""`ionet node`: hardware classes, devices, nodes and networks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet import IO, NodeState, accounts, pda, types
from ionet.cli.api import Explorer, asked, read_from
from ionet.cli.arguments import NodeAddress, address, percent
from ionet.cli.failures import NOT_FOUND, REFUSED, UserError
from ionet.cli.node import classes, devices, lowering, networks
from ionet.cli.node.lines import NodeLine, Wanted, line_of, nodes_of
from ionet.cli.node.parts import (
    AttesterOption,
    ClassOption,
    Commission,
    DeviceAddress,
    DeviceKeyOption,
    Fingerprint,
    Link,
    Memory,
    Region,
    Uuid,
    class_of,
    fingerprint_of,
    text_of,
)
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.session import Session, session
from ionet.staking.stake import class_name, minimum

if TYPE_CHECKING:
    from ionet import KeyedAccount

app = Commands("Hardware classes, devices, nodes and networks.")
app.add_typer(classes.app, name="classes")
app.add_typer(devices.app, name="device")
app.add_typer(networks.app, name="network")
app.command()(lowering.lower)


class State(StrEnum):
    """A node's state."""

    LIVE = "live"
    RETIRED = "retired"
    TERMINAL = "terminal"


class By(StrEnum):
    """How nodes are counted."""

    NETWORK = "network"
    CLASS = "class"


# -- this machine


@app.command()
def probe() -> None:
    """Show this machine's devices, with what is needed to register each."""
    try:
        from ionet.worker import probe as look

        machine = look()
    except ImportError as bad:
        raise UserError(f"probing needs {bad.name}: pip install 'ionet[orchestrator]'") from None
    rows = [
        (
            device.uuid,
            device.name,
            device.hardware_class.name if device.hardware_class else "none",
            f"{device.memory >> 30}",
            device.fingerprint.hex(),
        )
        for device in machine.devices
    ]
    session().screen.table(
        ("uuid", "device", "class", ">GiB", "fingerprint"),
        rows,
        data=[
            {
                "uuid": device.uuid,
                "name": device.name,
                "class": device.hardware_class.name if device.hardware_class else None,
                "memory_gib": device.memory >> 30,
                "fingerprint": device.fingerprint,
            }
            for device in machine.devices
        ],
        empty="No device that could be registered.",
    )
    for fault in machine.faults:
        which = "" if fault.index is None else f"GPU {fault.index}: "
        session().screen.note(f"Not usable: {which}{fault.reason}")


# -- nodes


@app.command()
def register(
    class_: ClassOption,
    device_key: DeviceKeyOption,
    attester: AttesterOption,
    uuid: Uuid = None,
    fingerprint: Fingerprint = None,
    commission: Commission = "0",  # type: ignore[assignment]  # read by its parser
    region: Region = 0,
    memory: Memory = 0,
    link: Link = 0,
) -> None:
    """Register a device and make it a node; the signer will own both."""
    io = session()
    kind, print_ = class_of(io, class_), fingerprint_of(uuid, fingerprint)
    existing = io.reader.fetch_many(accounts.staking.Device, [pda.staking.device(print_)])[0]
    if existing is not None:
        raise UserError(
            f"the device is registered already: owner {existing.owner}, node {existing.node};"
            " see `ionet node device claim` and `ionet node reopen`",
            REFUSED,
        )
    call = io.client.staking.register(
        class_id=kind.id,
        fingerprint=print_,
        device=io.party(device_key),
        attester=io.party(attester),
        commission_bps=commission,
        region=region,
        memory_gib=memory,
        link_mbps=link,
    )
    sent = io.send(call, f"register a node of class {class_name(kind)}")
    needed = minimum(kind, 1)
    io.done(
        sent,
        f"Registered node {sent.result} of class {class_name(kind)}",
        f"Next: ionet stake add {sent.result} {needed:n}".replace(",", "") + "   (its minimum)",
        node=sent.result,
        minimum_stake=needed,
    )


@app.command("list")
def list_nodes(
    class_: Annotated[
        str | None, typer.Option("--class", metavar="CLASS", help="Only of this class.")
    ] = None,
    region: Annotated[int | None, typer.Option("--region", help="Only in this region.")] = None,
    owner: Annotated[
        Pubkey | None, typer.Option("--owner", metavar="ADDRESS", parser=address, help="Only of this owner.")
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only my own.")] = False,
    of_network: Annotated[
        str | None, typer.Option("--network", metavar="NAME", help="Only of this network: name or account.")
    ] = None,
    state: Annotated[State | None, typer.Option("--state", help="Only in this state.")] = None,
    by: Annotated[By | None, typer.Option("--by", help="Count them instead of listing them.")] = None,
    explorer: Explorer = None,
) -> None:
    """List nodes, or count them by network and class."""
    io = session()
    with asked(explorer) as api:
        if api is not None:
            if by is not None:
                raise UserError("an explorer lists nodes: leave out --by, or --explorer")
            whose = io.signer.pubkey() if mine else owner
            wanted = Wanted(class_, whose, of_network, None if state is None else state.value, region)
            _show_nodes(io, nodes_of(api, wanted))
            return
    names = {class_.account.id: class_name(class_.account) for class_ in io.reader.staking.classes()}
    networks = {network.address: text_of(network.account.name) for network in io.reader.staking.networks()}
    if by is not None:
        if any(option is not None for option in (class_, region, owner, of_network, state)) or mine:
            raise UserError("--by counts all nodes; it takes no filter")
        _counts(io, by, names, networks)
        return
    nodes = io.reader.staking.nodes(
        io.signer.pubkey() if mine else owner,
        class_id=None if class_ is None else class_of(io, class_).id,
        network=None if of_network is None else _network(of_network, networks),
        state=None if state is None else NodeState[state.name],
        region=region,
    )
    _show_nodes(io, [line_of(node, names, networks) for node in nodes])


def _show_nodes(io: Session, nodes: list[NodeLine]) -> None:
    rows = [
        (
            node.node,
            node.class_name or node.class_id,
            node.units,
            node.state.name.lower(),
            node.region or None,
            f"{node.own_active:.2n}",
            f"{node.co_active:.2n}",
            f"{node.commission_bps / 100:g} %",
            node.network,
        )
        for node in nodes
    ]
    io.screen.table(
        (
            "node",
            "class",
            ">units",
            "state",
            ">region",
            ">stake IO",
            ">co-stake IO",
            ">commission",
            "network",
        ),
        rows,
        data=[node.data() for node in nodes],
        empty="No such nodes.",
    )


def _counts(io: Session, by: By, names: dict[int, str], networks: dict[Pubkey, str]) -> None:
    sums: dict[tuple[str, ...], list[int]] = {}
    supply = io.reader.staking.node_counts()
    for group in supply:
        origin = "own" if group.network is None else networks.get(group.network, str(group.network))
        kind = names.get(group.class_id, str(group.class_id))
        key = (origin, kind) if by is By.NETWORK else (kind,)
        counts = sums.setdefault(key, [0, 0, 0, 0])
        for i, value in enumerate((group.nodes, group.units, group.stake.base)):
            counts[i if group.state == NodeState.LIVE or i else 3] += value
    rows = [
        (*key, f"{live:,}", f"{idle:,}", f"{units:,}", f"{IO.from_base(stake):.2n}")
        for key, (live, units, stake, idle) in sorted(sums.items())
    ]
    totals = [sum(values[i] for values in sums.values()) for i in range(4)]
    if rows:
        blank = ("total", "") if by is By.NETWORK else ("total",)
        live, units, stake, idle = totals
        rows.append((*blank, f"{live:,}", f"{idle:,}", f"{units:,}", f"{IO.from_base(stake):.2n}"))
    heads = ("network", "class") if by is By.NETWORK else ("class",)
    io.screen.table(
        (*heads, ">live", ">gone", ">processors", ">stake IO"),
        rows,
        data=[
            {
                "network": None if group.network is None else networks.get(group.network),
                "network_account": group.network,
                "class": names.get(group.class_id),
                "class_id": group.class_id,
                "state": group.state,
                "nodes": group.nodes,
                "processors": group.units,
                "stake": group.stake,
            }
            for group in supply
        ],
        empty="No nodes yet.",
    )


@app.command()
def show(node: NodeAddress, explorer: Explorer = None) -> None:
    """Show a node: state, stake, proof, and what keeps it from earning."""
    io = session()
    read_from(io, explorer)
    staking, now = io.reader.staking, io.reader.time()
    account = staking.get_node(node)
    kind, room = staking.get_class(account.class_), staking.get_capacity(node)
    networks = {network.address: text_of(network.account.name) for network in staking.networks()}
    names = {account.class_: class_name(kind)}
    lease = _lease(io, account, now)
    notes = _notes(account, room.minimum, lease, now)
    proof = account.last_proof
    active = IO.from_base(account.own.active + account.co.active)
    waiting = IO.from_base(account.own.pending + account.co.pending)
    io.screen.facts(
        [
            ("Node", node),
            ("Owner", account.owner),
            ("Class", f"{names[account.class_]}, {account.units} processor{'s' * (account.units > 1)}"),
            ("State", _state(account)),
            ("Network", networks.get(account.network)),
            ("Region", account.region or None),
            ("Registered", when(account.registered_at)),
            ("Device", f"{account.device} (key {account.device_key})"),
            ("Commission", _commission(account)),
            ("Stake", f"{active} active, {waiting} pending (minimum {room.minimum}, maximum {room.maximum})"),
            (
                "Owner's side",
                f"{IO.from_base(account.own.active)} active, {IO.from_base(account.own.pending)} pending",
            ),
            (
                "Co-stakers",
                f"{IO.from_base(account.co.active)} active, {IO.from_base(account.co.pending)} pending",
            ),
            ("Room left", f"{room.total} for the owner, {room.co} for co-stakers"),
            ("Credited", f"{IO.from_base(account.credited)} in all, up to {when(account.credited_through)}"),
            ("Last proof", _proof(proof)),
            *(("Note" if n == 0 else "", text) for n, text in enumerate(notes)),
        ],
        data={
            **line_of(_keyed(node, account), names, networks).data(),
            "device": account.device,
            "device_key": account.device_key,
            "registered_at": account.registered_at,
            "room": {"minimum": room.minimum, "maximum": room.maximum, "total": room.total, "co": room.co},
            "credited": IO.from_base(account.credited),
            "credited_through": account.credited_through,
            "credit_frozen_until": account.credit_frozen_until,
            "frozen": IO.from_base(account.frozen),
            "challenges": account.challenges,
            "leased_until": lease,
            "last_proof": {
                "time": proof.time,
                "passed": bool(proof.passed),
                "reason": proof.reason,
                "score_bps": proof.score_bps,
            },
            "notes": notes,
        },
    )


@app.command()
def why(
    node: NodeAddress,
    hour: Annotated[
        int | None,
        typer.Option("--hour", metavar="NUMBER", help="From the start of emission; default: latest."),
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option("--evidence", metavar="FILE", help="The hour's published evidence file.")
    ] = None,
    explorer: Explorer = None,
) -> None:
    """Say why a node earned nothing in an hour, or where its reward is."""
    if evidence is not None:
        from ionet.cli.evidence import require_numpy

        require_numpy()
    io = session()
    read_from(io, explorer)
    explanation = io.reader.staking.why(node, hour=hour, evidence=evidence)
    head = (
        f"Hour {explanation.seq}, which ended {when(explanation.period_end)}" if explanation.seq else "So far"
    )
    lines: list[str] = []
    if explanation.earned:
        lines.append(f"{head}: the node earned {explanation.earned}.")
        if not explanation.waiting:
            lines.append("It was credited; each holder claims with `ionet stake claim`.")
    elif explanation.earned is not None:
        lines.append(f"{head}: the node earned nothing, because")
    elif explanation.unpaid:
        lines.append(f"{head}: by what the chain shows now, the node earned nothing, because")
    else:
        lines.append(f"{head}: the chain shows no reason why it should not be rewarded.")
    lines += _causes(explanation.unpaid)
    if explanation.waiting:
        lines.append(
            "What it earned waits, because"
            if explanation.earned
            else "What it may have earned waits, because"
        )
        lines += _causes(explanation.waiting)
    if not explanation.exact and explanation.seq:
        lines.append(
            "Uptime, stake and proof of that hour are in its evidence file: give it with --evidence."
        )
    if explanation.exact and explanation.report is None:
        lines.append("No report on the chain has the hash of this evidence file: it proves nothing.")
    if explanation.untimed is not None:
        lines.append(explanation.untimed)
    io.screen.show(
        {
            "node": explanation.node,
            "hour": explanation.seq,
            "period_end": explanation.period_end,
            "earned": explanation.earned,
            "exact": explanation.exact,
            "report": explanation.report,
            "unpaid": explanation.unpaid,
            "waiting": explanation.waiting,
            "untimed": explanation.untimed,
        },
        *lines,
    )


def _causes(causes: Any) -> list[str]:
    lines = []
    for cause in causes:
        lines.append(f"  - {cause.text}")
        if cause.todo:
            lines.append(f"    → {cause.todo}")
    return lines


@app.command()
def commission(
    node: NodeAddress,
    rate: Annotated[int, typer.Argument(metavar="PERCENT", parser=percent, help="For example 12.5.")],
) -> None:
    """Announce the owner's part of co-stakers' rewards: at most five points more, after seven days."""
    io = session()
    sent = io.send(io.client.staking.set_commission(node, rate), f"announce a commission of {rate / 100:g} %")
    begins = sent.result.from_
    io.done(
        sent,
        f"The commission of {node} will be {rate / 100:g} % from {when(begins)}",
        node=node,
        commission_bps=rate,
        from_=begins,
    )


@app.command()
def retire(node: NodeAddress) -> None:
    """Take a node out of the market. Stake and rewards can still be withdrawn."""
    io = session()
    sent = io.send(io.client.staking.retire(node), f"retire {node}")
    io.done(sent, f"Retired {node}; take its stake off with `ionet stake unstake`", node=node)


@app.command()
def reopen(
    node: NodeAddress,
    device_key: DeviceKeyOption,
    rate: Annotated[
        int | None,
        typer.Option("--commission", metavar="PERCENT", parser=percent, help="Default: as before."),
    ] = None,
    region: Annotated[int | None, typer.Option("--region", help="Default: as before.")] = None,
    memory: Annotated[int | None, typer.Option("--memory", metavar="GIB", help="Default: as before.")] = None,
    link: Annotated[int | None, typer.Option("--link", metavar="MBPS", help="Default: as before.")] = None,
) -> None:
    """Bring a retired node back; for the owner of its device."""
    io = session()
    call = io.client.staking.reopen(
        node,
        device=io.party(device_key),
        commission_bps=rate,
        region=region,
        memory_gib=memory,
        link_mbps=link,
    )
    io.done(io.send(call, f"reopen {node}"), f"{node} is live again", node=node)


@app.command()
def attach(node: NodeAddress, device: DeviceAddress) -> None:
    """Add a processor of the same class to a node, up to eight in all; for the owner of both."""
    io = session()
    sent = io.send(io.client.staking.attach_device(node, device), f"attach {device} to {node}")
    io.done(sent, f"{node} has {sent.result} processors now", node=node, device=device, units=sent.result)


@app.command()
def detach(device: DeviceAddress) -> None:
    """Take a processor other than the first off its node; for the owner, or a retired node's next owner."""
    io = session()
    sent = io.send(io.client.staking.detach_device(device), f"detach {device}")
    io.done(sent, f"Detached {device}; its node has {sent.result} left", device=device, units=sent.result)


@app.command()
def evict(node: NodeAddress) -> None:
    """Retire the node of a squatter; for the resolver."""
    io = session()
    io.done(io.send(io.client.staking.evict_node(node), f"evict {node}"), f"Evicted {node}", node=node)


@app.command()
def expel(node: NodeAddress) -> None:
    """Move a former owner's stake off a node whose device has a new owner; for anyone."""
    io = session()
    sent = io.send(io.client.staking.expel_owner(node), f"expel the former owner of {node}")
    amount, ready_at = IO.from_base(sent.result.amount), sent.result.ready_at
    io.done(
        sent,
        f"{amount} of {sent.result.owner} cool until {when(ready_at)}; then: ionet node pay-former {node}",
        node=node,
        owner=sent.result.owner,
        amount=amount,
        ready_at=ready_at,
    )


@app.command("pay-former")
def pay_former(node: NodeAddress) -> None:
    """Pay a node's former owner what is left of their side, after its cooldown; for anyone."""
    io = session()
    sent = io.send(io.client.staking.withdraw_former(node), f"pay the former owner of {node}")
    io.done(sent, f"Paid {sent.result} to the former owner of {node}", node=node, amount=sent.result)


# -- parts of answers


def _network(text: str, networks: dict[Pubkey, str]) -> Pubkey:
    for account, name in networks.items():
        if text in (str(account), name):
            return account
    known = f"there are {', '.join(networks.values())}" if networks else "there is none yet"
    raise UserError(f"no network {text!r}; {known}", NOT_FOUND)


def _state(node: accounts.staking.Node) -> str:
    return node.state.name.lower()


def _commission(node: accounts.staking.Node) -> str:
    text = f"{node.commission_bps / 100:g} %"
    if node.commission_at:
        text += f", {node.next_commission_bps / 100:g} % from {when(node.commission_at)}"
    return text


def _proof(proof: types.staking.LastProof) -> str:
    if not proof.time:
        return "none yet: nothing is earned before the first passed proof"
    if proof.passed:
        speed = f", at {proof.score_bps / 100:g} % of the class's speed" if proof.score_bps else ", not timed"
        return f"passed {when(proof.time)}{speed}"
    return f"failed {when(proof.time)}: {proof.reason.explain()}"


def _lease(io: Session, node: accounts.staking.Node, now: int) -> int | None:
    offer = io.reader.fetch_many(accounts.jobs.Offer, [node.offer])[0]
    until = offer.lease_until if offer is not None else 0
    return until if until > now else None


def _notes(node: accounts.staking.Node, needed: IO, lease: int | None, now: int) -> list[str]:
    """What keeps a node from earning, in words."""
    notes = []
    active = IO.from_base(node.own.active + node.co.active)
    if node.state == NodeState.RETIRED:
        notes.append(f"retired {when(node.retired_at)}: it earns nothing; `ionet node reopen` brings it back")
    if node.state == NodeState.TERMINAL:
        notes.append("terminal: a slash reached its co-stakers; it takes no stake and earns no more")
    if node.state == NodeState.LIVE and active < needed:
        notes.append(f"active stake is {needed - active} below the minimum: it earns nothing")
    if node.frozen:
        notes.append(f"open slash proposals hold back {IO.from_base(node.frozen)}: see `ionet slash list`")
    if node.challenges:
        notes.append(
            f"{node.challenges} open challenge{'s' * (node.challenges > 1)}: no credit before"
            f" {when(node.credit_frozen_until)}"
        )
    if lease:
        notes.append(
            f"leased until {when(lease)}: it can be neither booked nor retired, and its minimum stays"
        )
    return notes


def _keyed(node: Pubkey, account: accounts.staking.Node) -> KeyedAccount[accounts.staking.Node]:
    from ionet import KeyedAccount

    return KeyedAccount(node, account)
