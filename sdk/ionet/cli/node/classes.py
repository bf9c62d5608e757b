"""`ionet node classes`: the hardware classes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ionet import accounts, pda
from ionet.cli.options import Commands
from ionet.cli.session import session
from ionet.staking.stake import class_name, minimum

app = Commands("Hardware classes: what a node may be, and what it has to stake.")


@app.command("list")
def list_classes() -> None:
    """List the hardware classes with their multipliers and minimum stakes."""
    io = session()
    found = [one.account for one in io.reader.staking.classes()]
    rows = [
        (
            one.id,
            class_name(one),
            one.pool.name.lower(),
            _multiplier(one.multiplier_bps),
            f"{minimum(one, 1):n}",
            f"{one.maximum} ×",
            "" if one.enabled else "closed",
        )
        for one in found
    ]
    io.screen.table(
        (">id", "class", "pool", ">multiplier", ">minimum IO", ">maximum", ""),
        rows,
        data=[_class_json(one) for one in found],
        empty="No hardware classes yet; the authority loads them with `ionet node classes load`.",
    )


@app.command()
def load(
    update: Annotated[
        bool, typer.Option("--update", help="Also change classes that differ from the table.")
    ] = False,
) -> None:
    """Create the hardware classes of the published table that are missing; for the authority.

    Running it again changes nothing. Classes that differ are shown, and changed with --update only.
    """
    io = session()
    changes = io.reader.staking.class_changes()
    signatures: list[str] = []
    if not io.dry_run and any(one.kind == "create" or (one.kind == "update" and update) for one in changes):
        for number, call in enumerate(io.client.staking.load_classes(changes, update=update), 1):
            io.screen.note(f"transaction {number} …")
            signatures.append(io.send(call, "load hardware classes").signature)
    done = {"create": "created", "update": "updated" if update else "differs", "keep": "unchanged"}
    if io.dry_run:
        done |= {"create": "would be created", "update": "would be updated" if update else "differs"}
    rows = []
    for one in changes:
        what = "; ".join(f"{name}: {old} → {new}" for name, old, new in one.differences)
        rows.append((one.id, one.name, done[one.kind], what))
    counts = {word: sum(done[one.kind] == word for one in changes) for word in dict.fromkeys(done.values())}
    io.screen.table(
        (">id", "class", "", ""),
        rows,
        data={
            "classes": [
                {"id": one.id, "name": one.name, "action": done[one.kind], "differences": one.differences}
                for one in changes
            ],
            "signatures": signatures,
        },
        empty="The table is empty.",
    )
    io.screen.note(", ".join(f"{count} {word}" for word, count in counts.items() if count))


def _class_json(one: accounts.staking.Class) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": class_name(one),
        "account": pda.staking.class_(one.id),
        "pool": one.pool.name.lower(),
        "multiplier_bps": one.multiplier_bps,
        "minimum_stake": minimum(one, 1),
        "maximum_times_minimum": one.maximum,
        "enabled": bool(one.enabled),
    }


def _multiplier(bps: int) -> str:
    return f"{bps / 10_000:g}"
