"""`ionet localnet`: a node in this process, with a market to try every other command on."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from solders.pubkey import Pubkey

from ionet import pda
from ionet.chain.errors import RpcError
from ionet.chain.files import key_folder
from ionet.chain.rpc.urls import public_url
from ionet.cli.arguments import UNITS, NodeAddress, address, length_of
from ionet.cli.failures import NO_NODE, UNUSABLE, UserError
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import session

if TYPE_CHECKING:
    from solders.keypair import Keypair

    from ionet import Client
    from ionet.localnet.network import LocalNetwork
    from ionet.localnet.seat import LocalSeat

# `UNITS` and `length_of` are in `ionet.cli.arguments`; this is where they were.
__all__ = ["PEOPLE", "UNITS", "advance", "app", "length_of", "set_up", "start"]

app = Commands("Run a local node with the programs, and a market to try commands on.")


#: Seconds between two prices; programs do not accept any that is older than a minute.
_PRICES_EVERY: Final = 20
#: Seconds between two verdicts on nodes that nobody judges; one is good for six hours.
_VERDICTS_EVERY: Final = 3_600
#: Seconds between two looks of the seat at what is due.
_LOOKS_EVERY: Final = 30
#: JSON-RPC: method not found.
_NO_METHOD: Final = -32_601
#: What each person of the market starts with.
_PURSE: Final = 100_000

_KEYS: Final = Path("ionet-localnet")


@app.command()
def start(
    port: Annotated[
        int, typer.Option("--port", help="Port of JSON-RPC on 127.0.0.1, websockets on the next; 0: any.")
    ] = 8899,
    keys: Annotated[
        Path,
        typer.Option("--keys", metavar="DIR", help="Where to write the market's keypairs."),
    ] = _KEYS,
    network: Annotated[
        bool,
        typer.Option(
            "--network/--no-network", help="Whether a gateway, an orchestrator and workers run, too."
        ),
    ] = True,
    workers: Annotated[int, typer.Option("--workers", min=1, max=3, help="How many workers run.")] = 2,
    gateway: Annotated[
        int, typer.Option("--gateway", help="Port of the gateway on 127.0.0.1; 0: any.")
    ] = 8470,
    speed: Annotated[
        int, typer.Option("--speed", min=1, max=100, help="How fast its clock runs, beside this machine's.")
    ] = 1,
    seat: Annotated[
        bool,
        typer.Option(
            "--seat/--no-seat",
            help="Whether the attester reports hours by itself; not where an orchestrator of yours does.",
        ),
    ] = True,
) -> None:
    """Start a node with a market on it, and keep it until Ctrl-C.

    The chain is in memory and gone afterwards. The programs are initialised, the hardware classes loaded,
    one attester is seated, and everybody has 100,000 IO and 100,000 of a stand-in for USDC; the keypairs are
    in DIR. Alice and Bob have a node each: staked, proven, and offered for rent. IO costs two dollars. The
    clock is this machine's; `ionet localnet advance` moves it, and --speed makes it run faster.

    A gateway, an orchestrator and workers of this machine run beside it, so that what is booked runs.
    Their settings, states and logs are in DIR/network. With --no-network nothing does: the nodes can be
    booked, and nobody starts what they are booked for.
    """
    from ionet import USDC, Client

    screen = session().screen
    people = _keys(keys)
    client = Client.local(signer=people["deployer"], now=int(time.time()) - _history(seat or network))
    # Behind the network: beside anchorpy neither can be had, and the network says why.
    from ionet.localnet.dollars import add_usdc
    from ionet.localnet.nodes import offer_idle_nodes

    reporting: LocalSeat | None = None
    try:
        server = client.network.serve(port)
    except OSError as bad:
        said = f"port {port} or the next one: {bad.strerror}; choose another with --port"
        raise UserError(said, UNUSABLE) from None
    with server:
        screen.note("Setting up the market …")
        set_up(client, people)
        addresses = {name: keypair.pubkey() for name, keypair in people.items()}
        usdc = add_usdc(client, addresses.values(), USDC(_PURSE))
        parts = _network(client, keys, server.url, people, gateway, speed, workers) if network else None
        nodes = parts.nodes if parts else offer_idle_nodes(client, people, keys)
        if parts is None:
            shutil.rmtree(keys / "seat", ignore_errors=True)
            reporting = _proven(client, people, keys / "seat", tuple(nodes.values()), reports=seat)
        try:
            screen.show(
                {
                    "url": server.url,
                    "ws_url": server.ws_url,
                    "keys": str(keys),
                    "people": addresses,
                    "usdc": usdc,
                    "gateway": parts.gateway if parts else None,
                    "nodes": nodes,
                    "processes": parts.processes() if parts else {},
                    "speed": speed,
                },
                f"Listening on {server.url}, websockets on {server.ws_url}. Keypairs in {keys}:",
                *(f"  {name + '.json':<15} {address}" for name, address in addresses.items()),
                f"USDC is {usdc} here.",
                *(_told(parts, keys) if parts else ("No processes run. Nodes that can be booked:",)),
                *(f"  {name:<15} {node}" for name, node in nodes.items()),
                "In another terminal, for example:",
                f"  ionet -u {server.url} -k {keys}/alice.json node classes list",
                "Ctrl-C stops it.",
            )
            sys.stdout.flush()
            _keep(client, speed, parts, reporting, () if parts else tuple(nodes.values()))
        finally:
            if parts is not None:
                parts.stop()
            if reporting is not None:
                reporting.close()


def _history(reports: bool) -> int:
    """For how many seconds the chain is there when it begins: some hours, where reports can be made."""
    from ionet.localnet.verdicts import can_report

    if not reports or not can_report():
        return 0
    from ionet.localnet.seat import BEGINS_BEFORE

    return BEGINS_BEFORE


def _proven(
    client: Client,
    people: Mapping[str, Keypair],
    state: Path,
    nodes: Sequence[Pubkey],
    gateway: str | None = None,
    *,
    reports: bool = True,
) -> LocalSeat | None:
    """Gives nodes their first verdicts: by reports; where none can be made, they are written."""
    from ionet.localnet.verdicts import can_report, write_verdict

    if reports and can_report():
        from ionet.localnet.seat import judged_so_far

        return judged_so_far(client, people, state, nodes, gateway)
    for node in nodes:
        write_verdict(client, node)
    return None


def _network(
    client: Client, keys: Path, url: str, people: Mapping[str, Keypair], port: int, speed: int, workers: int
) -> LocalNetwork:
    """Makes and starts the network's processes."""
    from ionet.localnet.network import LocalNetwork

    files = {name: keys / f"{name}.json" for name in people}
    folder = (keys / "network").absolute()
    parts = LocalNetwork.make(client, folder, url, people, files, port, speed, workers)
    seat = _proven(client, people, parts.seat, tuple(parts.nodes.values()), parts.gateway)
    if seat is not None:
        # The orchestrator goes on with it.
        seat.close()
        parts.published = seat.published
    try:
        parts.start()
    except BaseException:
        parts.stop()
        raise
    return parts


