"""What a gateway is told: options, variables, and a TOML file in its state directory, in this order.

Nothing is required: without any of them it serves this machine over plain HTTP. Paths in the file that are
not absolute are below the file's own directory.

| in the file | variable | option | type |
|---|---|---|---|
| `listen` | `IONET_GATEWAY_LISTEN` | `--listen` | `HOST:PORT`; port 0: any |
| `public` | `IONET_GATEWAY_PUBLIC` | `--public` | URL by which clients know it, `https` |
| `tls_cert` | `IONET_GATEWAY_TLS_CERT` | `--tls-cert` | PEM file; read again when it changes |
| `tls_key` | `IONET_GATEWAY_TLS_KEY` | `--tls-key` | PEM file |
| `trust_proxy` | `IONET_GATEWAY_TRUST_PROXY` | `--trust-proxy` | addresses or networks of proxies |
| `insecure` | `IONET_GATEWAY_INSECURE` | `--insecure` | true: plain HTTP to other machines, too |
| `store` | `IONET_GATEWAY_STORE` | `--store` | directory, or `s3://…` |
| `rpc` | `IONET_GATEWAY_RPC` | `--rpc` | URLs or names of clusters, the preferred first |
| `relays` | `IONET_GATEWAY_RELAYS` | `--relays` | `ADDRESS:FIRST-LAST`: UDP ports for leases' relays |
| `relay_mbps` | `IONET_GATEWAY_RELAY_MBPS` | | Mbit/s that come to one lease's relay, and leave it |
| `relays_mbps` | `IONET_GATEWAY_RELAYS_MBPS` | | the same of all relays together |
| `metrics` | `IONET_GATEWAY_METRICS` | `--metrics` | `ADDRESS:PORT` on this machine; empty: none |
| `log` | `IONET_GATEWAY_LOG` | `--log-json` | `text` or `json` |
| `[bounds]` | `IONET_GATEWAY_BOUNDS_…` | | integers, see `ionet.gateway._bounds.Bounds` |
| `[files]` | `IONET_GATEWAY_FILES_…` | | integers, see `ionet.store.keeper.Limits` |

Lists are separated by commas in a variable. `IONET_GATEWAY_STATE` names the state directory.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ionet.chain.errors import ConfigError
from ionet.chain.signers import cluster_url
from ionet.gateway._bounds import Bounds
from ionet.gateway._doors import Network
from ionet.gateway._relays import Ports
from ionet.service import settings
from ionet.service.settings import Table, is_loopback, place
from ionet.store.keeper import Limits
from ionet.wire._link import gateway_urls

CONFIG_FILE: Final = "config.toml"
LISTEN: Final = "127.0.0.1:8470"
METRICS: Final = "127.0.0.1:9464"
RELAY_MBPS: Final = 100
RELAYS_MBPS: Final = 1_000
_VARIABLE: Final = "IONET_GATEWAY_"
_OTHERS: Final = frozenset({"STATE"})
_TEXTS: Final = ("listen", "public", "tls_cert", "tls_key", "store", "relays", "metrics", "log")
_LISTS: Final = ("trust_proxy", "rpc")
_NUMBERS: Final = ("relay_mbps", "relays_mbps")
_BOOLS: Final = {"true": True, "false": False}
_TABLES: Final[Mapping[str, type]] = {"bounds": Bounds, "files": Limits}


def state_directory(environment: Mapping[str, str] | None = None) -> Path:
    """Returns the gateway's state directory: `IONET_GATEWAY_STATE`, or the user's default.

    That is `/var/lib/ionet/gateway` for root, and `~/.local/share/ionet/gateway` for others.
    """
    return settings.state_directory("gateway", environment)


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """A gateway's settings. URLs may hold keys of services, so `repr` leaves them out.

    Attributes:
        state: the state directory: uploads that are not complete, and who keeps which files.
        host: where it listens.
        port: 0: any.
        public: the URL by which clients know it; None: the one that it listens on.
        tls: certificate chain and key, PEM; None: plain HTTP.
        proxies: networks of proxies that are trusted to say for whom they connect.
        insecure: plain HTTP to other machines is meant.
        store: where files lie: a directory, or `s3://…`.
        rpc: URLs of Solana nodes, the preferred first; at least one.
        relays: where relays of leases are; None: there are none.
        relay_mbps: Mbit/s that come to one relay at most; see `ionet.gateway._relays.firewall`.
        relays_mbps: all together.
        metrics: address and port on this machine; None: none are served.
        metrics_required: whether it is an error that they cannot be served there.
        json_logs: whether log lines are JSON.
        bounds: what it takes.
        files: bounds of the store.
    """

    state: Path
    host: str
    port: int
    public: str | None = None
    tls: tuple[Path, Path] | None = None
    proxies: tuple[Network, ...] = ()
    insecure: bool = False
    store: str = field(default="store", repr=False)
    rpc: tuple[str, ...] = field(default=("localhost",), repr=False)
    relays: Ports | None = None
    relay_mbps: int = RELAY_MBPS
    relays_mbps: int = RELAYS_MBPS
    metrics: tuple[str, int] | None = None
    metrics_required: bool = False
    json_logs: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    files: Limits = field(default_factory=Limits)

    @property
    def only_proxies(self) -> bool:
        """Whether nobody but the proxies may connect, since it would be in plain text."""
        return self.tls is None and bool(self.proxies) and not is_loopback(self.host) and not self.insecure

    @classmethod
    def load(
        cls,
        state: Path | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        rpc: Sequence[str] = ("localhost",),
        environment: Mapping[str, str] | None = None,
    ) -> GatewayConfig:
        """Reads the settings.

        Args:
            state: the state directory; by default `state_directory`.
            options: by the fields' names; they override the rest.
            rpc: where nothing names a node.
            environment: by default the process's.

        Raises:
            ConfigError: a setting is wrong; the text says which, and what would be right.
        """
        environment = os.environ if environment is None else environment
        path = (state_directory(environment) if state is None else state).absolute() / CONFIG_FILE
        values = settings.read(path)
        said = _override(values, environment)
        for name, value in (options or {}).items():
            values[name] = value
            said[name] = f"--{name.replace('_', '-')}"
        values.setdefault("rpc", list(rpc))
        return _parsed(path, Table(path, values, said))


def address(text: str) -> tuple[str, int]:
    """Returns host and port.

    Raises:
        ConfigError: it is not `HOST:PORT`.
    """
    return place(text, LISTEN)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no address and no network, such as 10.0.0.0/8") from None


def _integers(kind: type) -> dict[str, type]:
    """The numbers of a dataclass, by name."""
    kinds = {"int": int, "float": float}
    return {item.name: kinds[str(item.type)] for item in fields(kind) if str(item.type) in kinds}


def _override(values: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Puts into the file's values what variables say, and returns the variables by the fields' names."""
    settings: dict[str, tuple[str | None, str]] = {
        name.upper(): (None, name) for name in (*_TEXTS, *_LISTS, *_NUMBERS, "insecure")
    }
    for part, kind in _TABLES.items():
        settings |= {f"{part}_{name}".upper(): (part, name) for name in _integers(kind)}
    variables: dict[str, str] = {}
    for variable, text in environment.items():
        suffix = variable.removeprefix(_VARIABLE)
        if suffix == variable or suffix in _OTHERS:
            continue
        if suffix not in settings:
            near = get_close_matches(suffix, settings, n=1)
            hint = f"did you mean {_VARIABLE}{near[0]}?" if near else f"there are {', '.join(settings)}"
            raise ConfigError(f"{variable}: no such setting; {hint}")
        inside, name = settings[suffix]
        table: Any = values if inside is None else values.setdefault(inside, {})
        if isinstance(table, dict):
            table[name] = _typed(name, text)
            variables[name if inside is None else f"{inside}.{name}"] = variable
    return variables


