"""Events by what their fields say: which there are, what they come to, and what looking for them costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.explorer.conftest import GENESIS, Served
from tests.stateful.arena import Arena

from ionet import Client, pda
from ionet.explorer import _events
from ionet.ledger import Database, Landed

_MOVES = ["staking.Staked", "staking.Activated", "staking.Unstaked", "staking.Compounded", "staking.Slashed"]
_DEVICES = ["staking.DeviceRegistered", "staking.DeviceReleased", "staking.DeviceEvicted"]
_CHALLENGES = ["proofs.ChallengeMade", "proofs.ChallengeDecided", "proofs.ChallengeLifted"]


async def _all(explorer: Served, **asked: Any) -> list[Any]:
    rows, cursor = [], None
    while True:
        answer = await explorer.read(
            "/events", limit=200, **asked, **({} if cursor is None else {"cursor": cursor})
        )
        rows += answer["events"]
        if (cursor := answer["next"]) is None:
            return rows


def _places(rows: list[Any]) -> list[str]:
    return [row["place"] for row in rows]


async def test_votes_of_a_choice_are_all_that_made_it(
    serving: Callable[..., Served], governed_chain: tuple[Client, Database, str]
) -> None:
    _, database, proposal = governed_chain
    explorer = serving(database=database)
    everything = await _all(explorer, about=proposal, name="governance.Voted")
    assert everything
    for choice in ("for", "against", "abstain"):
        its = await _all(explorer, about=proposal, name="governance.Voted", choice=choice)
        assert _places(its) == [row["place"] for row in everything if row["fields"]["choice"] == choice]


async def test_what_a_seat_did_is_of_that_seat_alone(explorer: Served) -> None:
    everything = await _all(explorer, name=["proofs.ReportApproved", "jobs.Attested"])
    seats = {row["fields"]["seat"] for row in everything}
    assert len(seats) > 1
    for seat in seats:
        its = await _all(explorer, name=["proofs.ReportApproved", "jobs.Attested"], seat=seat)
        first = await explorer.read("/events", name="proofs.ReportApproved", seat=seat, limit=2)
        assert len(first["events"]) == 2
        assert _places(its) == [row["place"] for row in everything if row["fields"]["seat"] == seat]


async def test_devices_of_a_class_come_to_its_registered_ones(explorer: Served) -> None:
    classes = (await explorer.read("/classes"))["classes"]
    counted = 0
    for each in classes:
        rows = await _all(explorer, name=_DEVICES, **{"class": each["id"]})
        came = sum(1 if row["name"] == _DEVICES[0] else -1 for row in rows)
        banned = sum(row["fields"].get("ban", False) for row in rows)
        assert came - banned <= each["registered"] <= came
        counted += came
    assert counted


async def test_stake_of_the_owner_and_of_co_stakers_is_all_that_was_staked(
    explorer: Served, arena: Arena
) -> None:
    node, owner = str(arena.market.alice.node), str(arena.market.alice.key)
    everything = await _all(explorer, about=node, name=_MOVES)
    own = await _all(explorer, about=node, name=_MOVES, side="own")
    co = await _all(explorer, about=node, name=_MOVES, side="co")
    assert _places(own) == [r["place"] for r in everything if r["fields"].get("holder", owner) == owner]
    assert _places(co) == [r["place"] for r in everything if r["fields"].get("holder") != owner]
    assert own != co != everything


async def test_a_challenge_is_told_of_by_what_names_it(explorer: Served) -> None:
    made = await _all(explorer, name=_CHALLENGES)
    for challenge in {row["fields"]["challenge"] for row in made}:
        its = await _all(explorer, name=_CHALLENGES, naming=challenge)
        assert _places(its) == [r["place"] for r in made if r["fields"]["challenge"] == challenge]


async def test_an_hour_tells_how_its_challenges_ended(explorer: Served, database: Database) -> None:
    reports = {str(key): it for key, it in database.at(1 << 40).reports.items()}
    ended = {row["fields"]["challenge"]: row for row in await _all(explorer, name=_CHALLENGES[1:])}
    shown = {}
    for row in await _all(explorer, name=_CHALLENGES[:1]):
        end = reports[row["fields"]["report"]].period_end
        for it in (await explorer.read(f"/hours/{end}"))["challenges"]:
            shown[it["challenge"]] = it["outcome"]
    assert {key for key, outcome in shown.items() if outcome != "open"} == ended.keys()
    assert sorted(shown.values()) == ["open", "rejected"]


async def test_every_account_opens_events(explorer: Served, database: Database) -> None:
    state = database.at(1 << 40)
    keys = [
        *state.nodes, *state.devices, *state.offers, *state.jobs, *state.reports, *state.challenges,
        *state.slashes, *state.networks, *state.grants, *state.airdrops, *state.auctions, *state.clusters,
        *state.disputes, *map(pda.jobs.currency, state.currencies), *map(pda.staking.class_, state.classes),
        *(pda.staking.position(*key) for key in state.positions), pda.proofs.ATTESTER_SET, pda.mint.CONFIG,
    ]  # fmt: skip
    empty = []
    for key in keys:
        address = urlsplit((await explorer.read(f"/accounts/{key}"))["events"])
        answer = await explorer.get(f"{address.path}?{address.query}")
        assert answer.status_code == 200, answer.text
        if not answer.json()["events"]:
            empty.append((key, parse_qsl(address.query)))
    assert empty == []


async def test_looking_through_many_is_done_in_parts_that_lose_none(
    explorer: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["proofs.ReportApproved", "buyback.VaultOpened", "jobs.Attested"]
    key = (await _all(explorer, name=["jobs.Attested"]))[-1]["fields"]["job"]
    whole = {
        order: await _all(explorer, name=names, naming=key, order=order) for order in ("newest", "oldest")
    }
    monkeypatch.setattr(_events, "LOOKED_AT", 3)
    monkeypatch.setattr(_events, "_AT_ONCE", 3)
    read: list[int] = []
    page = Database.page

    def counted(self: Database, limit: int, **asked: Any) -> Any:
        read.append(limit)
        return page(self, limit, **asked)

    monkeypatch.setattr(Database, "page", counted)
    first = await explorer.read("/events", name=names, naming=key, order="oldest")
    assert (first["events"], read) == ([], [1])
    assert first["next"]
    for order, rows in whole.items():
        assert _places(await _all(explorer, name=names, naming=key, order=order)) == _places(rows)


async def test_events_of_old_hours_are_narrowed_as_well(
    landed: list[Landed], serving: Callable[..., Served], explorer: Served, tmp_path: Path
) -> None:
    where = str(tmp_path / "ledger.db")
    wanted = await _all(explorer, name="proofs.ReportApproved", seat=0)
    with Database.create(where, GENESIS) as filed:
        last = max(sent.slot for sent in landed)
        filed.write(landed, scanned=last, final=last)
        filed.archive(0)
        assert filed.files()
        assert _places(await _all(serving(database=filed), name="proofs.ReportApproved", seat=0)) == _places(
            wanted
        )


async def test_narrowed_events_are_a_table_too(explorer: Served) -> None:
    answer = await explorer.get("/api/v1/events?name=proofs.ReportApproved&seat=0&format=csv")
    head, *rows = answer.text.splitlines()
    assert len(rows) == len(await _all(explorer, name="proofs.ReportApproved", seat=0)) > 0
    assert {row.split(",")[head.split(",").index("fields_seat")] for row in rows} == {"0"}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("choice=for", "`choice` is asked of types that have one, as `name=governance.Voted`"),
        ("choice=perhaps&name=governance.Voted", "choice"),
        ("seat=1&name=mint.Emitted", "mint.Emitted has none"),
        ("seat=1&name=jobs.Attested&name=jobs.Paid", "jobs.Paid has none"),
        ("seat=256&name=jobs.Attested", "seat"),
        ("class=1&name=jobs.Booked", "as `name=staking.DeviceRegistered`"),
        ("side=own&name=mint.Emitted", "as `name=staking.Staked`"),
        (f"naming={pda.mint.MINT}", "`naming` needs `name` or `about`"),
        ("naming=nobody&name=jobs.Paid", "is no address"),
        ("&".join([f"naming={pda.mint.MINT}"] * 17) + "&name=jobs.Paid", "naming"),
        (f"hour=3600&about={pda.mint.MINT}&naming={pda.mint.MINT}", "`hour` is asked with `about` alone"),
    ],
)
async def test_what_no_event_can_say_is_refused_with_what_would_be_right(
    explorer: Served, asked: str, says: str
) -> None:
    answer = await explorer.get(f"/api/v1/events?{asked}")
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]
