"""`ionet supply`: what exists, is locked and circulates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
        typer.Option("--chart", metavar="FILE.svg", help="Also draw 20 years of it, by the published terms."),
    ] = None,
) -> None:
    """Show what of IO exists, is locked, staked and circulates; now, or at other dates."""
    from ionet.token.supply import chart as drawn

    io = session()
    found = [io.reader.supply.at(one) for one in date] if date else [io.reader.supply.now()]
    if chart is not None:
        chart.write_text(drawn(io.reader.mint.get_config().start), encoding="utf-8")
        io.screen.note(f"Drawn: {chart}")
    rows: list[tuple[str, list[str | None]]] = [
        ("date", [when(one.time) for one in found]),
        ("genesis", [f"{one.genesis:n}" for one in found]),
        ("+ emitted", [f"{one.emitted:n}" for one in found]),
        ("- burned", [f"{one.burned:n}" for one in found]),
        ("= supply", [f"{one.supply:n}" for one in found]),
        ("- locked in grants", [f"{one.locked:n}" for one in found]),
        ("- reserve", [f"{one.reserve:n}" for one in found]),
        ("- treasury", [f"{one.treasury:n}" for one in found]),
        ("= circulating", [f"{one.circulating:n}" for one in found]),
        ("vested of grants", [f"{one.vested:n}" for one in found]),
        ("staked", [None if one.staked is None else f"{one.staked:n}" for one in found]),
    ]
    heads = ["IO", *(">by schedule" if one.projected else ">on chain" for one in found)]
    data = [_json(one) for one in found]
    io.screen.table(heads, [(name, *cells) for name, cells in rows], data=data if date else data[0], empty="")


def _json(one: SupplyAt) -> dict[str, object]:
    return {
        "time": one.time,
        "projected": one.projected,
        "genesis": one.genesis,
        "emitted": one.emitted,
        "burned": one.burned,
        "supply": one.supply,
        "locked": one.locked,
        "reserve": one.reserve,
        "treasury": one.treasury,
        "circulating": one.circulating,
        "vested": one.vested,
        "staked": one.staked,
    }
