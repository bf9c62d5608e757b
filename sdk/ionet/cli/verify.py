"""`ionet verify`: whether the chain holds what its programs' events say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from ionet.chain.amounts import IO
from ionet.cli.failures import REFUSED
from ionet.cli.ledger import bar_of, needed
from ionet.cli.options import Commands
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from ionet.cli.output import Screen
    from ionet.ledger import Check, Verified

app = Commands()

#: Differences that are shown to people; JSON has all.
_SHOWN = 20
#: Sums that are no amounts of IO.
_PLAIN = frozenset({"burn receipts", "escrows", "escrowed by jobs", "payouts", "fee vaults", "bonds"})


@app.command()
def verify(
    at: Annotated[
        int | None,
        typer.Option(
            "--at",
            metavar="SLOT",
            min=0,
            help="Up to the end of this slot, by the balances noted in transactions; default: now.",
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            metavar="WHERE",
            help="A ledger, see ionet ledger run; default: one in memory, filled from the node.",
        ),
    ] = None,
) -> None:
    """Compare supply, emission, stake, escrows, votes and every account with what all events say.

    What is expected is added up from every event since the first; what is found is in the accounts. Exits
    with 1 and names what differs, is missing, or cannot be known. More than expected in a vault is a gift.
    """
    needed()
    io = session()
    if code := answered(io.screen, asyncio.run(_verified(io, database, at))):
        raise typer.Exit(code)


async def _verified(io: Session, where: str | None, at: int | None) -> Verified:
    from ionet.ledger import Follower, LedgerInUse, open_ledger, read_ledger, verify, verify_at

    async with io.async_reader() as client:
        follower = None
        try:
            database = await open_ledger(client, where or ":memory:")
        except LedgerInUse:
            # Whoever writes to it keeps it up to date.
            database = await read_ledger(client, str(where))
        else:
            follower = Follower(client, database)
        with database:
            if follower is not None:
                with bar_of(io) as bar:
                    follower.on_progress = bar.show
                    await follower.catch_up()
            if at is not None:
                return await verify_at(client, database, at, follower)
            return await verify(client, database, follower)


def answered(screen: Screen, verified: Verified) -> int:
    """Shows what came out, and returns the command's exit code."""
    _show(screen, verified)
    return 0 if verified.holds else REFUSED


def _show(screen: Screen, verified: Verified) -> None:
    data = {
        "holds": verified.holds,
        "slot": verified.slot,
        "events": verified.events,
        "checks": [
            {
                "name": check.name,
                "expected": str(check.expected),
                "found": str(check.found),
                "difference": str(check.difference),
            }
            for check in verified.checks
        ],
        "differences": [
            {
                "check": apart.check,
                "name": apart.name,
                "address": apart.address,
                "expected": apart.expected,
                "found": apart.found,
            }
            for apart in verified.differences
        ],
        "missing": verified.missing,
        "gifts": {str(address): str(amount) for address, amount in verified.gifts.items()},
    }
    if screen.as_json:
        screen.show(data)
        return
    columns = ("", ">expected", ">found", ">difference")
    rows = [
        (check.name, *(_amount(check, n) for n in (check.expected, check.found, check.difference)))
        for check in verified.checks
    ]
    screen.rows(columns, rows)
    told = [*verified.missing, *map(str, verified.differences)]
    for line in told[:_SHOWN]:
        screen.line(f"  {line}")
    if len(told) > _SHOWN:
        screen.line(f"  … and {len(told) - _SHOWN:,} more (--output json)")
    gifts = f"; {len(verified.gifts)} token accounts hold gifts" if verified.gifts else ""
    if verified.holds:
        ending = "everything is as the events say"
    else:
        apart = [check for check in verified.checks if check.difference]
        ending = f"{len(apart)} sums and {len(told)} single things are not as the events say"
    screen.line(f"{verified.events:,} events up to slot {verified.slot}: {ending}{gifts}")


def _amount(check: Check, amount: int) -> str:
    plain = check.name in _PLAIN or check.name == "votes"
    return f"{amount:,}" if plain else format(IO.from_base(amount).to_decimal(), ",f")
