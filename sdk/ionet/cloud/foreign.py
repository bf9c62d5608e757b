"""Files of SkyPilot's and of Ray's cluster launcher, read as far as they say what a cluster file says. Pure.

Of each line for which there is nothing here, a sentence says why; nothing of such a file is passed over in
silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from ionet.cloud.lines import Item

#: What a cluster file says, by its keys, and the lines for which there is nothing: their values say why.
Translated: TypeAlias = tuple[dict[str, Item], list[Item]]

_SKY: Final = frozenset({"resources", "num_nodes", "file_mounts", "envs", "secrets", "service"})
_RAY: Final = frozenset({"available_node_types", "provider", "cluster_name", "head_node_type"})

_ELSEWHERE: Final = "nodes come from the market, and not from a cloud; choose them by class and region"
_NO_IMAGE: Final = "no registry is asked: put an OCI archive into the store, and name it by image: oci:…"
_NO_RANGE: Final = "name each port; `ionet cluster proxy NAME PORT` has any other on your machine, too"
_NO_STOP: Final = "an idle cluster ends, and does not stop to be started again: write `idle_minutes` alone"
_NO_BUCKET: Final = "buckets are not mounted; send a file or folder of this machine, or fetch it in setup"
_OUTSIDE: Final = "only paths below the working directory are written to, as data/train.csv"
_ON_EACH: Final = (
    "it would be run on each node there, and here on the first alone: run it by `ionet cluster exec`, and by"
    " Ray on the others"
)
_NO_VARIABLES: Final = "there are no variables SKYPILOT_… here; `ray.init()` finds all nodes"
_ONLY_RAY: Final = "the lease starts Ray by itself, with its own ports and token"

_WHY_SKY: Final[Mapping[str, str]] = {
    "service": "there is no load balancer; serve from a node by Ray Serve",
    "secrets": "variables stand in the job's manifest, which others can read; do not send secrets like that",
    "volumes": "volumes of others are not read; write a file of ionet's own, with those of `ionet volume`",
}
_WHY_RESOURCE: Final[Mapping[str, str]] = {
    "use_spot": "nobody takes a rented node away before its time: there is no spot price",
    "spot_recovery": "a lost node can be replaced, see `ionet job guard`",
    "job_recovery": "a lost node can be replaced, see `ionet job guard`",
    "image_id": _NO_IMAGE,
    "disk_size": "a node's disk is its supplier's; it cannot be chosen",
    "disk_tier": "a node's disk is its supplier's; it cannot be chosen",
    "accelerator_args": "there are no TPUs",
    **dict.fromkeys(("cloud", "infra", "instance_type", "region", "zone", "network_tier"), _ELSEWHERE),
}
_WHY_RAY: Final[Mapping[str, str]] = {
    "provider": _ELSEWHERE,
    "auth": "nodes are not logged in to by SSH",
    "docker": _NO_IMAGE,
    "head_start_ray_commands": _ONLY_RAY,
    "worker_start_ray_commands": _ONLY_RAY,
    "initialization_commands": "there is nothing outside of a node's box",
    "head_setup_commands": "all nodes are set up alike; use setup_commands",
    "worker_setup_commands": "all nodes are set up alike; use setup_commands",
    "idle_timeout_minutes": "nodes do not leave by themselves; the cluster ends with its time",
    "upscaling_speed": "nodes do not come by themselves; min_workers says how many there are",
    "max_workers": "nodes do not come by themselves; min_workers says how many there are",
    "rsync_exclude": "name in .ionetignore what is not to be sent",
    "rsync_filter": "name in .ionetignore what is not to be sent",
    "cluster_synced_files": "files are sent once, at the start",
    "file_mounts_sync_continuously": "files are sent once, at the start",
}
_NOTHING: Final = "there is nothing like it here"


def is_sky(items: Mapping[str, Item]) -> bool:
    """Whether a file is SkyPilot's."""
    return bool(_SKY & items.keys())


def is_ray(items: Mapping[str, Item]) -> bool:
    """Whether a file is one of Ray's cluster launcher."""
    return bool(_RAY & items.keys())


