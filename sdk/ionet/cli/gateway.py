"""`ionet gateway`: a public host where agents, seats and renters meet, and where files lie."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ionet.cli.failures import NO_NODE, UserError
from ionet.cli.options import Commands
from ionet.cli.output import span
from ionet.cli.serving import LogJson, TrustProxy, keeping
from ionet.cli.session import session

app = Commands("A public host where workers, attesters and renters meet, and where files lie.")
State = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", envvar="IONET_GATEWAY_STATE", help="The state directory; default: own."
    ),
]


@app.command()
def run(
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help="Where to listen; default: 127.0.0.1:8470."),
    ] = None,
    public: Annotated[
        str | None,
        typer.Option("--public", metavar="URL", help="What clients call it; their signatures name it."),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option("--tls-cert", metavar="FILE", help="Certificate chain, PEM; read again when renewed."),
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its key, PEM.")] = None,
    trust_proxy: TrustProxy = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Plain HTTP to other machines, which everybody can read.")
    ] = False,
    state: State = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store", metavar="DIR", help="Where files lie: a directory, or s3://…; default: below DIR."
        ),
    ] = None,
    rpc: Annotated[
        list[str] | None,
        typer.Option("--rpc", metavar="URL", help="A Solana node; several times: the next if one fails."),
    ] = None,
    relays: Annotated[
        str | None,
        typer.Option(
            "--relays",
            metavar="ADDRESS:FIRST-LAST",
            help="UDP ports for relays of leases over several machines, and this machine's IPv4 address.",
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="ADDRESS:PORT",
            help="Metrics for Prometheus, on this machine; default: 127.0.0.1:9464; empty: none.",
        ),
    ] = None,
    log_json: LogJson = False,
) -> None:
    """Pass messages on and keep files, until SIGTERM or Ctrl-C.

    Settings may also stand in config.toml in the state directory, and in variables IONET_GATEWAY_…; options
    go first. The gateway needs no key of the chain, and is trusted with nothing but to be there. Without
    --rpc the node is that of --url.
    """
    from ionet.service.logs import log_to_stderr

    try:
        from ionet.gateway._config import GatewayConfig
        from ionet.gateway._service import Gateway
    except ModuleNotFoundError as bad:
        raise UserError(
            f"this needs the extra `gateway` ({bad.name} is missing): pip install 'ionet[gateway]'"
        ) from None

    io = session()
    options: dict[str, Any] = {
        "listen": listen,
        "public": public,
        "tls_cert": None if tls_cert is None else str(tls_cert.absolute()),
        "tls_key": None if tls_key is None else str(tls_key.absolute()),
        "trust_proxy": trust_proxy,
        "insecure": insecure or None,
        "store": store if store is None or store.startswith("s3:") else str(Path(store).absolute()),
        "rpc": rpc,
        "relays": relays,
        "metrics": metrics,
        "log": "json" if log_json else None,
    }
    given = {name: value for name, value in options.items() if value is not None}
    config = GatewayConfig.load(state, given, rpc=(io.url,))
    log_to_stderr(as_json=config.json_logs, fields=("happened", "peers"))
    with keeping(config.state):
        asyncio.run(_serve(Gateway(config), lambda url: _ready(io, url)))


def _ready(io: Any, url: str) -> None:
    io.screen.show({"url": url}, f"Listening; clients call it {url}. Ctrl-C stops it.")
    sys.stdout.flush()


async def _serve(gateway: Any, ready: Any) -> None:
    from ionet.service.ending import told_to_end

    await gateway.run(told_to_end(), ready)


@app.command()
def firewall(state: State = None) -> None:
    """Print rules for nft that bound the bytes of leases' relays, by the gateway's settings.

    A gateway has no right to load them; root does: `ionet gateway firewall | nft -f -`.
    """
    from ionet.gateway._config import GatewayConfig
    from ionet.gateway._relays import firewall as rules

    io = session()
    config = GatewayConfig.load(state)
    if config.relays is None:
        raise UserError("this gateway has no relays; name their ports in its settings: relays")
    text = rules(config.relays.ports, config.relay_mbps * 125_000, config.relays_mbps * 125_000)
    io.screen.show({"rules": text}, text.rstrip("\n"))


@app.command()
def status(
    gateway: Annotated[str, typer.Argument(metavar="URL", help="The gateway's, as clients call it.")],
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Also ask another machine without encryption.")
    ] = False,
) -> None:
    """Show whether a gateway answers, its version, and who is connected."""
    from ionet.gateway._status import GatewayUnreachable
    from ionet.gateway._status import status as ask

    io = session()
    try:
        facts = ask(gateway, insecure=insecure)
    except GatewayUnreachable as bad:
        raise UserError(str(bad), NO_NODE) from None
    peers = ", ".join(f"{number} {role}s" for role, number in facts["peers"].items())
    io.screen.facts(
        [
            ("Gateway", facts["url"]),
            ("Version", facts.get("version")),
            ("State", "ends; peers go elsewhere" if facts.get("closing") else "takes connections"),
            ("Running for", span(facts["seconds"]) if isinstance(facts.get("seconds"), int) else None),
            ("Peers", peers),
            ("Room for", facts.get("room")),
            ("Answered in", f"{facts['milliseconds']} ms"),
        ],
        data=facts,
    )
