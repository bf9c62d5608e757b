"""`ionet intelligence`: models behind OpenAI's API, and accounts of such a service."""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ionet.cli.failures import UserError
from ionet.cli.options import Commands
from ionet.cli.receipts import check_order, compare, shown, told_of
from ionet.cli.serving import LogJson, keeping
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from ionet.intelligence import Intelligence, IntelligenceConfig
    from ionet.intelligence.books import Books
    from ionet.intelligence.client import AccountClient

app = Commands("Models behind OpenAI's API, let in by staked IO: serving them, accounts and keys.")
keys = Commands("API keys of an account of a service.")
app.add_typer(keys, name="keys")

ServiceUrl = Annotated[
    str,
    typer.Option(
        "--service", metavar="URL", envvar="IONET_INTELLIGENCE_URL", help="The service.", show_default=False
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        metavar="KEY",
        envvar="IONET_API_KEY",
        help="Act with this API key; default: sign in with the keypair.",
        show_default=False,
    ),
]


@app.command()
def run(
    state: Annotated[
        Path | None,
        typer.Option(
            "--state", metavar="FOLDER", help="Its settings and books; default: IONET_INTELLIGENCE_STATE."
        ),
    ] = None,
    without_chain: Annotated[
        bool,
        typer.Option("--without-chain", help="Read no chain: then there are no quotas and no payments."),
    ] = False,
    log_json: LogJson = False,
) -> None:
    """Serve models, until SIGTERM or Ctrl-C.

    Reads intelligence.toml in its state folder. Stake and payments count once they are final. It holds no key
    of the chain. Let a proxy with a certificate stand before it where others are to reach it.
    """
    from ionet.service import loops
    from ionet.service.logs import log_to_stderr
    from ionet.service.settings import state_directory

    try:
        from ionet.intelligence import Intelligence
        from ionet.intelligence.config import load
        from ionet.intelligence.processes import without_core
    except ModuleNotFoundError as bad:
        raise _lacks(bad) from None
    io = session()
    config = load(state or state_directory("intelligence"))
    log_to_stderr(as_json=log_json, fields=())
    without_core()
    with keeping(config.state):
        service = Intelligence(
            config,
            None if without_chain else lambda: io.async_reader("finalized"),
            None if without_chain else lambda: io.async_reader("confirmed"),
        )
        loops.run(_serve(service, lambda url: _ready(io, url)))


def _lacks(bad: ModuleNotFoundError) -> UserError:
    return UserError(
        f"this needs the extra `intelligence` ({bad.name} is missing): pip install 'ionet[intelligence]'"
    )


def _ready(io: Session, url: str) -> None:
    # What is there by now stays: no collection of garbage looks at it in the middle of answers.
    gc.collect()
    gc.freeze()
    io.screen.show({"url": url}, f"Models are served on {url}/v1. Ctrl-C stops it.")
    sys.stdout.flush()


async def _serve(service: Intelligence, ready: Any) -> None:
    from ionet.service.ending import told_to_end

    await service.run(told_to_end(), ready)


def opened(io: Session, service: str, key: str | None) -> AccountClient:
    """A client of a service, with an API key or signed in."""
    from ionet.intelligence.client import AccountClient

    client = AccountClient(service, key)
    if key is None:
        client.sign_in(io.keypair(io.keypair_file))
    return client


@app.command()
def account(service: ServiceUrl, api_key: KeyOption = None) -> None:
    """Show what an account may use: quota of the day, prepaid balance, and where to pay in."""
    io = session()
    with opened(io, service, api_key) as client:
        told = client.ask("GET", "/v1/account")
    quota, balance, stake = told["quota"], told["balance"], told["stake"]
    facts = [
        ("account", told["address"]),
        ("active stake", "unknown" if stake is None else f"{stake['active']} at slot {stake['slot']}"),
        ("quota of the day", f"{quota['day']}, {quota['left']} left"),
        (
            "quota's rule",
            (
                f"{quota['per_io']} a day for each IO of active stake, from {quota['least_stake']} on,"
                f" {quota['most']} at most"
            ),
        ),
        ("balance", f"{balance['usdc']} in USDC, {balance['io']}"),
        *((f"pay {currency.upper()} to", address) for currency, address in told["pay_to"].items()),
    ]
    io.screen.facts(facts, data=told)


@keys.command("list")
def list_(service: ServiceUrl, api_key: KeyOption = None) -> None:
    """List an account's keys, or those that a key has made; a secret is shown only when it is made."""
    io = session()
    with opened(io, service, api_key) as client:
        listed = client.ask("GET", "/v1/keys")["data"]
    rows = [
        (
            key["id"],
            key["name"],
            key["hint"],
            "all" if key["models"] is None else ", ".join(key["models"]),
            None if key["cap"] is None else f"{key['cap']} {_SPAN[key['cycle']]}",
            key["spent"],
            "in use" if key["revoked"] is None else "revoked",
        )
        for key in listed
    ]
    columns = (">id", "name", "key", "models", ">cap", ">spent", "state")
    io.screen.table(columns, rows, data=listed, empty="There are no keys.")


#: Of a cap.
_SPAN = {"day": "a day", "week": "a week", "month": "a month", "ever": "in all"}


@keys.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="For people.")],
    service: ServiceUrl,
    api_key: KeyOption = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="A model that it is for; several times. Default: all.")
    ] = None,
    cap: Annotated[
        str | None, typer.Option("--cap", metavar="DOLLARS", help="The most that it may use in a cycle.")
    ] = None,
    cycle: Annotated[
        str, typer.Option("--cycle", metavar="CYCLE", help="Of its cap: day, week, month or ever.")
    ] = "ever",
) -> None:
    """Make an API key; with --api-key one that may use a part of what that key may."""
    io = session()
    with opened(io, service, api_key) as client:
        made = client.ask(
            "POST", "/v1/keys", {"name": name, "models": model or None, "cap": cap, "cycle": cycle}
        )
    io.screen.show(made, f"{made['secret']}\nIt is not shown again. Key {made['id']}, {made['name']}.")


