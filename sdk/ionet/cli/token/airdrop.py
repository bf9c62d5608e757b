"""`ionet airdrop`: IO for the recipients of a list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet import IO, constants
from ionet.cli.arguments import address
from ionet.cli.failures import NOT_FOUND, REFUSED, UNUSABLE, UserError
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.session import session
from ionet.formats.when import DAY

if TYPE_CHECKING:
    from ionet import accounts
    from ionet.cli.session import Session
    from ionet.token.airdrop import AirdropTree

app = Commands("Airdrops: making, claiming to a wallet or into stake, reclaiming.")

AirdropNumber = Annotated[int, typer.Argument(metavar="ID", min=0, help="The airdrop's number.")]
Shares = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="CSV with the columns recipient,amount; its order is part of the airdrop."
    ),
]
#: How many claim accounts a transaction opens.
_CHUNKS = 8


@app.command()
def create(
    number: AirdropNumber,
    file: Shares,
    days: Annotated[
        int,
        typer.Option(
            "--days",
            min=constants.distributor.MIN_CLAIMING // DAY,
            max=constants.distributor.MAX_CLAIMING // DAY,
            help="How long it can be claimed.",
        ),
    ] = 180,
) -> None:
    """Create an airdrop from the signer's IO, and open its claims; for the distributor's authority."""
    io = session()
    tree = _tree(number, file)
    # A minute more, as time passes until it lands; but not past the latest possible deadline.
    now = io.client.time()
    deadline = now + min(days * DAY + 60, constants.distributor.MAX_CLAIMING)
    what = f"airdrop {tree.total} to {len(tree.shares):,} leaves"
    sent = io.send(io.client.distributor.create_airdrop(tree, deadline=deadline), what)
    for at in range(0, tree.chunks, _CHUNKS):
        numbers = range(at, min(at + _CHUNKS, tree.chunks))
        io.landed(io.client.distributor.open_claims(tree.address, numbers).send().signature)
    io.done(
        sent,
        f"Airdrop {tree.address}: {tree.total} for {len(tree.shares):,} leaves, until {when(deadline)}",
        f"Publish {file.name}: claims need it. Root {tree.root.hex()}",
        airdrop=tree.address,
        root=tree.root,
        leaves=len(tree.shares),
        total=tree.total,
        deadline=deadline,
    )


@app.command("list")
def list_airdrops() -> None:
    """List airdrops, and how much of each was claimed."""
    io = session()
    airdrops, now = io.reader.distributor.airdrops(), io.reader.time()
    io.screen.table(
        (">id", "airdrop", ">total", ">claimed", ">leaves", ">of", "until", "state"),
        [
            (
                airdrop.account.id,
                airdrop.address,
                f"{IO.from_base(airdrop.account.total):n}",
                f"{IO.from_base(airdrop.account.claimed):n}",
                f"{airdrop.account.claims:,}",
                f"{airdrop.account.leaves:,}",
                when(airdrop.account.deadline),
                _state(airdrop.account, now),
            )
            for airdrop in airdrops
        ],
        data=[{"airdrop": airdrop.address, **_json(airdrop.account, now)} for airdrop in airdrops],
        empty="No airdrops.",
    )


@app.command()
def claim(
    number: AirdropNumber,
    file: Shares,
    claimant: Annotated[
        Pubkey | None,
        typer.Option(
            "--claimant", metavar="ADDRESS", parser=address, help="Whose leaves; default: the signer's."
        ),
    ] = None,
    stake: Annotated[
        Pubkey | None,
        typer.Option("--stake", metavar="NODE", parser=address, help="Stake it on this node instead."),
    ] = None,
) -> None:
    """Claim all leaves of a claimant: to their wallet, for anyone, or into stake, for the claimant."""
    io = session()
    tree = _checked(io, number, file)
    claimant = claimant or io.signer.pubkey()
    if stake is not None and claimant != io.signer.pubkey():
        raise UserError(
            "only claimants themselves can stake what they claim: leave out --claimant or --stake"
        )
    indices = tree.indices(claimant)
    if not indices:
        raise UserError(f"{file} has no leaf of {claimant}", NOT_FOUND)
    open_ = [index for index in indices if not io.client.distributor.is_claimed(tree, index)]
    if not open_:
        raise UserError(f"{claimant} has claimed everything already", REFUSED)
    done = []
    for index in open_:
        if stake is None:
            call, where = io.client.distributor.claim(tree, index), f"to {claimant}"
        else:
            call, where = io.client.distributor.claim_into_stake(tree, index, stake), f"into stake on {stake}"
        done.append((index, io.send(call, f"claim {tree.shares[index].amount} {where}")))
    io.screen.table(
        (">leaf", ">amount", "went", "signature"),
        [(index, sent.result, where, sent.signature) for index, sent in done],
        data=[
            {
                "index": index,
                "claimant": claimant,
                "amount": sent.result,
                "node": stake,
                "signature": sent.signature,
            }
            for index, sent in done
        ],
        empty="",
    )


@app.command()
def check(number: AirdropNumber, file: Shares) -> None:
    """Compare a file with an airdrop's root, and show what was claimed."""
    io = session()
    tree = _checked(io, number, file)
    account, now = io.reader.distributor.get_airdrop(tree.address), io.reader.time()
    io.screen.facts(
        [
            ("Airdrop", tree.address),
            ("Root", f"{tree.root.hex()}, the same as the file's"),
            ("Total", IO.from_base(account.total)),
            ("Claimed", f"{IO.from_base(account.claimed)}, {account.claims:,} of {account.leaves:,} leaves"),
            ("State", f"{_state(account, now)}, until {when(account.deadline)}"),
            ("Went back", IO.from_base(account.returned) if account.reclaimed else None),
        ],
        data={"airdrop": tree.address, **_json(account, now)},
    )


@app.command()
def reclaim(number: AirdropNumber) -> None:
    """Pay what was not claimed by the deadline to the treasury, and close the vault; for anyone."""
    from ionet import pda

    io = session()
    airdrop = pda.distributor.airdrop(number)
    sent = io.send(io.client.distributor.reclaim(airdrop), f"reclaim airdrop {number}")
    io.done(sent, f"{sent.result} went to the treasury", airdrop=airdrop, amount=sent.result)


def _tree(number: int, file: Path) -> AirdropTree:
    from ionet.token.airdrop import AirdropTree, read_shares

    shares = read_shares(file)
    if not shares:
        raise UserError(f"{file} has no recipients", UNUSABLE)
    return AirdropTree(number, shares)


def _checked(io: Session, number: int, file: Path) -> AirdropTree:
    tree = _tree(number, file)
    root = io.reader.distributor.get_airdrop(tree.address).root
    if root != tree.root:
        raise UserError(
            f"{file} is not the list of airdrop {number}: its root is {tree.root.hex()},"
            f" the airdrop's {root.hex()}",
            UNUSABLE,
        )
    return tree


def _state(airdrop: accounts.distributor.Airdrop, now: int) -> str:
    if airdrop.reclaimed:
        return "reclaimed"
    return "open" if now < airdrop.deadline else "over: ionet airdrop reclaim"


def _json(airdrop: accounts.distributor.Airdrop, now: int) -> dict[str, Any]:
    return {
        "id": airdrop.id,
        "root": airdrop.root,
        "leaves": airdrop.leaves,
        "claims": airdrop.claims,
        "total": IO.from_base(airdrop.total),
        "claimed": IO.from_base(airdrop.claimed),
        "returned": IO.from_base(airdrop.returned),
        "deadline": airdrop.deadline,
        "open": not airdrop.reclaimed and now < airdrop.deadline,
    }
