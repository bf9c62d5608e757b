"""`ionet genesis`: the IO that exists from the start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ionet import IO
from ionet.cli.failures import REFUSED
from ionet.cli.options import Commands
from ionet.cli.session import session

app = Commands("Genesis: 500,000,000 IO as grants and airdrops, from a list of recipients.")

Recipients = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="CSV with the columns item,recipient,amount and optionally revocable."
    ),
]


@app.command()
def plan(file: Recipients) -> None:
    """Show the sums of a list of recipients; a list whose sums differ from the table's is refused."""
    from ionet.token.genesis import ITEMS, circulating_at_genesis, read_plan

    screen, planned = session().screen, read_plan(file)
    data = [
        {
            "item": item.name,
            "allocation": item.allocation,
            "amount": item.amount,
            "recipients": len(planned.recipients[item.name]),
            "upfront": item.upfront,
            "terms": item.terms,
        }
        for item in ITEMS
    ]
    total = sum((item.amount for item in ITEMS), IO(0))
    count = sum(map(len, planned.recipients.values()))
    first = circulating_at_genesis()
    if screen.as_json:
        screen.show({"items": data, "total": total, "circulating_at_genesis": first})
        return
    rows: list[tuple[object, ...]] = [
        (
            item.name,
            item.allocation.name.lower(),
            f"{item.amount.to_decimal():,.8f}",
            f"{len(planned.recipients[item.name]):,}",
            f"{item.upfront.to_decimal():,.8f}",
            item.terms,
        )
        for item in ITEMS
    ]
    rows.append(("total", "", f"{total.to_decimal():,.8f}", f"{count:,}", f"{first.to_decimal():,.8f}", ""))
    screen.rows(("item", "allocation", ">IO", ">recipients", ">at genesis", "terms"), rows)


@app.command()
def run(file: Recipients) -> None:
    """Carry out a plan, as authority of mint and distributor.

    It can be stopped and run again: what exists already is compared with the plan and left alone.
    """
    from ionet.token.genesis import read_plan

    io = session()
    io.check_several("genesis")
    planned = read_plan(file)
    state = io.client.genesis.verify(planned)
    missing = sum(item.of - item.made for item in state.items)
    if io.dry_run:
        io.screen.show(
            {"dry_run": True, "missing": missing, "differences": state.differences},
            f"Dry run, nothing was sent: {missing:,} grants and airdrops are missing",
            *state.differences,
        )
        return
    io.confirm(f"make {missing:,} grants and airdrops of {file}")
    steps = []
    for step in io.client.genesis.run(planned):
        steps.append(step)
        io.landed(step.signature)
        io.screen.note(f"{step.done:,}/{step.of:,}  {step.what}  {step.signature}")
    io.screen.show(
        {"transactions": steps, "made": missing},
        f"{missing:,} grants and airdrops made in {len(steps):,} transactions"
        if steps
        else "Nothing was left to do.",
    )


@app.command()
def verify(file: Recipients) -> None:
    """Compare the chain with a plan, to the base unit; exits with 1 when anything is missing or different."""
    from ionet.token.genesis import read_plan

    io = session()
    state = io.reader.genesis.verify(read_plan(file))
    io.screen.table(
        ("item", ">as planned", ">of", ">funded", ">IO", "minted"),
        [
            (
                item.item.name,
                f"{item.made:,}",
                f"{item.of:,}",
                f"{item.funded:n}",
                f"{item.item.amount:n}",
                "yes" if item.item.allocation in state.minted else "no",
            )
            for item in state.items
        ],
        data={
            "complete": state.complete,
            "items": [
                {"item": item.item.name, "made": item.made, "of": item.of, "funded": item.funded}
                for item in state.items
            ],
            "minted": sorted(state.minted),
            "differences": state.differences,
        },
        empty="",
    )
    if not io.screen.as_json:
        for difference in state.differences:
            print(difference)
        print("Genesis is complete and as planned." if state.complete else "Genesis is not as planned.")
    if not state.complete:
        raise typer.Exit(REFUSED)
