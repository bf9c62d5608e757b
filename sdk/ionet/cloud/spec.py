"""What a renter wants of a cluster, and the file that says so. Pure: nothing is looked up, nothing is sent.

::

    name: digits                # how the commands call it; default: the file's name
    nodes: 2                    # default: 1
    max_nodes: 8                # the most that it may grow to while it runs; see `ionet cluster resize`
    class: RTX 4090             # or any_of: [RTX 4090, RTX 3090]
    region: 276                 # ISO 3166-1 number
    memory: 64                  # of each node, GiB at least
    cpus: 8                     # of each node
    gpus: 1                     # of each node; default: all that it has
    bandwidth: 1Gbit/s          # between any two nodes at least, as both have measured
    latency: 20ms               # between any two nodes at most
    max_rate: 0.6               # dollars per processor and hour at most
    budget: 40                  # the most that goes into escrow, in what is paid in
    pay: IO                     # or USDC, or a mint
    hours: 8                    # or 90min, 2d
    workdir: .                  # folder that is sent
    files: {data/train.csv: ~/train.csv}    # where it is on the nodes: where it is here
    volumes: {data: mine}       # where it is on the nodes: a volume of yours
    env: {EPOCHS: 3}
    pip: [xgboost==3.0.0]
    requirements: requirements.txt          # the same, from a file
    internet: true              # where the supplier allows it
    image: training             # what nodes run in; or sha256:…, or oci:… of an archive in the store
    setup: make data            # by the shell, on each node, before any work
    run: python3 train.py       # by the shell, on the first node, once the cluster is there
    ports: [8000]               # of the first node, that `ionet cluster proxy` has on your machine
    on_loss: continue           # when a node is lost; or end
    idle: 20min                 # it ends itself once Ray has been idle for so long

A file of SkyPilot's or of Ray's cluster launcher is read as far as it says the same: `ionet.cloud.foreign`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from ionet.chain.amounts import USD
from ionet.chain.errors import AmountError
from ionet.cloud import foreign
from ionet.cloud.errors import ClusterFileError
from ionet.cloud.lines import MAX_TEXT, Item, pairs, read, unknown
from ionet.cloud.snapshots import NAME
from ionet.formats.links import bits_of, microseconds_of
from ionet.formats.when import DAY, HOUR, MINUTE, span
from ionet.store.manifest import MAX_DURATION, MAX_NODES, ManifestError, RuntimeEnv, check_image

OnLoss: TypeAlias = Literal["end", "continue"]

_CATALOGUE: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_LENGTH: Final = re.compile(r"([0-9]+) ?(min|h|d)")
_UNITS: Final = {"min": MINUTE, "h": HOUR, "d": DAY}
#: Longer than this a script belongs into a file of the working directory.
_SCRIPT: Final = 64 * 1024
_KEYS: Final = (
    "name", "nodes", "class", "any_of", "region", "memory", "cpus", "gpus", "bandwidth", "latency",
    "max_rate", "budget", "pay", "hours", "workdir", "files", "env", "pip", "requirements", "internet",
    "setup", "run", "on_loss", "image", "volumes",
    "max_nodes", "idle", "ports",
)  # fmt: skip
#: What others call these.
_MEANT: Final = {
    "accelerators": "class", "count": "nodes", "currency": "pay", "for": "hours", "gpu": "class",
    "price": "max_rate", "seconds": "hours", "script": "run", "time": "hours", "inputs": "files",
    "workers": "nodes", "max_workers": "max_nodes", "working_dir": "workdir", "command": "run",
}  # fmt: skip
#: Ports that a file names.
_PORTS: Final = 32


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """What a renter wants of a cluster.

    Attributes:
        name: 1 to 32 of `a-z`, `0-9` and dashes.
        nodes: how many, at first.
        max_nodes: the most that it may grow to; None: of several nodes as many as one likes, of one that one.
        classes: hardware classes of which any one will do, by name or number, the preferred first.
        region: ISO 3166-1 numeric code; None for any.
        memory_gib: memory that each node gives, GiB; 0: all that it has.
        cpus: cores that each node gives; None: all that it has.
        gpus: GPUs of each node; None: all that it has.
        min_bits: between any two nodes, bits a second at least; 0: any.
        max_microseconds: between any two nodes, round trip at most; 0: any.
        max_rate: highest rate per processor and hour; None for any.
        budget: the most that goes into escrow, in whole units of what is paid in; None for any.
        pay: what to pay in: name or mint.
        seconds: for how long.
        workdir: folder that is sent, relative to the file's; None: none.
        files: what is sent besides: by its path in the working directory of each node, where it is here.
        volumes: names of volumes, by their folders in the working directory.
        snapshots: which snapshots of them are among the files, by folder.
        env: environment variables of setup and work.
        pip: packages, each as ``name==version``.
        requirements: a file with more of them, relative to the cluster file's folder; None: none.
        internet: whether the nodes reach the internet.
        setup: a script for the shell on each node; empty: none.
        run: a script for the shell on the first node, once the cluster is there; empty: none.
        on_loss: whether the cluster ends or goes on when a node other than the first is lost.
        idle: seconds after which it ends itself if nothing uses it; None: not before its time.
        ports: of the first node's box, that `ionet cluster proxy` opens on the renter's machine.
        image: what the nodes run in, by its name in the catalogue or as a manifest names it; None: their own.
    """

    name: str = "cluster"
    nodes: int = 1
    max_nodes: int | None = None
    classes: tuple[str, ...] = ()
    region: int | None = None
    memory_gib: int = 0
    cpus: int | None = None
    gpus: int | None = None
    min_bits: int = 0
    max_microseconds: int = 0
    max_rate: USD | None = None
    budget: Decimal | None = None
    pay: str = "IO"
    seconds: int = HOUR
    workdir: str | None = None
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    volumes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    snapshots: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    pip: tuple[str, ...] = ()
    requirements: str | None = None
    internet: bool = False
    setup: str = ""
    run: str = ""
    on_loss: OnLoss = "continue"
    image: str | None = None
    idle: int | None = None
    ports: tuple[int, ...] = ()

    @property
    def grows(self) -> bool:
        """Whether nodes may come later, though it begins with one."""
        return self.max_nodes is not None and self.max_nodes > self.nodes


@dataclass(frozen=True, slots=True)
class ClusterFile:
    """A cluster file that was read.

    Attributes:
        spec: what it wants.
        kind: whose format it has: ``ionet``, ``SkyPilot`` or ``Ray``.
        folder: what its paths are relative to.
        unread: of another program's file: a sentence for each line that there is nothing for here.
    """

    spec: ClusterSpec
    kind: str = "ionet"
    folder: Path = Path()
    unread: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: str | Path) -> ClusterFile:
        """Reads a cluster file.

        Raises:
            ClusterFileError: it is none; the message names the line, and what would be right.
            OSError: it cannot be read.
        """
        path = Path(path)
        with path.open("rb") as file:
            data = file.read(4 * MAX_TEXT + 1)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise ClusterFileError(f"{path.name} is not UTF-8") from None
        stem = re.sub(r"[^a-z0-9]+", "-", path.stem.casefold()).strip("-")[:32].strip("-") or "cluster"
        return replace(parse(text, path.name, name=stem), folder=path.parent)


def parse(text: str, file: str = "cluster.yaml", *, name: str = "cluster") -> ClusterFile:
    """Reads a cluster file's text.

    Args:
        text: YAML.
        file: the file's name, for messages.
        name: the cluster's, if it says none.

    Raises:
        ClusterFileError: see `ClusterFile.load`.
    """
    items = read(text, file)
    kind, unread = "ionet", list[Item]()
    for other, looks, translate in (
        ("Ray", foreign.is_ray, foreign.of_ray),
        ("SkyPilot", foreign.is_sky, foreign.of_sky),
    ):
        if looks(items):
            kind, (items, unread) = other, translate(items)
            break
    said = sorted((item.line, item.place, str(item.value)) for item in unread)
    notes = tuple(f"{file}:{line}: {place}: {why}" for line, place, why in said)
    return ClusterFile(_spec(items, name), kind, unread=notes)


def _spec(items: Mapping[str, Item], name: str) -> ClusterSpec:
    for key, item in items.items():
        if key not in _KEYS:
            raise unknown(item, _KEYS, _MEANT)
    if "class" in items and "any_of" in items:
        items["any_of"].wrong(f"class is in line {items['class'].line}, too; write one of them")
    spec = ClusterSpec(name=name)
    for key, item in items.items():
        spec = _with(spec, key, item)
    _check_together(spec, items)
    return spec


def _with(spec: ClusterSpec, key: str, item: Item) -> ClusterSpec:
    """The spec with one key of a file."""
    match key:
        case "name":
            return replace(spec, name=item.read(cluster_name, "a name"))
        case "nodes":
            return replace(spec, nodes=item.integer(1, MAX_NODES - 1, "how many nodes"))
        case "max_nodes":
            return replace(spec, max_nodes=item.integer(1, MAX_NODES - 1, "how many nodes at most"))
        case "class":
            return replace(spec, classes=(item.text("a hardware class, such as RTX 4090"),))
        case "any_of":
            parts = item.items("a list of hardware classes")
            return replace(spec, classes=tuple(part.text("a hardware class") for part in parts))
        case "region":
            return replace(spec, region=item.integer(1, 999, "a country's number by ISO 3166-1"))
        case "memory":
            return replace(spec, memory_gib=item.read(gib_of, "GiB, as 64 or 64GiB"))
        case "cpus":
            return replace(spec, cpus=item.integer(1, 1024, "how many cores of each node"))
        case "gpus":
            return replace(spec, gpus=item.integer(0, 8, "how many GPUs of each node"))
        case "bandwidth":
            return replace(spec, min_bits=item.read(bits_of, "a bandwidth, as 1Gbit/s"))
        case "latency":
            return replace(spec, max_microseconds=item.read(microseconds_of, "a round trip, as 20ms"))
        case "max_rate":
            return replace(spec, max_rate=_dollars(item))
        case "budget":
            return replace(spec, budget=item.decimal("an amount of what is paid in, as 40 or 12.5"))
        case "pay":
            return replace(spec, pay=item.text("IO, USDC, or a mint"))
        case "hours":
            return replace(spec, seconds=_length(item))
        case "idle":
            return replace(spec, idle=item.read(idle_time, "how long, as 20min or 2h"))
        case "on_loss":
            said = item.text("end or continue")
            if said not in ("end", "continue"):
                item.wrong(f"it is end or continue, not {said!r}")
            return replace(spec, on_loss="end" if said == "end" else "continue")
    return _with_work(spec, key, item)


def _with_work(spec: ClusterSpec, key: str, item: Item) -> ClusterSpec:
    """The spec with a key that is about what the cluster runs."""
    match key:
        case "workdir":
            return replace(spec, workdir=item.text("a folder"))
        case "files":
            return replace(spec, files=MappingProxyType(dict(_file(*pair) for pair in _files(item))))
        case "volumes":
            return replace(
                spec, volumes=MappingProxyType(dict(_mount(*pair) for pair in _files(item, "volume")))
            )
        case "env":
            return replace(spec, env=MappingProxyType(dict(_variable(*pair) for pair in _variables(item))))
        case "requirements":
            return replace(spec, requirements=item.text("a file of requirements"))
        case "pip":
            return replace(spec, pip=tuple(_requirement(part) for part in item.items("a list of packages")))
        case "internet":
            return replace(spec, internet=item.flag("whether the nodes reach the internet"))
        case "image":
            return replace(spec, image=_image(item))
        case "ports":
            return replace(spec, ports=_ports(item))
        case "setup":
            return replace(spec, setup=_script(item))
    return replace(spec, run=_script(item))


def _check_together(spec: ClusterSpec, items: Mapping[str, Item]) -> None:
    for path in spec.volumes:
        if any(path == other or f"{other}/".startswith(f"{path}/") for other in spec.files):
            items["volumes"].wrong(f"files puts something at {path}, too; write one of them")
    if spec.max_nodes is not None and spec.max_nodes < spec.nodes:
        items["max_nodes"].wrong(f"it has {spec.nodes} nodes at first; write {spec.nodes} or more")
    if spec.max_nodes is not None and spec.max_nodes > spec.nodes and spec.on_loss == "end":
        items["on_loss"].wrong("a cluster that may grow goes on when a node leaves it; write `continue`")
    if spec.nodes == 1 and not spec.grows:
        for key in ("bandwidth", "latency", "on_loss"):
            if key in items:
                items[key].wrong("it is for several nodes; leave it out, or write `nodes: 2`")
    if (spec.pip or spec.requirements) and "internet" in items and not spec.internet:
        items["internet"].wrong("pip needs it; leave it out, or bring the packages in workdir")


def cluster_name(text: str) -> str:
    """Returns a cluster's name.

    Raises:
        ValueError: it is none.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(f"a name is 1 to 32 of a-z, 0-9 and dashes inside, not {text!r}")
    return text


