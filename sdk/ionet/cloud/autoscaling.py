"""Ray's autoscaler leases from the market: its provider of nodes, for `type: external`.

::

    provider:
      type: external
      module: ionet.cloud.autoscaling.NodeProvider
      url: https://api.example            # of the chain's node
      gateway: https://gateway.example
      session: ~/.config/ionet/session    # of `ionet login`: what it may spend is the limit
      max_rate: 0.6                       # dollars per processor and hour at most; may be left out

`ray up` books the head, of what its node type says under `node_config`: the keys of a cluster file
(`ionet.cloud.spec`). Workers are nodes that are added to that cluster, of the head's class, cheapest first.
They have Ray already, and join by themselves. Ray's autoscaler is run by `python -m ionet.cloud.autoscaling
cluster.yaml`, where the session's file is, and with `--head` on the first node (`ionet.cloud.on_head`).

What it knows of nodes beyond the chain, their tags, is in a file beside the session's. Nodes that it has not
booked are not its own: it neither counts nor ends them.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click
import yaml
from ray.autoscaler.command_runner import CommandRunnerInterface
from ray.autoscaler.node_launch_exception import NodeLaunchException
from ray.autoscaler.node_provider import NodeProvider as RayNodeProvider
from ray.autoscaler.tags import (
    NODE_KIND_HEAD,
    STATUS_UNINITIALIZED,
    STATUS_UP_TO_DATE,
    TAG_RAY_NODE_KIND,
    TAG_RAY_NODE_STATUS,
)
from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError, IonetError
from ionet.cloud.leasing import LeasedNode, Loop, Market, Tags, tags_path
from ionet.cloud.on_head import start
from ionet.cloud.proxy import Proxy
from ionet.formats.text import printable
from ionet.workloads._run import node_resource

#: Seconds for which what the chain and Ray have said is used again.
_KEPT: Final = 2.0
#: Seconds of the chain after its start in which a node joins Ray, or is given up.
_JOINING: Final = 900
_GCS: Final = 6_379
_MODULE: Final = "ionet.cloud.autoscaling.NodeProvider"


class Told(click.ClickException, IonetError):
    """What `ray up` and `ray down` say in one line: of other errors they show where Ray's program was."""


class NotUsable(click.ClickException, ConfigError):
    """See `Told`."""


class NotLeased(NodeLaunchException, click.ClickException):
    """See `Told`; for Ray's autoscaler it is the reason why there is no more."""


def addresses() -> dict[str, str]:
    """Where Ray's nodes are, by the leased node's address in hex; empty where this process has no Ray's."""
    from ray.autoscaler.v2.sdk import get_cluster_resource_state
    from ray.core.generated import autoscaler_pb2
    from ray.experimental.internal_kv import _internal_kv_initialized, internal_kv_get_gcs_client

    if not _internal_kv_initialized():  # type: ignore[no-untyped-call]
        return {}
    dead: int = autoscaler_pb2.NodeStatus.DEAD  # type: ignore[attr-defined]  # it is generated
    prefix, places = node_resource(""), dict[str, str]()
    client: Any = internal_kv_get_gcs_client()  # type: ignore[no-untyped-call]
    for state in get_cluster_resource_state(client).node_states:
        for name in state.total_resources:
            if name.startswith(prefix) and state.status != dead:
                places[name.removeprefix(prefix)] = str(state.node_ip_address)
    return places


