"""An invoice to print: what a job came to, in the currency that was paid, with the chain's proof of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from ionet.chain.amounts import Amount
from ionet.formats.text import printable
from ionet.formats.when import span
from ionet.jobs.receipt import Receipt

_WIDE: Final = 120.0
_LINE: Final = 6.0
_FONT: Final = "Helvetica"


def invoice(it: Receipt, wallet: str, to: str) -> bytes:
    """An invoice, PDF; the same receipt gives the same bytes.

    Args:
        it: the receipt.
        wallet: whose it is.
        to: name and address, in lines; empty: the wallet alone.
    """
    page = FPDF(format="A4")
    page.set_creation_date(_time(it.ended_at or it.booked_at))
    page.set_title(f"Invoice {it.job}")
    page.add_page()
    _text(page, "Invoice" if it.due is not None else "Invoice, preliminary: the job has not ended", 16, "B")
    _text(page, f"Number {it.job}")
    _text(page, f"Date {_day(it.ended_at or it.booked_at)} (UTC)")
    page.ln(_LINE)
    for line in (*printable(to, lines=True).splitlines()[:6], f"Wallet {wallet}"):
        _text(page, line)
    page.ln(_LINE)
    _text(page, f"Rental of the node {it.node}")
    _text(page, f"supplied by {it.supplier}")
    if it.started_at:
        _text(page, f"from {_day(it.started_at)} to {_day(it.ends_at)} (UTC), {span(it.good)} of it attested")
    page.ln(_LINE)
    for name, amount in _sums(it):
        page.cell(_WIDE, _LINE, name)
        page.cell(0, _LINE, _money(amount), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(_LINE)
    _text(page, f"Booked at {_money(it.usd)} for {span(it.seconds)}. {it.reason.explain()}", 8)
    _text(page, "Amounts are those of the programs' events in these transactions:", 8)
    for each in it.transactions:
        _text(page, each.signature, 7)
    return bytes(page.output())


def unwritable(text: str) -> str:
    """The first letter of a text that no invoice can have; empty: there is none."""
    # The fonts that every reader has know no other letters; what is not printable is marked.
    return next((each for each in printable(text, lines=True) if each != "\ufffd" and ord(each) > 0xFF), "")


def _sums(it: Receipt) -> list[tuple[str, Amount]]:
    sums = [("Paid into escrow, fee included", it.deposit)]
    if it.due is not None and it.renter_fees is not None:
        sums += [
            ("Work that is paid for", it.due),
            ("Fee", it.renter_fees),
            ("Total", it.due + it.renter_fees),
        ]
    return [*sums, ("Refunded", it.paid_refund)]


def _text(page: FPDF, text: str, size: int = 10, style: str = "") -> None:
    page.set_font(_FONT, style, size)
    known = text.encode("latin-1", "replace").decode("latin-1")
    page.multi_cell(0, _LINE, known, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.set_font(_FONT, "", 10)


def _money(amount: Amount) -> str:
    return f"{amount.to_decimal():f} {type(amount).SYMBOL}"


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _day(seconds: int) -> str:
    return _time(seconds).strftime("%Y-%m-%d %H:%M")
