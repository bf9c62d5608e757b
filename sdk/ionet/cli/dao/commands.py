"""`ionet dao`: proposals, votes, the treasury, and the hand-over of the programs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet import IO, SOL, constants, governance, pda
from ionet.cli.arguments import address
from ionet.cli.dao import propose
from ionet.cli.dao.parts import ProposalAddress, choice_of, outcome, votes_line
from ionet.cli.failures import UserError
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.parameters import value_of, written
from ionet.cli.session import session
from ionet.formats.when import DAY
from ionet.governance.proposals import Choice, Standing, Step

if TYPE_CHECKING:
    from ionet import Client, accounts, types
    from ionet.governance._sync.governance import Governance

app = Commands("Proposals, votes and the treasury.")
app.add_typer(propose.app, name="propose")

_OPEN = (Standing.DRAFT, Standing.VOTING, Standing.PASSED, Standing.FAILED, Standing.HELD_UP, Standing.READY)


@app.command("list")
def list_proposals(
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    proposer: Annotated[
        Pubkey | None, typer.Option("--proposer", metavar="ADDRESS", parser=address, help="Of somebody.")
    ] = None,
) -> None:
    """List the proposals that are open, newest first."""
    io = session()
    now = io.reader.time()
    found = [(one, governance.standing(one.account, now)) for one in io.reader.governance.proposals(proposer)]
    shown = [(one, stands) for one, stands in found if everything or stands in _OPEN]
    io.screen.table(
        ("proposal", "title", "state", ">for", ">against", ">abstain", ">quorum", "next"),
        [
            (
                one.address,
                governance.text_of(one.account.title),
                stands,
                *(f"{IO.from_base(sum_):n}" for sum_ in _sums(one.account)),
                f"{governance.quorum(one.account):n}",
                outcome(one.account, stands),
            )
            for one, stands in shown
        ],
        data=[_json(one.address, one.account, stands) for one, stands in shown],
        empty="No open proposals." if not everything else "No proposals.",
    )


@app.command()
def show(proposal: ProposalAddress) -> None:
    """Show a proposal: its text's hash, its transactions, its votes, and what can happen to it now."""
    io = session()
    client, now = io.reader.governance, io.reader.time()
    found = client.get_proposal(proposal)
    stands = governance.standing(found, now)
    stored = client.transactions(proposal)
    told = ["closed" if one is None else governance.describe(one) for one in stored]
    steps: list[tuple[str, object]] = []
    for number, (one, text) in enumerate(zip(stored, told, strict=True)):
        done = " (done)" if number < found.executed else ""
        steps.append(("" if steps else "Executes", f"{number + 1}. {text}{done}"))
        steps += [("", f"   {line}") for line in _given(client, one, done=bool(done))]
    io.screen.facts(
        [
            ("Proposal", proposal),
            ("Title", governance.text_of(found.title)),
            ("Text", governance.text_of(found.uri) or None),
            ("Text's sha256", found.text_hash.hex()),
            ("Content", found.content_hash.hex()),
            ("Proposer", found.proposer),
            ("State", stands),
            ("Votes", votes_line(found) if found.voting_from else None),
            ("Passes with", _needed(found) if found.voting_from else None),
            ("Voting ends", when(found.voting_ends) if found.voting_from else None),
            *(steps or [("Executes", "nothing: it is a text")]),
            ("Next", outcome(found, stands)),
        ],
        data={
            **_json(proposal, found, stands),
            "uri": governance.text_of(found.uri),
            "text_hash": found.text_hash,
            "content_hash": found.content_hash,
            "transactions": [
                None
                if one is None
                else {
                    "description": text,
                    "arguments": governance.arguments(one),
                    "program": one.program_id,
                    "accounts": [
                        {"key": each.key, "signer": each.signer, "writable": each.writable}
                        for each in one.accounts
                    ],
                    "data": bytes(one.data),
                    "done": number < found.executed,
                }
                for number, (one, text) in enumerate(zip(stored, told, strict=True))
            ],
        },
    )