def _told(parts: LocalNetwork, keys: Path) -> tuple[str, ...]:
    boxed = "in boxes" if parts.unboxed is None else f"unboxed, as this user: {parts.unboxed}"
    workers = "a worker" if len(parts.nodes) == 1 else f"{len(parts.nodes)} workers"
    return (
        f"A gateway at {parts.gateway}, an orchestrator and {workers} run, with their logs",
        f"in {keys}/network.",
        f"Jobs run {boxed}. Nodes:",
    )


@app.command()
def advance(
    length: Annotated[str, typer.Argument(metavar="LENGTH", help="How long: 90s, 30min, 5h, 14d.")],
) -> None:
    """Let time pass on a local node (this one, or surfpool)."""
    seconds = length_of(length)
    io = session()
    io.stay_local()
    try:
        now = io.reader.cheats.advance(seconds)
    except RpcError as bad:
        if bad.code != _NO_METHOD:
            raise
        raise UserError(_no_such_call("the clock cannot be moved"), NO_NODE) from None
    io.screen.show({"now": now}, f"{span(seconds)} have passed: it is {when(now)} on {public_url(io.url)}")


@app.command()
def prove(node: NodeAddress) -> None:
    """Write into a node's account on a local node that it has passed a compute proof now.

    A node is booked on one of the last six hours. Elsewhere orchestrators judge it, and reports say so; what
    is written here no event says, so that `ionet verify` names it.
    """
    from ionet.localnet.verdicts import write_verdict

    io = session()
    io.stay_local()
    try:
        now = write_verdict(io.reader, node)
    except RpcError as bad:
        if bad.code != _NO_METHOD:
            raise
        raise UserError(_no_such_call("accounts cannot be written"), NO_NODE) from None
    io.screen.show({"node": node, "time": now}, f"Node {node} has passed a compute proof on {when(now)}")


def _no_such_call(what: str) -> str:
    where = public_url(session().url)
    return f"at {where} {what}: only a local node of `ionet localnet start`, or surfpool, has a call for it"


@app.command()
def keygen(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it, for this user alone.")],
) -> None:
    """Write a new keypair to a file, as `solana-keygen new` does, without a passphrase.

    A file that is there is left as it is.
    """
    from solders.keypair import Keypair

    from ionet.localnet.nodes import write_keypair

    new = Keypair()
    key_folder(file.parent)
    try:
        write_keypair(file, new)
    except FileExistsError:
        raise UserError(f"{file} is there already; name a file that is not", UNUSABLE) from None
    session().screen.show({"file": str(file), "address": new.pubkey()}, f"{new.pubkey()} in {file}")


