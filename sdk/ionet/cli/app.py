"""The root command. Each of its commands is a module, imported when it is run or its help is asked for.

To add one: a module with `app = Commands("what it is for")` and functions under `@app.command()` (their
docstrings are their help), and a line in `COMMANDS`. A function gets its client and its output from
`session()`:

    @app.command()
    def add(node: NodeAddress, amount: IoAmount) -> None:
        io = session()
        sent = io.send(io.client.staking.stake(node, amount), f"stake {amount} on {node}")
        io.done(sent, f"{amount} are pending on {node}", node=node, amount=amount)

`io.send` handles --dry-run, --sign-only, --fee-payer and the confirmation on mainnet-beta; `io.reader` needs
no keypair; `io.screen.table` and `io.screen.facts` write text or JSON. Commands let errors through
(`ionet.cli.failures` turns them into a sentence), and raise `UserError` for what the person can correct.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from ionet import __version__
from ionet.cli.options import Commands, Group, Output, given

if TYPE_CHECKING:
    from typer._click import Command, Context

#: Name, module and one line of help. The order is that of `ionet --help`.
COMMANDS: Final = {
    "node": ("node.commands", "Hardware classes, devices, nodes and networks."),
    "stake": ("stake", "Stake on nodes, and what it earns."),
    "slash": ("slash", "Proposals to burn a node's stake: appeals, decisions, execution."),
    "report": ("report.commands", "Hourly reports of rewards: building, approving, challenging, crediting."),
    "job": ("job.commands", "Rent nodes, and supply them: offers, bookings, payments, disputes."),
    "cluster": ("reach", "Ray clusters of rented nodes, held for your commands: up, exec, down."),
    "login": ("login.begin", "Rent without a wallet on this machine: a session key with limit and end."),
    "logout": ("login.end", "End what a session key may spend, and delete it."),
    "whoami": ("login.whoami", "What is left of a session's limit and time."),
    "gateway": ("gateway", "A public host where workers, attesters and renters meet, and where files lie."),
    "orchestrator": ("orchestrator", "An attester's process: it serves jobs, attests, pays and reports."),
    "store": ("store", "Files of jobs in a store, by the hash of their content."),
    "volume": ("volume", "Volumes: folders that outlive leases, sealed for you in a gateway's store."),
    "image": ("image", "Images that jobs run in, by digest."),
    "buyback": ("buyback", "Burn fees, and sell IO to the auctions that buy it."),
    "worker": ("worker.commands", "A supplier's machine: setting it up, checking it, its offers."),
    "dao": ("dao.commands", "Proposals, votes and the treasury."),
    "admin": ("admin", "Parameters, pauses and authorities of the programs."),
    "grant": ("token.grant", "Vesting grants: making, releasing, revoking, passing on."),
    "airdrop": ("token.airdrop", "Airdrops: making, claiming to a wallet or into stake, reclaiming."),
    "supply": ("token.supply", "How much IO exists, is locked and circulates."),
    "genesis": (
        "token.genesis",
        "Genesis: 500,000,000 IO as grants and airdrops, from a list of recipients.",
    ),
    "nonce": ("nonce", "Nonce accounts: with --nonce, signatures may take days."),
    "tx": ("tx", "Transactions that several people sign: what --sign-only prints."),
    "watch": ("watch", "Follow accounts and events as they change, until Ctrl-C."),
    "events": ("events", "What happened: the programs' events, filtered, and as they come."),
    "ledger": ("ledger", "Every event of the programs in a database, from the first one."),
    "proof": ("proof", "Proofs that a device is what it says: measuring, and showing that one is wrong."),
    "verify": ("verify", "Whether supply, stake, escrows and every account are what events say."),
    "explorer": ("explorer", "The market in a browser: pages and an API over a ledger."),
    "console": ("console", "Renting and supplying in a browser, and an API that does the same."),
    "intelligence": ("intelligence", "Models behind OpenAI's API: serving them, accounts, keys."),
    "payments": ("payments", "Cards by Stripe: charging them, booking for customers, and the books of it."),
    "ask": ("ask", "Ask a model, and write its answer as it comes."),
    "demo": ("demo", "Run the whole marketplace in one process, from genesis to burn."),
    "localnet": ("localnet", "Run a local node with the programs, and a market to try commands on."),
}


class _Root(Group):
    """Knows its commands by name only, until one is needed."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name, (_, text) in COMMANDS.items():
            self.add_command(TyperGroup(name=name, help=text))

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Imports the command that is about to run, and resolves it."""
        if args and args[0] in COMMANDS:
            self.add_command(load(args[0]))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Context) -> Any:
        """Runs a command; errors that it raises deliberately become one sentence and an exit status."""
        line = [*ctx._protected_args, *ctx.args]
        if "--output=json" in line or ("--output", "json") in pairwise(line):
            # Known from the start, so that errors about arguments are JSON as well.
            given(ctx)["output"] = Output.JSON
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stopped:
            for note in getattr(stopped, "__notes__", ()):
                print(f"interrupted: {note}", file=sys.stderr)
            raise
        except Exception as bad:
            # Imported late, as most runs have no error to explain.
            from ionet.cli.failures import explained

            if (ending := explained(bad, given(ctx))) is None:
                raise
            raise ending from None


def load(name: str) -> Command:
    """Returns the command of this name."""
    command: Command = typer.main.get_command(import_module(f"ionet.cli.{COMMANDS[name][0]}").app)
    command.name = name
    return command


app = Commands("A marketplace for GPU compute on Solana: stake, supply, rent, govern.")
app.info.cls, app.info.name = _Root, "ionet"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ionet {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """A marketplace for GPU compute on Solana: stake, supply, rent, govern."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the `ionet` command."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal with another encoding shows a question mark for missing characters.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app(args=arguments, prog_name="ionet")
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has closed the pipe; nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except OSError as bad:
        if bad.errno not in (errno.ENOSPC, errno.EIO, errno.EBADF) or bad.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        print(f"error: the output cannot be written: {bad.strerror}", file=sys.stderr)
        sys.exit(3)
