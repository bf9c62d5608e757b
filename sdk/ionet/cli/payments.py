"""`ionet payments`: cards by Stripe, for bookings on the chain."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ionet.cli.failures import UserError
from ionet.cli.options import Commands
from ionet.cli.serving import LogJson, keeping
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from ionet.payments.books import Books
    from ionet.payments.config import PaymentsConfig

_log = logging.getLogger(__name__)
app = Commands("Cards by Stripe: charging them, booking for customers, and the books of it.")

StateOption = Annotated[
    Path | None,
    typer.Option("--state", metavar="FOLDER", help="Its settings and books; default: IONET_PAYMENTS_STATE."),
]


@app.command()
def run(
    state: StateOption = None,
    log_json: LogJson = False,
) -> None:
    """Charge cards and book for customers, until SIGTERM or Ctrl-C.

    Reads payments.toml in its state folder. It signs with the wallet that is named there, which pays for all
    bookings and gets their refunds: keep little in it.
    """
    from ionet.service.ending import told_to_end
    from ionet.service.logs import log_to_stderr

    io = session()
    config = _config(state)
    from ionet import load_keypair
    from ionet.payments.service import Payments

    log_to_stderr(as_json=log_json)
    wallet = load_keypair(config.wallet)

    async def serve() -> None:
        service = Payments(config, lambda: io.reader.as_(wallet))
        await service.run(told_to_end(), lambda url: _ready(io, url, config))

    with keeping(config.state):
        asyncio.run(serve())


def _ready(io: Session, url: str, config: PaymentsConfig) -> None:
    mode = "Real money is moved." if config.live else "Test mode: no real money is moved."
    io.screen.show({"url": url, "live": config.live}, f"Cards are taken on {url}. {mode} Ctrl-C stops it.")
    sys.stdout.flush()


def _config(state: Path | None) -> PaymentsConfig:
    from ionet.service.settings import state_directory

    try:
        from ionet.payments.config import load
    except ModuleNotFoundError as bad:
        raise UserError(
            f"this needs the extra `payments` ({bad.name} is missing): pip install 'ionet[payments]'"
        ) from None
    return load(state or state_directory("payments"))


@app.command()
def status(state: StateOption = None) -> None:
    """Show payments by state, and what all of them come to; asks neither Stripe nor the chain."""
    from ionet.ledger.database import url_of
    from ionet.payments.amounts import dollars
    from ionet.payments.auditing import totals
    from ionet.payments.books import Books

    io = session()
    books = Books(url_of(_config(state).books))
    counts, purse = totals(books)
    books.close()
    names = ("card", "loss", "forgiven", "booked", "refunded", "held", "fee")
    sums = {name: dollars(getattr(purse, name)) for name in names}
    facts = [(name, str(count)) for name, count in counts.items() if count]
    facts += [(name, f"{amount} USD") for name, amount in sums.items()]
    io.screen.facts(facts, data={"payments": counts, "usd": sums})


@app.command()
def books(
    state: StateOption = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Compare the books with themselves only.")
    ] = False,
) -> None:
    """Compare the books with themselves, with Stripe and with the chain.

    Exits with 1 if anything differs. What is under way just now may differ for a moment.
    """
    from ionet import load_keypair
    from ionet.ledger.database import url_of
    from ionet.payments.auditing import differences
    from ionet.payments.books import Books
    from ionet.payments.cards import StripeCards
    from ionet.payments.chain import Wallet

    io, config = session(), _config(state)
    kept = Books(url_of(config.books))
    cards = chain = None
    if not offline:
        cards = StripeCards(config.stripe_key, config.stripe_url)
        chain = Wallet(io.reader.as_(load_keypair(config.wallet)))
    found = differences(kept, cards, chain)
    kept.close()
    rows = [(each.payment, each.what, each.books, each.other) for each in found]
    data = [
        {"payment": each.payment, "what": each.what, "books": each.books, "other": each.other}
        for each in found
    ]
    columns = ("payment", "what", ">books", ">other")
    io.screen.table(columns, rows, data=data, empty="Nothing differs.")
    if found:
        raise typer.Exit(1)


@app.command()
def forgive(
    payment: Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment's id.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it is kept with the payment.")],
    state: StateOption = None,
) -> None:
    """Bear what a payment has cost, so that its customer and its card may buy again.

    For charges that failed through no fault of theirs: an authorisation that lapsed while this service was
    down, or a dispute that was settled otherwise. What still comes back from the chain stays the operator's.
    It cannot be undone.
    """
    import time

    from ionet.ledger.database import url_of
    from ionet.payments.amounts import dollars
    from ionet.payments.books import Books
    from ionet.payments.events import Forgiven
    from ionet.payments.machine import step
    from ionet.service.logs import log_to_stderr

    io, config = session(), _config(state)
    if not (why := why.strip()):
        raise UserError("--why says why; it is empty")
    log_to_stderr(as_json=False)
    kept = Books(url_of(config.books))
    try:
        if (before := kept.payment(payment)) is None:
            raise UserError(_no_payment(kept, payment))
        cost = f"{dollars(before.purse.loss)} USD"
        kept.record(before, step(before, Forgiven(why)), int(time.time()))
        frozen = kept.frozen(before.customer, before.card)
    finally:
        kept.close()
    _log.warning("payment %s of %s is forgiven, which is %s: %s", payment, before.customer, cost, why)
    then = "Something else still keeps them from buying." if frozen else "They may buy by card again."
    data = {"payment": payment, "customer": before.customer, "forgiven": cost, "frozen": frozen}
    io.screen.show(data, f"{before.customer} is forgiven {cost}. {then}")


def _no_payment(books: Books, given: str) -> str:
    """A sentence that says so, with the payments that keep a customer of that name from buying."""
    theirs = books.payments(customer=given)
    owed = [each.id for each in theirs if each.purse.loss or each.dispute in ("open", "lost")]
    if owed:
        ids = ", ".join(owed)
        return f"{given} is a customer, and PAYMENT is the id of a payment: theirs not paid are {ids}"
    return f"there is no payment {given}, nor a customer of that name who has not paid"


@app.command()
def token(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Name or wallet of the customer.")],
    renter: Annotated[str, typer.Argument(metavar="RENTER", help="Address of the key whose jobs are paid.")],
    state: StateOption = None,
    lasts: Annotated[int, typer.Option("--lasts", metavar="SECONDS", help="How long it is good.")] = 900,
) -> None:
    """Make a token for a customer, as the console does for whoever has signed in there."""
    import time

    from ionet.payments.tokens import Customer, mint

    io, config = session(), _config(state)
    made = mint(config.console_key, Customer(customer, renter), int(time.time()), lasts)
    io.screen.show({"token": made}, made)