def _typed(name: str, text: str) -> object:
    """A variable's text as the name's type; what cannot be read stays a text, which the name refuses."""
    if name in _LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    if name == "insecure":
        return _BOOLS.get(text, text)
    return int(text) if name not in _TEXTS and text.isdecimal() else text


def _parsed(path: Path, table: Table) -> GatewayConfig:
    with table.about("listen"):
        host, port = address(table.text("listen", "HOST:PORT", LISTEN))
    insecure: bool = table.take("insecure", bool, "true or false", False)
    proxies = []
    if table.has("trust_proxy"):
        for text in table.texts("trust_proxy", "addresses of proxies"):
            with table.about("trust_proxy"):
                proxies.append(_network(text))
    rpc = table.texts("rpc", "URLs of Solana nodes")
    with table.about("rpc"):
        for url in rpc:
            cluster_url(url)
    public = table.text("public", "the URL by which clients know it", "")
    if public:
        with table.about("public"):
            _, public = gateway_urls(public, insecure=insecure)
    relays = None
    if text := table.text("relays", "ADDRESS:FIRST-LAST", ""):
        with table.about("relays"):
            relays = Ports.parse(text)
    metrics_required = table.has("metrics")
    metrics = table.text("metrics", "ADDRESS:PORT on this machine", METRICS if not metrics_required else "")
    with table.about("metrics"):
        served = _local(metrics) if metrics else None
    log = table.text("log", "text or json", "text")
    if log not in ("text", "json"):
        raise table.wrong("log", f"it is text or json, not {log!r}")
    store = table.text("store", "a directory, or s3://…", "store")
    config = GatewayConfig(
        state=path.parent,
        host=host,
        port=port,
        public=public or None,
        tls=_tls(path, table),
        proxies=tuple(proxies),
        insecure=insecure,
        store=store if store.startswith("s3:") else str(path.parent / Path(store).expanduser()),
        rpc=tuple(rpc),
        relays=relays,
        relay_mbps=table.integer("relay_mbps", 1, 1 << 20, "Mbit/s", RELAY_MBPS),
        relays_mbps=table.integer("relays_mbps", 1, 1 << 20, "Mbit/s", RELAYS_MBPS),
        metrics=served,
        metrics_required=metrics_required,
        json_logs=log == "json",
        bounds=replace(Bounds(), **_numbers(table, "bounds")),
        files=replace(Limits(), **_numbers(table, "files")),
    )
    table.finish()
    _check(config)
    return config