class NodeProvider(RayNodeProvider):
    """The market's nodes, for Ray's autoscaler and `ray up`.

    Args:
        provider_config: `provider` of Ray's file; see this module.
        cluster_name: the cluster's.

    Raises:
        ConfigError: it cannot be used so; the message says which key is wrong.
    """

    def __init__(self, provider_config: dict[str, Any], cluster_name: str) -> None:
        super().__init__(provider_config, cluster_name)
        try:
            self._market, self._loop = Market(provider_config, cluster_name), Loop()
        except ConfigError as bad:
            raise NotUsable(str(bad)) from bad
        self._tags = Tags(tags_path({"provider": provider_config, "cluster_name": cluster_name}))
        self._lock = threading.RLock()
        self._looked, self._known = float("-inf"), dict[str, LeasedNode]()
        self._asked, self._places = float("-inf"), dict[str, str]()
        self._joined = dict[str, str]()

    # -- what there is

    def _nodes(self) -> dict[str, LeasedNode]:
        """Its own jobs and the head's, the head's first."""
        with self._lock:
            if time.monotonic() - self._looked > _KEPT:
                try:
                    jobs = self._loop.do(self._market.jobs())
                except IonetError as bad:
                    raise Told(str(bad)) from bad
                for job, leased in jobs.items():
                    if not leased.head:
                        self._tags.learn(job, leased.node)
                self._tags.prune(jobs)
                own = {job: leased for job, leased in jobs.items() if leased.head or job in self._tags.jobs}
                self._known, self._looked = own, time.monotonic()
            return self._known

    def _place(self, node_id: str) -> str | None:
        """Where Ray has a job's node, or had it last; None while it has not joined."""
        with self._lock:
            if time.monotonic() - self._asked > _KEPT:
                self._places, self._asked = addresses(), time.monotonic()
            if (leased := self._nodes().get(node_id)) is None:
                return None
            place = self._places.get(bytes(Pubkey.from_string(leased.node)).hex())
            if place is not None:
                self._joined[node_id] = place
            return self._joined.get(node_id)

    def _is_missing(self, node_id: str) -> bool:
        """Whether Ray, which can be asked, should have a node by now, or had it, and has not."""
        joined, leased = self._place(node_id) is not None, self._nodes().get(node_id)
        if leased is None or leased.ran is None or not self._places:
            return False
        there = bytes(Pubkey.from_string(leased.node)).hex() in self._places
        return not there and (joined or leased.ran > _JOINING)

    def non_terminated_nodes(self, tag_filters: dict[str, str]) -> list[str]:
        """See Ray's."""
        return [job for job in list(self._nodes()) if tag_filters.items() <= self.node_tags(job).items()]

    def is_running(self, node_id: str) -> bool:
        """See Ray's."""
        leased = self._nodes().get(node_id)
        return leased is not None and leased.ran is not None

    def is_terminated(self, node_id: str) -> bool:
        """See Ray's."""
        return node_id not in self._nodes()

    def node_tags(self, node_id: str) -> dict[str, str]:
        """See Ray's; a node has its place in Ray before it is up to date.

        Ray ends what is up to date and says nothing; what is not it waits for without end, and it is paid.
        """
        tags, leased = dict(self._tags.jobs.get(node_id, {})), self._nodes().get(node_id)
        if leased is not None and leased.head:
            return {TAG_RAY_NODE_KIND: NODE_KIND_HEAD, TAG_RAY_NODE_STATUS: STATUS_UP_TO_DATE, **tags}
        there = self._place(node_id) is not None or self._is_missing(node_id)
        return {**tags, TAG_RAY_NODE_STATUS: STATUS_UP_TO_DATE if there else STATUS_UNINITIALIZED}

    def set_node_tags(self, node_id: str, tags: dict[str, str]) -> None:
        """See Ray's."""
        with self._lock:
            self._tags.jobs[node_id] = {**self._tags.jobs.get(node_id, {}), **tags}
            self._tags.write()

    def internal_ip(self, node_id: str) -> str:
        """Where Ray has the node; a word that is no address, before it has joined."""
        return self._place(node_id) or f"not-there-{node_id}"

    external_ip = internal_ip

    # -- what is done

    def create_node(self, node_config: dict[str, Any], tags: dict[str, str], count: int) -> dict[str, Any]:
        """Books nodes; see Ray's.

        Raises:
            NodeLaunchException: one could not be booked; its description says why, as that the session's
                limit is reached.
        """
        made = dict[str, Any]()
        try:
            for _ in range(count):
                with self._lock:
                    made[self._one(node_config, dict(tags))] = {}
        except IonetError as bad:
            raise NotLeased(type(bad).__name__[:20], str(bad), sys.exc_info()) from bad
        return made

    def _one(self, node_config: Mapping[str, Any], tags: dict[str, str]) -> str:
        self._looked = float("-inf")
        if tags.get(TAG_RAY_NODE_KIND) != NODE_KIND_HEAD:
            return self._loop.do(self._market.add(self._tags, tags))
        most = int(self.provider_config.get("max_nodes", 255))
        job = str(self._loop.do(self._market.book(node_config, most)).run.job)
        self.set_node_tags(job, tags)
        return job

    def terminate_node(self, node_id: str) -> None:
        """Ends a node's lease, so that only its used time is paid; see Ray's."""
        with self._lock:
            self._looked = float("-inf")
            if (leased := self._nodes().get(node_id)) is not None:
                if self._is_missing(node_id):
                    # Who is cheapest and never there would be booked and paid for an hour, again and again.
                    self._tags.shun(leased.node)
                self._loop.do(self._market.end(node_id))
            self._looked = float("-inf")

    def get_command_runner(self, *given: Any, **named: Any) -> CommandRunnerInterface:
        """Runs commands of `ray up` and `ray exec` on the head, by SSH through the gateway."""
        return Commands(self._loop, self._market)


