"""`ionet dao propose`: one command for each kind of proposal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet import IO, SOL, governance, pda
from ionet.cli.arguments import address, io_amount
from ionet.cli.failures import UNUSABLE, UserError
from ionet.cli.node.classes import read_speeds
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.parameters import changes_of
from ionet.cli.session import Session, session
from ionet.governance.proposals import Draft

if TYPE_CHECKING:
    from ionet import Sent

app = Commands("Make a proposal and begin voting on it.")

Title = Annotated[str, typer.Option("--title", metavar="TEXT", help="64 bytes at most.")]
Text = Annotated[
    Path | None,
    typer.Option("--text", metavar="FILE", help="The proposed text; its sha256 goes on the chain."),
]
Uri = Annotated[
    str, typer.Option("--uri", metavar="URL", help="Where the text is published; 96 bytes at most.")
]
DraftNumber = Annotated[
    int | None,
    typer.Option("--draft", metavar="N", min=0, help="Continue an interrupted draft, by its number."),
]
To = Annotated[Pubkey, typer.Argument(metavar="TO", parser=address, help="Who is paid.")]


def submit(
    io: Session,
    title: str,
    transactions: Instruction | Sequence[Instruction],
    text: Path | None,
    uri: str,
    nonce: int | None,
) -> None:
    """Submits the proposal step by step; each transaction is sent according to the options."""
    try:
        content = text.read_bytes() if text else b""
    except OSError as bad:
        raise UserError(f"{text}: {bad.strerror}", UNUSABLE) from None
    draft, client = Draft(title, transactions, text=content, uri=uri), io.client.governance
    stored = [governance.stored(transaction) for transaction in draft.transactions]
    number = client.next_nonce() if nonce is None else nonce
    address = pda.governance.proposal(io.signer.pubkey(), number)
    if io.client.account(address) is None:
        io.send(client.propose(draft, nonce=number), f"propose {title!r}, with a bond")
        io.screen.note(f"Draft {address}, number {number}")
    account = client.get_proposal(address)
    so_far = governance.content_hash(io.signer.pubkey(), number, draft.args, stored[: account.transactions])
    if account.state != governance.ProposalState.DRAFT or bytes(account.content_hash) != so_far:
        raise UserError(f"number {number} is another of your proposals, or not a draft any more: {address}")
    for index in range(account.transactions, len(stored)):
        io.send(
            client.add(address, index, draft.transactions[index]),
            f"add transaction {index + 1}: {governance.describe(stored[index])}",
        )
    sent: Sent[Any] = io.send(client.activate(address), f"begin voting on {address}")
    ends, quorum = sent.result.voting_ends, IO.from_base(sent.result.quorum)
    io.done(
        sent,
        f"Proposed {address}",
        *(f"  {number + 1}. {governance.describe(transaction)}" for number, transaction in enumerate(stored)),
        f"Votes until {when(ends)}; {quorum} have to vote",
        proposal=address,
        nonce=number,
        voting_ends=ends,
        quorum=quorum,
        content_hash=sent.result.content_hash,
    )


@app.command()
def text(title: Title, text: Text = None, uri: Uri = "", draft: DraftNumber = None) -> None:
    """Propose a text: nothing is executed."""
    submit(session(), title, (), text, uri, draft)


@app.command()
def params(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="Whose; governance among them.")],
    changes: Annotated[
        list[str], typer.Argument(metavar="NAME=VALUE...", help="New values, written as shown there.")
    ],
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="Default: names the parameters.")
    ] = None,
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose to change parameters of a program; the others stay. `ionet dao params` shows them."""
    io = session()
    values = changes_of(io.client.governance.params(program), changes)
    instruction = io.client.governance.parameters(program, **values)
    submit(io, title or f"Set {program}'s {', '.join(values)}", instruction, text, uri, draft)


