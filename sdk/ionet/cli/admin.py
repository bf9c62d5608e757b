"""`ionet admin`: what a program's authority and pauser do, until the treasury is the authority."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntFlag
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from ionet import (
    BuybackEntry,
    Call,
    DistributorEntry,
    JobsEntry,
    MintEntry,
    ProofsEntry,
    StakingEntry,
    accounts,
    governance,
    ix,
    pda,
)
from ionet.cli.arguments import address
from ionet.cli.failures import REFUSED, UserError
from ionet.cli.options import Commands
from ionet.cli.parameters import changes_of, value_of, written
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from ionet.cli.bootstrap.plan import Step

app = Commands("Parameters, pauses and authorities of the programs.")
authority = app.group("authority", "Hand over a program's authority, in two steps.")

Program = Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's name: jobs, staking, …")]
Entries = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ENTRY]...", help="Names as in `ionet admin show`; default: all."),
]

_ENTRIES: Final[dict[str, type[IntFlag]]] = {
    "buyback": BuybackEntry,
    "distributor": DistributorEntry,
    "jobs": JobsEntry,
    "mint": MintEntry,
    "proofs": ProofsEntry,
    "staking": StakingEntry,
}


@app.command()
def show(program: Program) -> None:
    """Show a program's parameters, who may change them, and what is paused."""
    io = session()
    config = _config(io, program)
    params = governance.params_of(program, config)
    if program == "governance":
        roles: dict[str, Any] = {"authority": governance.TREASURY}
        facts: list[tuple[str, object]] = [("Authority", f"{governance.TREASURY} (treasury)")]
    else:
        paused = _names(program, config.roles.paused)
        open_ = _names(program, ~config.roles.paused)
        pending = config.roles.pending_authority
        roles = {
            "authority": config.roles.authority,
            "pending_authority": None if pending == Pubkey.default() else pending,
            "paused": paused,
            "not_paused": open_,
        }
        facts = [
            ("Authority", config.roles.authority),
            ("Proposed", roles["pending_authority"]),
            ("Paused", _paused(program, config.roles.paused)),
            ("Not paused", _paused(program, ~config.roles.paused)),
        ]
    io.screen.facts(
        [*facts, *((name, written(name, value)) for name, value in params.items())],
        data={
            "program": program,
            **roles,
            "params": {name: value_of(name, value) for name, value in params.items()},
        },
    )


@app.command("set")
def set_(
    program: Program,
    changes: Annotated[
        list[str],
        typer.Argument(metavar="NAME=VALUE...", help="New values, written as in `ionet admin show`."),
    ],
) -> None:
    """Set some of a program's parameters; for its authority.

    The other parameters keep their values. Amounts are in their unit (500, 12.5), lengths of time as 14d or
    36h, shares as 0.25% (or in bps), keys as addresses, keypair files or `nobody`.
    """
    _refuse_governance(program, f"ionet dao propose params governance {' '.join(changes)}")
    io = session()
    config = _config(io, program)
    before = governance.params_of(program, config)
    values = changes_of(before, changes)
    instruction = governance.parameters(program, config, authority=io.signer.pubkey(), **values)
    differing = {name: value for name, value in values.items() if value != before[name]}
    if not differing:
        raise UserError(f"nothing would change: {', '.join(values)} of {program} have these values already")
    lines = [
        f"{name}: {written(name, before[name])} -> {written(name, value)}"
        for name, value in differing.items()
    ]
    sent = io.send(_call(io, instruction), f"set of {program}: {'; '.join(lines)}")
    after = governance.params_of(program, _config(io, program))
    io.done(
        sent,
        f"Set {program}'s parameters:",
        *(f"  {name}: {written(name, before[name])} -> {written(name, after[name])}" for name in differing),
        program=program,
        changes={
            name: {"before": value_of(name, before[name]), "after": value_of(name, after[name])}
            for name in differing
        },
    )


@app.command()
def bootstrap(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A market in TOML: see docs/deploy.md.")],
) -> None:
    """Make the market of a file out of deployed programs; for their upgrade authority and authority.

    Initialises programs, opens vaults and shards, loads hardware classes, seats attesters, takes currencies
    and sets parameters. What is there already is compared, and only what is missing or differs is sent: it
    may be run again at any time. With --dry-run it shows that, and sends nothing.
    """
    from ionet.cli.bootstrap.plan import Plan
    from ionet.cli.bootstrap.wanted import Wanted

    io = session()
    io.refuse_sign_only()
    wanted, me = Wanted.read(file), io.signer.pubkey()
    plan, signatures = Plan(io.reader, wanted, me), list[str]()
    first = plan.initialising()
    if first and io.dry_run:
        done = first
        io.screen.note(f"The rest can be compared once {', '.join(plan.missing())} are initialised")
    else:
        signatures += _take(io, first)
        done = [*first, *Plan(io.reader, wanted, me).steps()]
        signatures += _take(io, done[len(first) :])
    blocked = [step for step in done if step.blocked]
    verb = "would be sent" if io.dry_run else "sent"
    io.screen.table(
        ("what", ""),
        [(step.what, step.blocked or verb) for step in done],
        data={
            "steps": [{"what": step.what, "blocked": step.blocked or None} for step in done],
            "signatures": signatures,
            "same": not done,
        },
        empty="Nothing differs: the market is as the file says.",
    )
    if blocked:
        raise typer.Exit(REFUSED)


