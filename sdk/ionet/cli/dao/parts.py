"""Arguments and answers that the commands of `ionet dao` share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer
from solders.pubkey import Pubkey

from ionet import IO, accounts, governance
from ionet.cli.arguments import address
from ionet.cli.output import when
from ionet.governance.proposals import Choice, Standing

ProposalAddress: TypeAlias = Annotated[
    Pubkey, typer.Argument(metavar="PROPOSAL", parser=address, help="The proposal's account.")
]


def choice_of(text: str) -> Choice:
    """A vote by its name."""
    words = {choice.name.lower(): choice for choice in Choice if choice != Choice.NONE}
    if (choice := words.get(text.lower())) is None:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(words)}")
    return choice


def votes_line(proposal: accounts.governance.Proposal) -> str:
    """The votes in one line."""
    sums = (("for", proposal.in_favour), ("against", proposal.against), ("abstaining", proposal.abstain))
    return ", ".join(f"{IO.from_base(amount)} {name}" for name, amount in sums)


def outcome(proposal: accounts.governance.Proposal, standing: Standing) -> str:
    """What can happen to a proposal now, in words."""
    match standing:
        case Standing.DRAFT:
            return "its proposer begins the vote, or cancels it"
        case Standing.VOTING:
            so_far = "would pass" if governance.passes(proposal) else "would not pass"
            first_votes = f", first votes only from {when(proposal.regular_end)}" if proposal.extended else ""
            return f"votes until {when(proposal.voting_ends)}{first_votes}; as things stand, it {so_far}"
        case Standing.PASSED:
            return "anyone can queue it"
        case Standing.FAILED:
            return "it has not passed; anyone can queue it, and settle its bond"
        case Standing.HELD_UP:
            return f"anyone can execute it from {when(proposal.eta)}"
        case Standing.READY:
            return f"anyone can execute it until {when(proposal.expires)}"
        case Standing.EXECUTED:
            return "it is done"
        case Standing.EXPIRED:
            return "it passed, and was not executed in time"
        case Standing.DEFEATED:
            return "it has not passed"
    return "it was cancelled"
