"""What a worker is told: a TOML file in its state directory, and environment variables that override it.

The file holds no secret but URLs, and no owner's key: the machine signs with its devices' keys only. Paths in
it that are not absolute are below the file's own directory.

| in the file | variable | type |
|---|---|---|
| `owner` | `IONET_WORKER_OWNER` | address of the nodes' owner |
| `rpc` | `IONET_WORKER_RPC` | URLs or names of clusters, the preferred first |
| `gateways` | `IONET_WORKER_GATEWAYS` | URLs, `wss` or `https` |
| `notify` | `IONET_WORKER_NOTIFY` | URL, `https`; empty for none |
| `engine` | `IONET_WORKER_ENGINE` | `runc`, or `podman`, the default on a Mac |
| `images`, `boxes` | `IONET_WORKER_IMAGES`, `IONET_WORKER_BOXES` | directories |
| `[limits]` `cpus`, `memory_gib`, `disk_gib` | `IONET_WORKER_CPUS`, `…_MEMORY_GIB`, `…_DISK_GIB` | integers |
| `[limits]` `images_gib` | `IONET_WORKER_IMAGES_GIB` | integer: for renters' own images; 0: none are taken |
| `[limits]` `internet` | `IONET_WORKER_INTERNET` | true or false |
| `[limits]` `internet_mbps` | `IONET_WORKER_INTERNET_MBPS` | integer |
| `[limits]` `resolvers` | `IONET_WORKER_RESOLVERS` | name servers of such jobs: public IPv4 addresses |
| `[limits]` `closed` | `IONET_WORKER_CLOSED` | IPv4 networks that they do not reach, besides what is near |
| `[[nodes]]` | | see `NodeConfig` |

Lists are separated by commas in a variable. `IONET_WORKER_STATE` names the state directory.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import pda
from ionet._generated.staking.constants import MAX_UNITS
from ionet.chain.errors import ConfigError
from ionet.chain.files import key_folder, replace_secret
from ionet.chain.signers import cluster_url
from ionet.sandbox import BOXES, Internet
from ionet.service import settings
from ionet.service.settings import Table, assignments, check_notify, checked_url, toml
from ionet.worker._probe import fingerprint

CONFIG_FILE: Final = "config.toml"
_VARIABLE: Final = "IONET_WORKER_"
#: Variables that are not settings of the file.
_OTHERS: Final = frozenset({"STATE"})
_RESOLVERS: Final = Internet().resolvers
_MBPS: Final = 100
_IMAGES_GIB: Final = 16
_IMAGES: Final = Path("/var/lib/ionet/images")
GIB: Final = 1 << 30
#: The program's limit for a commission.
_MAX_BPS: Final = 10_000


def state_directory(environment: Mapping[str, str] | None = None) -> Path:
    """Returns the worker's state directory: `IONET_WORKER_STATE`, or the user's default.

    That is `/var/lib/ionet/worker` for root, and `~/.local/share/ionet/worker` for others.
    """
    return settings.state_directory("worker", environment)


class Engine(StrEnum):
    """What makes the boxes that jobs run in."""

    RUNC = "runc"
    PODMAN = "podman"


def default_engine(platform: str = sys.platform) -> Engine:
    """Returns a platform's engine: podman on a Mac, where boxes are in its Linux machine, and else runc."""
    return Engine.PODMAN if platform == "darwin" else Engine.RUNC