def _given(
    client: Governance[Client], stored: types.governance.TransactionArgs | None, *, done: bool
) -> list[str]:
    """What a call is given, a line each; of parameters that are to be set, what changes."""
    found = None if stored is None else governance.arguments(stored)
    if stored is None or not found:
        return []
    program, _, name = governance.describe(stored).partition(".")
    if name == "set_params" and not done:
        now = client.params(program)
        changes = [
            f"{one}: {written(one, now[one])} -> {written(one, value)}"
            for one, value in found.items()
            if now[one] != value
        ]
        return changes or ["nothing changes"]
    return [f"{one}: {value.hex() if isinstance(value, bytes) else value}" for one, value in found.items()]


@app.command()
def vote(
    proposal: ProposalAddress,
    choice: Annotated[
        Choice, typer.Argument(metavar="for|against|abstain", parser=choice_of, help="What you say.")
    ],
    node: Annotated[
        Pubkey | None,
        typer.Option("--node", metavar="NODE", parser=address, help="Only with the stake on this node."),
    ] = None,
) -> None:
    """Vote with all of one's stake, or again: a changed vote moves the same stake.

    A node's owner votes for himself and for co-stakers who have not voted; a co-staker's own vote goes before
    the owner's.
    """
    io = session()
    client = io.client.governance
    ballots = [one for one in client.ballots(proposal) if node in (None, one.node)]
    if not ballots:
        raise UserError("no stake to vote with: it had to be active when the week began in which voting did")
    rows, data = [], []
    for one in ballots:
        sent = io.send(
            client.vote(proposal, one.node, choice),
            f"vote {choice.name.lower()} with the stake on {one.node}",
        )
        weight = IO.from_base(sent.result.weight)
        rows.append((one.node, "owner" if one.is_owner else "co-staker", weight, sent.signature))
        data.append({"node": one.node, "weight": weight, "signature": sent.signature})
    io.screen.table(
        ("node", "as", ">weight", "signature"),
        rows,
        data={"proposal": proposal, "choice": choice, "votes": data},
        empty="",
    )


@app.command()
def queue(proposal: ProposalAddress) -> None:
    """End a vote whose time is over; for anyone."""
    io = session()
    sent = io.send(io.client.governance.queue(proposal), f"end the vote on {proposal}")
    found = sent.result
    if not found.passed:
        line = "It has not passed"
    elif found.eta:
        line = f"It has passed; it can be executed from {when(found.eta)} to {when(found.expires)}"
    else:
        line = "It has passed"
    io.done(sent, line, proposal=proposal, passed=found.passed, eta=found.eta, expires=found.expires)


@app.command()
def execute(proposal: ProposalAddress) -> None:
    """Execute what is left of a proposal whose hold-up has passed; for anyone."""
    io = session()
    client = io.client.governance
    found = client.get_proposal(proposal)
    if found.transactions and found.executed == found.transactions:
        raise UserError(f"all of {proposal} is executed already")
    rows, data = [], []
    for index in range(found.executed, max(found.transactions, found.executed + 1)):
        sent = io.send(client.execute(proposal, index), f"execute transaction {index + 1} of {proposal}")
        paid = [
            {"asset": _asset(one.asset), "amount": _amount(one.asset, one.amount)}
            for one in sent.result.payments
        ]
        text = ", ".join(str(one["amount"]) for one in paid)
        rows.append((index + 1, text or "-", sent.signature))
        data.append({"index": index, "payments": paid, "signature": sent.signature})
    io.screen.table(
        (">transaction", "left the treasury", "signature"),
        rows,
        data={"proposal": proposal, "executed": data},
        empty="",
    )


@app.command()
def cancel(proposal: ProposalAddress) -> None:
    """Take one's draft back, or stop what is voted on or queued; that is for the guardian."""
    io = session()
    io.done(
        io.send(io.client.governance.cancel(proposal), f"cancel {proposal}"),
        f"Cancelled {proposal}",
        proposal=proposal,
    )


