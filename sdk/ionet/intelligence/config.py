"""Settings of the service: `intelligence.toml`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet.chain.amounts import IO
from ionet.chain.errors import AmountError, ConfigError
from ionet.intelligence.gate import QuotaRule
from ionet.intelligence.leased import FleetConfig, Leased, check_fits, read_fleet, read_leased
from ionet.intelligence.models import Model
from ionet.intelligence.prices import Price
from ionet.intelligence.records import Currency
from ionet.service.settings import Table, checked_url, place, read

_ENGINES: Final = ("llama", "minilm", "url", "lease")
_NONE: Final = "no settings in {folder}: write intelligence.toml there, as docs/intelligence.md shows it"


@dataclass(frozen=True, slots=True)
class At:
    """A server that a model is at.

    Attributes:
        url: of an OpenAI-compatible server.
        node: that it runs on, for receipts.
        key: the server's, or None.
    """

    url: str
    node: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Served:
    """A model and what it runs in.

    Attributes:
        model: what clients see.
        engine: `llama`, `minilm`, `url` or `lease`.
        file: its weights, of this machine.
        tokenizer: a tokenizer.json, of this machine.
        places: servers that it is at.
        name: the model's name there.
        threads: of this machine's processors.
        counts: whether its server is llama.cpp's, which says the numbers of tokens.
        reference: weights that its answers are judged by, of this machine; None: by other nodes only.
        leased: of a model on leased nodes: what it runs in there.
    """

    model: Model
    engine: str
    file: Path | None
    tokenizer: Path | None
    places: tuple[At, ...]
    name: str
    threads: int
    counts: bool
    reference: Path | None
    leased: Leased | None = None


@dataclass(frozen=True, slots=True)
class IntelligenceConfig:
    """The settings.

    Attributes:
        state: folder of the books and the engines' sockets.
        host, port: where it listens; port 0: any.
        origin: of the service as people see it, such as https://ai.example.org; empty: where it listens.
        environment: a word in its keys.
        chain: `mainnet`, `testnet`, `devnet` or `localnet`, as wallets show it.
        quota: what stake is worth a day; None: nothing.
        tills: where payments come in.
        models: that it serves.
        metrics: address and port for Prometheus, or None.
        audited: answers of a million that are judged, of models with a reference or on several nodes.
        arbitrated: of these, how many of a million the reference judges whatever other nodes say.
        keeps: days for which receipts are kept, and what each request has cost.
        patience: seconds that a request waits for an engine at most.
        fleet: nodes that are leased; None: none are.
        surplus: file of the key that sends surpluses to the buyback's vaults; None: a command does.
    """

    state: Path
    models: tuple[Served, ...]
    host: str = "127.0.0.1"
    port: int = 8490
    origin: str = ""
    environment: str = "live"
    chain: str = "localnet"
    quota: QuotaRule | None = None
    tills: tuple[tuple[Currency, Pubkey], ...] = ()
    metrics: tuple[str, int] | None = None
    audited: int = 20_000
    arbitrated: int = 250_000
    keeps: int = 90
    patience: int = 300
    fleet: FleetConfig | None = None
    surplus: Path | None = None


def load(state: Path, environment: Mapping[str, str] | None = None) -> IntelligenceConfig:
    """Reads the settings in a state directory.

    Args:
        state: the directory.
        environment: variables; by default this process's.

    Raises:
        ConfigError: there are none, or one is wrong; the message says where, and what would be right.
    """
    path = state / "intelligence.toml"
    table = Table(path, read(path, _NONE), {})
    variables = os.environ if environment is None else environment
    host, port = _place(table, "listen", "127.0.0.1:8490")
    metrics = _place(table, "metrics", "127.0.0.1:9491")
    word = table.text("environment", "a word of lower-case letters", "live")
    if not word.isascii() or not word.isalpha() or word.lower() != word or len(word) > 16:
        raise table.wrong("environment", "it is a word of at most 16 lower-case letters")
    chain = table.text("chain", "mainnet, testnet, devnet or localnet", "localnet")
    if chain not in ("mainnet", "testnet", "devnet", "localnet"):
        raise table.wrong("chain", "it is mainnet, testnet, devnet or localnet")
    origin = table.text("origin", "the URL that people see", "")
    if origin:
        with table.about("origin"):
            checked_url(origin, {"https": "http"}, "an origin")
    config = IntelligenceConfig(
        state=state,
        models=tuple(_served(each, path, variables) for each in table.tables("models")),
        host=host,
        port=port,
        origin=origin.rstrip("/"),
        environment=word,
        chain=chain,
        quota=_quota(table.table("quota")) if table.has("quota") else None,
        tills=_tills(table.table("deposits")) if table.has("deposits") else (),
        metrics=metrics,
        audited=_share(table, "audit", "the share of answers that are judged", "0.02"),
        arbitrated=_share(table, "arbitrate", "the share of these that the reference judges", "0.25"),
        keeps=table.integer("keep_receipts", 1, 3_650, "days for which receipts are kept", 90),
        patience=table.integer("wait", 1, 3_600, "seconds that a request waits for an engine at most", 300),
        fleet=_fleet(table.table("fleet"), path) if table.has("fleet") else None,
        surplus=_surplus(table.table("surplus"), path) if table.has("surplus") else None,
    )
    table.finish()
    names = [each.model.id for each in config.models]
    try:
        check_fits(
            config.fleet, {each.model.id: each.leased for each in config.models if each.leased is not None}
        )
    except ConfigError as bad:
        raise ConfigError(f"{path}: {bad}") from None
    if len(set(names)) != len(names):
        raise ConfigError(f"{path}: two models have the same id")
    return config


def _place(table: Table, name: str, default: str) -> tuple[str, int]:
    given = table.text(name, "an address and a port", default)
    with table.about(name):
        return place(given, default)


def _amount(table: Table, name: str, right: str, default: str | None = None) -> int:
    """Millionths of a dollar, of an amount in dollars."""
    text = table.text(name, right, default)
    try:
        exact = Decimal(text) * 10**6
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or exact != exact.to_integral_value() or not 0 <= exact <= 10**15:
        raise table.wrong(name, f'it is {right}, as a text with at most 6 decimals, such as "0.05"')
    return int(exact)


def _share(table: Table, name: str, what: str, default: str) -> int:
    """Of a million."""
    text = table.text(name, what, default)
    right = 'it is a share from "0" to "1", with at most 6 decimals'
    try:
        exact = Decimal(text) * 10**6
    except InvalidOperation:
        raise table.wrong(name, right) from None
    if not exact.is_finite() or exact != exact.to_integral_value() or not 0 <= exact <= 10**6:
        raise table.wrong(name, right)
    return int(exact)


def _quota(table: Table) -> QuotaRule:
    per_io = _amount(table, "per_io", "dollars of use a day for each IO of active stake")
    most = _amount(table, "most", "dollars of use a day for one account", "50")
    least = table.text("least_stake", "an amount of IO", "100")
    try:
        rule = QuotaRule(per_io, IO(least), most)
    except AmountError as bad:
        raise table.wrong("least_stake", str(bad)) from None
    table.finish()
    return rule


def _surplus(table: Table, path: Path) -> Path:
    file = _file(table, "keypair", path)
    table.finish()
    return file


def _fleet(table: Table, path: Path) -> FleetConfig:
    budget = _amount(table, "budget", "dollars an hour for all nodes") if table.has("budget") else None
    return read_fleet(table, path, budget)


def _tills(table: Table) -> tuple[tuple[Currency, Pubkey], ...]:
    currencies: tuple[Currency, ...] = ("usdc", "io")
    tills = tuple((each, table.address(each, "a token account")) for each in currencies if table.has(each))
    if len({account for _, account in tills}) < len(tills):
        raise table.wrong("io", "a token account holds one currency: it cannot be that of usdc, too")
    table.finish()
    return tills


def _served(table: Table, path: Path, variables: Mapping[str, str]) -> Served:
    name = table.text("id", "the model's name for clients")
    engine = table.text("engine", "llama, minilm, url or lease")
    if engine not in _ENGINES:
        raise table.wrong("engine", f"it is one of {', '.join(_ENGINES)}")
    kind = table.text("kind", "chat or embedding", "embedding" if engine == "minilm" else "chat")
    if kind not in ("chat", "embedding"):
        raise table.wrong("kind", "it is chat or embedding")
    price = Price(
        _amount(table, "prompt", "dollars for a million tokens that are read"),
        _amount(table, "completion", "dollars for a million tokens that are written", "0"),
    )
    model = Model(
        id=name,
        kind=kind,  # type: ignore[arg-type]
        price=price,
        context=table.integer("context", 16, 10_000_000, "tokens of prompt and answer together"),
        slots=table.integer("slots", 1, 10_000, "requests at a time", 4),
        matryoshka=kind == "embedding" and table.take("matryoshka", bool, "true or false", False),
    )
    leased = read_leased(table, path) if engine == "lease" else None
    if leased is not None:
        model = replace(model, memory=leased.memory, digest=leased.sha256)
    served = Served(
        model=model,
        engine=engine,
        file=_file(table, "file", path) if engine in ("llama", "minilm") else None,
        tokenizer=_file(table, "tokenizer", path) if engine == "minilm" else None,
        places=_places(table, variables) if engine == "url" else (),
        name=table.text("name", "the model's name at its server", name) if engine == "url" else name,
        threads=1 if leased else table.integer("threads", 1, 1_024, "processors of this machine", 1),
        leased=leased,
        counts=engine == "llama"
        or (leased is not None and leased.runs == "llama")
        or (engine == "url" and table.take("llama_cpp", bool, "true or false", False)),
        reference=_file(table, "reference", path) if table.has("reference") else None,
    )
    table.finish()
    return served


def _file(table: Table, name: str, path: Path) -> Path:
    file = table.folder(name, "a file", path)
    if not file.is_file():
        raise table.wrong(name, f"there is no file {file}")
    return file


def _places(table: Table, variables: Mapping[str, str]) -> tuple[At, ...]:
    """One server, or several replicas."""
    if not table.has("replicas"):
        return (_at(table, variables),)
    places = []
    for each in table.tables("replicas"):
        places.append(_at(each, variables))
        each.finish()
    return tuple(places)


def _at(table: Table, variables: Mapping[str, str]) -> At:
    node = table.text("node", "the node that it runs on", "")
    return At(_url(table), node, _key(table, variables))


def _url(table: Table) -> str:
    url = table.text("url", "the URL of an OpenAI-compatible server, without /v1")
    with table.about("url"):
        return checked_url(url, {"https": "http"}, "an engine's URL")


def _key(table: Table, variables: Mapping[str, Any]) -> str | None:
    variable = table.text("key_variable", "the environment variable with that server's key", "")
    if not variable:
        return None
    if not (key := variables.get(variable)):
        raise table.wrong("key_variable", f"there is no variable {variable}")
    return str(key)