class Commands(CommandRunnerInterface):
    """Commands on the head.

    Args:
        loop: in which the market's clients were made.
        market: knows the cluster.
    """

    def __init__(self, loop: Loop, market: Market) -> None:
        self._loop, self._market = loop, market

    def run(self, cmd: str | None = None, *given: Any, with_output: bool = False, **named: Any) -> str:
        """Runs a line of the shell.

        Not what Ray's launcher asks of machines that are its own: whether one is up, which it is when its
        cluster is ready, and to stop Ray, which ends with the lease.
        """
        own = cmd is None or cmd.strip() == "uptime" or "ray stop" in cmd
        return "" if own else self._loop.do(self._run(str(cmd)))

    async def _run(self, command: str) -> str:
        cluster, said = await self._market.cluster(), bytearray()
        async with cluster:
            status = await cluster.exec(command, said.extend)
        if status:
            raise IonetError(f"a command ended with {status}: {said.decode(errors='replace')[-500:]}")
        return said.decode(errors="replace")

    def run_rsync_up(self, source: str, target: str, options: Any = None) -> None:
        """Does nothing: what a cluster needs is sent when it is booked, by `workdir` and `files`."""

    def run_rsync_down(self, source: str, target: str, options: Any = None) -> None:
        """Does nothing; see `ionet cluster sync`."""

    def remote_shell_command_str(self) -> str:
        """What opens a shell on the head."""
        return f"ionet cluster ssh {self._market.name}"

    def run_init(self, *, as_head: bool, file_mounts: dict[str, str], sync_run_yet: bool) -> bool:
        """Nothing is left to begin: there are no further containers."""
        return False


def settings(path: Path) -> dict[str, Any]:
    """Ray's file, with all defaults.

    Raises:
        ConfigError: it cannot be read, or is none of Ray's; the message says why.
    """
    from ray.autoscaler._private.util import prepare_config, validate_config

    try:
        content = yaml.safe_load(path.read_text())
        config: dict[str, Any] = prepare_config(content)
        config["provider"] = {
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
            **config["provider"],
        }
        config.setdefault("cluster_synced_files", [])
        validate_config(config)
        json.dumps(config)
        module = config["provider"].get("module")
    except OSError as bad:
        raise ConfigError(f"{path}: {bad.strerror}") from None
    except TypeError as bad:
        raise ConfigError(f"{path}: dates and times belong in quotes: {bad}") from bad
    except Exception as bad:  # whatever Ray raises at a file that is none of its own
        # Of a schema's errors the text has the whole schema.
        where, what = getattr(bad, "json_path", "$")[2:], getattr(bad, "message", str(bad))
        raise ConfigError(f"{path} is no cluster file of Ray's: {where and where + ': '}{what}") from bad
    if module != _MODULE:
        raise ConfigError(f"{path}: provider takes type: external, and module: {_MODULE}")
    return config


def autoscale(config: dict[str, Any]) -> None:
    """Runs Ray's own autoscaler on a cluster, by SSH, until it is ended.

    Args:
        config: see `settings`.

    Raises:
        IonetError: the cluster cannot be reached, or its Ray is another than this process's.
    """
    loop, market = Loop(), Market(config["provider"], config["cluster_name"])

    async def way() -> Any:
        cluster = await market.cluster()
        try:
            return await cluster.way()
        finally:
            await cluster.run.__aexit__()

    with Proxy(loop.do(way())) as proxy:
        proxy.show_token()
        run(config, f"127.0.0.1:{proxy.forward(_GCS)}")


def run(config: dict[str, Any], ray: str, begun: Callable[[], None] = lambda: None) -> None:
    """Runs it where the head of the cluster's Ray can be reached, until it is ended.

    Args:
        config: see `settings`.
        ray: the head's address.
        begun: called once it has found Ray and the cluster.
    """
    from ray.autoscaler._private.monitor import Monitor

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("ray").setLevel(logging.INFO)
    # So that what is wrong is said once, and at the beginning.
    provider = NodeProvider(config["provider"], config["cluster_name"])
    provider.non_terminated_nodes({})
    with tempfile.TemporaryDirectory(prefix="ionet-") as folder:
        place = Path(folder) / "cluster.yaml"
        place.write_text(yaml.safe_dump(config))
        monitor: Any = Monitor(ray, str(place))
        begun()
        monitor.run()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {__spec__.name}", description="Ray's autoscaler, with nodes of the market."
    )
    parser.add_argument("file", type=Path, help="Ray's cluster file, as `ray up` takes it")
    parser.add_argument(
        "--head", action="store_true", help="run it on the cluster's first node, which reaches the internet"
    )
    given = parser.parse_args()
    try:
        config = settings(given.file)
        if given.head:
            print(printable(start(config), lines=True))
        else:
            autoscale(config)
    except IonetError as bad:
        # A box's words may be in it.
        sys.exit(f"error: {printable(str(bad), lines=True)}")


if __name__ == "__main__":
    main()