@dataclass(frozen=True, slots=True)
class Limits:
    """The part of the machine that all leases together may use.

    Attributes:
        cpus: cores.
        memory_gib: GiB.
        disk_gib: GiB, for boxes' disks.
        internet: whether a job that asks for it may reach the internet.
        internet_mbps: Mbit/s that such jobs send there at most, and as many that they receive.
        images_gib: GiB of disk for images that renters bring, besides; 0: none are taken.
        resolvers: public IPv4 addresses of the name servers of jobs that do.
        closed: IPv4 networks that these do not reach either, such as the router's public address.
    """

    cpus: int
    memory_gib: int
    disk_gib: int
    internet: bool = False
    resolvers: tuple[str, ...] = _RESOLVERS
    closed: tuple[str, ...] = ()
    internet_mbps: int = _MBPS
    images_gib: int = _IMAGES_GIB

    @property
    def memory(self) -> int:
        """Bytes of memory."""
        return self.memory_gib * GIB

    @property
    def disk(self) -> int:
        """Bytes of disk."""
        return self.disk_gib * GIB

    @property
    def images(self) -> int:
        """Bytes of disk for renters' images."""
        return self.images_gib * GIB


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """One node: a device of this machine and the key that signs for it.

    Attributes:
        uuid: the device's own id, as `ionet.worker.probe` reads it.
        index: the driver's number for it when it was found.
        hardware_class: the class's name, for example `RTX 4090`.
        key: keypair file of the device.
        commission_bps: the owner's part of co-stakers' rewards, basis points; used at registration.
        network: account of the network that brought it in bulk (`ionet node network import`), or None.
        machine: the machine's name in that network, or in a fleet with one seed; else None.
        number: the processor's number in that machine; name and number are what its key is derived from.
        part_of: own id of the node's first device, if this is a further processor of that node; else None.
    """

    uuid: str
    index: int
    hardware_class: str
    key: Path
    commission_bps: int = 0
    network: Pubkey | None = None
    machine: str | None = None
    number: int = 0
    part_of: str | None = None

    @property
    def registered_id(self) -> str:
        """The id that the device is registered by: its own, or the network's name for it."""
        return self.uuid if self.network is None else f"{self.network}/{self.machine}/{self.number}"

    @property
    def fingerprint(self) -> bytes:
        """sha256 of `registered_id`: the seed of the device's account, 32 bytes."""
        return fingerprint(self.registered_id)

    @property
    def device(self) -> Pubkey:
        """The device's account."""
        return pda.staking.device(self.fingerprint)

    @property
    def address(self) -> Pubkey:
        """The node's account, if this device is its first."""
        return pda.staking.node(self.device)


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """A worker's settings. URLs may hold keys of services, so `repr` leaves them out.

    Attributes:
        path: the file they are from, or will be written to.
        owner: the nodes' owner, who is paid; the key is elsewhere.
        rpc: URLs of Solana nodes, the preferred first; at least one.
        gateways: URLs of gateways, the preferred first; at least one.
        nodes: the devices, at least one; further processors of a node behind its first.
        limits: what leases may use.
        notify: where events that the owner must know are sent, or None.
        engine: what makes the boxes that jobs run in.
        images: directory of the images that `scripts/image` builds.
        boxes: directory of the boxes that jobs run in; other users must be able to pass it.
    """

    path: Path
    owner: Pubkey
    rpc: tuple[str, ...] = field(repr=False)
    gateways: tuple[str, ...] = field(repr=False)
    nodes: tuple[NodeConfig, ...]
    limits: Limits
    notify: str | None = field(default=None, repr=False)
    engine: Engine = field(default_factory=default_engine)
    images: Path = _IMAGES
    boxes: Path = BOXES

    @property
    def state(self) -> Path:
        """The state directory: where the file is."""
        return self.path.parent

    @property
    def served(self) -> tuple[NodeConfig, ...]:
        """The nodes, by their first devices."""
        return tuple(node for node in self.nodes if node.part_of is None)

    def processors(self, first: NodeConfig) -> tuple[NodeConfig, ...]:
        """All devices of a node, the first one first."""
        return (first, *(node for node in self.nodes if node.part_of == first.uuid))

    @classmethod
    def load(
        cls, path: str | Path | None = None, *, environment: Mapping[str, str] | None = None
    ) -> WorkerConfig:
        """Reads the settings.

        Args:
            path: the file, or the state directory; by default that of `state_directory`.
            environment: variables that override the file; by default this process's. With an empty one, what
                is read can be saved again.

        Raises:
            ConfigError: no file, one that others can write to, or a field that is unknown or wrong. The
                message names the file, the field and what would be right, and shows no URL.
        """
        environment = os.environ if environment is None else environment
        place = state_directory(environment) if path is None else Path(path).expanduser()
        place = (place / CONFIG_FILE if place.is_dir() or path is None else place).absolute()
        values = settings.read(place, "there is no worker at {folder}; make one with: ionet worker init")
        variables = _override(values, environment)
        return _parsed(place, Table(place, values, variables))

    def check(self) -> None:
        """Raises `ConfigError` for settings that could not be read again; see `load`."""
        _parsed(self.path, Table(self.path, toml(self.path, self.to_toml()), {}))

    def save(self) -> None:
        """Writes the file, whole or not at all, with mode 0600 in a directory of mode 0700.

        Raises:
            ConfigError: it cannot be written, or its directory belongs to somebody else.
        """
        self.check()
        key_folder(self.state)
        try:
            replace_secret(self.path, self.to_toml())
        except OSError as bad:
            raise ConfigError(f"{self.path} cannot be written: {bad.strerror}") from None

    def to_toml(self) -> str:
        """Returns the file's content."""
        lines = [
            "# Written by `ionet worker init`, which keeps changes made here. See docs/operations.md.",
            "",
        ]
        lines += assignments(
            owner=str(self.owner),
            rpc=list(self.rpc),
            gateways=list(self.gateways),
            notify=self.notify or "",
            engine=self.engine,
            images=self._shown(self.images),
            boxes=self._shown(self.boxes),
        )
        lines += ["", "[limits]"]
        lines += assignments(
            cpus=self.limits.cpus,
            memory_gib=self.limits.memory_gib,
            disk_gib=self.limits.disk_gib,
            images_gib=self.limits.images_gib,
            internet=self.limits.internet,
            internet_mbps=self.limits.internet_mbps,
            resolvers=list(self.limits.resolvers),
            closed=list(self.limits.closed),
        )
        for node in self.nodes:
            lines += ["", "[[nodes]]"]
            lines += assignments(
                uuid=node.uuid,
                index=node.index,
                **{"class": node.hardware_class},
                key=self._shown(node.key),
                commission_bps=node.commission_bps,
            )
            if node.part_of is not None:
                lines += assignments(part_of=node.part_of)
            if node.network is not None:
                lines += assignments(network=str(node.network))
            if node.machine is not None:
                lines += assignments(machine=node.machine, number=node.number)
        return "\n".join(lines) + "\n"

    def _shown(self, path: Path) -> str:
        """A path below the state directory is written relative to it, so that the directory can be moved."""
        return str(path.relative_to(self.state) if path.is_relative_to(self.state) else path)


