"""What the API says of a market, compared with the chain's own accounts and with sums made here."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from solders.keypair import Keypair
from tests.explorer.conftest import GENESIS, Served
from tests.programs.support import DAY, HOUR
from tests.stateful.arena import Arena

from ionet import Client, accounts, events, pda
from ionet._generated.emission_table import CUMULATIVE
from ionet.explorer import _earned
from ionet.explorer._app import bare
from ionet.explorer._earned import crediting
from ionet.explorer._holdings import Holdings
from ionet.explorer._past import Past
from ionet.explorer._rows import Rows
from ionet.explorer._supply import NAMES
from ionet.explorer._watching import Watching
from ionet.ledger import Database, Landed, Signed
from ionet.ledger.subjects import types

#: What each event adds to the supply, as docs/programs.md says of its fields; less than 0: it burns.
SUPPLY: Final[dict[Any, Any]] = {
    events.mint.GenesisMinted: lambda event: event.amount,
    events.mint.Emitted: lambda event: event.paid + event.withheld,
    events.buyback.FeesBurned: lambda event: -event.amount,
    events.buyback.IoSold: lambda event: -event.io,
    events.mint.ReserveBurned: lambda event: -event.amount,
    events.staking.Slashed: lambda event: -event.amount,
    events.staking.Forfeited: lambda event: -event.amount,
    events.governance.BondBurned: lambda event: -event.amount,
    events.proofs.ChallengeDecided: lambda event: 0 if event.upheld else -event.bond,
}


def base(money: dict[str, str]) -> int:
    """Base units of an amount, after a look at whether its text says the same."""
    whole, _, fraction = money["amount"].partition(".")
    if money["unit"] == "IO":
        assert int(whole + fraction.ljust(8, "0")) == int(money["base"])
    return int(money["base"])


def changes(landed: list[Landed]) -> list[tuple[int, int]]:
    """Time and amount of each change of the supply."""
    told = [(sent.time, emitted.event) for sent in landed for emitted in sent.log.emitted]
    return [(time, SUPPLY[type(event)](event)) for time, event in told if type(event) in SUPPLY]


async def test_the_supply_is_that_of_the_mint(explorer: Served, client: Client) -> None:
    supply = await explorer.read("/supply")
    account = client.account(pda.mint.MINT)
    assert account is not None
    # SPL Token's mint keeps its supply behind the mint authority, in 8 bytes.
    assert base(supply["supply"]) == int.from_bytes(bytes(account.data)[36:44], "little")


async def test_the_supply_is_what_was_minted_less_what_was_burned(explorer: Served) -> None:
    supply = await explorer.read("/supply")
    burned = supply["burned"]
    causes = [base(amount) for cause, amount in burned.items() if cause != "total"]
    assert sum(causes) == base(burned["total"])
    assert all(base(burned[cause]) for cause in ("fees", "auctions", "slashes", "bonds"))
    assert base(supply["supply"]) == base(supply["genesis"]) + base(supply["emitted"]) - base(burned["total"])
    assert base(supply["emitted"]) == base(supply["paid"]) + base(supply["withheld"])


def test_every_event_that_changes_the_supply_is_named() -> None:
    names = {name for name, kind in types().items() if kind in SUPPLY}
    assert set(NAMES) == names


async def test_a_day_is_the_sum_of_the_events_until_its_end(explorer: Served, landed: list[Landed]) -> None:
    answer = await explorer.read("/supply/days", limit=200)
    told = changes(landed)
    assert len(answer["days"]) > 60
    for day in answer["days"]:
        end = min(day_end(day["date"]), answer["as_of"]["time"])
        assert base(day["supply"]) == sum(amount for time, amount in told if time <= end), day["date"]
        burned = [-amount for time, amount in told if time <= end and amount < 0]
        assert base(day["burned"]) == sum(burned)
        within = [amount for time, amount in told if end // DAY * DAY <= time <= end and amount > 0]
        minted_then = [sent for sent in landed if end // DAY * DAY <= sent.time <= end]
        genesis = sum(
            emitted.event.amount
            for sent in minted_then
            for emitted in sent.log.emitted
            if isinstance(emitted.event, events.mint.GenesisMinted)
        )
        assert base(day["emitted_in_it"]) == sum(within) - genesis


def day_end(date: str) -> int:
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) + DAY - 1


async def test_the_schedule_is_that_of_the_table(explorer: Served, client: Client) -> None:
    account = client.account(pda.mint.CONFIG)
    assert account is not None
    start = accounts.mint.Config.decode(bytes(account.data)).start
    # A month is 730.5 hours: after two of them a whole hour ends.
    supply = await explorer.read("/supply", at=start + 2 * 1_461 * 1_800)
    assert base(supply["scheduled"]) == CUMULATIVE[2]


async def test_days_come_in_pages_that_miss_none(explorer: Served) -> None:
    whole = (await explorer.read("/supply/days", limit=200))["days"]
    paged: list[Any] = []
    cursor = None
    for _ in range(200):
        answer = await explorer.read(
            "/supply/days", limit=17, **({} if cursor is None else {"cursor": cursor})
        )
        paged += answer["days"]
        if (cursor := answer["next"]) is None:
            break
    assert paged == whole


async def test_a_number_opens_the_events_that_it_sums(explorer: Served) -> None:
    days = (await explorer.read("/supply/days", limit=200))["days"]
    day = [day for day in days if base(day["burned_in_it"])][-1]
    answer = (await explorer.get(day["events"])).json()
    minted = burned = 0
    for event in answer["events"]:
        fields = event["fields"]
        match event["name"]:
            case "mint.Emitted":
                minted += int(fields["paid"]) + int(fields["withheld"])
            case "buyback.IoSold":
                burned += int(fields["io"])
            case "buyback.FeesBurned":
                burned += int(fields["amount"])
    assert (minted, burned) == (base(day["emitted_in_it"]), base(day["burned_in_it"]))


async def test_registered_live_proven_and_hired_are_four_numbers(explorer: Served, arena: Arena) -> None:
    market = arena.market
    started = (await explorer.read("/events", name="jobs.Started", order="oldest"))["events"][0]
    during = started["time"] + 1
    then = await explorer.read("/classes", at=during)
    its = await explorer.read(f"/nodes/{market.alice.node}", at=during)
    assert its["hired"]
    assert its["offer"]["job"] == started["fields"]["job"]
    (row,) = [each for each in then["classes"] if each["id"] == its["class_id"]]
    assert row["hired"] == its["units"]
    later = await explorer.read(f"/nodes/{market.alice.node}", at=its["offer"]["lease_until"] + DAY)
    assert not later["hired"]
    assert later["offer"]["job"] is None
    # As it had been proven for the booking, and not a day later.
    shown = (await explorer.read("/events", name="staking.ProofRecorded", order="oldest"))["events"][0]
    proved = int(shown["fields"]["time"])
    assert (await explorer.read(f"/nodes/{market.alice.node}", at=max(shown["time"], proved)))["proven"]
    assert not (await explorer.read(f"/nodes/{market.alice.node}", at=proved + HOUR))["proven"]
    now = await explorer.read("/classes")
    assert now["total"]["registered"] == len(client_devices(arena)) > now["total"]["live"] > 0
    assert now["total"]["proven"] == now["total"]["hired"] == 0


def client_devices(arena: Arena) -> list[Any]:
    return [each for each in arena.market.world.client.staking.devices() if not each.account.banned]


async def test_a_node_is_as_its_account(explorer: Served, arena: Arena) -> None:
    market = arena.market
    node, account = await explorer.read(f"/nodes/{market.alice.node}"), market.node()
    assert node["owner"] == str(account.owner)
    assert base(node["own_active"]) == account.own.active
    assert base(node["co_active"]) == account.co.active
    assert base(node["co_tokens"]) == account.co.tokens
    assert base(node["credited"]) == account.credited
    assert base(node["frozen"]) == account.frozen
    # Nobody has measured the class of these tests.
    assert "judged by right answers alone" in node["untimed"]
    # The one announced is due, and the account takes it over at its next credit.
    assert node["commission_bps"] == account.next_commission_bps
    assert account.commission_at <= node["as_of"]["time"]
    assert base(node["vault"]) == market.world.balance(account.vault)
    assert sum(base(credit["amount"]) for credit in node["credits"]) == account.credited
    for credit in node["credits"]:
        assert base(credit["amount"]) == base(credit["owner_part"]) + base(credit["co_part"])


async def test_a_past_time_is_answered_as_if_nothing_had_come_after(
    explorer: Served, arena: Arena, landed: list[Landed]
) -> None:
    time = landed[len(landed) // 2].time
    node = f"/nodes/{arena.market.alice.node}"
    early = [sent for sent in landed if sent.time <= time]
    with Database.create(":memory:", GENESIS) as database:
        database.write(early, scanned=early[-1].slot, final=early[-1].slot)
        app = bare()
        app.state.past, app.state.watching, app.state.rows = Past(database, 1), Watching(), Rows(database)
        app.state.holdings = Holdings(app.state.watching)
        then = Served(app, app, database, explorer.counters, explorer.watching)
        for path in ("/supply", "/classes", node, "/hours", "/events"):
            past, present = await explorer.read(path, at=time), await then.read(path)
            assert past.pop("as_of")["past"]
            assert not present.pop("as_of")["past"]
            if path == "/supply":
                # What the treasury holds is asked of a node, and of now.
                assert past.pop("why") != present.pop("why")
            assert past == present, path


async def test_an_hour_has_its_report_and_what_happened(explorer: Served, landed: list[Landed]) -> None:
    listed = (await explorer.read("/hours"))["hours"]
    assert listed == sorted(listed, key=lambda hour: -hour["end"])
    end = listed[-1]["end"]
    hour = await explorer.read(f"/hours/{end}")
    assert (hour["begin"], len(hour["reports"])) == (end - HOUR, listed[-1]["reports"])
    report = hour["reports"][0]
    assert report["state"] == "final"
    assert report["approvals"] >= 2
    happened = Counter(
        type(emitted.event).__name__
        for sent in landed
        if end - HOUR <= sent.time < end
        for emitted in sent.log.emitted
    )
    assert sum(each["count"] for each in hour["sums"]) == happened.total() > 0


async def test_a_job_has_its_receipt(explorer: Served, arena: Arena) -> None:
    supplier = str(arena.market.alice.key)
    listed = (await explorer.read("/jobs", party=supplier))["jobs"]
    closed = next(job for job in listed if job["reason"] == "completed")
    job = await explorer.read(f"/jobs/{closed['job']}")
    assert job["supplier"] == supplier
    assert job["adds_up"]
    assert job["checks"]
    paid = sum(base(job[f"paid_{party}"]) for party in ("supplier", "fees", "refund"))
    assert base(job["deposit"]) == paid + base(job["held"])
    assert job["steps"][0]["events"][0] == "Booked"
    # Looked at just after its start, nothing was paid.
    early = await explorer.read(f"/jobs/{closed['job']}", at=job["started_at"])
    assert (early["state"], base(early["paid_supplier"])) == ("running", 0)
    assert base(early["held"]) == base(early["deposit"])


async def test_a_jobs_escrow_is_told_event_by_event(explorer: Served, arena: Arena) -> None:
    for row in (await explorer.read("/jobs", party=str(arena.market.alice.key)))["jobs"]:
        answer = await explorer.read(f"/jobs/{row['job']}")
        held = 0
        for moved in answer["timeline"]:
            held += 0 if moved["amount"] is None else base(moved["amount"])
            assert base(moved["held"]) == held >= 0
        assert held == base(answer["held"])
        paid = [
            -base(moved["amount"])
            for moved in answer["timeline"]
            if moved["event"] == "Paid" and moved["amount"]
        ]
        assert sum(paid) == sum(base(answer[f"paid_{party}"]) for party in ("supplier", "fees", "refund"))
        assert answer["timeline"][0]["event"] == "Booked"


async def test_jobs_of_a_party_come_in_pages(explorer: Served, arena: Arena) -> None:
    party = str(arena.market.alice.key)
    whole = (await explorer.read("/jobs", party=party))["jobs"]
    assert len(whole) > 1
    first = await explorer.read("/jobs", party=party, limit=1)
    second = await explorer.read("/jobs", party=party, limit=1, cursor=first["next"])
    assert [*first["jobs"], *second["jobs"]] == whole[:2]


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_events_come_in_pages_that_miss_none(
    explorer: Served, landed: list[Landed], order: str
) -> None:
    signatures: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(100):
        answer = await explorer.read("/events", order=order, limit=7, **cursor)
        signatures += [event["signature"] for event in answer["events"]]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    ordered = [
        sent.signature for sent in sorted(landed, key=lambda sent: sent.slot) for _ in sent.log.emitted
    ]
    assert signatures == (ordered[::-1] if order == "newest" else ordered)


async def test_events_lie_between_the_times_asked_for(explorer: Served, landed: list[Landed]) -> None:
    times = sorted({sent.time for sent in landed if sent.log.emitted})
    since, until = times[len(times) // 3], times[2 * len(times) // 3]
    answer = await explorer.read("/events", since=since, until=until, limit=200)
    expected = sum(len(sent.log.emitted) for sent in landed if since <= sent.time <= until)
    assert len(answer["events"]) == expected
    assert {since, until} <= {event["time"] for event in answer["events"]}


async def test_an_hours_reward_opens_that_hours_credit_only(explorer: Served) -> None:
    its = (await explorer.read("/events", name="staking.Credited", order="oldest"))["events"]
    assert len(its) >= 3
    node = its[0]["fields"]["node"]
    for credited in its:
        hour = credited["fields"]["credited_through"]
        answer = await explorer.read("/events", about=node, hour=hour)
        assert (answer["events"], answer["next"]) == ([credited], None)
        before = await explorer.read("/events", about=node, hour=hour, at=credited["time"] - 1)
        assert before["events"] == []
    refused = await explorer.get("/api/v1/events", params={"hour": 3_600})
    assert (refused.status_code, "say which one" in refused.text) == (400, True)


async def test_an_hours_credit_is_not_looked_for_without_end(
    explorer: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_earned, "_CREDITS", 1)
    monkeypatch.setattr(_earned, "_PAGES", 1)
    # Each credit reaches its hour; now none does.
    monkeypatch.setattr(_earned, "crediting", lambda after, end: [*after])
    node = (await explorer.read("/events", name="staking.Credited", limit=1))["events"][0]["fields"]["node"]
    refused = await explorer.get("/api/v1/events", params={"about": node, "hour": 3_600})
    assert (refused.status_code, "do not reach it" in refused.text) == (400, True)


def test_of_a_leaf_that_was_credited_in_parts_all_of_them_are_the_hours(explorer: Served) -> None:
    (whole,) = explorer.database.page(1, names=["staking.Credited"])
    event = whole.entry.event
    assert isinstance(event, events.staking.Credited)
    end = event.credited_through

    def credit(through: int, partial: int) -> Signed:
        part = replace(event, credited_through=through, partial=partial)
        return replace(whole, entry=replace(whole.entry, event=part))

    earlier, later = [credit(end - 7_200, 7), credit(end - 3_600, 0)], credit(end + 3_600, 0)
    first, second, last = credit(end - 3_600, 5), credit(end - 3_600, 9), credit(end, 0)
    told = [*earlier, first, second, last, later]
    assert crediting(told, end) == [first, second, last]
    assert crediting(told[:4], end) == [first, second]
    assert crediting([later], end) == [later], "it was of both hours"


async def test_a_transaction_has_its_events(explorer: Served, landed: list[Landed]) -> None:
    sent = max(landed, key=lambda each: len(each.log.emitted))
    answer = await explorer.read(f"/transactions/{sent.signature}")
    assert [event["name"].split(".")[1] for event in answer["events"]] == [
        type(emitted.event).__name__ for emitted in sent.log.emitted
    ]


async def test_search_knows_addresses_signatures_classes_hours_and_names(
    explorer: Served, arena: Arena, landed: list[Landed]
) -> None:
    async def kinds(word: str) -> dict[str, str]:
        hits = (await explorer.read("/search", q=word))["hits"]
        return {hit["kind"]: hit["href"] for hit in hits}

    alice = arena.market.alice
    assert (await kinds(str(alice.node)))["node"] == f"/nodes/{alice.node}"
    assert "owner" in await kinds(str(alice.key))
    assert "party" in await kinds(str(alice.key))
    job = (await explorer.read("/jobs", party=str(alice.key)))["jobs"][0]["job"]
    assert (await kinds(job))["job"] == f"/jobs/{job}"
    signature = landed[-1].signature
    assert await kinds(f" {signature} ") == {"transaction": f"/transactions/{signature}"}
    assert await kinds("b200") == {"class": "/devices?class=1"}
    assert "network" in await kinds("NET")
    assert await kinds("2027-01-15 08:00") == {"hour": "/hours/1800003600"}
    assert await kinds(str(Keypair().pubkey())) == {}
    assert await kinds("no such thing") == {}


@pytest.mark.parametrize("path", ["/supply/days", "/classes", "/nodes", "/hours", "/events"])
async def test_csv_has_the_rows_of_the_answer(explorer: Served, path: str) -> None:
    answer = await explorer.read(path)
    (rows,) = [value for name, value in answer.items() if isinstance(value, list)]
    text = await explorer.get(f"/api/v1{path}?format=csv")
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    read = list(csv.DictReader(io.StringIO(text.text)))
    assert len(read) == len(rows) > 0
    for row, cells in zip(rows, read, strict=True):
        for name, value in row.items():
            if isinstance(value, dict) and "unit" in value:
                assert (cells[name], cells[f"{name}_unit"]) == (value["amount"], value["unit"])


async def test_the_supplys_csv_has_each_of_its_amounts(explorer: Served) -> None:
    answer = await explorer.read("/supply")
    text = await explorer.get("/api/v1/supply?format=csv")
    rows = {row["name"]: row["amount"] for row in csv.DictReader(io.StringIO(text.text))}
    for name in ("supply", "genesis", "emitted", "active_stake"):
        assert rows[name] == answer[name]["amount"]
    assert {name: rows[f"burned_{name}"] for name in answer["burned"]} == {
        name: amount["amount"] for name, amount in answer["burned"].items()
    }


async def test_what_is_found_has_a_csv(explorer: Served) -> None:
    answer = await explorer.read("/search", q="b200")
    text = await explorer.get("/api/v1/search?q=b200&format=csv")
    assert [row["href"] for row in csv.DictReader(io.StringIO(text.text))] == [
        hit["href"] for hit in answer["hits"]
    ]
    assert answer["hits"]


async def test_the_description_names_every_answer(explorer: Served) -> None:
    described = (await explorer.get("/api/v1/openapi.json")).json()
    paths = {path for path in described["paths"] if path.startswith("/api/")}
    assert {"/api/v1/supply", "/api/v1/nodes/{address}", "/api/v1/jobs/{address}"} <= paths
    for path in paths - {"/api/v1/live"}:
        for asked in described["paths"][path].values():
            schema = asked["responses"]["200"]["content"]["application/json"]["schema"]
            assert schema["$ref"].startswith("#/components/schemas/"), path
