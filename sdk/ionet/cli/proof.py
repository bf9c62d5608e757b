"""`ionet proof`: proofs that a device is what it says."""

from __future__ import annotations

import json
import platform
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ionet import IO
from ionet.cli.evidence import require_numpy
from ionet.cli.failures import UserError
from ionet.cli.options import Commands
from ionet.cli.session import session

app = Commands("Proofs that a device is what it says: measuring, and showing that one is wrong.")

#: Sizes of products that are measured: what attesters ask for by default, and a larger one.
_RATES: Final = ((1_024, 4_096), (4_096, 4_096))

#: How long to wait for the slot after the lookup table's, seconds, and how often to look.
_SLOT_WAIT: Final = 30.0
_LOOK: Final = 0.3


@app.command()
def measure(
    class_id: Annotated[
        int | None,
        typer.Option("--class", metavar="NUMBER", help="Hardware class; default: this machine's device's."),
    ] = None,
    memory: Annotated[
        int, typer.Option("--memory", metavar="MIB", min=8, help="How much memory to fill and read.")
    ] = 256,
    repeats: Annotated[
        int, typer.Option("--repeats", metavar="TIMES", min=1, max=1_000, help="The best of so many.")
    ] = 5,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write a file of speeds, for attesters.")
    ] = None,
) -> None:
    """Measure how fast this machine answers proofs, as a reference for its hardware class.

    Nothing else should run on it meanwhile. Attesters judge time by the speeds in the package, or by the file
    that `speeds` in an orchestrator's settings names.
    """
    require_numpy()
    from ionet.prover import backend, residency
    from ionet.prover import measure as measure_rate
    from ionet.staking.hardware import hardware_classes
    from ionet.staking.speeds import ClassSpeeds, MemorySpeed, RateSpeed, Speeds
    from ionet.worker import probe

    io = session()
    device = probe().devices[0]
    if class_id is None and device.hardware_class is not None:
        class_id = device.hardware_class.id
    kind = next((item for item in hardware_classes() if item.id == class_id), None)
    if kind is None:
        known = "this machine's device has none" if class_id is None else f"there is no class {class_id}"
        raise UserError(f"{known}; name one with --class, as ionet node classes list shows them")
    kernel = backend()
    rate = tuple(
        RateSpeed(m, k, measure_rate(m, k, kernel=kernel, repeats=repeats).nanoseconds) for m, k in _RATES
    )
    sizes = residency.sizes_of(memory)
    walked = residency.measure(sizes, prover=residency.make_prover, repeats=repeats)
    chains = MemorySpeed(**asdict(sizes), nanoseconds=walked.nanoseconds)
    source = (
        f"{device.name}, {residency.processors()} processors, {kernel.name}; best of {repeats} by"
        f" `ionet proof measure` on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}"
    )
    speeds = Speeds((ClassSpeeds(kind.id, source, rate, (chains,)),))
    if out is not None:
        try:
            out.write_text(json.dumps(speeds.document(), indent=2) + "\n", "utf-8")
        except OSError as bad:
            raise UserError(f"{out} cannot be written: {bad.strerror}") from None
    io.screen.show(
        {**speeds.document(), "digest": speeds.digest.hex()},
        f"class {kind.id} ({kind.name}): {source}",
        *(
            f"  {item.m} x {item.k} product and tree: {item.nanoseconds / 1e6:,.0f} ms;"
            f" answers are due in {item.nanoseconds * item.slack_bps / 1e10 + item.grace_ns / 1e6:,.0f} ms"
            for item in rate
        ),
        f"  {sizes.chains} chains of {sizes.reads} reads over {memory} MiB:"
        f" {chains.nanoseconds / 1e6:,.0f} ms",
        *([] if out is None else [f"written to {out}; its digest is {speeds.digest.hex()}"]),
    )


@app.command()
def disprove(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="What the device has signed, its leaf and its path, as JSON."),
    ],
) -> None:
    """Show that a cell or a read that a device has signed is wrong; for anyone.

    The owner of its node loses a tenth of the node's minimum, without appeal, and its verdict fails. A first
    transaction makes a lookup table, whose rent stays with it; the second one disproves.
    """
    from ionet.proofs.disproof import Disproof, DisproofError

    io = session()
    try:
        shown = Disproof.from_json(file.read_text())
    except OSError as bad:
        raise UserError(f"{file} cannot be read: {bad.strerror}") from bad
    except (DisproofError, UnicodeDecodeError) as bad:
        raise UserError(f"{file}: {bad}") from bad
    made = io.send(io.client.proofs.disproof_table(shown), f"make a lookup table to disprove {shown.node}")
    until = time.monotonic() + _SLOT_WAIT
    while io.reader.slot() <= made.slot and time.monotonic() < until:
        time.sleep(_LOOK)
    sent = io.send(io.client.proofs.disprove(shown, made.result), f"disprove {shown.node}")
    fine = IO.from_base(sent.result.amount)
    io.done(
        sent,
        f"Disproved: {shown.node} loses {fine}, and its verdict of hour {shown.hour} fails",
        node=shown.node,
        slash=shown.slash,
        amount=fine,
        table=made.result.key,
    )