def check_gateway(url: str) -> str:
    """Returns a gateway's URL.

    Raises:
        ConfigError: it is no `wss` or `https` URL, nor `ws` or `http` to this machine.
    """
    return checked_url(url, {"wss": "ws", "https": "http"}, "a gateway's URL")


# -- reading


def _parsed(path: Path, table: Table) -> WorkerConfig:
    owner = table.address("owner", "the address of the nodes' owner")
    rpc = table.texts("rpc", "URLs of Solana nodes")
    gateways = table.texts("gateways", "gateways' URLs")
    for name, values, check in (("rpc", rpc, cluster_url), ("gateways", gateways, check_gateway)):
        with table.about(name):
            for value in values:
                check(value)
    notify = table.text("notify", "a URL for events", "")
    if notify:
        with table.about("notify"):
            check_notify(notify)
    engine = _engine(table)
    images = table.folder("images", "the directory of images", _IMAGES)
    boxes = table.folder("boxes", "the directory of boxes", BOXES)
    limits = _limits(table.table("limits"), engine)
    nodes = _nodes(path, table, engine)
    table.finish()
    return WorkerConfig(
        path, owner, tuple(rpc), tuple(gateways), nodes, limits, notify or None, engine, images, boxes
    )


def _engine(table: Table) -> Engine:
    text = table.text("engine", "runc or podman", default_engine())
    if text not in list(Engine):
        raise table.wrong("engine", f"it is runc or podman, not {text!r}")
    return Engine(text)


def _limits(table: Table, engine: Engine) -> Limits:
    limits = Limits(
        cpus=table.integer("cpus", 1, 4_096, "a number of cores"),
        memory_gib=table.integer("memory_gib", 1, 1 << 20, "GiB of memory"),
        disk_gib=table.integer("disk_gib", 1, 1 << 20, "GiB of disk"),
        images_gib=table.integer("images_gib", 0, 1 << 20, "GiB for renters' images", _IMAGES_GIB),
        internet=table.take("internet", bool, "true or false", False),
        internet_mbps=table.integer("internet_mbps", 1, 1 << 20, "Mbit/s to and from the internet", _MBPS),
        resolvers=tuple(table.texts("resolvers", "IPv4 addresses", _RESOLVERS)),
        closed=tuple(table.texts("closed", "IPv4 networks", ())),
    )
    if limits.internet and engine is Engine.PODMAN:
        raise table.wrong("internet", "jobs under podman do not reach the internet; say false")
    for text in limits.resolvers:
        if not _is_public(text):
            raise table.wrong("resolvers", f"{text!r} is no public IPv4 address; jobs reach no others")
    for text in limits.closed:
        if not _is_network(text):
            raise table.wrong("closed", f"{text!r} is no IPv4 network, such as 203.0.113.0/24")
    table.finish()
    return limits


def _is_public(text: str) -> bool:
    try:
        return ipaddress.IPv4Address(text).is_global
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return True


