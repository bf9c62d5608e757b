"""`ionet console`: renting and supplying in a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from ionet.chain.errors import ConfigError
from ionet.cli.failures import UserError
from ionet.cli.options import Commands
from ionet.cli.serving import Listen, LogJson, TrustProxy, host_and_port, keeping, serve
from ionet.cli.session import session
from ionet.service.settings import checked_url, state_directory

app = Commands("Renting and supplying in a browser, and an API that does the same.")


@app.command()
def run(
    gateway: Annotated[
        str,
        typer.Option(
            "--gateway", metavar="URL", envvar="IONET_GATEWAY", help="The gateway at which the nodes are."
        ),
    ],
    origin: Annotated[
        str,
        typer.Option(
            "--origin",
            metavar="URL",
            envvar="IONET_CONSOLE_ORIGIN",
            help="Where browsers reach it, such as https://console.example; default: where it listens.",
        ),
    ] = "",
    listen: Listen = "127.0.0.1:8482",
    trust_proxy: TrustProxy = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="FOLDER", help="Its secret, its database and what is uploaded."),
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(
            "--ledger",
            metavar="WHERE",
            envvar="IONET_LEDGER",
            help="A ledger that ionet ledger run keeps, for jobs of long ago; default: the node's history.",
        ),
    ] = None,
    explorer: Annotated[
        str | None,
        typer.Option(
            "--explorer",
            metavar="URL",
            envvar="IONET_EXPLORER",
            help="An explorer that says what nodes earned hour by hour, and why nothing.",
        ),
    ] = None,
    payments: Annotated[
        str | None,
        typer.Option(
            "--payments",
            metavar="URL",
            envvar="IONET_CONSOLE_PAYMENTS",
            help="A payments host, so that cards are taken; default: they are not.",
        ),
    ] = None,
    payments_key: Annotated[
        Path | None,
        typer.Option(
            "--payments-key",
            metavar="FILE",
            envvar="IONET_CONSOLE_PAYMENTS_KEY",
            help="The key that both share, its console_key; only its owner may read the file.",
        ),
    ] = None,
    checkout_host: Annotated[
        str,
        typer.Option("--checkout-host", metavar="HOST", help="The host of the pages where cards are given."),
    ] = "checkout.stripe.com",
    session_hours: Annotated[
        int, typer.Option("--session-hours", metavar="HOURS", min=1, max=24, help="How long a sign-in lasts.")
    ] = 4,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Also take a gateway at http:// on another machine.")
    ] = False,
    log_json: LogJson = False,
) -> None:
    """Serve the console's pages and API, until SIGTERM or Ctrl-C.

    Wallets sign each transaction in the browser; the console holds no money. Its secret opens what jobs that
    were booked here print and leave, and can end them. Let a proxy with a certificate stand before it where
    others are to reach it, and name it by --origin.
    """
    from ionet.service.logs import log_to_stderr

    try:
        from ionet.console import Console, ConsoleConfig
    except ModuleNotFoundError as bad:
        raise UserError(
            f"this needs the extra `console` ({bad.name} is missing): pip install 'ionet[console]'"
        ) from None

    io = session()
    host, port = host_and_port(listen, "--listen")
    key = _payments_key(payments, payments_key)
    config = ConsoleConfig(
        gateway=gateway,
        state=state or state_directory("console"),
        origin=_origin(origin),
        host=host,
        port=port,
        proxies=tuple(trust_proxy or ()),
        ledger=ledger,
        explorer=explorer,
        payments=payments,
        payments_key=key,
        checkout=_host(checkout_host),
        session=session_hours * 3_600,
        insecure=insecure,
    )
    log_to_stderr(as_json=log_json, fields=())
    with keeping(config.state):
        serve(io, Console(config, io.async_reader), "The console")


def _origin(given: str) -> str:
    scheme, _, rest = given.partition("://")
    if given and (scheme not in {"http", "https"} or not rest or "/" in rest):
        raise UserError(f"--origin is where browsers are, such as https://console.example, not {given!r}")
    return given


def _payments_key(url: str | None, file: Path | None) -> bytes:
    if (url is None) != (file is None):
        raise UserError("cards take both --payments URL and --payments-key FILE, or neither")
    if url is None or file is None:
        return b""
    from ionet.payments.client import shared_key

    try:
        checked_url(url, {"https": "http"}, "--payments")
        return shared_key(file)
    except ConfigError as bad:
        raise UserError(str(bad)) from None


def _host(given: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", given) is None:
        raise UserError(f"--checkout-host is the name of a host, such as checkout.stripe.com, not {given!r}")
    return given
