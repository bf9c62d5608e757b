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
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    proposer: Annotated[
        Pubkey | None,
        typer.Option("--proposer", metavar="ADDRESS", parser=address, help="Only of this proposer."),
    ] = None,
) -> None:
    """List the proposals that are open, newest first."""
    io = session()
    now = io.reader.time()
    proposals = [
        (proposal, governance.standing(proposal.account, now))
        for proposal in io.reader.governance.proposals(proposer)
    ]
    shown = [(proposal, standing) for proposal, standing in proposals if everything or standing in _OPEN]
    io.screen.table(
        ("proposal", "title", "state", ">for", ">against", ">abstain", ">quorum", "next"),
        [
            (
                proposal.address,
                governance.text_of(proposal.account.title),
                standing,
                *(f"{IO.from_base(sum_):n}" for sum_ in _sums(proposal.account)),
                f"{governance.quorum(proposal.account):n}",
                outcome(proposal.account, standing),
            )
            for proposal, standing in shown
        ],
        data=[_json(proposal.address, proposal.account, standing) for proposal, standing in shown],
        empty="No open proposals." if not everything else "No proposals.",
    )


@app.command()
def show(proposal: ProposalAddress) -> None:
    """Show a proposal: text hash, transactions, votes, and what can happen to it now."""
    io = session()
    client, now = io.reader.governance, io.reader.time()
    account = client.get_proposal(proposal)
    standing = governance.standing(account, now)
    stored = client.transactions(proposal)
    descriptions = [
        "closed" if transaction is None else governance.describe(transaction) for transaction in stored
    ]
    steps: list[tuple[str, object]] = []
    for number, (transaction, text) in enumerate(zip(stored, descriptions, strict=True)):
        done = " (done)" if number < account.executed else ""
        steps.append(("" if steps else "Executes", f"{number + 1}. {text}{done}"))
        steps += [("", f"   {line}") for line in _argument_lines(client, transaction, done=bool(done))]
    io.screen.facts(
        [
            ("Proposal", proposal),
            ("Title", governance.text_of(account.title)),
            ("Text", governance.text_of(account.uri) or None),
            ("Text's sha256", account.text_hash.hex()),
            ("Content", account.content_hash.hex()),
            ("Proposer", account.proposer),
            ("State", standing),
            ("Votes", votes_line(account) if account.voting_from else None),
            ("Passes with", _needed(account) if account.voting_from else None),
            ("Voting ends", when(account.voting_ends) if account.voting_from else None),
            *(steps or [("Executes", "nothing: it is a text")]),
            ("Next", outcome(account, standing)),
        ],
        data={
            **_json(proposal, account, standing),
            "uri": governance.text_of(account.uri),
            "text_hash": account.text_hash,
            "content_hash": account.content_hash,
            "transactions": [
                None
                if transaction is None
                else {
                    "description": text,
                    "arguments": governance.arguments(transaction),
                    "program": transaction.program_id,
                    "accounts": [
                        {"key": meta.key, "signer": meta.signer, "writable": meta.writable}
                        for meta in transaction.accounts
                    ],
                    "data": bytes(transaction.data),
                    "done": number < account.executed,
                }
                for number, (transaction, text) in enumerate(zip(stored, descriptions, strict=True))
            ],
        },
    )


def _argument_lines(
    client: Governance[Client], stored: types.governance.TransactionArgs | None, *, done: bool
) -> list[str]:
    """A call's arguments, a line each; for parameters to be set, only what changes."""
    values = None if stored is None else governance.arguments(stored)
    if stored is None or not values:
        return []
    program, _, name = governance.describe(stored).partition(".")
    if name == "set_params" and not done:
        current = client.params(program)
        changes = [
            f"{parameter}: {written(parameter, current[parameter])} -> {written(parameter, value)}"
            for parameter, value in values.items()
            if current[parameter] != value
        ]
        return changes or ["nothing changes"]
    return [
        f"{parameter}: {value.hex() if isinstance(value, bytes) else value}"
        for parameter, value in values.items()
    ]