def of_sky(items: Mapping[str, Item]) -> Translated:
    """Translates SkyPilot's.

    Raises:
        ClusterFileError: a line is none of SkyPilot's.
    """
    wanted, unread = dict[str, Item](), list[Item]()
    for key, item in items.items():
        if key in ("name", "workdir", "setup", "run"):
            wanted[key] = item
        elif key == "num_nodes":
            wanted["nodes"] = item
        elif key == "envs":
            wanted["env"] = item
        elif key == "file_mounts":
            _mounts(item, wanted, unread)
        elif key == "resources":
            _resources(item, wanted, unread)
        else:
            unread.append(_why(item, _WHY_SKY.get(key, _NOTHING)))
    _scripts(wanted, unread)
    return wanted, unread


def _scripts(wanted: dict[str, Item], unread: list[Item]) -> None:
    """Scripts that would do something else here."""
    several = "nodes" in wanted and wanted["nodes"].value != "1"
    for key in ("setup", "run"):
        if key in wanted and "SKYPILOT_" in str(wanted[key].value):
            unread.append(_why(wanted.pop(key), _NO_VARIABLES))
        elif key in wanted and key == "run" and several:
            unread.append(_why(wanted.pop(key), _ON_EACH))


def _resources(item: Item, wanted: dict[str, Item], unread: list[Item]) -> None:
    for key, part in item.table("a table").items():
        if key in ("accelerators", "any_of"):
            _accelerators(key, part, wanted, unread)
        elif key == "cpus":
            wanted["cpus"] = _at_least(part, "how many cores, as 8 or 8+", r"([0-9]+)\+?")
        elif key == "memory":
            wanted["memory"] = _at_least(part, "GB, as 32 or 32+", r"([0-9]+)(?:\+|GB|GiB)?")
        elif key == "ports":
            _ports(part, wanted, unread)
        elif key == "autostop":
            _autostop(part, wanted, unread)
        elif not (key == "use_spot" and part.kind == "bool" and not part.flag("")):
            unread.append(_why(part, _WHY_RESOURCE.get(key, _NOTHING)))


def _ports(item: Item, wanted: dict[str, Item], unread: list[Item]) -> None:
    """Ports, each by its number, also where that is written as a text."""
    parts = [
        replace(part, kind="int") if str(part.value).isdecimal() else part
        for part in item.items("a list of ports")
    ]
    unread += [_why(part, _NO_RANGE) for part in parts if part.kind != "int"]
    if named := [part for part in parts if part.kind == "int"]:
        wanted["ports"] = replace(item, value=named, kind="seq")


def _autostop(item: Item, wanted: dict[str, Item], unread: list[Item]) -> None:
    """Minutes, or a table with them; whether it goes `down` then, which it does here, need not be said."""
    parts = {"idle_minutes": item} if isinstance(item.value, str) else item.table("minutes")
    for key, part in parts.items():
        minutes = str(part.value).removesuffix("m")
        if key == "idle_minutes" and part.kind in ("int", "str") and minutes.isdecimal():
            wanted["idle"] = replace(part, value=f"{minutes}min", kind="str")
        elif not (key == "down" and part.kind == "bool" and part.flag("")):
            unread.append(_why(part, _NO_STOP))


def _accelerators(key: str, item: Item, wanted: dict[str, Item], unread: list[Item]) -> None:
    """Reads ``A100:2``, ``{A100: 2}``, a list of such texts, or `any_of` tables with nothing else in them."""
    asked: list[tuple[Item, str, str]] = []
    parts: list[Item] = []
    if key == "any_of":
        for option in item.items("a list of tables"):
            for name, part in option.table("a table").items():
                if name == "accelerators":
                    parts.append(part)
                else:
                    unread.append(_why(part, _WHY_RESOURCE.get(name, _NOTHING)))
    else:
        parts = [item]
    for part in parts:
        if isinstance(part.value, dict):
            asked += [
                (inner, name, "1" if inner.kind == "null" else str(inner.value))
                for name, inner in part.value.items()
            ]
            continue
        for inner in part.items("an accelerator, as A100:2"):
            name, _, count = inner.text("an accelerator, as A100:2").partition(":")
            asked.append((inner, name, count or "1"))
    if not asked:
        return
    if "any_of" in wanted:
        item.wrong("what would do is said in another line, too; write it once")
    count = asked[0][2]
    for inner, _, other in asked:
        if other != count:
            inner.wrong(f"all that would do have the same number of GPUs here: {count}, and not {other}")
    classes = [replace(inner, value=name, kind="str") for inner, name, _ in asked]
    wanted["any_of"] = replace(item, value=classes, kind="seq")
    wanted["gpus"] = replace(asked[0][0], value=count, kind="int")


