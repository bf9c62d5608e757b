"""`ionet supply`: what exists, is locked and circulates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ionet.cli.api import Explorer, asked
from ionet.cli.failures import UserError
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.session import session
from ionet.cli.token.grant import moment

if TYPE_CHECKING:
    from ionet.token.supply import SupplyAt

app = Commands()


@app.command()
def supply(
    date: Annotated[
        list[int] | None,
        typer.Option(
            "--date", metavar="DATE", parser=moment, help="Another date than now, by schedules; repeatable."
        ),
    ] = None,
    chart: Annotated[
        Path | None,
        typer.Option(
            "--chart", metavar="FILE.svg", help="Also draw it over 20 years, by the published terms."
        ),
    ] = None,
    explorer: Explorer = None,
) -> None:
    """Show how much IO exists, is locked, staked and circulates; now, or at other dates."""
    from ionet.token.supply import chart as drawn

    io = session()
    with asked(explorer) as api:
        if api is not None and (date or chart is not None):
            raise UserError("an explorer knows the supply of now: leave out --date and --chart")
        if api is not None:
            supplies = [api.supply()]
        else:
            supplies = [io.reader.supply.at(time) for time in date] if date else [io.reader.supply.now()]
    if chart is not None:
        chart.write_text(drawn(io.reader.mint.get_config().start), encoding="utf-8")
        io.screen.note(f"Drawn: {chart}")
    rows: list[tuple[str, list[str | None]]] = [
        ("date", [when(supply.time) for supply in supplies]),
        ("genesis", [f"{supply.genesis:n}" for supply in supplies]),
        ("+ emitted", [f"{supply.emitted:n}" for supply in supplies]),
        ("- burned", [f"{supply.burned:n}" for supply in supplies]),
        ("= supply", [f"{supply.supply:n}" for supply in supplies]),
        ("- locked in grants", [f"{supply.locked:n}" for supply in supplies]),
        ("- reserve", [f"{supply.reserve:n}" for supply in supplies]),
        ("- treasury", [f"{supply.treasury:n}" for supply in supplies]),
        ("= circulating", [f"{supply.circulating:n}" for supply in supplies]),
        ("vested of grants", [f"{supply.vested:n}" for supply in supplies]),
        ("staked", [None if supply.staked is None else f"{supply.staked:n}" for supply in supplies]),
    ]
    heads = ["IO", *(">by schedule" if supply.projected else ">on chain" for supply in supplies)]
    data = [_json(supply) for supply in supplies]
    io.screen.table(heads, [(name, *cells) for name, cells in rows], data=data if date else data[0], empty="")


def _json(supply: SupplyAt) -> dict[str, object]:
    return {
        "time": supply.time,
        "projected": supply.projected,
        "genesis": supply.genesis,
        "emitted": supply.emitted,
        "burned": supply.burned,
        "supply": supply.supply,
        "locked": supply.locked,
        "reserve": supply.reserve,
        "treasury": supply.treasury,
        "circulating": supply.circulating,
        "vested": supply.vested,
        "staked": supply.staked,
    }