@app.command()
def airdrop(
    to: Annotated[
        Pubkey | None,
        typer.Argument(metavar="[ADDRESS]", parser=address, help="A wallet; default: the signer's."),
    ] = None,
    sol: Annotated[str, typer.Option("--sol", metavar="AMOUNT", help="How much SOL.")] = "10",
    io: Annotated[str, typer.Option("--io", metavar="AMOUNT", help="How much IO.")] = "1000",
    usdc: Annotated[
        str, typer.Option("--usdc", metavar="AMOUNT", help="How much of the stand-in for USDC.")
    ] = "1000",
    keys: Annotated[
        Path, typer.Option("--keys", metavar="DIR", help="The keypairs of `ionet localnet start`.")
    ] = _KEYS,
) -> None:
    """Give a wallet SOL, IO and USDC on the node of `ionet localnet start`.

    SOL is from the node's faucet, IO from the deployer's wallet, whose keypair is in DIR.
    """
    from ionet import IO, SOL, USDC, load_keypair
    from ionet.localnet.gifts import give

    here = session()
    here.stay_local()
    amounts = SOL(sol), IO(io), USDC(usdc)
    if min(amount.base for amount in amounts) < 0:
        raise UserError("an amount must not be below zero")
    wallet = here.client.address if to is None else to
    if amounts[1].base or amounts[2].base:
        deployer = keys / f"{PEOPLE[0]}.json"
        if not deployer.exists():
            said = f"{deployer} is not there: name the folder of `ionet localnet start` by --keys"
            raise UserError(said, UNUSABLE)
        give(here.reader.as_(load_keypair(deployer)), wallet, amounts[1], amounts[2])
    if amounts[0].base:
        here.reader.airdrop(wallet, amounts[0])
    told = "{}, {} and {}".format(*amounts)
    here.screen.show(
        {"address": wallet, **dict(zip(("sol", "io", "usdc"), amounts, strict=True))},
        f"{wallet} has got {told}",
    )


PEOPLE: Final = ("deployer", "attester", "slasher", "resolver", "alice", "bob", "carol", "renter")


def _keys(folder: Path) -> dict[str, Keypair]:
    """Returns the people's keypairs; creates those that are missing.

    Raises:
        ConfigError: the folder is not of this user alone, or what is there is no keypair.
    """
    from ionet.localnet.nodes import keypair

    key_folder(folder)
    return {name: keypair(folder / f"{name}.json") for name in PEOPLE}


def set_up(client: Client, people: Mapping[str, Keypair], *, price: Pubkey | None = None) -> None:
    """Initialises the programs, and gives everybody SOL and IO.

    Args:
        client: its signer is the programs' upgrade authority, on a local network.
        people: by the names in `PEOPLE`; the deployer is the client's signer.
        price: account of IO's price; default: one is written, as only some test networks can.
    """
    from ionet import IO, Allocation, token_account
    from ionet.localnet.market import Market, People
    from ionet.localnet.record import Recorder

    others = {name: keypair for name, keypair in people.items() if name != "deployer"}
    market = Market(Recorder(lambda step: None), deployer=client, people=People(**others), price=price)
    market.initialize()
    resolver = people["resolver"].pubkey()
    client.proofs.set_params(resolver=resolver, guardian=resolver).send()
    wallet = token_account(client.address, pda.mint.MINT)
    market.open_wallets([client.address, *(keypair.pubkey() for keypair in others.values())])
    client.mint.mint_genesis(Allocation.COMMUNITY, wallet).send()
    market.give({keypair.pubkey(): IO(_PURSE) for keypair in others.values()})


def _keep(
    client: Client,
    speed: int,
    parts: LocalNetwork | None,
    seat: LocalSeat | None,
    idle: Sequence[Pubkey],
) -> None:
    """Keeps the clock running, also after it was moved, prices and verdicts fresh, the processes alive."""
    from ionet.localnet.dollars import write_prices
    from ionet.localnet.verdicts import write_verdict

    # A terminal sends SIGINT, a supervisor SIGTERM; both are normal ways to stop.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    network = client.network
    began = time.monotonic()
    first = seen = priced = judged = network.clock.now()
    behind = False
    try:
        while True:
            time.sleep(0.4 if speed < 30 else 0.1)
            now = network.clock.now()
            first += now - seen if now > seen else 0
            target = first + int((time.monotonic() - began) * speed)
            if target > now:
                network.clock.set(target)
            seen = max(target, now)
            if seen - priced >= _PRICES_EVERY:
                write_prices(client)
                priced = seen
            if seat is not None:
                # One step of the seat's at a time, so that the clock goes on.
                if behind or seen - judged >= _LOOKS_EVERY:
                    behind, judged = seat.judge(idle), seen
            elif seen - judged >= _VERDICTS_EVERY:
                for node in idle:
                    write_verdict(client, node)
                judged = seen
            for name in parts.watch() if parts is not None else ():
                session().screen.note(f"The {name} had ended and was started again")
    except KeyboardInterrupt:
        return