def _nodes(path: Path, table: Table, engine: Engine) -> tuple[NodeConfig, ...]:
    nodes: list[NodeConfig] = []
    for item in table.tables("nodes"):
        node = _node(path, item)
        if node.uuid.startswith("GPU-") and engine is Engine.PODMAN:
            raise item.wrong("uuid", "jobs under podman have processors only; a GPU needs the engine runc")
        for other in nodes:
            for name, mine, theirs in (
                ("uuid", node.uuid, other.uuid),
                ("key", node.key, other.key),
                ("number", node.fingerprint, other.fingerprint),
            ):
                if mine == theirs:
                    raise item.wrong(name, "another node has the same; a device is one node")
        if node.part_of is not None:
            first = next((other for other in nodes if other.uuid == node.part_of), None)
            if (wrong := _not_of_one_node(node, first, nodes)) is not None:
                raise item.wrong("part_of", wrong)
        nodes.append(node)
    return tuple(nodes)


def _not_of_one_node(node: NodeConfig, first: NodeConfig | None, nodes: Sequence[NodeConfig]) -> str | None:
    """Returns why a device cannot be a further processor of a node; None if it can."""
    if first is None or first.part_of is not None:
        return "it is the uuid of a node's first device, which stands above"
    if node.hardware_class != first.hardware_class:
        return f"a node's processors are of one class; the first one's is {first.hardware_class}"
    if not all(item.uuid.startswith("GPU-") for item in (node, first)):
        return "only GPUs are several to a node"
    if sum(item.part_of == first.uuid for item in nodes) + 1 >= MAX_UNITS:
        return f"a node has at most {MAX_UNITS} processors"
    return None


def _node(path: Path, table: Table) -> NodeConfig:
    network = table.address("network", "the account of a network") if table.has("network") else None
    machine = None
    if network is not None or table.has("machine"):
        machine = table.text("machine", "the name of this machine in its network or fleet")
    elif table.has("number"):
        raise table.wrong("machine", "it is missing; number is the processor's in this machine")
    node = NodeConfig(
        uuid=table.text("uuid", "the device's own id; `ionet node probe` shows it"),
        index=table.integer("index", 0, 1_023, "the driver's number for the device", 0),
        hardware_class=table.text("class", "a hardware class's name; see `ionet node classes list`"),
        key=path.parent / Path(table.text("key", "the device's keypair file")).expanduser(),
        commission_bps=table.integer("commission_bps", 0, _MAX_BPS, "basis points", 0),
        network=network,
        machine=machine,
        number=table.integer("number", 0, (1 << 32) - 1, "the processor's number in the machine", 0),
        part_of=table.text("part_of", "the uuid of the node's first device", "") or None,
    )
    table.finish()
    return node


#: Settings of the first table and of `[limits]` that a variable can override, by type.
_LISTS: Final = ("rpc", "gateways")
_TEXTS: Final = ("owner", "notify", "engine", "images", "boxes")
_INTEGERS: Final = ("cpus", "memory_gib", "disk_gib", "images_gib", "internet_mbps")
_LIMIT_LISTS: Final = ("resolvers", "closed")
_BOOLS: Final = {"true": True, "false": False}


def _override(values: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Puts into the file's values what variables say, and returns the variables by the fields' names.

    Unknown variables are refused, as unknown fields are.
    """
    settings = {name.upper(): name for name in (*_LISTS, *_TEXTS, *_INTEGERS, *_LIMIT_LISTS, "internet")}
    variables: dict[str, str] = {}
    for variable, text in environment.items():
        suffix = variable.removeprefix(_VARIABLE)
        if suffix == variable or suffix in _OTHERS:
            continue
        if (name := settings.get(suffix)) is None:
            near = get_close_matches(suffix, settings, n=1)
            hint = f"did you mean {_VARIABLE}{near[0]}?" if near else f"there are {', '.join(settings)}"
            raise ConfigError(f"{variable}: no such setting; {hint}")
        if name in (*_LISTS, *_TEXTS):
            values[name] = _typed(name, text)
            variables[name] = variable
        elif isinstance(limits := values.setdefault("limits", {}), dict):
            limits[name] = _typed(name, text)
            variables[f"limits.{name}"] = variable
    return variables


def _typed(name: str, text: str) -> object:
    """A variable's text as the name's type; what cannot be read stays a text, which the name refuses."""
    if name in (*_LISTS, *_LIMIT_LISTS):
        return [part.strip() for part in text.split(",") if part.strip()]
    if name in _INTEGERS and text.isdecimal():
        return int(text)
    return _BOOLS.get(text, text) if name == "internet" else text
