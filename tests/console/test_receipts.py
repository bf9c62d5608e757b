"""What a renter's books get of a job: rows that add up, and an invoice."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from pypdf import PdfReader
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.console.conftest import Served, served
from tests.console.test_renting import planned
from tests.network.renting import Renting
from tests.programs.support import HOUR

from ionet import AsyncClient
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.explorer._csv import cell
from ionet.ledger import Database, LedgerError


def text_of(pdf: bytes) -> str:
    """What a PDF says to who reads it."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


async def test_a_ledger_of_another_chain_is_refused_before_anything_is_served(renting: Renting) -> None:
    place = renting.folder / "ledger.db"
    Database.create(str(place), "another").close()
    with pytest.raises(LedgerError, match="is of the chain another, and this node's is"):
        async with served(renting, ledger=str(place)):
            pass


async def test_rows_and_invoice_say_what_a_cancelled_job_has_moved(console: Served) -> None:
    renting = console.renting
    before = renting.site.money().renter
    async with console.caller(renting.key) as caller, console.caller(Keypair()) as thief:
        await caller.sign_in()
        await thief.sign_in()
        plan = await planned(caller, console)
        call = await caller.post("/calls/book", {"plan": plan["plan"]})
        await caller.land(call)
        job = call["job"]
        await caller.land(await caller.post(f"/jobs/{job}/calls/cancel"))
        receipt = await caller.get(f"/jobs/{job}/receipt")
        rows = await caller.http.get(f"/api/v1/jobs/{job}/receipt", params={"format": "csv"})
        words = {"format": "pdf", "to": "Ada Lovelace\n12 St James's Square\n\u202e=1+1"}
        invoice = await caller.http.get(f"/api/v1/jobs/{job}/receipt", params=words)
        again = await caller.http.get(f"/api/v1/jobs/{job}/receipt", params=words)
        strange = {"format": "pdf", "to": "Łódź"}
        unwritten = await caller.http.get(f"/api/v1/jobs/{job}/receipt", params=strange)
        stolen = await thief.http.get(f"/api/v1/jobs/{job}/receipt")
    paid = before - renting.site.money().renter
    assert receipt["adds_up"]
    table = list(csv.DictReader(io.StringIO(rows.text)))
    assert [row["what"] for row in table] == ["price into escrow", "fee into escrow", "refund"]
    # What went in less what came back is what the wallet has less.
    assert sum(Decimal(row["amount"]) for row in table) == Decimal(paid).scaleb(-8)
    assert all(row["transaction"] for row in table)
    said = [" ".join(line.split()) for line in text_of(invoice.content).splitlines()]
    # In IO: what went in, what it came to, and what came back.
    kept = Decimal(paid).scaleb(-8)
    deposit = sum((Decimal(row["amount"]) for row in table[:2]), Decimal(0))
    fee = Decimal(table[1]["amount"])
    sums = {"Paid into escrow, fee included": deposit, "Work that is paid for": kept - fee, "Fee": fee}
    for name, amount in {**sums, "Total": kept, "Refunded": deposit - kept}.items():
        assert [each for each in said if each.startswith(f"{name} ")] == [f"{name} {amount.normalize():f} IO"]
    whose = {f"Number {job}", "Ada Lovelace", "12 St James's Square", f"Wallet {renting.key.pubkey()}"}
    assert whose | {row["transaction"] for row in table} <= {*said}
    assert again.content == invoice.content
    for answer in (rows, invoice):
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert stolen.status_code == 404
    # No invoice that says ?ód?.
    assert unwritten.status_code == 400
    assert "the letters of Western European languages, and no Ł" in unwritten.text


@pytest.mark.parametrize("said", ["=1+1", "+1", "@SUM(A1)", "\tx", "＝1"])
def test_no_cell_is_a_formula(said: str) -> None:
    assert cell(said) == f"'{said}"


async def test_the_history_of_what_is_no_job_of_theirs_is_not_read_for_anybody(
    console: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a program that all use it has no end."""
    read: list[str] = []

    async def listed(self: AsyncClient, address: Pubkey, *, until: str | None = None) -> AsyncIterator[Any]:
        read.append(str(address))
        for entry in list[Any]():
            yield entry

    monkeypatch.setattr(AsyncClient, "listed", listed)
    theirs = console.renting.site.book(2 * HOUR)
    async with console.caller(Keypair()) as stranger:
        await stranger.sign_in()
        for address in (TOKEN_PROGRAM, theirs, Keypair().pubkey()):
            for path in ("", "/receipt", "/log", "/result"):
                answer = await stranger.http.get(f"/api/v1/jobs/{address}{path}")
                assert answer.status_code in {400, 404}, (address, path, answer.text)
    assert read == []
