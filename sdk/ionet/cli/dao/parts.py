"""What the commands of `ionet dao` share."""

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
    """A vote by its word."""
    words = {one.name.lower(): one for one in Choice if one != Choice.NONE}
    if (found := words.get(text.lower())) is None:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(words)}")
    return found


def votes_line(found: accounts.governance.Proposal) -> str:
    """The sums in one line."""
    sums = (("for", found.in_favour), ("against", found.against), ("abstaining", found.abstain))
    return ", ".join(f"{IO.from_base(amount)} {name}" for name, amount in sums)


def outcome(found: accounts.governance.Proposal, stands: Standing) -> str:
    """What can happen to a proposal now, in words."""
    match stands:
        case Standing.DRAFT:
            return "its proposer begins the vote, or cancels it"
        case Standing.VOTING:
            so_far = "would pass" if governance.passes(found) else "would not pass"
            firsts = f", first votes only from {when(found.regular_end)}" if found.extended else ""
            return f"votes until {when(found.voting_ends)}{firsts}; as it stands it {so_far}"
        case Standing.PASSED:
            return "anyone can queue it"
        case Standing.FAILED:
            return "it has not passed; anyone can queue it, and settle its bond"
        case Standing.HELD_UP:
            return f"anyone can execute it from {when(found.eta)}"
        case Standing.READY:
            return f"anyone can execute it until {when(found.expires)}"
        case Standing.EXECUTED:
            return "it is done"
        case Standing.EXPIRED:
            return "it passed, and its time is over"
        case Standing.DEFEATED:
            return "it has not passed"
    return "it was cancelled"