def _take(io: Session, steps: Sequence[Step]) -> list[str]:
    """Sends what steps consist of, unless it is a dry run; returns the signatures."""
    signatures = []
    for step in steps:
        if step.instructions and not io.dry_run:
            io.screen.note(f"{step.what} …")
            signatures.append(io.send(io.client.call(*step.instructions), step.what).signature)
    return signatures


@app.command()
def pause(program: Program, entries: Entries = None) -> None:
    """Pause entries of a program, or all of them; for its authority or its pauser. Exits are never paused."""
    _set_paused(program, entries, pausing=True)


@app.command()
def unpause(program: Program, entries: Entries = None) -> None:
    """Lift pauses of a program; for its authority."""
    _set_paused(program, entries, pausing=False)


def _set_paused(program: str, entries: list[str] | None, *, pausing: bool) -> None:
    _refuse_governance(program)
    io = session()
    current = _config(io, program).roles.paused
    masks = {entry.name.lower(): entry.value for entry in _ENTRIES[program] if entry.name}
    if unknown := [name for name in entries or () if name not in masks]:
        raise UserError(f"{program} has no entry {', '.join(unknown)}; there are {', '.join(masks)}")
    mask = sum({masks[name] for name in entries or masks})
    paused = current | mask if pausing else current & ~mask
    if paused == current:
        raise UserError(f"nothing would change: paused of {program} is {_paused(program, current)} already")
    instruction = _builder(program, "set_paused")(signer=io.signer.pubkey(), paused=paused)
    action = f"{'pause' if pausing else 'lift the pause of'} {', '.join(entries or masks)} of {program}"
    sent = io.send(_call(io, instruction), action)
    io.done(
        sent,
        f"Paused of {program}: {_paused(program, current)} -> {_paused(program, paused)}",
        program=program,
        paused=_names(program, paused),
    )


@authority.command("propose")
def propose(
    program: Program,
    successor: Annotated[
        str, typer.Argument(metavar="ADDRESS|nobody", help="Who may accept; `nobody` withdraws a proposal.")
    ],
) -> None:
    """Name a successor to a program's authority; for the authority, who keeps it until they accept.

    To hand a program over to the treasury: ionet dao handover PROGRAM.
    """
    _refuse_governance(program)
    io = session()
    key = Pubkey.default() if successor == "nobody" else address(successor)
    before = _config(io, program).roles.authority
    instruction = _builder(program, "propose_authority")(authority=io.signer.pubkey(), successor=key)
    sent = io.send(
        _call(io, instruction), f"name {successor} the successor of {program}'s authority {before}"
    )
    named = None if key == Pubkey.default() else key
    io.done(
        sent,
        f"{before} remains the authority of {program}; {named or 'nobody'} can accept it",
        *([f"Next, as the successor: ionet admin authority accept {program}"] if named else []),
        program=program,
        authority=before,
        pending_authority=named,
    )


@authority.command("accept")
def accept(program: Program) -> None:
    """Become a program's authority; for its named successor."""
    _refuse_governance(program)
    io = session()
    before = _config(io, program).roles.authority
    instruction = _builder(program, "accept_authority")(successor=io.signer.pubkey())
    sent = io.send(_call(io, instruction), f"become the authority of {program} after {before}")
    now = _config(io, program).roles.authority
    io.done(sent, f"Authority of {program}: {before} -> {now}", program=program, before=before, authority=now)


# -- parts


def _config(io: Session, program: str) -> Any:
    if program not in governance.programs():
        raise UserError(f"no program {program!r}; there are {', '.join(governance.programs())}")
    return io.reader.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)


def _refuse_governance(program: str, instead: str = "ionet dao propose") -> None:
    if program == "governance":
        raise UserError(f"governance has no authority but its own treasury: {instead}")


def _builder(program: str, name: str) -> Callable[..., Instruction]:
    return cast("Callable[..., Instruction]", getattr(getattr(ix, program), name))


def _call(io: Session, instruction: Instruction) -> Call[None]:
    return Call(io.client, [instruction])


def _names(program: str, paused: int) -> list[str]:
    return [entry.name.lower() for entry in _ENTRIES[program] if entry.name and paused & entry.value]


def _paused(program: str, paused: int) -> str:
    return ", ".join(_names(program, paused)) or "nothing"
