"""`ionet explorer`: the market in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError
from ionet.cli.arguments import address
from ionet.cli.failures import UserError
from ionet.cli.ledger import Keep, seconds_kept
from ionet.cli.options import Commands
from ionet.cli.serving import Listen, LogJson, Metrics, TrustProxy, host_and_port, serve
from ionet.cli.session import session
from ionet.service.settings import checked_url

app = Commands("The market in a browser: pages and an API over a ledger.")


@app.command()
def run(
    ledger: Annotated[
        str | None,
        typer.Option(
            "--ledger",
            metavar="WHERE",
            envvar="IONET_LEDGER",
            help="A ledger that ionet ledger run keeps, only to read; default: one of its own.",
        ),
    ] = None,
    database: Annotated[
        str,
        typer.Option("--database", metavar="WHERE", help="Where its own ledger is; without --ledger."),
    ] = "ionet-explorer.db",
    listen: Listen = "127.0.0.1:8480",
    trust_proxy: TrustProxy = None,
    verify_every: Annotated[
        int,
        typer.Option(
            "--verify-every",
            metavar="SECONDS",
            min=0,
            help="From one comparison with the chain's accounts to the next; 0: none.",
        ),
    ] = 600,
    metrics: Metrics = "127.0.0.1:9481",
    evidence: Annotated[
        list[str] | None,
        typer.Option(
            "--evidence",
            metavar="FOLDER|URL",
            help="Says why nodes earned nothing: a folder with evidence of reports, each file named by its"
            " SHA-256, or a gateway that is asked for it by that; may be given several times.",
        ),
    ] = None,
    intelligence: Annotated[
        str | None,
        typer.Option(
            "--intelligence",
            metavar="URL",
            help="A service of models, whose signed hours are checked and shown.",
        ),
    ] = None,
    intelligence_key: Annotated[
        Pubkey | None,
        typer.Option(
            "--intelligence-key",
            metavar="ADDRESS",
            parser=address,
            help="The key that has to sign them; default: the one that the service names.",
        ),
    ] = None,
    keep_hours: Keep = None,
    log_json: LogJson = False,
) -> None:
    """Serve the market's pages and API, until SIGTERM or Ctrl-C.

    Without --ledger it fills a ledger of its own from the node, and follows the chain. It compares the
    chain's accounts with the ledger as `ionet verify` does, and each page shows what came of it. It needs no
    key. Let a proxy with a certificate stand before it where others are to reach it.
    """
    from ionet.service.logs import log_to_stderr

    try:
        from ionet.explorer import Explorer, ExplorerConfig
    except ModuleNotFoundError as bad:
        raise UserError(
            f"this needs the extra `explorer` ({bad.name} is missing): pip install 'ionet[explorer]'"
        ) from None

    io = session()
    host, port = host_and_port(listen, "--listen")
    folder, stores = _evidence(evidence or ())
    config = ExplorerConfig(
        ledger=database if ledger is None else ledger,
        fills=ledger is None,
        host=host,
        port=port,
        proxies=tuple(trust_proxy or ()),
        metrics=host_and_port(metrics, "--metrics") if metrics else None,
        keep=seconds_kept(database, keep_hours) if ledger is None else None,
        every=float(verify_every) if verify_every else None,
        evidence=folder,
        stores=stores,
        intelligence=None
        if intelligence is None
        else _url(intelligence, "--intelligence", "the URL of a service of models"),
        signer=intelligence_key,
    )
    log_to_stderr(as_json=log_json, fields=())
    serve(io, Explorer(config, io.async_reader), "The market")


def _evidence(given: Sequence[str]) -> tuple[Path | None, tuple[str, ...]]:
    """The folder among places of evidence, if there is one, and the gateways."""
    folders = [Path(each) for each in given if "://" not in each]
    if len(folders) > 1:
        raise UserError("--evidence: one folder at most; the others are URLs of gateways")
    if folders and not folders[0].is_dir():
        raise UserError(f"--evidence: {folders[0]} is no folder")
    urls = (_url(each, "--evidence", "the URL of a gateway") for each in given if "://" in each)
    return folders[0] if folders else None, tuple(urls)


def _url(given: str, option: str, what: str) -> str:
    try:
        url = checked_url(given, {"https": "http"}, what).rstrip("/")
    except ConfigError as bad:
        raise UserError(f"{option}: {bad}") from None
    parts = urlsplit(url)
    if parts.username is not None or parts.query or parts.fragment:
        raise UserError(
            f"{option}: {what} is https://HOST[:PORT][/PATH], without a user, a query or a fragment"
        )
    return url