@app.command()
def bond(proposal: ProposalAddress) -> None:
    """Return a proposal's bond, or burn it where too few have voted; for anyone."""
    from ionet import events

    io = session()
    sent = io.send(io.client.governance.settle_bond(proposal), f"settle the bond of {proposal}")
    amount, returned = (
        IO.from_base(sent.result.amount),
        isinstance(sent.result, events.governance.BondReturned),
    )
    line = f"{amount} went back to the proposer" if returned else f"{amount} are burned: too few have voted"
    io.done(sent, line, proposal=proposal, amount=amount, returned=returned)


@app.command()
def close(proposal: ProposalAddress) -> None:
    """Close what is left of a proposal that is over, and get its rent back."""
    io = session()
    client = io.client.governance
    call = client.close_votes(proposal)
    if governance.standing(client.get_proposal(proposal), io.client.time()) not in _OPEN:
        call = client.close_transactions(proposal) + call
    if not call.ix():
        raise UserError(f"nothing of {proposal} is left to close")
    count = len(call.ix())
    io.done(io.send(call, f"close {proposal}"), f"Closed {count} accounts", proposal=proposal, accounts=count)


@app.command()
def treasury(
    mint: Annotated[
        list[Pubkey] | None,
        typer.Option("--mint", metavar="MINT", parser=address, help="Besides IO and SOL; may be repeated."),
    ] = None,
) -> None:
    """Show what the treasury holds, and how much of it may leave in seven days."""
    io = session()
    client = io.reader.governance
    held, limit = client.treasury(*(mint or ())), client.get_config().outflow_bps
    io.screen.facts(
        [
            ("Treasury", governance.TREASURY),
            *((_asset(asset), _amount(asset, amount)) for asset, amount in held.items()),
            ("Limit", f"{limit / 100:g} % of each in any seven days"),
        ],
        data={
            "treasury": governance.TREASURY,
            "holdings": [
                {"asset": _asset(one), "amount": _amount(one, amount)} for one, amount in held.items()
            ],
            "outflow_bps": limit,
        },
    )


@app.command()
def params(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="Whose; governance among them.")],
) -> None:
    """Show a program's parameters, by the names under which a proposal sets them."""
    io = session()
    found = io.reader.governance.params(program)
    io.screen.facts(
        [(name, written(name, one)) for name, one in found.items()],
        data={"program": program, "params": {name: value_of(name, one) for name, one in found.items()}},
    )


@app.command()
def terms() -> None:
    """Show the terms of votes, and the guardian."""
    io = session()
    found, now = io.reader.governance.get_config(), io.reader.time()
    guards = found.guardian != Pubkey.default() and now < found.guardian_until
    io.screen.facts(
        [
            (
                "To propose",
                f"{IO.from_base(found.min_stake)} of active stake and a bond of {IO.from_base(found.bond)}",
            ),
            (
                "Voting",
                f"{found.voting / DAY:g} d, {found.extension / DAY:g} d more if it turns near the end",
            ),
            (
                "Passes with",
                (
                    f"{found.quorum_bps / 100:g} % of stake voting, more than"
                    f" {found.threshold_bps / 100:g} % of them for"
                ),
            ),
            ("Hold-up", f"{found.hold_up / DAY:g} d, then {constants.governance.EXPIRY // DAY} d to execute"),
            ("Guardian", f"{found.guardian} until {when(found.guardian_until)}" if guards else "nobody"),
        ],
        data={
            **{name: getattr(found, name) for name in governance.params_of("governance", found)},
            "guardian": found.guardian if guards else None,
            "guardian_until": found.guardian_until if guards else None,
        },
    )


