"""`ionet node device`: single processors."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet.cli.arguments import address
from ionet.cli.node.parts import (
    AttesterOption,
    ClassOption,
    DeviceAddress,
    DeviceKeyOption,
    Fingerprint,
    Uuid,
    class_of,
    fingerprint_of,
)
from ionet.cli.options import Commands
from ionet.cli.session import session

app = Commands("Single processors: registering, claiming, giving up.")


@app.command("list")
def list_devices(
    node: Annotated[
        Pubkey | None, typer.Option("--node", metavar="NODE", parser=address, help="Of this node.")
    ] = None,
    owner: Annotated[
        Pubkey | None, typer.Option("--owner", metavar="ADDRESS", parser=address, help="Default: mine.")
    ] = None,
) -> None:
    """List devices of an owner or a node."""
    io = session()
    if node is None and owner is None:
        owner = io.signer.pubkey()
    found = io.reader.staking.devices(owner=owner, node=node)
    nobody = Pubkey.default()
    rows = [
        (
            one.address,
            one.account.class_,
            None if one.account.node == nobody else one.account.node,
            "banned" if one.account.banned else "free" if one.account.owner == nobody else "",
            one.account.fingerprint.hex(),
        )
        for one in found
    ]
    io.screen.table(
        ("device", ">class", "node", "", "fingerprint"),
        rows,
        data=[{"address": one.address, **_fields(one.account)} for one in found],
        empty="No devices.",
    )


@app.command("register")
def register_device(
    class_: ClassOption,
    device_key: DeviceKeyOption,
    attester: AttesterOption,
    uuid: Uuid = None,
    fingerprint: Fingerprint = None,
) -> None:
    """Register a further processor, to attach it to a node."""
    io = session()
    call = io.client.staking.register_device(
        class_id=class_of(io, class_).id,
        fingerprint=fingerprint_of(uuid, fingerprint),
        device=io.party(device_key),
        attester=io.party(attester),
    )
    sent = io.send(call, "register a device")
    io.done(
        sent,
        f"Registered device {sent.result}",
        f"Next: ionet node attach NODE {sent.result}",
        device=sent.result,
    )


@app.command("claim")
def claim_device(
    class_: ClassOption,
    device_key: DeviceKeyOption,
    attester: AttesterOption,
    uuid: Uuid = None,
    fingerprint: Fingerprint = None,
) -> None:
    """Register a device again that nobody owns."""
    io = session()
    call = io.client.staking.claim_device(
        fingerprint_of(uuid, fingerprint),
        class_id=class_of(io, class_).id,
        device=io.party(device_key),
        attester=io.party(attester),
    )
    sent = io.send(call, "claim a device")
    io.done(sent, f"Claimed device {sent.result}", device=sent.result)


@app.command("release")
def release_device(one: DeviceAddress) -> None:
    """Give up a device that has no node, or is the first of a retired one."""
    io = session()
    sent = io.send(io.client.staking.release_device(one), f"release {one}")
    io.done(sent, f"Released {one}: anybody who holds it can claim it", device=one)


@app.command("evict")
def evict_device(
    one: DeviceAddress,
    ban: Annotated[bool, typer.Option("--ban", help="It can never be registered again.")] = False,
) -> None:
    """Take a device from a squatter; for the resolver."""
    io = session()
    sent = io.send(io.client.staking.evict_device(one, ban=ban), f"evict {one}")
    io.done(sent, f"Evicted {one}{' and banned it' if ban else ''}", device=one, banned=ban)


def _fields(account: Any) -> dict[str, Any]:
    return {name: getattr(account, name) for name in account.__slots__ if name not in ("version", "bump")}