def idle_time(text: str) -> int:
    """Reads for how long a cluster may be idle: ``20min``, ``20m``, ``2h``.

    Raises:
        ValueError: it is not that, or less than a minute.
    """
    match = re.fullmatch(r"([0-9]{1,5}) ?(min|m|h|d)", text.strip())
    seconds = 0 if match is None else int(match[1]) * {**_UNITS, "m": MINUTE}[match[2]]
    if not MINUTE <= seconds <= MAX_DURATION:
        raise ValueError(f"how long it may be idle is 1min or more, as 20min or 2h, not {text!r}")
    return seconds


def gib_of(text: str) -> int:
    """Reads memory: ``64`` or ``64GiB``.

    Raises:
        ValueError: it is not that.
    """
    match = re.fullmatch(r"([0-9]{1,5}) ?(GiB)?", text)
    if match is None:
        raise ValueError(f"memory is in whole GiB, as 64 or 64GiB, not {text!r}")
    return int(match[1])


def _dollars(item: Item) -> USD:
    right = "dollars per processor and hour"
    amount = item.decimal(right)
    try:
        return USD(str(amount))
    except AmountError as bad:
        item.wrong(f"it is {right}: {bad}")


def _length(item: Item) -> int:
    right = "how long, in hours, or as 90min or 2d"
    match = _LENGTH.fullmatch(item.text(right)) if item.kind == "str" else None
    if item.kind == "str" and match is None:
        item.wrong(f"it is {right}, not {item.what}")
    exact = item.decimal(right) * HOUR if match is None else Decimal(int(match[1]) * _UNITS[match[2]])
    if exact != int(exact) or not HOUR <= exact <= MAX_DURATION:
        item.wrong(f"it is from 1 h to {span(MAX_DURATION)}, in whole seconds, not {item.value}")
    return int(exact)