@app.command()
def vote(
    proposal: ProposalAddress,
    choice: Annotated[
        Choice, typer.Argument(metavar="for|against|abstain", parser=choice_of, help="Your vote.")
    ],
    node: Annotated[
        Pubkey | None,
        typer.Option("--node", metavar="NODE", parser=address, help="Only with the stake on this node."),
    ] = None,
) -> None:
    """Vote with all of your stake, or change your vote.

    After the regular end of voting, votes cannot be changed any more; stake that has not voted still can.

    A node's owner also votes for co-stakers who have not voted; a co-staker's own vote overrides the owner's.
    """
    io = session()
    client = io.client.governance
    ballots = [ballot for ballot in client.ballots(proposal) if node in (None, ballot.node)]
    if not ballots:
        raise UserError(
            "no stake to vote with: it had to be active at the start of the week in which voting began"
        )
    account = client.get_proposal(proposal)
    if account.extended and not governance.may_change(account, io.reader.time()):
        ballots = [ballot for ballot in ballots if ballot.choice is None]
        if not ballots:
            raise UserError(
                f"all your stake has voted, and votes cannot be changed since {when(account.regular_end)}"
            )
    rows, data = [], []
    for ballot in ballots:
        sent = io.send(
            client.vote(proposal, ballot.node, choice),
            f"vote {choice.name.lower()} with the stake on {ballot.node}",
        )
        weight = IO.from_base(sent.result.weight)
        rows.append((ballot.node, "owner" if ballot.is_owner else "co-staker", weight, sent.signature))
        data.append({"node": ballot.node, "weight": weight, "signature": sent.signature})
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
    result = sent.result
    if not result.passed:
        line = "It has not passed"
    elif result.eta:
        line = f"It has passed; it can be executed from {when(result.eta)} to {when(result.expires)}"
    else:
        line = "It has passed"
    io.done(sent, line, proposal=proposal, passed=result.passed, eta=result.eta, expires=result.expires)


@app.command()
def execute(proposal: ProposalAddress) -> None:
    """Execute the rest of a proposal whose hold-up has passed; for anyone."""
    io = session()
    client = io.client.governance
    account = client.get_proposal(proposal)
    if account.transactions and account.executed == account.transactions:
        raise UserError(f"all of {proposal} is executed already")
    rows, data = [], []
    for index in range(account.executed, max(account.transactions, account.executed + 1)):
        sent = io.send(client.execute(proposal, index), f"execute transaction {index + 1} of {proposal}")
        payments = [
            {"asset": _asset(payment.asset), "amount": _amount(payment.asset, payment.amount)}
            for payment in sent.result.payments
        ]
        text = ", ".join(str(payment["amount"]) for payment in payments)
        rows.append((index + 1, text or "-", sent.signature))
        data.append({"index": index, "payments": payments, "signature": sent.signature})
    io.screen.table(
        (">transaction", "left the treasury", "signature"),
        rows,
        data={"proposal": proposal, "executed": data},
        empty="",
    )


@app.command()
def cancel(proposal: ProposalAddress) -> None:
    """Cancel your draft, or, as the guardian, an open or queued proposal."""
    io = session()
    io.done(
        io.send(io.client.governance.cancel(proposal), f"cancel {proposal}"),
        f"Cancelled {proposal}",
        proposal=proposal,
    )


@app.command()
def bond(proposal: ProposalAddress) -> None:
    """Return a proposal's bond, or burn it if too few have voted; for anyone."""
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
    """Close the accounts of a proposal that is over, and get their rent back."""
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
    """Show the treasury's balances, and how much of them may leave in seven days."""
    io = session()
    client = io.reader.governance
    amounts, limit = client.treasury(*(mint or ())), client.get_config().outflow_bps
    io.screen.facts(
        [
            ("Treasury", governance.TREASURY),
            *((_asset(asset), _amount(asset, amount)) for asset, amount in amounts.items()),
            ("Limit", f"{limit / 100:g} % of each in any seven days"),
        ],
        data={
            "treasury": governance.TREASURY,
            "holdings": [
                {"asset": _asset(asset), "amount": _amount(asset, amount)}
                for asset, amount in amounts.items()
            ],
            "outflow_bps": limit,
        },
    )


