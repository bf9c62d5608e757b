"""`ionet node`: hardware classes, devices, nodes and networks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet import IO, NodeState, accounts, pda, types
from ionet.cli.arguments import NodeAddress, address, percent
from ionet.cli.failures import NOT_FOUND, REFUSED, UserError
from ionet.cli.node import classes, devices, networks
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


class State(StrEnum):
    """Where a node stands."""

    LIVE = "live"
    RETIRED = "retired"
    TERMINAL = "terminal"


class By(StrEnum):
    """What nodes are counted by."""

    NETWORK = "network"
    CLASS = "class"


# -- this machine


@app.command()
def probe() -> None:
    """Show this machine's devices, with what is needed to register each."""
    try:
        from ionet.worker import probe as look

        found = look()
    except ImportError as bad:
        raise UserError(f"probing needs {bad.name}: pip install 'ionet[orchestrator]'") from None
    rows = [
        (
            one.uuid,
            one.name,
            one.hardware_class.name if one.hardware_class else "none",
            f"{one.memory >> 30}",
            one.fingerprint.hex(),
        )
        for one in found.devices
    ]
    session().screen.table(
        ("uuid", "device", "class", ">GiB", "fingerprint"),
        rows,
        data=[
            {
                "uuid": one.uuid,
                "name": one.name,
                "class": one.hardware_class.name if one.hardware_class else None,
                "memory_gib": one.memory >> 30,
                "fingerprint": one.fingerprint,
            }
            for one in found.devices
        ],
        empty="No device that could be registered.",
    )
    for fault in found.faults:
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
    """Register a device and make a node of it; who signs will own both."""
    io = session()
    kind, print_ = class_of(io, class_), fingerprint_of(uuid, fingerprint)
    known = io.reader.fetch_many(accounts.staking.Device, [pda.staking.device(print_)])[0]
    if known is not None:
        raise UserError(
            f"the device is registered already: owner {known.owner}, node {known.node};"
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
        str | None, typer.Option("--class", metavar="CLASS", help="Of this class only.")
    ] = None,
    region: Annotated[int | None, typer.Option("--region", help="In this region only.")] = None,
    owner: Annotated[
        Pubkey | None, typer.Option("--owner", metavar="ADDRESS", parser=address, help="Of this owner only.")
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="My own only.")] = False,
    of_network: Annotated[
        str | None, typer.Option("--network", metavar="NAME", help="Of this network only: name or account.")
    ] = None,
    state: Annotated[State | None, typer.Option("--state", help="That stand so only.")] = None,
    by: Annotated[By | None, typer.Option("--by", help="Count them instead of listing them.")] = None,
) -> None:
    """List nodes, or count them by network and class."""
    io = session()
    names = {one.account.id: class_name(one.account) for one in io.reader.staking.classes()}
    networks = {one.address: text_of(one.account.name) for one in io.reader.staking.networks()}
    if by is not None:
        if any(one is not None for one in (class_, region, owner, of_network, state)) or mine:
            raise UserError("--by counts all nodes; it takes no filter")
        _counts(io, by, names, networks)
        return
    found = io.reader.staking.nodes(
        io.signer.pubkey() if mine else owner,
        class_id=None if class_ is None else class_of(io, class_).id,
        network=None if of_network is None else _network(of_network, networks),
        state=None if state is None else NodeState[state.name],
        region=region,
    )
    rows = [
        (
            one.address,
            names.get(one.account.class_, one.account.class_),
            one.account.units,
            _state(one.account),
            one.account.region or None,
            f"{IO.from_base(one.account.own.active):.2n}",
            f"{IO.from_base(one.account.co.active):.2n}",
            f"{one.account.commission_bps / 100:g} %",
            networks.get(one.account.network),
        )
        for one in found
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
        data=[_node_json(one, names, networks) for one in found],
        empty="No such nodes.",
    )


