"""`ionet worker offer`: what the owner asks for their nodes."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet import USD, Call, RpcError, TransactionExpired, TransportError, accounts, pda
from ionet.cli.arguments import address, length_of, percent
from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.job.market import (
    Currencies,
    Longest,
    Payout,
    PayoutOption,
    Shortest,
    Taking,
    offer_json,
    offer_lines,
)
from ionet.cli.job.parts import usd
from ionet.cli.options import Commands
from ionet.cli.session import Session, session
from ionet.cli.worker.parts import StateOption, config_file
from ionet.worker import WorkerConfig
from ionet.worker._pricing import Follow, Following, market_rate, next_rate

app = Commands()


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is to hold for each node; None stays as it is."""

    rate: USD | None
    following: Following | None
    more: dict[str, Any]


@app.command()
def offer(
    nodes: Annotated[
        list[Pubkey] | None,
        typer.Argument(metavar="[NODE]...", parser=address, help="Default: those in the settings here."),
    ] = None,
    rate: Annotated[
        USD | None, typer.Option("--rate", metavar="USD", parser=usd, help="Fixed, per processor and hour.")
    ] = None,
    floor: Annotated[
        USD | None, typer.Option("--floor", metavar="USD", parser=usd, help="Follow the market, not below.")
    ] = None,
    ceiling: Annotated[
        USD | None, typer.Option("--ceiling", metavar="USD", parser=usd, help="Follow the market, not above.")
    ] = None,
    follow: Annotated[
        Follow,
        typer.Option(
            "--follow",
            case_sensitive=False,
            help="The class's median, the median of what is leased, or the lowest that is free.",
        ),
    ] = Follow.MEDIAN,
    step: Annotated[
        int,
        typer.Option(
            "--step", metavar="PERCENT", parser=percent, help="Stay while the market is no further away."
        ),
    ] = "3",  # type: ignore[assignment]  # read by its parser
    watch: Annotated[bool, typer.Option("--watch", help="Go on following the market, until Ctrl-C.")] = False,
    every: Annotated[
        int, typer.Option("--every", metavar="LENGTH", parser=length_of, help="How often to look.")
    ] = "10min",  # type: ignore[assignment]  # read by its parser
    currency: Currencies = None,
    payout: PayoutOption = None,
    shortest: Shortest = None,
    longest: Longest = None,
    taking: Taking = None,
    state: StateOption = None,
) -> None:
    """Say what nodes cost: a fixed rate, or one that follows the market between a floor and a ceiling.

    Only the owner may set an offer, and their key does not belong on the worker's machine: run this where the
    key is and name the nodes, or run it there with --sign-only. --watch runs where the key is as well. A rate
    moves only if the market has moved by the step, and by a cent at least. Jobs keep the rate that they were
    booked at.
    """
    io = session()
    terms = _Terms(
        rate,
        _following(rate, floor, ceiling, follow, step),
        {
            "currencies": currency,
            "min_seconds": shortest,
            "max_seconds": longest,
            "payout_as_paid": None if payout is None else payout is Payout.SAME,
            "taking": taking,
        },
    )
    if terms.rate is None and terms.following is None and all(part is None for part in terms.more.values()):
        raise UserError(
            "say what to ask: --rate, or --floor and --ceiling; `ionet job offer NODE` shows an offer"
        )
    chosen = nodes or [node.address for node in WorkerConfig.load(config_file(state)).served]
    if watch:
        if terms.following is None:
            raise UserError("--watch follows the market: say --floor and --ceiling")
        _watch(io, chosen, terms, every)
        return
    _once(io, chosen, terms)


def _following(
    rate: USD | None, floor: USD | None, ceiling: USD | None, follow: Follow, step: int
) -> Following | None:
    if floor is None and ceiling is None:
        return None
    if rate is not None:
        raise UserError("a rate is fixed by --rate, or follows the market by --floor and --ceiling")
    if floor is None or ceiling is None:
        raise UserError("to follow the market takes both --floor and --ceiling")
    return Following(floor.base, ceiling.base, follow, step)


def _once(io: Session, nodes: Sequence[Pubkey], terms: _Terms) -> None:
    moves = [(node, call) for node in nodes if (call := _call(io, node, terms)) is not None]
    kept = [node for node in nodes if node not in {moved for moved, _ in moves}]
    for node in kept:
        io.screen.note(f"{node}: its rate stays, as the market has not moved by the step")
    if io.sign_only and len(moves) > 1:
        io.print_unsent([call for _, call in moves])
        return
    if len(moves) > 1:
        io.check_several("an offer for several nodes")
    done = []
    for node, call in moves:
        sent = io.send(call, f"offer {node}")
        account = io.client.jobs.get_offer(node)
        done.append({"node": node, "signature": sent.signature, **offer_json(account)})
        if not io.screen.as_json:
            io.screen.show({}, *offer_lines(io, account), f"Signature: {sent.signature}")
    if io.screen.as_json:
        io.screen.show({"offers": done, "kept": kept})


def _call(io: Session, node: Pubkey, terms: _Terms) -> Call[Pubkey] | None:
    """Returns the transaction that makes an offer what it should be; None if it is."""
    rate = terms.rate
    if terms.following is not None:
        moved = _moved(io, node, terms.following)
        if moved is None and all(part is None for part in terms.more.values()):
            return None
        rate = None if moved is None else USD.from_base(moved)
    return io.client.jobs.offer(node, rate=rate, **terms.more)


def _moved(io: Session, node: Pubkey, following: Following) -> int | None:
    (account,) = io.reader.fetch_many(accounts.staking.Node, [node])
    if account is None:
        raise UserError(f"there is no node {node}", NOT_FOUND)
    (present,) = io.reader.fetch_many(accounts.jobs.Offer, [pda.jobs.offer(node)])
    listings = io.reader.jobs.search(class_=account.class_, booked=True)
    market = market_rate(listings, account.owner, following.follow)
    return next_rate(following, None if present is None else present.rate, market)


def _watch(io: Session, nodes: Sequence[Pubkey], terms: _Terms, every: int) -> None:
    """Follows the market until Ctrl-C; a node that does not answer is asked again the next time."""
    io.refuse_sign_only()
    if io.dry_run:
        raise UserError("--watch goes on sending: --dry-run is for one look, without it")
    io.confirm(f"keep the rates of {len(nodes)} node{'s' * (len(nodes) > 1)} at the market's")
    later = _Terms(None, terms.following, dict.fromkeys(terms.more))
    # What does not follow the market is said once.
    due = dict.fromkeys(nodes, terms)
    while True:
        for node in nodes:
            try:
                if (call := _call(io, node, due[node])) is not None:
                    sent = io.send(call, f"offer {node}")
                    rate = USD.from_base(io.client.jobs.get_offer(node).rate)
                    io.screen.line(f"{node}: {rate} per processor and hour  {sent.signature}")
                    sys.stdout.flush()
                due[node] = later
            except (RpcError, TransportError, TransactionExpired) as bad:
                io.screen.warn(f"{node}: {bad}; tried again in {every} s")
        time.sleep(every)
