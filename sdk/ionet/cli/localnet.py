"""`ionet localnet`: a node in this process, with a market on it, to try every other command on."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ionet import pda
from ionet.cli.failures import UNUSABLE, UserError
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import session
from ionet.formats.when import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from solders.keypair import Keypair

    from ionet import Client

app = Commands("Run a local node with the programs, and a market to try commands on.")

#: Seconds of the units of lengths.
UNITS: Final = {"s": 1, "min": MINUTE, "h": HOUR, "d": DAY}
#: Seconds between two prices; programs take none that is older than a minute.
_PRICES_EVERY: Final = 20
#: What each person of the market starts with.
_PURSE: Final = 100_000


@app.command()
def start(
    port: Annotated[
        int, typer.Option("--port", help="Of JSON-RPC on 127.0.0.1, websockets are on the next; 0: any free.")
    ] = 8899,
    keys: Annotated[
        Path,
        typer.Option("--keys", metavar="DIR", help="Where the keypairs of the market's people are written."),
    ] = Path("ionet-localnet"),
) -> None:
    """Start a node with a market on it, and keep it until Ctrl-C.

    Everything is in memory and gone afterwards. The programs are initialised, the hardware classes loaded,
    one attester is seated, and everybody has 100,000 IO and as many of a stand-in for USDC; the keypairs are
    in DIR. IO is at two dollars. The clock is this machine's; `ionet localnet advance` moves it.
    """
    from ionet import USDC, Client
    from ionet.localnet.dollars import add_usdc

    screen = session().screen
    people = _keys(keys)
    client = Client.local(signer=people["deployer"])
    try:
        server = client.network.serve(port)
    except OSError as bad:
        said = f"port {port} or the next one: {bad.strerror}; choose another with --port"
        raise UserError(said, UNUSABLE) from None
    with server:
        screen.note("Setting up the market …")
        set_up(client, people)
        addresses = {name: one.pubkey() for name, one in people.items()}
        usdc = add_usdc(client, addresses.values(), USDC(_PURSE))
        screen.show(
            {
                "url": server.url,
                "ws_url": server.ws_url,
                "keys": str(keys),
                "people": addresses,
                "usdc": usdc,
            },
            f"Listening on {server.url}, websockets on {server.ws_url}. Keypairs in {keys}:",
            *(f"  {name + '.json':<15} {address}" for name, address in addresses.items()),
            f"USDC is {usdc} here.",
            "In another terminal, for example:",
            f"  ionet -u {server.url} -k {keys}/alice.json node classes list",
            "Ctrl-C ends it.",
        )
        sys.stdout.flush()
        _keep(client)


@app.command()
def advance(
    length: Annotated[str, typer.Argument(metavar="LENGTH", help="How long: 90s, 30min, 5h, 14d.")],
) -> None:
    """Let time pass on a local node (this one, or surfpool)."""
    seconds = length_of(length)
    io = session()
    now = io.reader.cheats.advance(seconds)
    io.screen.show({"now": now}, f"{span(seconds)} have passed: it is {when(now)} on {io.url}")


def length_of(text: str) -> int:
    """Seconds of a length such as `14d`."""
    found = re.fullmatch(r"(\d+)\s*(s|min|h|d)", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no length of time; write for example 90s, 30min, 5h or 14d")
    return int(found[1]) * UNITS[found[2]]


PEOPLE: Final = ("deployer", "attester", "slasher", "resolver", "alice", "bob", "carol", "renter")


def _keys(folder: Path) -> dict[str, Keypair]:
    """The people's keypairs, made where they are missing."""
    from solders.keypair import Keypair

    from ionet import load_keypair

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = {}
    for name in PEOPLE:
        place = folder / f"{name}.json"
        if not place.exists():
            place.touch(mode=0o600)
            place.write_text(json.dumps(list(bytes(Keypair()))))
        found[name] = load_keypair(place)
    return found


def set_up(client: Client, people: Mapping[str, Keypair]) -> None:
    """Initialises the programs, and gives everybody SOL and IO.

    Args:
        client: of the programs' upgrade authority, on a local network.
        people: by the names in `PEOPLE`; the deployer is the client's signer.
    """
    from ionet import IO, Allocation, token_account
    from ionet.localnet.market import Market, People
    from ionet.localnet.record import Recorder

    others = {name: one for name, one in people.items() if name != "deployer"}
    market = Market(Recorder(lambda step: None), deployer=client, people=People(**others))
    market.initialize()
    resolver = people["resolver"].pubkey()
    client.proofs.set_params(resolver=resolver, guardian=resolver).send()
    wallet = token_account(client.address, pda.mint.MINT)
    market.open_wallets([client.address, *(one.pubkey() for one in others.values())])
    client.mint.mint_genesis(Allocation.COMMUNITY, wallet).send()
    market.give({one.pubkey(): IO(_PURSE) for one in others.values()})


def _keep(client: Client) -> None:
    """Lets the node's clock follow this machine's, from where it was moved to, and the prices its clock."""
    from ionet.localnet.dollars import write_prices

    # A terminal sends SIGINT, a supervisor SIGTERM; both are good ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    network = client.network
    ahead = network.clock.now() - int(time.time())
    seen = priced = network.clock.now()
    try:
        while True:
            time.sleep(0.4)
            now = network.clock.now()
            ahead += now - seen if now > seen else 0
            target = int(time.time()) + ahead
            if target > now:
                network.clock.set(target)
            seen = max(target, now)
            if seen - priced >= _PRICES_EVERY:
                write_prices(client)
                priced = seen
    except KeyboardInterrupt:
        return
