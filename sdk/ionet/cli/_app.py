"""The commands and their options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ionet import __version__


class Output(StrEnum):
    """How results are written to standard output."""

    TEXT = "text"
    JSON = "json"


app = typer.Typer(
    name="ionet",
    help="A marketplace for GPU compute on Solana: stake, supply, rent, govern.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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


@app.command()
def demo(
    output: Annotated[
        Output, typer.Option("--output", help="Text for people, or JSON with steps, amounts and checks.")
    ] = Output.TEXT,
) -> None:
    """Run the whole marketplace in one process, from genesis to burn, with a job that is really run.

    Exits with 1 when one of the checks at the end does not hold.
    """
    from ionet.cli._demo import run_demo

    raise typer.Exit(run_demo(as_json=output is Output.JSON))


def main() -> None:
    """The `ionet` command."""
    app()
