"""What an orchestrator is told: a TOML file in its state directory, and variables that override it.

The file holds no secret but URLs. Paths in it that are not absolute are below the file's own directory.

| in the file | variable | type |
|---|---|---|
| `rpc` | `IONET_ORCHESTRATOR_RPC` | URLs or names of clusters, the preferred first |
| `genesis` | `IONET_ORCHESTRATOR_GENESIS` | the network's genesis hash, base58; empty: not checked |
| `gateways` | `IONET_ORCHESTRATOR_GATEWAYS` | URLs, `https` or `wss`; one connection to each |
| `keypair` | `IONET_ORCHESTRATOR_KEYPAIR` | keypair file of the attester's seat |
| `payer` | `IONET_ORCHESTRATOR_PAYER` | keypair file of who pays the fees; empty: the seat |
| `metrics` | `IONET_ORCHESTRATOR_METRICS` | `ADDRESS:PORT` on this machine; empty: none |
| `log` | `IONET_ORCHESTRATOR_LOG` | `text` or `json` |
| `notify` | `IONET_ORCHESTRATOR_NOTIFY` | URL, `https`; empty for none |
| `low_sol` | `IONET_ORCHESTRATOR_LOW_SOL` | below this the payer counts as poor, lamports |
| `speeds` | `IONET_ORCHESTRATOR_SPEEDS` | file of classes' speeds; empty: the package's |
| `[reports]` `build` | `IONET_ORCHESTRATOR_REPORTS_BUILD` | whether hours' reports are made here |
| `[reports]` `place` | `IONET_ORCHESTRATOR_REPORTS_PLACE` | their evidence; empty: the first gateway |
| `[reports]` `ledger` | `IONET_ORCHESTRATOR_REPORTS_LEDGER` | ledger of facts; empty: one of its own |
| `[policy]` | `IONET_ORCHESTRATOR_POLICY_…` | intervals and limits, integers; see `POLICY` |

Lists are separated by commas in a variable. `IONET_ORCHESTRATOR_STATE` names the state directory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from solders.hash import Hash, ParseHashError

from ionet.chain.errors import ConfigError
from ionet.chain.files import key_folder, replace_secret
from ionet.chain.signers import cluster_url
from ionet.orchestrator._policy import Policy
from ionet.orchestrator._references import ClassReferences
from ionet.prover._hour import MOST_K, MOST_M
from ionet.service import settings
from ionet.service.settings import Table, assignments, check_notify, is_loopback, place, toml
from ionet.staking.speeds import Speeds, class_speeds, parse_speeds
from ionet.wire._link import gateway_urls

CONFIG_FILE: Final = "config.toml"
_VARIABLE: Final = "IONET_ORCHESTRATOR_"
#: Variables that are not settings of the file.
_OTHERS: Final = frozenset({"STATE"})
#: Lamports below which a payer is called poor: some thousand transactions.
LOW_SOL: Final = 100_000_000
METRICS: Final = "127.0.0.1:9477"
#: Integers of `[policy]`, by name: their bounds. `interval_ms` is `Policy.interval` in milliseconds.
POLICY: Final[Mapping[str, tuple[int, int]]] = {
    "attest_every": (60, 86_400),
    "settle_every": (3_600, 31 * 86_400),
    "complete_after": (1, 86_400),
    "lose_after": (60, 86_400),
    "challenge_m": (64, MOST_M),
    "challenge_k": (64, MOST_K),
    "challenge_rows": (1, 256),
    "challenge_attempts": (1, 16),
    "number_m": (64, MOST_M),
    "number_k": (64, MOST_K),
    "number_most": (1, 256),
    "hour_most": (0, 1_000_000),
    "hour_m": (64, MOST_M),
    "hour_k": (64, MOST_K),
    "hour_disprove": (0, 1),
    "hour_memory_mib": (0, (1 << 19) - 1),
    "max_gap": (1, 86_400),
    "max_failures": (1, 100),
    "max_interruptions": (1, 1_000),
    "challenges_at_once": (1, 1_024),
    "concurrency": (1, 1_024),
    "sample_every": (1, 1_800),
    "takeover": (1, 3_600),
    "interval_ms": (50, 600_000),
}
#: Where `Policy` is for nodes of one machine: others take their samples by themselves, and wait for nobody.
_REMOTE: Final[Mapping[str, int]] = {"challenges_at_once": 16, "concurrency": 256, "sample_every": 60}

#: What `ionet orchestrator init` writes, and what holds where a file says nothing: a seat takes part in
#: compute proofs, with the sizes of all others.
SEAT_POLICY: Final[Mapping[str, int]] = {"hour_most": 20_000, "hour_disprove": 1, "hour_memory_mib": 64}


def state_directory(environment: Mapping[str, str] | None = None) -> Path:
    """Returns the orchestrator's state directory: `IONET_ORCHESTRATOR_STATE`, or the user's default.

    That is `/var/lib/ionet/orchestrator` for root, and `~/.local/share/ionet/orchestrator` for others.
    """
    return settings.state_directory("orchestrator", environment)


@dataclass(frozen=True, slots=True)
class OrchestratorConfig:
    """An orchestrator's settings. URLs may hold keys of services, so `repr` leaves them out.

    Attributes:
        path: the file they are from, or will be written to.
        rpc: URLs of Solana nodes, the preferred first; at least one.
        gateways: URLs of gateways; at least one.
        keypair: keypair file of the attester's seat.
        payer: keypair file of who pays fees and signs what anybody may do; None: the seat's key.
        genesis: the network's genesis hash; None: any network.
        metrics: address and port on this machine; None: none are served.
        json_logs: whether log lines are JSON.
        notify: where events go that the operator must know, or None.
        low_sol: lamports below which the payer is called poor.
        speeds: file of classes' speeds, by which the time of proofs is judged; None: the package's.
        reports: whether hours' reports are built, sent and approved.
        place: address of the reports' evidence; None: the first gateway's store.
        ledger: file or URL of the ledger that the hours' facts come from; None: one in the state directory.
        policy: intervals and limits that differ from `Policy`, by the names of `POLICY`.
    """

    path: Path
    rpc: tuple[str, ...] = field(repr=False)
    gateways: tuple[str, ...] = field(repr=False)
    keypair: Path
    payer: Path | None = None
    genesis: str | None = None
    metrics: tuple[str, int] | None = None
    json_logs: bool = False
    notify: str | None = field(default=None, repr=False)
    low_sol: int = LOW_SOL
    speeds: Path | None = None
    reports: bool = True
    place: str | None = None
    ledger: str | None = field(default=None, repr=False)
    policy: Mapping[str, int] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """The state directory: the file's."""
        return self.path.parent

    def made_policy(self, references: ClassReferences | None = None) -> Policy:
        """Returns the policy that the settings make.

        Args:
            references: by what classes are judged; default: the settings' table of speeds.

        Raises:
            ConfigError: the file of speeds cannot be read, or is none; nobody would begin the hours that
                settings need.
        """
        changes: dict[str, Any] = {**_REMOTE, **SEAT_POLICY, **self.policy}
        if not changes["hour_most"]:
            # Who leaves hours of signed products out has said enough.
            changes["hour_memory_mib"] = self.policy.get("hour_memory_mib", 0)
        if changes["hour_memory_mib"] and not changes["hour_most"]:
            raise ConfigError(
                "hour_memory_mib needs an hour_most above 0: seats that take part in hours of signed products"
                " begin the hour whose seed the memory is made of"
            )
        known = ClassReferences(self.known_speeds()) if references is None else references
        changes["references"], changes["memory_references"] = known.products, known.memories
        if (milliseconds := changes.pop("interval_ms", None)) is not None:
            changes["interval"] = milliseconds / 1_000
        return Policy(**changes)

    @classmethod
    def load(
        cls, state: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> OrchestratorConfig:
        """Reads the file of a state directory, and what variables override.

        Args:
            state: the directory; by default `state_directory`.
            environment: by default the process's.

        Raises:
            ConfigError: there is none, or a setting is wrong; the text says which, and what would be right.
        """
        environment = os.environ if environment is None else environment
        path = (state_directory(environment) if state is None else state) / CONFIG_FILE
        values = settings.read(
            path, "there is no orchestrator at {folder}; make one with: ionet orchestrator init"
        )
        variables = _override(values, environment)
        return _parsed(path, Table(path, values, variables))

    def save(self) -> None:
        """Writes the file, whole or not at all, with mode 0600 in a directory of mode 0700.

        Raises:
            ConfigError: it cannot be written, or its directory belongs to somebody else.
        """
        text = self.to_toml()
        _parsed(self.path, Table(self.path, toml(self.path, text), {}))
        key_folder(self.state)
        try:
            replace_secret(self.path, text)
        except OSError as bad:
            raise ConfigError(f"{self.path} cannot be written: {bad.strerror}") from None

    def to_toml(self) -> str:
        """Returns the file's content."""
        lines = ["# Written by `ionet orchestrator init`. See docs/operations.md.", ""]
        lines += assignments(
            rpc=list(self.rpc),
            genesis=self.genesis or "",
            gateways=list(self.gateways),
            keypair=self._shown(self.keypair),
            payer="" if self.payer is None else self._shown(self.payer),
            metrics="" if self.metrics is None else _joined(*self.metrics),
            log="json" if self.json_logs else "text",
            notify=self.notify or "",
            low_sol=self.low_sol,
            speeds="" if self.speeds is None else self._shown(self.speeds),
        )
        lines += [
            "",
            "[reports]",
            *assignments(build=self.reports, place=self.place or "", ledger=self.ledger or ""),
        ]
        lines += ["", "[policy]", *assignments(**dict(self.policy))]
        return "\n".join(lines) + "\n"

    def known_speeds(self) -> Speeds:
        """Returns the table of speeds for classes of which the chain says nothing.

        Raises:
            ConfigError: the file cannot be read, or is none.
        """
        if self.speeds is None:
            return class_speeds()
        try:
            return parse_speeds(self.speeds.read_text("utf-8"), str(self.speeds))
        except (OSError, UnicodeDecodeError) as bad:
            raise ConfigError(f"the speeds {self.speeds} cannot be read: {bad}") from None

    def _shown(self, path: Path) -> str:
        """A path below the state directory is written relative to it, so that the directory can be moved."""
        return str(path.relative_to(self.state) if path.is_relative_to(self.state) else path)


def check_metrics(text: str) -> tuple[str, int]:
    """Returns the address and port where metrics are served.

    Raises:
        ConfigError: it is not `ADDRESS:PORT`, or not this machine's loopback.
    """
    host, port = place(text, METRICS)
    if not port:
        raise ConfigError(f"metrics have a port of their own, as in {METRICS}")
    if not is_loopback(host):
        raise ConfigError(f"metrics are served to this machine only, as on {METRICS}; {host} is not it")
    return host, port


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


# -- reading


def _parsed(path: Path, table: Table) -> OrchestratorConfig:
    rpc = table.texts("rpc", "URLs of Solana nodes")
    gateways = table.texts("gateways", "gateways' URLs")
    for name, values, check in (("rpc", rpc, cluster_url), ("gateways", gateways, gateway_urls)):
        with table.about(name):
            for value in values:
                check(value)
    genesis = table.text("genesis", "the network's genesis hash", "")
    if genesis:
        with table.about("genesis"):
            _check_hash(genesis)
    keypair = path.parent / Path(table.text("keypair", "the seat's keypair file")).expanduser()
    payer = table.text("payer", "the keypair file of who pays fees", "")
    metrics = table.text("metrics", "ADDRESS:PORT on this machine", "")
    with table.about("metrics"):
        served = check_metrics(metrics) if metrics else None
    log = table.text("log", "text or json", "text")
    if log not in ("text", "json"):
        raise table.wrong("log", f"it is text or json, not {log!r}")
    notify = table.text("notify", "a URL for events", "")
    if notify:
        with table.about("notify"):
            check_notify(notify)
    low_sol = table.integer("low_sol", 0, 10**15, "lamports", LOW_SOL)
    speeds = table.text("speeds", "a file of classes' speeds", "")
    reports, place, ledger = _reports(table.table("reports")) if table.has("reports") else (True, None, None)
    policy = _policy(table.table("policy")) if table.has("policy") else {}
    table.finish()
    return OrchestratorConfig(
        path=path,
        rpc=tuple(rpc),
        gateways=tuple(gateways),
        keypair=keypair,
        payer=path.parent / Path(payer).expanduser() if payer else None,
        genesis=genesis or None,
        metrics=served,
        json_logs=log == "json",
        notify=notify or None,
        low_sol=low_sol,
        speeds=path.parent / Path(speeds).expanduser() if speeds else None,
        reports=reports,
        place=place,
        ledger=ledger,
        policy=policy,
    )


def _check_hash(text: str) -> None:
    try:
        Hash.from_string(text)
    except ParseHashError:
        raise ConfigError(f"{text!r} is no hash in base58; `solana genesis-hash` shows it") from None


def _reports(table: Table) -> tuple[bool, str | None, str | None]:
    build: bool = table.take("build", bool, "true or false", True)
    place = table.text("place", "the address of reports' evidence", "")
    if len(place.encode()) > 96:
        raise table.wrong("place", "it has 96 bytes at most")
    ledger = table.text("ledger", "the file or URL of a ledger", "")
    table.finish()
    return build, place or None, ledger or None


def _policy(table: Table) -> dict[str, int]:
    values = {}
    for name, (low, high) in POLICY.items():
        if table.has(name):
            values[name] = table.integer(name, low, high, "an integer")
    table.finish()
    return values


_LISTS: Final = ("rpc", "gateways")
_TEXTS: Final = ("genesis", "keypair", "payer", "metrics", "log", "notify", "speeds")
_BOOLS: Final = {"true": True, "false": False}


def _override(values: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Puts into the file's values what variables say, and returns the variables by the fields' names.

    Unknown variables are refused, as unknown fields are.
    """
    settings: dict[str, tuple[str | None, str]] = {
        name.upper(): (None, name) for name in (*_LISTS, *_TEXTS, "low_sol")
    }
    settings |= {f"REPORTS_{name.upper()}": ("reports", name) for name in ("build", "place", "ledger")}
    settings |= {f"POLICY_{name.upper()}": ("policy", name) for name in POLICY}
    variables: dict[str, str] = {}
    for variable, text in environment.items():
        suffix = variable.removeprefix(_VARIABLE)
        if suffix == variable or suffix in _OTHERS:
            continue
        if suffix not in settings:
            near = get_close_matches(suffix, settings, n=1)
            hint = f"did you mean {_VARIABLE}{near[0]}?" if near else f"there are {', '.join(settings)}"
            raise ConfigError(f"{variable}: no such setting; {hint}")
        part, name = settings[suffix]
        table = values if part is None else values.setdefault(part, {})
        if isinstance(table, dict):
            table[name] = _typed(name, text)
            variables[name if part is None else f"{part}.{name}"] = variable
    return variables


def _typed(name: str, text: str) -> object:
    """A variable's text as the name's type; what cannot be read stays a text, which the name refuses."""
    if name in _LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    if name == "build":
        return _BOOLS.get(text, text)
    return int(text) if (name in POLICY or name == "low_sol") and text.isdecimal() else text