def _counts(io: Session, by: By, names: dict[int, str], networks: dict[Pubkey, str]) -> None:
    sums: dict[tuple[str, ...], list[int]] = {}
    supply = io.reader.staking.node_counts()
    for one in supply:
        origin = "own" if one.network is None else networks.get(one.network, str(one.network))
        kind = names.get(one.class_id, str(one.class_id))
        key = (origin, kind) if by is By.NETWORK else (kind,)
        counts = sums.setdefault(key, [0, 0, 0, 0])
        for i, value in enumerate((one.nodes, one.units, one.stake.base)):
            counts[i if one.state == NodeState.LIVE or i else 3] += value
    rows = [
        (*key, f"{live:,}", f"{idle:,}", f"{units:,}", f"{IO.from_base(stake):.2n}")
        for key, (live, units, stake, idle) in sorted(sums.items())
    ]
    totals = [sum(one[i] for one in sums.values()) for i in range(4)]
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
                "network": None if one.network is None else networks.get(one.network),
                "network_account": one.network,
                "class": names.get(one.class_id),
                "class_id": one.class_id,
                "state": one.state,
                "nodes": one.nodes,
                "processors": one.units,
                "stake": one.stake,
            }
            for one in supply
        ],
        empty="No nodes yet.",
    )


@app.command()
def show(node: NodeAddress) -> None:
    """Show a node: state, stake, proof, and what stands in its way."""
    io = session()
    staking, now = io.reader.staking, io.reader.time()
    found = staking.get_node(node)
    kind, room = staking.get_class(found.class_), staking.get_capacity(node)
    networks = {one.address: text_of(one.account.name) for one in staking.networks()}
    names = {found.class_: class_name(kind)}
    lease = _lease(io, found, now)
    notes = _notes(found, room.minimum, lease, now)
    proof = found.last_proof
    active = IO.from_base(found.own.active + found.co.active)
    waiting = IO.from_base(found.own.pending + found.co.pending)
    io.screen.facts(
        [
            ("Node", node),
            ("Owner", found.owner),
            ("Class", f"{names[found.class_]}, {found.units} processor{'s' * (found.units > 1)}"),
            ("State", _state(found)),
            ("Network", networks.get(found.network)),
            ("Region", found.region or None),
            ("Registered", when(found.registered_at)),
            ("Device", f"{found.device} (key {found.device_key})"),
            ("Commission", _commission(found)),
            ("Stake", f"{active} active, {waiting} pending (minimum {room.minimum}, maximum {room.maximum})"),
            (
                "Owner's side",
                f"{IO.from_base(found.own.active)} active, {IO.from_base(found.own.pending)} pending",
            ),
            (
                "Co-stakers",
                f"{IO.from_base(found.co.active)} active, {IO.from_base(found.co.pending)} pending",
            ),
            ("StakeCapacity", f"{room.total} for the owner, {room.co} for co-stakers"),
            ("Credited", f"{IO.from_base(found.credited)} in its life, up to {when(found.credited_through)}"),
            ("Last proof", _proof(proof)),
            *(("Note" if n == 0 else "", text) for n, text in enumerate(notes)),
        ],
        data={
            **_node_json(_found(node, found), names, networks),
            "device": found.device,
            "device_key": found.device_key,
            "registered_at": found.registered_at,
            "room": {"minimum": room.minimum, "maximum": room.maximum, "total": room.total, "co": room.co},
            "credited": IO.from_base(found.credited),
            "credited_through": found.credited_through,
            "credit_frozen_until": found.credit_frozen_until,
            "frozen": IO.from_base(found.frozen),
            "challenges": found.challenges,
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
) -> None:
    """Say why a node earned nothing in an hour, or where its reward is."""
    if evidence is not None:
        from ionet.cli.evidence import require_numpy

        require_numpy()
    io = session()
    answer = io.reader.staking.why(node, hour=hour, evidence=evidence)
    head = f"Hour {answer.seq}, which ended {when(answer.period_end)}" if answer.seq else "So far"
    lines: list[str] = []
    if answer.earned:
        lines.append(f"{head}: the node earned {answer.earned}.")
        if not answer.waiting:
            lines.append("It was credited; each holder claims with `ionet stake claim`.")
    elif answer.earned is not None:
        lines.append(f"{head}: the node earned nothing, because")
    elif answer.unpaid:
        lines.append(f"{head}: by what the chain shows now, the node earned nothing, because")
    else:
        lines.append(f"{head}: nothing that the chain shows speaks against a reward.")
    lines += _causes(answer.unpaid)
    if answer.waiting:
        lines.append(
            "What it earned waits, because" if answer.earned else "What it may have earned waits, because"
        )
        lines += _causes(answer.waiting)
    if not answer.exact and answer.seq:
        lines.append(
            "Uptime, stake and proof of that hour stand in its evidence file: give it with --evidence."
        )
    if answer.exact and answer.report is None:
        lines.append("No report on the chain has the hash of this evidence file: it proves nothing.")
    io.screen.show(
        {
            "node": answer.node,
            "hour": answer.seq,
            "period_end": answer.period_end,
            "earned": answer.earned,
            "exact": answer.exact,
            "report": answer.report,
            "unpaid": answer.unpaid,
            "waiting": answer.waiting,
        },
        *lines,
    )


def _causes(causes: Any) -> list[str]:
    lines = []
    for one in causes:
        lines.append(f"  - {one.text}")
        if one.todo:
            lines.append(f"    → {one.todo}")
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
    """Take a node out of the market. Stake leaves and rewards are claimed as ever."""
    io = session()
    sent = io.send(io.client.staking.retire(node), f"retire {node}")
    io.done(sent, f"Retired {node}; its stake leaves with `ionet stake unstake`", node=node)


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
def attach(node: NodeAddress, one: DeviceAddress) -> None:
    """Add a processor of the same class to a node, eight in all; for the owner of both."""
    io = session()
    sent = io.send(io.client.staking.attach_device(node, one), f"attach {one} to {node}")
    io.done(sent, f"{node} has {sent.result} processors now", node=node, device=one, units=sent.result)


@app.command()
def detach(one: DeviceAddress) -> None:
    """Take a processor that is not the first off its node; for the owner, or a retired node's next one."""
    io = session()
    sent = io.send(io.client.staking.detach_device(one), f"detach {one}")
    io.done(sent, f"Detached {one}; its node has {sent.result} left", device=one, units=sent.result)


@app.command()
def evict(node: NodeAddress) -> None:
    """Retire the node of a squatter; for the resolver."""
    io = session()
    io.done(io.send(io.client.staking.evict_node(node), f"evict {node}"), f"Evicted {node}", node=node)


@app.command()
def expel(node: NodeAddress) -> None:
    """Move all that is a former owner's, whose device has passed on, out of the way; for anyone."""
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
    """Pay a former owner of a node what is left of theirs, after its cooldown; for anyone."""
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
        return "none yet: nothing is earned before the first passed one"
    if proof.passed:
        speed = f", at {proof.score_bps / 100:g} % of the class's speed" if proof.score_bps else ", not timed"
        return f"passed {when(proof.time)}{speed}"
    return f"failed {when(proof.time)}: {proof.reason.explain()}"


def _lease(io: Session, node: accounts.staking.Node, now: int) -> int | None:
    offer = io.reader.fetch_many(accounts.jobs.Offer, [node.offer])[0]
    until = offer.lease_until if offer is not None else 0
    return until if until > now else None


def _notes(node: accounts.staking.Node, needed: IO, lease: int | None, now: int) -> list[str]:
    """What stands in the node's way, in words."""
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
            f"hired until {when(lease)}: it can be neither booked nor retired, and its minimum stays"
        )
    return notes


def _found(where: Pubkey, account: accounts.staking.Node) -> KeyedAccount[accounts.staking.Node]:
    from ionet import KeyedAccount

    return KeyedAccount(where, account)


def _node_json(
    one: KeyedAccount[accounts.staking.Node], names: dict[int, str], networks: dict[Pubkey, str]
) -> dict[str, Any]:
    node = one.account
    return {
        "node": one.address,
        "owner": node.owner,
        "class": names.get(node.class_),
        "class_id": node.class_,
        "units": node.units,
        "state": node.state,
        "region": node.region,
        "network": networks.get(node.network),
        "commission_bps": node.commission_bps,
        "own": {"active": IO.from_base(node.own.active), "pending": IO.from_base(node.own.pending)},
        "co": {"active": IO.from_base(node.co.active), "pending": IO.from_base(node.co.pending)},
    }