@keys.command()
def revoke(
    key: Annotated[int, typer.Argument(metavar="ID", help="See ionet intelligence keys list.")],
    service: ServiceUrl,
    api_key: KeyOption = None,
) -> None:
    """End a key, and all that it has made, at once."""
    io = session()
    with opened(io, service, api_key) as client:
        ended = client.ask("DELETE", f"/v1/keys/{key}")
    io.screen.show(ended, f"Key {key} is revoked, and so are those that it has made.")


@app.command()
def verify(
    receipt: Annotated[
        str, typer.Argument(metavar="RECEIPT", help="An answer's id, or a file with its receipt and proof.")
    ],
    service: Annotated[
        str | None,
        typer.Option(
            "--service", metavar="URL", envvar="IONET_INTELLIGENCE_URL", help="Fetch it from there."
        ),
    ] = None,
    signer: Annotated[
        str | None,
        typer.Option("--signer", metavar="KEY", help="The service's key; default: the one that it names."),
    ] = None,
    prompt: Annotated[
        Path | None,
        typer.Option("--prompt", metavar="FILE", help="What was asked: a text, or messages in JSON."),
    ] = None,
    answer: Annotated[
        Path | None,
        typer.Option(
            "--answer", metavar="FILE", help="The text, or the vectors in JSON, that were answered."
        ),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="FILE", help="What a leased node was ordered to run."),
    ] = None,
    on_chain: Annotated[
        bool, typer.Option("--on-chain", help="Compare the order with the lease's account.")
    ] = False,
) -> None:
    """Check that an answer's receipt is in an hour that the service has signed.

    Exits with 1 if it is not, if it is not the receipt of the prompt or the answer in the files, or if the
    node was ordered to run something else than it says. What the node ran, no receipt shows: audits do.
    """
    from solders.pubkey import Pubkey

    from ionet.intelligence.receipts import Proof

    io = session()
    told = told_of(receipt, service)
    proof = Proof.read(told)
    try:
        key = Pubkey.from_string(str(signer or proof.head.get("signer")))
    except ValueError:
        raise UserError(f"{signer or proof.head.get('signer')!r} is no address") from None
    proof.check(key)
    checked = ["hour"]
    for name, file in (("prompt", prompt), ("answer", answer)):
        if file is not None:
            compare(proof.receipt, name, file)
            checked.append(name)
    checked += check_order(io, proof.receipt, manifest, on_chain=on_chain)
    facts = [
        *shown(proof.receipt),
        ("signed by", str(key) if signer else f"{key}, as the service says"),
        ("checked", ", ".join(checked)),
    ]
    io.screen.facts(facts, data={"receipt": proof.receipt, "signer": str(key), "checked": checked})


StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="FOLDER", help="Its settings and books; default: IONET_INTELLIGENCE_STATE."
    ),
]


@app.command()
def books(
    state: StateOption = None,
    without_chain: Annotated[
        bool, typer.Option("--without-chain", help="Compare the books with themselves only.")
    ] = False,
) -> None:
    """Show what users have paid in, and what became of it: of each currency, to the base unit.

    Deposits are what accounts have left and what was spent; what was spent is leases' cost, what was sent to
    the buyback's vaults, and what waits. Compared with what the tills held after the last transaction that
    the service has seen; exits with 1 on a difference.
    """
    config, kept = _kept(state)
    from ionet.intelligence.reporting import compare as compare_books

    io = session()
    try:
        shown, wrong = compare_books(kept, config, None if without_chain else io.reader)
    finally:
        kept.close()
    for currency, facts in () if io.screen.as_json else shown.items():
        rows = [(name, f"{units:,}") for name, units in facts.items()]
        io.screen.facts([("base units of", currency.upper()), *rows], data={})
    io.screen.show({"currencies": shown, "differences": wrong}, *wrong or ["The books balance."])
    if wrong:
        raise typer.Exit(1)


@app.command()
def settle(state: StateOption = None) -> None:
    """Send what users have paid above the leases' cost, until the last full hour, to the buyback's vaults.

    The signer owns the tills, or may spend from them as their delegate. Repeated, or after a crash, nothing
    is sent twice. A service whose settings have [surplus] does this by itself.
    """
    config, kept = _kept(state)
    from ionet.intelligence.reporting import settled

    io = session()
    if not config.tills:
        kept.close()
        raise UserError("the settings have no [deposits]: nothing is paid in")
    io.check_several("sending the surplus")

    async def work() -> list[dict[str, Any]]:
        async with io.async_client() as client, io.async_reader("finalized") as reader:
            return await settled(kept, config, client, reader)

    sent = asyncio.run(work())
    rows = [(each["currency"].upper(), each["units"], each["vault"], each["state"]) for each in sent]
    io.screen.table(
        ("currency", ">base units", "vault", "state"), rows, data=sent, empty="There is no surplus to send."
    )


def _kept(state: Path | None) -> tuple[IntelligenceConfig, Books]:
    """The settings and the books of a service."""
    from ionet.service.settings import state_directory

    try:
        from ionet.intelligence.books import Books
        from ionet.intelligence.config import load
    except ModuleNotFoundError as bad:
        raise _lacks(bad) from None
    config = load(state or state_directory("intelligence"))
    path = config.state / "books.db"
    if not path.exists():
        raise UserError(f"there are no books in {config.state}: the service has not run yet")
    return config, Books(path, config.environment)
