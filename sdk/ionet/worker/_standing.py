"""How the chain sees a worker's nodes, and whether the worker sees the chain: the doctor's other half."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from ionet import Client, HttpTransport, accounts, pda
from ionet.chain.errors import RpcError, TransportError
from ionet.chain.rpc.urls import public_url
from ionet.chain.signers import GENESIS, cluster_url
from ionet.formats.when import span
from ionet.staking.references import speeds_of
from ionet.staking.speeds import untimed
from ionet.staking.stake import class_name
from ionet.worker._config import NodeConfig, WorkerConfig
from ionet.worker._findings import Finding, Rule
from ionet.worker._keys import DeviceKey, KeyFileError
from ionet.worker._probe import REGISTER_ANEW, misplaced
from ionet.worker._rules import OnChain, node_findings

#: Seconds between the machine's clock and the chain's that nobody minds, and that are too many.
_NEAR: Final = 15
_FAR: Final = 120


@dataclass(frozen=True, slots=True)
class Standing:
    """One node on the chain; None for accounts that are not there.

    Attributes:
        config: the node's settings.
        device: the account of its device.
        node: its account.
        offer: its offer.
        class_: its hardware class.
    """

    config: NodeConfig
    device: accounts.staking.Device | None
    node: accounts.staking.Node | None
    offer: accounts.jobs.Offer | None
    class_: accounts.staking.Class | None


def connect(config: WorkerConfig, url: str | None = None) -> Client:
    """Returns a client that only reads, of one of the worker's Solana nodes."""
    return Client(HttpTransport(cluster_url(url or config.rpc[0]), retries=1))


def standings(client: Client, nodes: Sequence[NodeConfig]) -> list[Standing]:
    """Reads what the chain has of nodes, in four requests for all.

    Raises:
        RpcError, TransportError: the Solana node does not answer.
    """
    devices = client.fetch_many(accounts.staking.Device, [node.device for node in nodes])
    # A processor that was attached belongs to the node of another device.
    addresses = [
        node.address if device is None or device.node == Pubkey.default() else device.node
        for node, device in zip(nodes, devices, strict=True)
    ]
    found_nodes = client.fetch_many(accounts.staking.Node, addresses)
    offers = client.fetch_many(accounts.jobs.Offer, [pda.jobs.offer(address) for address in addresses])
    numbers = sorted({node.class_ for node in found_nodes if node is not None})
    classes = dict(
        zip(
            numbers,
            client.fetch_many(accounts.staking.Class, [pda.staking.class_(number) for number in numbers]),
            strict=True,
        )
    )
    return [
        Standing(config, device, node, offer, None if node is None else classes[node.class_])
        for config, device, node, offer in zip(nodes, devices, found_nodes, offers, strict=True)
    ]


def chain_findings(
    config: WorkerConfig, *, connected: Callable[[str], Client] | None = None
) -> Iterator[Finding]:
    """Asks the worker's Solana nodes who they are, and what they know of its own nodes.

    Args:
        config: the worker's settings.
        connected: makes a client for a URL; by default over HTTP.
    """
    make = connected or (lambda url: connect(config, url))
    clients = [make(url) for url in config.rpc]
    try:
        answering = yield from _rpc(config.rpc, clients)
        if answering is None:
            rule = Rule("nodes", "The chain knows the worker's nodes.")
            yield rule.warn("not looked at, as no Solana node answers", "see above")
            return
        client, cluster = answering
        now = client.time()
        yield _clock(now, known=cluster in GENESIS)
        terms = client.fetch_many(accounts.jobs.Config, [pda.jobs.CONFIG])[0]
        (proofs,) = client.fetch_many(accounts.proofs.Config, [pda.proofs.CONFIG])
        head_end = 0 if proofs is None else proofs.head_period_end
        for standing in standings(client, config.nodes):
            yield from _node(config, standing, terms, head_end, now)
    except (RpcError, TransportError) as bad:
        yield Rule("rpc", "The worker reads the chain by itself.").fault(
            str(bad), "name another node by --url"
        )
    finally:
        for client in clients:
            client.close()


# -- the chain


def _rpc(
    urls: Sequence[str], clients: Sequence[Client]
) -> Generator[Finding, None, tuple[Client, str] | None]:
    """Returns the first node that answers, with its network's genesis hash; None if there is none."""
    rule = Rule("rpc", "The worker's Solana nodes answer, are all of one network, and have the programs.")
    answering: tuple[Client, str] | None = None
    for url, client in zip(urls, clients, strict=True):
        name, other = public_url(cluster_url(url)), "name another one by --url"
        try:
            genesis = str(client.request("getGenesisHash"))
            deployed = client.account(accounts.staking.Node.PROGRAM_ID) is not None
        except (RpcError, TransportError) as bad:
            yield (rule.warn if len(urls) > 1 else rule.fault)(f"{name}: {bad}", other)
            continue
        network = GENESIS.get(genesis, f"a network of its own ({genesis[:8]}…)")
        if not deployed:
            yield rule.fault(f"{name} is of {network}, which does not have the programs", other)
        elif answering is not None and answering[1] != genesis:
            yield rule.fault(f"{name} is of {network}, unlike the first", other)
        else:
            yield rule.ok(f"{name}, of {network}")
            answering = answering or (client, genesis)
    return answering