def _files(item: Item, here: str = "path here") -> list[tuple[str, Item]]:
    return list(pairs(item, f"a table of `path on the nodes: {here}`"))


def _file(name: str, item: Item) -> tuple[str, str]:
    path = PurePosixPath(name)
    if path.is_absolute() or name.startswith("~") or ".." in path.parts or not path.parts:
        item.wrong("on the nodes it is a path below the working directory, as data/train.csv")
    return str(path), item.text("where the file or folder is here")


def _mount(name: str, item: Item) -> tuple[str, str]:
    path = _file(name, item)[0]
    volume = item.text("a volume's name")
    if not NAME.fullmatch(volume):
        item.wrong(f"a volume's name is 1 to 32 of a-z, 0-9 and dashes inside, not {volume!r}")
    return path, volume


def _variables(item: Item) -> list[tuple[str, Item]]:
    return list(pairs(item, "a table of `NAME: value`"))


def _variable(name: str, item: Item) -> tuple[str, str]:
    if not isinstance(item.value, str) or item.kind == "null":
        item.wrong(f"a variable is a text, not {item.what}")
    try:
        RuntimeEnv(env_vars={name: item.value})
    except ManifestError as bad:
        item.wrong(str(bad).partition(": ")[2])
    return name, item.value


def _requirement(item: Item) -> str:
    text = item.text("a package, as name==version")
    try:
        RuntimeEnv(pip=(text,))
    except ManifestError:
        item.wrong(f"{text!r} is not pinned; write it as name==version")
    return text


def _ports(item: Item) -> tuple[int, ...]:
    parts = item.items("a list of ports")
    if len(parts) > _PORTS:
        item.wrong(f"a file names {_PORTS} ports at most; `ionet cluster proxy NAME PORT` has any other")
    return tuple(dict.fromkeys(part.integer(1, 65_535, "a port") for part in parts))


def _image(item: Item) -> str:
    try:
        return image_of(item.text("an image, as training, sha256:… or oci:…"))
    except ValueError as bad:
        item.wrong(str(bad))


def image_of(text: str) -> str:
    """Reads an image: a name of the catalogue, or as a manifest names it.

    Raises:
        ValueError: it is neither.
    """
    if _CATALOGUE.fullmatch(text):
        return text
    try:
        return check_image(text)
    except ManifestError as bad:
        raise ValueError(f"{str(bad).partition(': ')[2]}; or a name of the catalogue, as training") from None


def _script(item: Item) -> str:
    text = item.text("a script for the shell")
    if len(text) > _SCRIPT or "\0" in text:
        item.wrong(f"a script has {_SCRIPT} characters at most; put it into a file of workdir, and run that")
    return text
