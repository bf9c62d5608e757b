"""Setting a machine up: which devices become nodes, their keys, and what leases may use."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from solders.pubkey import Pubkey

from ionet._generated.staking.constants import MAX_UNITS
from ionet.chain.errors import IonetError
from ionet.staking.bulk import SeedKeys
from ionet.staking.hardware import classify
from ionet.worker._config import GIB, Engine, Limits, NodeConfig, WorkerConfig, default_engine
from ionet.worker._keys import DeviceKey
from ionet.worker._podman import PodmanMachine
from ionet.worker._probe import Device, DeviceFault, Probe

#: The part of the memory that leases may use by default, in percent: the rest is the system's.
_MEMORY_PERCENT: Final = 90
#: The part of the free disk that leases may use by default, in percent.
_DISK_PERCENT: Final = 50
_MAC: Final = "darwin"


class SetupError(IonetError):
    """The machine cannot be set up as wished; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Machines whose keys come from one seed, as `ionet node network import` derives them (decision 0011).

    Attributes:
        machine: this machine's name: that of the network's export, or its number in the fleet.
        network: the network's account, or None if the devices are registered by their own ids.
    """

    machine: str
    network: Pubkey | None = None


def usable(machine: Probe, *, platform: str = sys.platform) -> tuple[list[Device], list[DeviceFault]]:
    """Returns the devices that can become nodes, and what cannot, with the reason.

    On a Mac the chip is a processor here, since jobs run in podman's Linux machine.
    """
    devices, faults = [], list(machine.faults)
    for device in machine.devices:
        if platform == _MAC and device.pool == "gpu":
            kind = classify(device.name, pool="cpu")
            devices.append(replace(device, pool="cpu", hardware_class=kind))
        elif device.hardware_class is None:
            reason = f"no hardware class takes {device.name}; see `ionet node classes list`"
            faults.append(DeviceFault(device.index, reason))
        else:
            devices.append(device)
    return devices, faults


def chosen(devices: Sequence[Device], wanted: Iterable[str], kept: Iterable[NodeConfig] = ()) -> list[Device]:
    """Returns the devices to set up.

    Args:
        devices: those that can become nodes.
        wanted: their own ids; none means all if nothing is set up yet, and else only what is.
        kept: nodes that are set up already.

    Raises:
        SetupError: a wanted device is not there, or there is none at all.
    """
    by_uuid = {device.uuid: device for device in devices}
    before = {node.uuid for node in kept}
    wanted = list(wanted)
    for uuid in wanted:
        if uuid not in by_uuid:
            there = ", ".join(by_uuid) or "none that can be used"
            raise SetupError(f"this machine has no usable device {uuid!r}; there are {there}")
    if not before and not devices:
        raise SetupError("this machine has no device that can be registered; see `ionet node probe`")
    names = {*wanted, *before} if wanted or before else set(by_uuid)
    return [device for device in devices if device.uuid in names]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is said about a machine; None leaves a setting as it is, or to its default.

    Attributes:
        owner: the nodes' owner.
        rpc: URLs of Solana nodes.
        gateways: URLs of gateways.
        commission_bps: of all nodes.
        cpus: cores for leases.
        memory_gib: memory for leases.
        disk_gib: disk for leases.
        internet: whether jobs may reach the internet.
        notify: where events are sent; empty for nowhere.
        engine: what makes the boxes that jobs run in.
        devices: own ids of the devices to set up; empty: see `chosen`.
        fleet: the fleet that the machine belongs to.
        together: whether GPUs of one class become one node, up to eight of them; those of an imported network
            do in any case, by their numbers in the machine.
    """

    owner: Pubkey | None = None
    rpc: tuple[str, ...] | None = None
    gateways: tuple[str, ...] | None = None
    commission_bps: int | None = None
    cpus: int | None = None
    memory_gib: int | None = None
    disk_gib: int | None = None
    internet: bool | None = None
    notify: str | None = None
    engine: Engine | None = None
    devices: tuple[str, ...] = ()
    fleet: Fleet | None = None
    together: bool = False


