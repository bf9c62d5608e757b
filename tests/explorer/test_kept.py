"""Lists of jobs and what seats did: kept as events come, and the same as all events say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from solders.pubkey import Pubkey
from tests.explorer.conftest import Served
from tests.stateful.arena import Arena

from ionet.explorer._kept import Agreement, SeatsWork
from ionet.ledger import Database, Landed
from ionet.ledger.replay import records as r

DAY, HOUR = 86_400, 3_600
#: What a row of a list and a receipt have in common.
COMMON = ("node", "reason", "seconds", "price", "booked_at")


@contextmanager
def _asked(database: Database) -> Iterator[list[str]]:
    """The statements that the database is asked in the meantime."""
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    sa.event.listen(database._engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(database._engine, "before_cursor_execute", note)


def _told(landed: list[Landed], kind: str) -> list[tuple[int, Any]]:
    return [
        (sent.time, emitted.event)
        for sent in landed
        for emitted in sent.log.emitted
        if type(emitted.event).__name__ == kind
    ]


async def test_a_list_of_jobs_says_what_their_receipts_say(
    explorer: Served, arena: Arena, landed: list[Landed]
) -> None:
    party, states = str(arena.market.alice.key), set[str]()
    times = sorted(
        {time for kind in ("Booked", "Extended", "Ended", "JobClosed") for time, _ in _told(landed, kind)}
    )
    for at in times[:: max(1, len(times) // 12)] + times[-1:]:
        rows = (await explorer.read("/jobs", party=party, at=at))["jobs"]
        booked = [(time, event) for time, event in _told(landed, "Booked") if str(event.supplier) == party]
        assert [row["job"] for row in rows] == [str(it.job) for time, it in booked if time <= at][:50]
        for row in rows[-3:]:
            job = await explorer.read(f"/jobs/{row['job']}", at=at)
            assert {name: row[name] for name in COMMON} == {name: job[name] for name in COMMON}
            assert row["state"] == ("closed" if job["closed"] else job["state"])
            states.add(row["state"])
    assert {"running", "closed"} <= states


async def test_a_page_of_jobs_costs_the_same_however_many_and_deep(explorer: Served, arena: Arena) -> None:
    party, cursor, costs = str(arena.market.alice.key), dict[str, str](), list[int]()
    await explorer.read("/supply")
    for limit in (1, 2, 200):
        with _asked(explorer.database) as asked:
            page = await explorer.read("/jobs", party=party, limit=limit, **cursor)
        assert not any("FROM events" in statement for statement in asked)
        costs.append(len(asked))
        cursor = {} if page["next"] is None else {"cursor": page["next"]}
    assert len(set(costs)) == 1


async def test_a_page_of_seats_reads_no_events(explorer: Served, landed: list[Landed]) -> None:
    await explorer.read("/supply")
    with _asked(explorer.database) as asked:
        await explorer.read("/attesters")
    assert not any("FROM events" in statement for statement in asked)
    last = max(time for time, _ in _told(landed, "Attested"))
    lately = [event for time, event in _told(landed, "Attested") if time >= (last - 7 * DAY) // HOUR * HOUR]
    seats = (await explorer.read("/attesters", at=last))["seats"]
    for row in seats:
        its = [event for event in lately if event.seat == row["seat"]]
        assert row["attestations"] == len(its)
        assert row["with_breaks"] == sum(1 for event in its if event.reason)
    assert max(row["last_attestation"] for row in seats) == last


@pytest.mark.parametrize("step", [HOUR // 2 + 7, 5 * HOUR, DAY])
def test_what_seats_did_is_that_of_seven_days_from_a_whole_hour_on(landed: list[Landed], step: int) -> None:
    told = [event for kind in ("Attested", "ReportApproved") for _, event in _told(landed, kind)]
    assert len(told) > 5
    work, noted = SeatsWork(), list[tuple[int, Any]]()
    for number in range(40):
        event = told[number % len(told)]
        if type(event).__name__ == "Attested":
            event = replace(event, reason=number % 3)
        noted.append((1_800_000_000 + number * step, event))
        work.note(*noted[-1])
        # It is asked later, too.
        for now in (noted[-1][0], noted[-1][0] + 3 * DAY):
            its = [(time, it) for time, it in noted if time >= (now - 7 * DAY) // HOUR * HOUR]
            attested = [(time, it) for time, it in its if type(it).__name__ == "Attested"]
            approved = {it.seat: time for time, it in its if type(it).__name__ == "ReportApproved"}
            last = {it.seat: time for time, it in attested}
            done = work.until(now)
            assert Counter({seat: it.attestations for seat, it in done.items()}) == Counter(
                it.seat for _, it in attested
            )
            assert Counter({seat: it.with_breaks for seat, it in done.items()}) == Counter(
                it.seat for _, it in attested if it.reason
            )
            for seat, it in done.items():
                assert it.last_approval == approved.get(seat, 0)
                assert it.last_attestation == last.get(seat, 0)
    # What no answer needs is not kept.
    assert len(work._hours) <= 7 * 24 + 2


def test_seats_agree_on_what_enough_of_them_have_seen() -> None:
    agreement, job, other = Agreement(), Pubkey.new_unique(), Pubkey.new_unique()

    def rental(attesters: int, **seen: int) -> r.Job:
        return r.Job(
            attesters=attesters, seen={int(seat[1:]): (good, good, 0) for seat, good in seen.items()}
        )

    agreement.count(job, rental(2, s0=100))
    assert (agreement.good, agreement.agreed) == ({0: 100}, {0: 0})
    agreement.count(job, rental(2, s0=100, s3=80))
    assert (agreement.good, agreement.agreed) == ({0: 100, 3: 80}, {0: 80, 3: 80})
    # Of three, the second largest counts where two have to agree; of the other, one is enough.
    agreement.count(job, rental(2, s0=100, s3=80, s4=90))
    agreement.count(other, rental(1, s4=7))
    assert agreement.good == {0: 100, 3: 80, 4: 97}
    assert agreement.agreed == {0: 90, 3: 90, 4: 97}
    agreement.count(job, None)
    agreement.count(job, None)
    assert +agreement.good == +agreement.agreed == {4: 7}