def _clock(now: int, *, known: bool) -> Finding:
    rule = Rule(
        "clock",
        f"This machine's clock is within {_NEAR} s of the chain's; deadlines are the chain's, but clusters'"
        " certificates are valid by each machine's own clock.",
    )
    apart = int(time.time()) - now
    says = (
        "as the chain's"
        if abs(apart) <= _NEAR
        else f"{span(abs(apart))} {'ahead' if apart > 0 else 'behind'}"
    )
    if abs(apart) <= _NEAR:
        return rule.ok(says)
    # A local network's time is moved by hand.
    say = rule.fault if known and abs(apart) > _FAR else rule.warn
    return say(says, "set it: timedatectl set-ntp true")


# -- one node


def _node(
    config: WorkerConfig, standing: Standing, terms: accounts.jobs.Config | None, head_end: int, now: int
) -> Iterator[Finding]:
    node, offer = standing.node, standing.offer
    yield _registered(config, standing)
    if node is None or standing.device is None or standing.config.part_of is not None:
        return
    yield from _counted(config, standing.config, node)
    mine = standing.config
    known = OnChain(mine.address, mine.uuid, node, offer, standing.class_)
    yield from node_findings(known, terms, head_end, now, banned=bool(standing.device.banned))
    yield _speed(mine, node, standing.class_)


def _speed(mine: NodeConfig, node: accounts.staking.Node, class_: accounts.staking.Class | None) -> Finding:
    """What counts is the chain; attesters fall back on the table of their version."""
    rule = Rule("speed", "Proofs are due as fast as devices of the class were measured.", mine.uuid)
    nobody = None if class_ is not None and speeds_of(class_) is not None else untimed(node.class_)
    return rule.ok(nobody or "the class has been measured")


def _registered(config: WorkerConfig, standing: Standing) -> Finding:
    text = "The device is registered by its own key, and is a node of the owner in the settings."
    mine, device, node = standing.config, standing.device, standing.node
    rule = Rule("registered", text, mine.uuid)
    if device is None:
        return rule.warn("not yet", "ionet worker register")
    if node is None:
        return rule.fault(f"the device {mine.device} has no node", "ionet node register, for its owner")
    if device.owner != config.owner:
        whose = "nobody" if device.owner == Pubkey.default() else str(device.owner)
        return rule.fault(
            f"the device belongs to {whose}, not to {config.owner}",
            "name the right owner: ionet worker init --owner; a stranger's claim: docs/threat-model.md",
        )
    try:
        key = DeviceKey.load(mine.key).pubkey
    except KeyFileError:
        return rule.warn("not compared, as there is no key", "see above")
    if device.device_key != key:
        return rule.fault(
            f"it is registered with the key {device.device_key}; here is {key}",
            "bring the key that it was registered with, or release the device and register it anew",
        )
    if (first := _first(config, mine)).address != device.node:
        if first is not mine:
            return rule.fault(
                f"it is no processor of the node {first.address}",
                f"ionet node attach {first.address} {mine.device}",
            )
        return rule.warn(
            f"it is a further processor of the node {device.node}",
            "say so in the settings, by part_of; until then jobs do not get it",
        )
    kind = class_name(standing.class_) if standing.class_ is not None else str(node.class_)
    if (why := misplaced(mine.uuid, node.pool.name.lower())) is not None:
        return rule.fault(
            f"node {mine.address} is of class {kind}: {why}, so it is not served", REGISTER_ANEW
        )
    if kind != mine.hardware_class:
        return rule.warn(
            f"node {mine.address} is of class {kind}, and this device of {mine.hardware_class}",
            "it is judged by the class on the chain: release it and register it anew",
        )
    return rule.ok(f"node {mine.address}, class {kind}")


def _first(config: WorkerConfig, mine: NodeConfig) -> NodeConfig:
    """The first device of the node that a device belongs to."""
    return next((node for node in config.nodes if node.uuid == mine.part_of), mine)


def _counted(config: WorkerConfig, mine: NodeConfig, node: accounts.staking.Node) -> Iterator[Finding]:
    """Compares the processors that a node is paid for with those that jobs get."""
    rule = Rule("processors", "Jobs get every processor that the chain counts for the node.", mine.uuid)
    given = len(config.processors(mine))
    if given < node.units:
        yield rule.fault(
            f"the chain counts {node.units}, the settings have {given}",
            "name the others in the settings, by part_of, or take them off: ionet node detach",
        )
    elif given > 1:
        yield rule.ok(f"{given}, {node.units} of them on the chain")