@app.command()
def params(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="Its name; governance has some, too.")],
) -> None:
    """Show a program's parameters, by the names that `ionet dao propose params` takes."""
    io = session()
    values = io.reader.governance.params(program)
    io.screen.facts(
        [(name, written(name, value)) for name, value in values.items()],
        data={"program": program, "params": {name: value_of(name, value) for name, value in values.items()}},
    )


@app.command()
def terms() -> None:
    """Show the parameters of votes, and the guardian."""
    io = session()
    config, now = io.reader.governance.get_config(), io.reader.time()
    guards = config.guardian != Pubkey.default() and now < config.guardian_until
    io.screen.facts(
        [
            (
                "To propose",
                f"{IO.from_base(config.min_stake)} of active stake and a bond of {IO.from_base(config.bond)}",
            ),
            (
                "Voting",
                (
                    f"{config.voting / DAY:g} d, {config.extension / DAY:g} d more when the result turns near"
                    f" the end, {constants.governance.MAX_EXTENSION // DAY} d in all"
                ),
            ),
            (
                "Passes with",
                (
                    f"{config.quorum_bps / 100:g} % of stake voting, more than"
                    f" {config.threshold_bps / 100:g} % of them for"
                ),
            ),
            (
                "Hold-up",
                f"{config.hold_up / DAY:g} d, then {constants.governance.EXPIRY // DAY} d to execute",
            ),
            ("Guardian", f"{config.guardian} until {when(config.guardian_until)}" if guards else "nobody"),
        ],
        data={
            **{name: getattr(config, name) for name in governance.params_of("governance", config)},
            "guardian": config.guardian if guards else None,
            "guardian_until": config.guardian_until if guards else None,
        },
    )


@app.command()
def handover(
    program: Annotated[
        str | None, typer.Argument(metavar="[PROGRAM]", help="Take the next step of its hand-over.")
    ] = None,
    upgrades: Annotated[
        bool, typer.Option("--upgrades", help="Hand over its upgrade authority instead; at once.")
    ] = False,
) -> None:
    """Show which programs the treasury governs, or take the next step of handing one over.

    The present authority names the treasury; somebody with enough stake proposes that it accepts; after the
    vote and the hold-up anyone queues and executes. This command takes each step that the signer can take.
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
    for authority in client.authorities():
        proposal = None if authority.handed_over else client.acceptance(authority.program)
        if authority.handed_over:
            state = "handed over"
        elif proposal is not None:
            standing = governance.standing(proposal.account, now)
            state = f"{standing}: {outcome(proposal.account, standing)}"
        elif authority.pending == governance.TREASURY:
            state = "named; to be proposed"
        else:
            state = "not begun"
        rows.append(
            (authority.program, _named(authority.authority), state, _named(authority.upgrade_authority))
        )
        data.append(
            {
                "program": authority.program,
                "authority": authority.authority,
                "pending": authority.pending,
                "handed_over": authority.handed_over,
                "proposal": None if proposal is None else proposal.address,
                "upgrade_authority": authority.upgrade_authority,
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


def _sums(proposal: accounts.governance.Proposal) -> tuple[int, int, int]:
    return proposal.in_favour, proposal.against, proposal.abstain


def _needed(proposal: accounts.governance.Proposal) -> str:
    return (
        f"{governance.quorum(proposal)} of {IO.from_base(proposal.eligible)} voting, and more than"
        f" {proposal.threshold_bps / 100:g} % of those for and against for it"
    )


def _json(address: Pubkey, proposal: accounts.governance.Proposal, standing: Standing) -> dict[str, Any]:
    in_favour, against, abstain = map(IO.from_base, _sums(proposal))
    return {
        "proposal": address,
        "title": governance.text_of(proposal.title),
        "proposer": proposal.proposer,
        "nonce": proposal.nonce,
        "state": standing.value,
        "for": in_favour,
        "against": against,
        "abstain": abstain,
        "eligible": IO.from_base(proposal.eligible),
        "quorum": governance.quorum(proposal),
        "voting_ends": proposal.voting_ends,
        "votes_change_until": proposal.regular_end,
        "eta": proposal.eta,
        "expires": proposal.expires,
        "executed": proposal.executed,
        "transactions": proposal.transactions,
    }