def _at_least(item: Item, right: str, pattern: str) -> Item:
    match = re.fullmatch(pattern, item.text(right))
    if match is None:
        item.wrong(f"it is {right}, not {item.what}")
    return replace(item, value=match[1], kind="int")


def _mounts(item: Item, wanted: dict[str, Item], unread: list[Item]) -> None:
    files: dict[str, Item] = {}
    for name, source in item.table("a table of `path on the nodes: path here`").items():
        if not isinstance(source.value, str) or "://" in source.value:
            unread.append(_why(source, _NO_BUCKET))
        elif name.startswith(("/", "~")):
            unread.append(_why(source, _OUTSIDE))
        else:
            files[name] = source
    if files:
        wanted["files"] = replace(item, value=files)


def of_ray(items: Mapping[str, Item]) -> Translated:
    """Translates one of Ray's cluster launcher.

    Raises:
        ClusterFileError: a line is none of such a file.
    """
    wanted, unread = dict[str, Item](), list[Item]()
    for key, item in items.items():
        if key == "cluster_name":
            wanted["name"] = item
        elif key == "available_node_types":
            _node_types(item, items, wanted, unread)
        elif key == "file_mounts":
            _mounts(item, wanted, unread)
        elif key == "setup_commands":
            lines = [part.text("a command") for part in item.items("a list of commands")]
            if lines:
                wanted["setup"] = replace(item, value="\n".join(lines), kind="str")
        elif key != "head_node_type" and item.value:
            unread.append(_why(item, _WHY_RAY.get(key, _NOTHING)))
    return wanted, unread


def _node_types(item: Item, items: Mapping[str, Item], wanted: dict[str, Item], unread: list[Item]) -> None:
    """One head, and as many others as there are at least; each with the most that any of them has."""
    types = item.table("a table of node types")
    head = items["head_node_type"].text("a node type") if "head_node_type" in items else next(iter(types), "")
    if head not in types:
        at = items.get("head_node_type", item)
        at.wrong(f"there is no node type {head!r}" if types else "there is no node type")
    nodes, most = 1, dict[str, Item]()
    for name, node in types.items():
        for key, part in node.table("a table").items():
            if key == "resources":
                _most(part, most, unread)
            elif key == "min_workers":
                least = part.integer(0, 1_000_000, "how many nodes there are at least")
                nodes += 0 if name == head else least
            elif key == "max_workers":
                if part.value != _text(node, "min_workers", "0") and name != head:
                    unread.append(_why(part, _WHY_RAY[key]))
            elif key in _WHY_RAY:
                unread.append(_why(part, _WHY_RAY[key]))
            elif key == "node_config":
                unread += [_why(inner, _ELSEWHERE) for inner in _leaves(part)]
            else:
                unread.append(_why(part, _NOTHING))
    wanted["nodes"] = replace(item, value=str(nodes), kind="int")
    wanted |= most


def _most(item: Item, most: dict[str, Item], unread: list[Item]) -> None:
    """Takes note of what a node type has, where that is more than the others."""
    readers: dict[str, tuple[str, Callable[[int], int]]] = {
        "CPU": ("cpus", lambda count: count),
        "GPU": ("gpus", lambda count: count),
        "memory": ("memory", lambda size: -(-size // (1 << 30))),
    }
    for name, part in item.table("a table").items():
        if name not in readers:
            unread.append(_why(part, "a node has CPU, GPU and memory, and no resources by other names"))
            continue
        key, convert = readers[name]
        count = convert(part.integer(0, 1 << 50, "how much a node has"))
        if count and (key not in most or int(str(most[key].value)) < count):
            most[key] = replace(part, value=str(count), kind="int")


def _leaves(item: Item) -> Iterator[Item]:
    if isinstance(item.value, dict):
        for part in item.value.values():
            yield from _leaves(part)
    else:
        yield item


def _text(item: Item, key: str, default: str) -> str:
    part = item.value.get(key) if isinstance(item.value, dict) else None
    return default if part is None else str(part.value)


def _why(item: Item, why: str) -> Item:
    return replace(item, value=why)
