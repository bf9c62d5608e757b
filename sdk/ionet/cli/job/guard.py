"""`ionet job guard`: replaces what a running cluster loses, until it is over."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from solders.pubkey import Pubkey

from ionet import USD
from ionet.cli.arguments import address
from ionet.cli.job.parts import usd
from ionet.cli.options import Commands
from ionet.cli.session import session

app = Commands()


@app.command()
def guard(
    cluster: Annotated[Pubkey, typer.Argument(metavar="CLUSTER", parser=address, help="Its account.")],
    replace: Annotated[
        int,
        typer.Option("--replace", metavar="N", min=1, max=255, help="Replace so many nodes at most."),
    ],
    max_rate: Annotated[
        USD,
        typer.Option("--max-rate", metavar="USD", parser=usd, help="Highest rate per processor and hour."),
    ],
) -> None:
    """Replace nodes that a running cluster loses, until it is over. Leave it running, with a session key.

    The key is that of `ionet login`, or the one given by -k: the cluster's delegate, which `ionet job cluster
    CLUSTER --delegate KEY --allow AMOUNT` names. It needs some SOL for rent and fees. It spends the renter's
    tokens up to that amount, which the token program keeps to, and refunds go to the renter. Attesters say
    that a node is lost after half an hour of its silence. A node that was booked in a lost one's place joins
    what runs, which is for manifests with `on_loss = "continue"`.
    """
    from ionet.cloud.replacing import AsyncGuard, Limits

    io = session()
    io.check_several("guarding a cluster")
    io.confirm(f"book up to {replace} nodes in place of lost ones, for at most {max_rate} an hour each")

    limits = Limits(replace, max_rate, None if io.login is None else io.login.until)

    async def work() -> tuple[str, int]:
        async with io.async_client() as client:
            watching = AsyncGuard(client, cluster, limits, io.screen.warn)
            return await watching.run(), watching.replaced

    why, replaced = asyncio.run(work())
    data = {"cluster": cluster, "replaced": replaced, "why": why}
    io.screen.show(data, f"Over, after {replaced} of {replace} replacements: {why}")