@app.command()
def handover(
    program: Annotated[
        str | None, typer.Argument(metavar="[PROGRAM]", help="Take the next step of this one's hand-over.")
    ] = None,
    upgrades: Annotated[
        bool, typer.Option("--upgrades", help="Hand over who may replace its code instead; at once.")
    ] = False,
) -> None:
    """Show which programs the treasury governs, or take the next step of handing one over.

    The present authority names the treasury; whoever has the stake proposes that it accepts; after the vote
    and the hold-up anyone queues and executes. The same command takes each step, as far as who signs can.
    """
    io = session()
    if program is None:
        if upgrades:
            raise UserError("name the program whose upgrades are to be handed over")
        _show_authorities()
        return
    if upgrades:
        sent = io.send(io.client.governance.give_upgrades(program), f"hand upgrades of {program} over")
        io.done(sent, f"The treasury may replace the code of {program}", program=program)
        return
    if io.dry_run:
        raise UserError("a hand-over has several steps; look at it with: ionet dao handover")
    io.confirm(f"take the next step of handing {program} over")
    done = io.client.governance.hand_over(program)
    lines = {
        Step.NAMED: f"The treasury is named the next authority of {program}; next, with the stake to propose:"
        f" ionet dao handover {program}",
        Step.PROPOSED: f"Proposed {done.proposal}; voting ends {when(done.until)}",
        Step.QUEUED: f"It has passed; it can be executed from {when(done.until)}",
        Step.WAITING: f"Nothing to do before {when(done.until)}: ionet dao show {done.proposal}",
        Step.DONE: f"The treasury is the authority of {program}",
    }
    io.screen.show(
        {"program": program, "step": done.step, "proposal": done.proposal, "until": done.until},
        lines[done.step],
    )


def _show_authorities() -> None:
    io = session()
    client, now = io.reader.governance, io.reader.time()
    rows, data = [], []
    for one in client.authorities():
        proposal = None if one.handed_over else client.acceptance(one.program)
        if one.handed_over:
            stands = "handed over"
        elif proposal is not None:
            found = governance.standing(proposal.account, now)
            stands = f"{found}: {outcome(proposal.account, found)}"
        elif one.pending == governance.TREASURY:
            stands = "named; to be proposed"
        else:
            stands = "not begun"
        rows.append((one.program, _named(one.authority), stands, _named(one.upgrade_authority)))
        data.append(
            {
                "program": one.program,
                "authority": one.authority,
                "pending": one.pending,
                "handed_over": one.handed_over,
                "proposal": None if proposal is None else proposal.address,
                "upgrade_authority": one.upgrade_authority,
            }
        )
    io.screen.table(
        ("program", "authority", "hand-over", "upgrades by"),
        rows,
        data=data,
        empty="No program is initialised.",
    )


def _named(key: Pubkey | None) -> str:
    if key is None:
        return "nobody"
    return "the treasury" if key == governance.TREASURY else str(key)


def _asset(asset: Pubkey) -> str:
    return {governance.NATIVE: "SOL", pda.mint.MINT: "IO"}.get(asset, str(asset))


def _amount(asset: Pubkey, amount: int) -> object:
    unit = {governance.NATIVE: SOL, pda.mint.MINT: IO}.get(asset)
    return f"{amount} base units" if unit is None else unit.from_base(amount)


def _sums(found: accounts.governance.Proposal) -> tuple[int, int, int]:
    return found.in_favour, found.against, found.abstain


def _needed(found: accounts.governance.Proposal) -> str:
    return (
        f"{governance.quorum(found)} of {IO.from_base(found.eligible)} voting, and more than"
        f" {found.threshold_bps / 100:g} % of those for and against for it"
    )


def _json(place: Pubkey, found: accounts.governance.Proposal, stands: Standing) -> dict[str, Any]:
    in_favour, against, abstain = map(IO.from_base, _sums(found))
    return {
        "proposal": place,
        "title": governance.text_of(found.title),
        "proposer": found.proposer,
        "nonce": found.nonce,
        "state": stands.value,
        "for": in_favour,
        "against": against,
        "abstain": abstain,
        "eligible": IO.from_base(found.eligible),
        "quorum": governance.quorum(found),
        "voting_ends": found.voting_ends,
        "eta": found.eta,
        "expires": found.expires,
        "executed": found.executed,
        "transactions": found.transactions,
    }