def planned(
    path: Path,
    wishes: Wishes,
    devices: Sequence[Device],
    limits: Limits,
    *,
    before: WorkerConfig | None = None,
    template: WorkerConfig | None = None,
) -> WorkerConfig:
    """Returns the settings of a machine; writes nothing.

    Args:
        path: the file that they will be in.
        wishes: what is said.
        devices: those that can become nodes.
        limits: what leases may use by default.
        before: the settings so far; its nodes stay, even those whose device is not there now.
        template: settings of another machine, of which all but the nodes is taken where nothing is said.

    Raises:
        SetupError: a device is not there, or the owner, a node's or a gateway's URL was never said.
    """
    model = template or before
    owner = wishes.owner or (model.owner if model else None)
    rpc = wishes.rpc or (model.rpc if model else ())
    gateways = wishes.gateways or (model.gateways if model else ())
    if owner is None:
        raise SetupError("say by --owner who owns the nodes and is paid: an address")
    if not gateways:
        raise SetupError("say by --gateway where the worker connects to: a URL such as wss://gateway.example")
    if not rpc:
        raise SetupError("say by --url which Solana node the worker asks")
    kept = before.nodes if before else ()
    config = WorkerConfig(
        path=path,
        owner=owner,
        rpc=rpc,
        gateways=gateways,
        nodes=(),
        limits=_limited(wishes, model.limits if model else limits),
        notify=model.notify if model and wishes.notify is None else wishes.notify or None,
        engine=wishes.engine or (model.engine if model else default_engine()),
    )
    if model is not None:
        config = replace(config, images=model.images, boxes=model.boxes)
    here = {device.uuid: device for device in chosen(devices, wishes.devices, kept)}
    nodes = [_updated(node, here.pop(node.uuid, None), wishes) for node in kept]
    folder = path.parent / "keys"
    for device in here.values():
        assert device.hardware_class is not None  # `usable` has seen to it
        key = folder / f"{device.fingerprint.hex()[:16]}.json"
        fresh = NodeConfig(device.uuid, device.index, device.hardware_class.name, key)
        nodes.append(_placed(_updated(fresh, device, wishes), nodes, together=wishes.together))
    return replace(config, nodes=tuple(nodes))


def _placed(node: NodeConfig, before: Sequence[NodeConfig], *, together: bool) -> NodeConfig:
    """Returns a new device as a node of its own, or as a further processor of one that is there."""
    if not node.uuid.startswith("GPU-"):
        return node
    for first in before:
        if first.part_of is not None or first.hardware_class != node.hardware_class:
            continue
        if node.network is not None:
            # As imports make nodes of a machine's processors.
            same = (first.network, first.machine) == (node.network, node.machine)
            joins = same and first.number == node.number // MAX_UNITS * MAX_UNITS
        else:
            joins = together and sum(item.part_of == first.uuid for item in before) + 1 < MAX_UNITS
        if joins:
            return replace(node, part_of=first.uuid)
    return node


def _limited(wishes: Wishes, limits: Limits) -> Limits:
    return replace(
        limits,
        cpus=wishes.cpus or limits.cpus,
        memory_gib=wishes.memory_gib or limits.memory_gib,
        disk_gib=wishes.disk_gib or limits.disk_gib,
        internet=limits.internet if wishes.internet is None else wishes.internet,
    )


def _updated(node: NodeConfig, device: Device | None, wishes: Wishes) -> NodeConfig:
    if wishes.commission_bps is not None:
        node = replace(node, commission_bps=wishes.commission_bps)
    if device is None or device.hardware_class is None:
        return node  # it is not there now
    node = replace(node, index=device.index, hardware_class=device.hardware_class.name)
    if (fleet := wishes.fleet) is None:
        return node
    # When a device fails the driver's numbers may move; the one that a key was made for stays.
    number = device.index if node.machine is None else node.number
    return replace(node, network=fleet.network or node.network, machine=fleet.machine, number=number)


def make_keys(nodes: Iterable[NodeConfig], seed: SeedKeys | None = None) -> dict[Pubkey, DeviceKey]:
    """Makes the keys that are missing, and returns all of them by their nodes; none is overwritten.

    Args:
        nodes: of this machine.
        seed: where the keys of a fleet's devices come from; not needed once they are there.

    Raises:
        KeyFileError: a key cannot be read or made, or a file has another one than the seed gives.
        SetupError: the key of a fleet's device is missing, and the seed was not given.
    """
    keys: dict[Pubkey, DeviceKey] = {}
    for node in nodes:
        if node.machine is None:
            keys[node.address] = DeviceKey.load_or_create(node.key)
        elif seed is not None:
            keys[node.address] = DeviceKey.keep(node.key, seed.key(node.machine, node.number))
        elif node.key.exists():
            keys[node.address] = DeviceKey.load(node.key)
        else:
            raise SetupError(
                f"there is no key {node.key}; give the fleet's secret by --seed to make it again"
            )
    return keys


def default_limits(machine: Probe, boxes: Path, podman: PodmanMachine | None = None) -> Limits:
    """Returns what leases may use by default: nearly all, of podman's machine if there is one."""
    if podman is not None:
        cpus, memory, free = podman.cpus, podman.memory, podman.disk
    else:
        there = next(folder for folder in (boxes, *boxes.parents) if folder.exists())
        cpus, memory, free = machine.cpus, machine.memory, shutil.disk_usage(there).free
    return Limits(
        cpus=cpus,
        memory_gib=max(1, memory * _MEMORY_PERCENT // 100 // GIB),
        disk_gib=max(1, free * _DISK_PERCENT // 100 // GIB),
    )
