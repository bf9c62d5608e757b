"""Settings of models on leased nodes: what they run in, and what nodes are leased for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from solders.pubkey import Pubkey

from ionet.chain.amounts import USD
from ionet.chain.errors import AmountError, ConfigError
from ionet.cloud.spec import image_of
from ionet.formats.when import HOUR
from ionet.intelligence.scaling import GIB, Policy
from ionet.service.settings import Table, checked_url

Runs = Literal["llama", "vllm"]
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_HOURS: Final = 168


@dataclass(frozen=True, slots=True)
class Leased:
    """A model on leased nodes.

    Attributes:
        runs: in llama.cpp or in vLLM.
        file: weights that nodes are sent; None: they fetch them.
        source: where nodes fetch them: a URL, or for vLLM a name on Hugging Face or a path on the node.
        sha256: of a file that is fetched, in hex.
        revision: of `source`, for vLLM; empty: the newest.
        memory: bytes that it takes.
        threads: of a node's cores.
        policy: how many engines there are.
    """

    runs: Runs
    file: Path | None
    source: str
    sha256: str
    revision: str
    memory: int
    threads: int
    policy: Policy


@dataclass(frozen=True, slots=True)
class FleetConfig:
    """What nodes are leased, and by whom.

    Attributes:
        gateway: URL of the gateway.
        keypair: file of the session key that leases.
        wallet: whose tokens it spends; None: its own.
        pay: currency.
        classes: hardware classes, of which the cheapest that is free is taken.
        memory: GiB of each node.
        cpus, gpus: of each node; None: all that it has.
        seconds: that a node is leased for at first.
        budget: millionths of a dollar an hour for all nodes; None: no limit.
        max_rate: per processor and hour; None: no limit.
        image: that nodes run; None: their own.
        pip: packages that are installed on nodes.
        internet: whether nodes reach the internet.
        files: what nodes are sent besides, by its path there.
    """

    gateway: str
    keypair: Path
    wallet: Pubkey | None
    pay: str
    classes: tuple[str, ...]
    memory: int
    cpus: int | None
    gpus: int | None
    seconds: int
    budget: int | None
    max_rate: USD | None
    image: str | None
    pip: tuple[str, ...] = ()
    internet: bool = False
    files: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))


def read_fleet(table: Table, path: Path, budget: int | None) -> FleetConfig:
    """Reads `[fleet]`.

    Args:
        table: it, without its budget.
        path: the file.
        budget: see `FleetConfig`.

    Raises:
        ConfigError: see `ionet.intelligence.config.load`.
    """
    with table.about("gateway"):
        gateway = checked_url(table.text("gateway", "a gateway's URL"), {"https": "http"}, "a gateway")
    image = table.text("image", "an image, as inference", "")
    try:
        image = image_of(image) if image else ""
    except ValueError as bad:
        raise table.wrong("image", str(bad)) from None
    config = FleetConfig(
        gateway=gateway,
        keypair=_there(table, "keypair", path),
        wallet=table.address("wallet", "whose tokens are spent") if table.has("wallet") else None,
        pay=table.text("pay", "USDC, IO, or a mint", "USDC"),
        classes=tuple(table.texts("classes", "hardware classes, as RTX 4090")),
        memory=table.integer("memory", 1, 16_384, "GiB of a node"),
        cpus=table.integer("cpus", 1, 1_024, "cores of a node") if table.has("cpus") else None,
        gpus=table.integer("gpus", 0, 8, "GPUs of a node") if table.has("gpus") else None,
        seconds=HOUR * table.integer("hours", 1, _HOURS, "hours of a lease at first", 1),
        budget=budget,
        max_rate=_rate(table),
        image=image or None,
        pip=tuple(table.texts("pip", "packages, as name==version", ())),
        internet=table.take("internet", bool, "true or false", False),
        files=_files(table, path),
    )
    table.finish()
    return config


def _rate(table: Table) -> USD | None:
    if not (text := table.text("max_rate", "dollars per processor and hour", "")):
        return None
    try:
        return USD(text)
    except AmountError as bad:
        raise table.wrong("max_rate", str(bad)) from None


def _files(table: Table, path: Path) -> Mapping[str, Path]:
    if not table.has("files"):
        return MappingProxyType({})
    values: dict[str, Any] = table.take("files", dict, "a table of `path on nodes = path here`")
    if not all(isinstance(value, str) for value in values.values()):
        raise table.wrong("files", "each is a path here, in quotes")
    return MappingProxyType({name: path.parent / Path(value).expanduser() for name, value in values.items()})


def _there(table: Table, name: str, path: Path) -> Path:
    file = table.folder(name, "a file", path)
    if not file.is_file():
        raise table.wrong(name, f"there is no file {file}")
    return file


def read_leased(table: Table, path: Path) -> Leased:
    """Reads what a model with `engine = "lease"` says of its engines.

    Raises:
        ConfigError: see `ionet.intelligence.config.load`.
    """
    runs = table.text("runs", "llama or vllm", "llama")
    if runs not in ("llama", "vllm"):
        raise table.wrong("runs", "it is llama or vllm")
    file = _there(table, "file", path) if runs == "llama" and table.has("file") else None
    source, sha256 = "", ""
    if file is None:
        source = table.text("source", "where nodes fetch the weights")
    if file is None and runs == "llama":
        with table.about("source"):
            checked_url(source, {"https": "https"}, "where nodes fetch weights")
        sha256 = table.text("sha256", "the sha256 of the weights, in hex")
        if not _SHA256.fullmatch(sha256):
            raise table.wrong("sha256", "it is 64 hex digits")
    # Beside its weights an engine keeps what it has read, and itself.
    needs = None if file is None else -(-(file.stat().st_size * 3 // 2) // GIB)
    return Leased(
        runs=runs,  # type: ignore[arg-type]
        file=file,
        source=source,
        sha256=sha256,
        revision=table.text("revision", "a revision of the source", "") if runs == "vllm" else "",
        memory=GIB * table.integer("memory", 1, 16_384, "GiB that the model takes", needs),
        threads=table.integer("threads", 1, 1_024, "cores of a node", 1),
        policy=_policy(table),
    )


def _policy(table: Table) -> Policy:
    try:
        return Policy(
            least=table.integer("least", 0, 1_000, "engines at all times", 0),
            most=table.integer("most", 1, 1_000, "engines at any time", 1),
            target=table.integer("target", 1, 10_000, "requests that one engine is for", 4),
            idle=60.0 * table.integer("idle", 1, 10_080, "minutes for which what was needed stays", 15),
        )
    except ValueError as bad:
        raise table.wrong("least", str(bad)) from None


def check_fits(fleet: FleetConfig | None, models: Mapping[str, Leased]) -> None:
    """Checks that there are nodes for all models that are to be on leased ones.

    Raises:
        ConfigError: there are not.
    """
    for name, leased in models.items():
        if fleet is None:
            raise ConfigError(f"{name} is on leased nodes: say in [fleet] which, and by which key")
        if leased.memory > fleet.memory * GIB:
            raise ConfigError(
                f"{name} takes {leased.memory // GIB} GiB, and a node of [fleet] has {fleet.memory}"
            )
        if leased.file is None and not fleet.internet:
            raise ConfigError(f"nodes fetch the weights of {name}: write internet = true in [fleet]")