@app.command()
def pay(
    to: To,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, in tokens: 12.5.")],
    asset: Annotated[
        str, typer.Argument(metavar="[IO|SOL|MINT]", help="The asset; another token by its mint.")
    ] = "IO",
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="Default: the payment.")
    ] = None,
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose a payment from the treasury."""
    io = session()
    transactions: Instruction | Sequence[Instruction]
    if asset.upper() == "IO":
        transactions = governance.pay_io(to, io_amount(amount))
    elif asset.upper() == "SOL":
        transactions = governance.pay_sol(to, SOL.from_base(_paid(amount, SOL.DECIMALS)))
    else:
        mint = address(asset)
        decimals = io.reader.token_mint(mint).decimals
        transactions = governance.pay_tokens(to, mint, _paid(amount, decimals), decimals)
    submit(
        io,
        title or f"Pay {amount} {asset.upper() if len(asset) < 4 else 'tokens'}",
        transactions,
        text,
        uri,
        draft,
    )


def _paid(text: str, decimals: int) -> int:
    if not (units := _units(text, decimals)):
        raise UserError(f"an amount is above zero, not {text}")
    return units


def _units(text: str, decimals: int) -> int:
    from decimal import Decimal, InvalidOperation

    try:
        units = Decimal(text).scaleb(decimals)
    except InvalidOperation:
        raise UserError(f"{text!r} is not an amount") from None
    if not units.is_finite() or units != int(units) or units < 0:
        raise UserError(f"{text} is not an amount with at most {decimals} decimals")
    return int(units)


@app.command()
def attesters(
    seats: Annotated[
        list[str],
        typer.Argument(metavar="KEY=WEIGHT...", help="All seats in their order; a vacant one is -=0."),
    ],
    threshold: Annotated[
        int | None, typer.Option("--threshold", help="Weight that approves; default: two thirds, rounded up.")
    ] = None,
    title: Title = "Seat attesters",
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose a new attester set."""
    weights = {}
    for seat in seats:
        key, _, weight = seat.partition("=")
        if not weight.isdigit():
            raise UserError(f"{seat!r} is not KEY=WEIGHT")
        weights[Pubkey.default() if key == "-" else address(key)] = int(weight)
    submit(session(), title, governance.attesters(weights, threshold=threshold), text, uri, draft)


@app.command("class")
def hardware_class(
    name: Annotated[str, typer.Argument(metavar="CLASS", help="Its name in the table of hardware classes.")],
    table: Annotated[
        Path | None, typer.Option("--table", metavar="FILE", help="The table; default: the shipped one.")
    ] = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="It takes no new devices.")] = False,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Default: the class.")] = None,
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose to create a hardware class, or to change it as in the table."""
    from ionet import accounts
    from ionet.staking.hardware import hardware_classes

    io = session()
    by_name = {class_.name: class_ for class_ in (hardware_classes(table) if table else hardware_classes())}
    if name not in by_name:
        raise UserError(f"no hardware class {name!r}; there are {', '.join(by_name)}")
    kind = by_name[name]
    (existing,) = io.reader.fetch_many(accounts.staking.Class, [pda.staking.class_(kind.id)])
    instruction = governance.hardware_class(kind, new=existing is None, enabled=not disabled)
    verb = "Create" if existing is None else "Change"
    submit(io, title or f"{verb} hardware class {name}", instruction, text, uri, draft)


@app.command()
def reference(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Speeds of a class, as `ionet proof measure --out` writes them."),
    ],
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Default: the class.")] = None,
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose by what speeds hardware classes are judged."""
    speeds = read_speeds(file)
    numbers = ", ".join(str(item.class_id) for item in speeds.classes)
    instructions = [governance.reference(item) for item in speeds.classes]
    submit(session(), title or f"Set the reference of class {numbers}", instructions, text, uri, draft)


