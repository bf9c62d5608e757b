"""`ionet worker register`: has an attester challenge this machine's devices, and registers them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ionet import accounts, pda
from ionet.cli.failures import NO_NODE, REFUSED, UNUSABLE, UserError
from ionet.cli.options import Commands
from ionet.cli.session import Session, session
from ionet.cli.worker.parts import StateOption, config_file

if TYPE_CHECKING:
    from ionet.worker import WorkerConfig
    from ionet.worker._config import NodeConfig
    from ionet.worker._enlist import Enlisting

app = Commands()


@app.command()
def register(
    device: Annotated[
        list[str] | None,
        typer.Option("--device", metavar="UUID", help="Only this device; several times. Default: all."),
    ] = None,
    region: Annotated[int, typer.Option("--region", help="Country: ISO 3166-1 numeric code.")] = 0,
    link: Annotated[int, typer.Option("--link", metavar="MBPS", help="Speed of the connection.")] = 0,
    state: StateOption = None,
) -> None:
    """Register this machine's devices as nodes, which the owner signs and pays for.

    An attester at the gateway challenges each device and signs, too. The owner's key may be elsewhere: with
    --keypair ADDRESS and --sign-only, what is left to sign is printed; with --nonce there are days for it.
    """
    from ionet.worker import WorkerConfig

    io = session()
    config = WorkerConfig.load(config_file(state))
    if io.signer.pubkey() != config.owner:
        raise UserError(
            f"the settings name the owner {config.owner}, the signer is {io.signer.pubkey()}; give the"
            " owner's keypair with --keypair, or their address and --sign-only"
        )
    nodes = [node for node in config.nodes if not device or node.uuid in device]
    if not nodes:
        raise UserError(f"no device of the settings has this UUID; it has {_names(config.nodes)}")
    places = [pda.staking.device(node.fingerprint) for node in nodes]
    existing = io.reader.fetch_many(accounts.staking.Device, places)
    new = [node for node, account in zip(nodes, existing, strict=True) if account is None]
    for node, account in zip(nodes, existing, strict=True):
        if account is not None and account.owner != config.owner:
            raise UserError(
                f"the device {node.uuid} is registered already, by {account.owner}; see `ionet node device"
                " claim` if it was given up",
                REFUSED,
            )
    if not new:
        io.screen.show({"nodes": []}, "All devices are registered already.")
        return
    for node in new:
        _register(io, config, node, region, link)


def _register(io: Session, config: WorkerConfig, node: NodeConfig, region: int, link: int) -> None:
    from ionet.cli.node.parts import class_of
    from ionet.staking.stake import minimum
    from ionet.worker import DeviceKey, Worker, probe
    from ionet.worker._enlist import Enlisting, NotEnlisted
    from ionet.worker._probe import misplaced

    machine = probe()
    device = next((item for item in machine.devices if item.uuid == node.uuid), None)
    if device is None:
        raise UserError(f"the device {node.uuid} is not there; see `ionet worker doctor`", UNUSABLE)
    kind = class_of(io, node.hardware_class)
    if (why := misplaced(device.uuid, kind.pool.name.lower())) is not None:
        raise UserError(
            f"{device.name} cannot be a {node.hardware_class}: {why}; see `ionet worker init`", UNUSABLE
        )
    needed = minimum(kind, 1)
    first = next((item for item in config.nodes if item.uuid == node.part_of), None)
    key = DeviceKey.load(node.key)
    folder = config.state / "nodes" / str(node.address)
    worker = Worker(bytes(node.address), key, folder, device=device)
    io.screen.note(f"Connecting as {key.pubkey} …")
    reasons: list[str] = []
    with _connected(Enlisting(worker, config.gateways, config.rpc[0])) as enlisting:
        for seat in enlisting.seats():
            io.screen.note(f"The attester {seat} challenges {device.name} …")
            attester = enlisting.attester(
                seat, owner=config.owner, class_id=kind.id, fingerprint=node.fingerprint
            )
            signers: dict[str, Any] = {
                "class_id": kind.id,
                "fingerprint": node.fingerprint,
                "device": key.keypair,
                "attester": attester,
            }
            if first is not None:
                call = io.client.staking.register_device(**signers)
            else:
                call = io.client.staking.register(
                    **signers,
                    commission_bps=node.commission_bps,
                    region=region,
                    memory_gib=max(1, device.memory >> 30),
                    link_mbps=link,
                )
            try:
                sent = io.send(call, f"register {device.name} as {node.hardware_class}")
            except NotEnlisted as bad:
                reasons.append(str(bad))
                continue
            if first is not None:
                io.done(
                    sent,
                    f"Registered device {sent.result} of class {node.hardware_class}",
                    f"Next: ionet node attach {first.address} {sent.result}",
                    device=sent.result,
                    node=first.address,
                )
                return
            io.done(
                sent,
                f"Registered node {sent.result} of class {node.hardware_class}",
                f"Next: ionet stake add {sent.result} {needed:n}".replace(",", "") + "   (its minimum)",
                "Then: ionet worker offer --rate USD; and here: ionet worker run",
                node=sent.result,
                minimum_stake=needed,
            )
            return
    raise UserError("; ".join(reasons), REFUSED)


@contextmanager
def _connected(enlisting: Enlisting) -> Iterator[Enlisting]:
    """The device at a gateway."""
    from ionet.worker._enlist import NotEnlisted

    with ExitStack() as stack:
        try:
            stack.enter_context(enlisting)
        except NotEnlisted as bad:
            raise UserError(str(bad), NO_NODE) from None
        yield enlisting


def _names(nodes: tuple[NodeConfig, ...]) -> str:
    return ", ".join(node.uuid for node in nodes)
