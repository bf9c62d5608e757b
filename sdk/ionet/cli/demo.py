"""`ionet demo`."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ionet.cli.options import Commands
from ionet.cli.session import session

if TYPE_CHECKING:
    from ionet.demo import Demo, Step

_NEEDED = {"ray": "ray[default]", "sklearn": "scikit-learn", "numpy": "numpy", "psutil": "psutil"}


app = Commands()


@app.command()
def demo() -> None:
    """Run the whole marketplace in one process, from genesis to burn, with a job that really runs.

    Exits with 1 when one of the checks at the end does not hold.
    """
    raise typer.Exit(run_demo(as_json=session().screen.as_json))


def run_demo(*, as_json: bool) -> int:
    """Plays the demo and shows it; returns the exit status.

    Args:
        as_json: write one JSON document to standard output, and nothing else there.
    """
    missing = [package for module, package in _NEEDED.items() if find_spec(module) is None]
    if missing:
        print(
            f"ionet demo runs a job on Ray and needs {', '.join(missing)}: pip install 'ionet[orchestrator]'",
            file=sys.stderr,
        )
        return 2
    from ionet.demo import run

    if as_json:
        played = run()
        print(json.dumps(played.to_dict(), indent=2, ensure_ascii=False))
    else:
        # Addresses and hashes must be easy to copy: nothing is cut, and numbers are not coloured.
        console = Console(highlight=False, soft_wrap=True)
        played = run(lambda step: _show(console, step))
        _table(console, played)
    return 0 if played.ok else 1


def _show(console: Console, step: Step) -> None:
    console.print(f"\n[bold]{escape(step.title)}[/]")
    for line in step.lines:
        console.print(f"  {escape(line)}")
    if step.transactions:
        count = len(step.transactions)
        most = max(step.transactions, key=lambda transaction: transaction.compute_units)
        console.print(
            f"  [dim]{count} transaction{'s' * (count > 1)}, {step.compute_units:,} compute units"
            f" (most: {escape(most.what)}, {most.compute_units:,})[/]"
        )


def _table(console: Console, played: Demo) -> None:
    table = Table(title="\nChecks, in base units (10^-8 IO, 10^-6 USDC)", title_justify="left", box=None)
    table.add_column("")
    table.add_column("must hold")
    table.add_column("expected", justify="right")
    table.add_column("found", justify="right")
    for check in played.checks:
        sign = "[green]ok[/]" if check.ok else "[red]FAILS[/]"
        table.add_row(sign, escape(check.name), _cell(check.expected), _cell(check.found))
    console.print(table)
    failed = [check.name for check in played.checks if not check.ok]
    if failed:
        console.print(f"\n[red]{len(failed)} of {len(played.checks)} checks fail.[/]")
    else:
        console.print(f"\nAll {len(played.checks)} checks hold.")


def _cell(value: int | str) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return value if len(value) <= 20 else f"{value[:16]}…"