@app.command()
def slash(
    slash: Annotated[Pubkey, typer.Argument(metavar="SLASH", parser=address, help="The slash's account.")],
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="How many IO, at most as proposed; 0 rejects it.")
    ],
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Default: the slash.")] = None,
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose how to decide an appealed slash; works while the treasury is the resolver of staking."""
    io = session()
    account = io.reader.staking.get_slash(slash)
    decided = IO(0) if amount in ("0", "0.0") else io_amount(amount)
    instruction = governance.resolve_slash(slash, account.node, decided)
    submit(io, title or f"Decide slash {str(slash)[:8]}: {decided}", instruction, text, uri, draft)


@app.command()
def dispute(
    job: Annotated[Pubkey, typer.Argument(metavar="JOB", parser=address, help="The disputed job.")],
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="The part of its price that is due, in its currency.")
    ],
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Default: the job.")] = None,
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose how to decide a job's dispute; works while the treasury is the resolver of jobs."""
    io = session()
    account = io.reader.jobs.get_job(job)
    gross = _units(amount, io.reader.token_mint(account.mint).decimals)
    instruction = io.client.governance.as_treasury().jobs.resolve(job, gross).ix()
    submit(io, title or f"Decide the dispute of job {str(job)[:8]}", instruction, text, uri, draft)


@app.command()
def guardian(
    key: Annotated[str, typer.Argument(metavar="ADDRESS|nobody", help="Who guards for twelve months.")],
    title: Title = "Name the guardian",
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose a guardian; the present guardian cannot cancel it."""
    successor = Pubkey.default() if key == "nobody" else address(key)
    submit(session(), title, governance.guardian(successor), text, uri, draft)


@app.command()
def upgrade(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="Name or id.")],
    buffer: Annotated[
        Pubkey, typer.Argument(metavar="BUFFER", parser=address, help="Holds the new code; the treasury's.")
    ],
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="Default: the upgrade.")
    ] = None,
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose to replace a program's code; works while the treasury is its upgrade authority."""
    instruction = governance.upgrade(_program(program), buffer)
    submit(session(), title or f"Upgrade {program}", instruction, text, uri, draft)


@app.command("upgrade-authority")
def upgrade_authority(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="Name or id.")],
    successor: Annotated[str, typer.Argument(metavar="ADDRESS|nobody", help="Who may replace its code.")],
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="Default: what is done.")
    ] = None,
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose to hand on a program's upgrade authority, or to end it for good."""
    key = None if successor == "nobody" else address(successor)
    instruction = governance.hand_upgrades_to(_program(program), key)
    submit(session(), title or f"Hand upgrades of {program} on", instruction, text, uri, draft)


def _program(text: str) -> Pubkey:
    from ionet._generated import PROGRAMS

    by_name = {name: key for key, name in PROGRAMS.items()}
    return Pubkey.from_string(by_name[text]) if text in by_name else address(text)


@app.command()
def accept(
    program: Annotated[
        str, typer.Argument(metavar="PROGRAM", help="A program whose authority has named the treasury.")
    ],
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose that the treasury accepts a program's authority; see `ionet dao handover`."""
    instruction = governance.accept_authority(program)
    submit(session(), f"Hand {program} over to the treasury", instruction, text, uri, draft)


@app.command()
def raw(
    transactions: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help='[{"program": …, "accounts": [{"key": …, "signer": …, "writable": …}], "data": "hex"}]',
        ),
    ],
    title: Title,
    text: Text = None,
    uri: Uri = "",
    draft: DraftNumber = None,
) -> None:
    """Propose any instructions that only the treasury signs, from a JSON file."""
    try:
        entries = json.loads(transactions.read_text())
        instructions = [
            Instruction(
                Pubkey.from_string(entry["program"]),
                bytes.fromhex(entry["data"]),
                [
                    AccountMeta(Pubkey.from_string(meta["key"]), bool(meta["signer"]), bool(meta["writable"]))
                    for meta in entry["accounts"]
                ],
            )
            for entry in entries
        ]
    except OSError as bad:
        raise UserError(f"{transactions}: {bad.strerror}", UNUSABLE) from None
    except (ValueError, KeyError, TypeError) as bad:
        raise UserError(f"{transactions}: not a list of instructions ({bad!r})", UNUSABLE) from None
    submit(session(), title, instructions, text, uri, draft)
