"""`ionet node classes`: the hardware classes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ionet import accounts, pda
from ionet.cli.failures import UserError
from ionet.cli.options import Commands
from ionet.cli.session import session
from ionet.staking.stake import class_name, minimum

if TYPE_CHECKING:
    from ionet.staking.speeds import Speeds

app = Commands("Hardware classes, with their multipliers and minimum stakes.")


@app.command("list")
def list_classes() -> None:
    """List the hardware classes with their multipliers and minimum stakes."""
    io = session()
    from ionet.staking.references import speeds_of

    classes = [class_.account for class_ in io.reader.staking.classes()]
    rows = [
        (
            class_.id,
            class_name(class_),
            class_.pool.name.lower(),
            _multiplier(class_.multiplier_bps),
            f"{minimum(class_, 1):n}",
            f"{class_.maximum} ×",
            "measured" if speeds_of(class_) else "",
            "" if class_.enabled else "closed",
        )
        for class_ in classes
    ]
    io.screen.table(
        (">id", "class", "pool", ">multiplier", ">minimum IO", ">maximum", "speed", ""),
        rows,
        data=[_class_json(class_) for class_ in classes],
        empty="No hardware classes yet; the authority loads them with `ionet node classes load`.",
    )


@app.command()
def load(
    update: Annotated[
        bool, typer.Option("--update", help="Also change classes that differ from the table.")
    ] = False,
) -> None:
    """Create the hardware classes of the published table that are missing; for the authority.

    Running it again changes nothing. Classes that differ are shown, and only changed with --update.
    """
    io = session()
    changes = io.reader.staking.class_changes()
    signatures: list[str] = []
    if not io.dry_run and any(
        change.kind == "create" or (change.kind == "update" and update) for change in changes
    ):
        for number, call in enumerate(io.client.staking.load_classes(changes, update=update), 1):
            io.screen.note(f"transaction {number} …")
            signatures.append(io.send(call, "load hardware classes").signature)
    done = {"create": "created", "update": "updated" if update else "differs", "keep": "unchanged"}
    if io.dry_run:
        done |= {"create": "would be created", "update": "would be updated" if update else "differs"}
    rows = []
    for change in changes:
        differences = "; ".join(f"{name}: {old} → {new}" for name, old, new in change.differences)
        rows.append((change.id, change.name, done[change.kind], differences))
    counts = {
        word: sum(done[change.kind] == word for change in changes) for word in dict.fromkeys(done.values())
    }
    io.screen.table(
        (">id", "class", "", ""),
        rows,
        data={
            "classes": [
                {
                    "id": change.id,
                    "name": change.name,
                    "action": done[change.kind],
                    "differences": change.differences,
                }
                for change in changes
            ],
            "signatures": signatures,
        },
        empty="The table is empty.",
    )
    io.screen.note(", ".join(f"{count} {word}" for word, count in counts.items() if count))


@app.command()
def reference(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Speeds of classes, as `ionet proof measure --out` writes them."),
    ],
) -> None:
    """Set by what speeds classes are judged; for the authority, or `ionet dao propose reference`."""
    from ionet.staking.references import reference_of

    io, speeds = session(), read_speeds(file)
    references = [(item.class_id, reference_of(item)) for item in speeds.classes]
    sent = io.send(io.client.staking.set_reference(*references), "set what classes are judged by")
    numbers = [item.class_id for item in speeds.classes]
    io.done(sent, f"Attesters judge class {', '.join(map(str, numbers))} by it from now on", classes=numbers)


def read_speeds(file: Path) -> Speeds:
    """Returns the table of speeds in a file.

    Raises:
        UserError: it cannot be read, or names no class.
    """
    from ionet.staking.speeds import parse_speeds

    try:
        speeds = parse_speeds(file.read_text("utf-8"), str(file))
    except OSError as bad:
        raise UserError(f"{file} cannot be read: {bad.strerror}") from None
    if not speeds.classes:
        raise UserError(f"{file} has no class; `ionet proof measure --out` writes one")
    return speeds


def _class_json(class_: accounts.staking.Class) -> dict[str, Any]:
    return {
        "id": class_.id,
        "name": class_name(class_),
        "account": pda.staking.class_(class_.id),
        "pool": class_.pool.name.lower(),
        "multiplier_bps": class_.multiplier_bps,
        "minimum_stake": minimum(class_, 1),
        "maximum_times_minimum": class_.maximum,
        "enabled": bool(class_.enabled),
        "reference": asdict(class_.reference),
    }


def _multiplier(bps: int) -> str:
    return f"{bps / 10_000:g}"