def _tls(path: Path, table: Table) -> tuple[Path, Path] | None:
    chain = table.text("tls_cert", "a PEM file", "")
    key = table.text("tls_key", "a PEM file", "")
    if not chain and not key:
        return None
    if not chain or not key:
        raise table.wrong("tls_key" if chain else "tls_cert", "certificate and key are given together")
    return path.parent / Path(chain).expanduser(), path.parent / Path(key).expanduser()


def _numbers(table: Table, name: str) -> dict[str, Any]:
    if not table.has(name):
        return {}
    part, values = table.table(name), {}
    for key, kind in _integers(_TABLES[name]).items():
        if part.has(key):
            values[key] = kind(part.integer(key, 1, 1 << 50, "a number"))
    part.finish()
    return values


def _local(text: str) -> tuple[str, int]:
    host, port = address(text)
    if not is_loopback(host):
        raise ConfigError(f"metrics are served to this machine only, as on {METRICS}; {host} is not it")
    return host, port


def _check(config: GatewayConfig) -> None:
    """Raises `ConfigError` for settings that do not go together."""
    local = is_loopback(config.host)
    if config.tls is None and not local and not config.insecure and not config.proxies:
        raise ConfigError(
            f"on {config.host} other machines would connect in plain text: give --tls-cert and --tls-key, or"
            " --trust-proxy with the address of a proxy that has the certificate, or say --insecure"
        )
    if config.public is None and (not local or config.tls is not None):
        raise ConfigError(
            "say by which URL clients know this gateway, as in --public https://gateway.example.org:"
            " their signatures name it"
        )
    if config.public is not None and config.tls is not None and urlsplit(config.public).scheme == "http":
        raise ConfigError("with a certificate the public URL begins with https://")
