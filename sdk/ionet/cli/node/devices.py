"""`ionet node device`: single processors."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet.cli.arguments import address
from ionet.cli.failures import UserError
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
    devices = io.reader.staking.devices(owner=owner, node=node)
    nobody = Pubkey.default()
    rows = [
        (
            device.address,
            device.account.class_,
            None if device.account.node == nobody else device.account.node,
            "banned" if device.account.banned else "free" if device.account.owner == nobody else "",
            device.account.fingerprint.hex(),
            device.account.identity.hex() if any(device.account.identity) else "",
        )
        for device in devices
    ]
    io.screen.table(
        ("device", ">class", "node", "", "fingerprint", "certificate"),
        rows,
        data=[{"address": device.address, **_fields(device.account)} for device in devices],
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
    """Register a device that nobody owns any more."""
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
def release_device(device: DeviceAddress) -> None:
    """Give up a device that has no node, or is the first device of a retired node."""
    io = session()
    sent = io.send(io.client.staking.release_device(device), f"release {device}")
    io.done(sent, f"Released {device}: anybody who has its key can claim it", device=device)


@app.command("evict")
def evict_device(
    device: DeviceAddress,
    ban: Annotated[bool, typer.Option("--ban", help="It can never be registered again.")] = False,
) -> None:
    """Take a device from a squatter; for the resolver."""
    io = session()
    sent = io.send(io.client.staking.evict_device(device, ban=ban), f"evict {device}")
    io.done(sent, f"Evicted {device}{' and banned it' if ban else ''}", device=device, banned=ban)


@app.command("identify")
def identify_device(
    device: DeviceAddress,
    digest: Annotated[
        str | None,
        typer.Argument(metavar="[DIGEST]", help="SHA-256 of the certificate's unique id, 64 hex digits."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="It has none: take a digest away.")] = False,
) -> None:
    """Approve what hardware a device is, by its maker's certificate; for an attester.

    At the attesters' threshold it is written into the device's account. Nothing here checks the certificate:
    that is the attester's part.
    """
    io = session()
    call = io.client.staking.approve_identity(device, bytes(32) if none else _digest(digest))
    sent = io.send(call, f"approve the identity of {device}")
    event = sent.result
    there = event.weight >= event.threshold
    so_far = f"weight {event.weight} of {event.threshold}"
    what = "no certificate" if none else event.digest.hex()
    io.done(
        sent,
        f"{device} has {what} now" if there else f"Approved for {device}, {so_far}: {what}",
        device=device,
        digest=event.digest.hex(),
        weight=event.weight,
        threshold=event.threshold,
        identity=event.identity.hex(),
    )


def _digest(text: str | None) -> bytes:
    try:
        digest = bytes.fromhex(text or "")
    except ValueError:
        digest = b""
    if len(digest) != 32 or not any(digest):
        raise UserError(f"{text!r} is no digest: 64 hex digits, or --none for no certificate")
    return digest


def _fields(account: Any) -> dict[str, Any]:
    return {name: getattr(account, name) for name in account.__slots__ if name not in ("version", "bump")}
