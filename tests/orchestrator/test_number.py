"""Which nodes a seat asks for all their processors, and when."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from tests.orchestrator.support import FakeChain

from ionet import ProofReason
from ionet.formats.when import HOUR
from ionet.orchestrator import Policy
from ionet.orchestrator._agents import NodeUnreachable
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._number import NumberChallenges, _Asked, rounds_an_hour
from ionet.orchestrator._program import NodeView
from ionet.orchestrator._remote import RemoteAgents
from ionet.prover import (
    ChallengeError,
    ProofError,
    Reason,
    Verdict,
    draw_cohort,
    draw_owner,
    number_challenges,
)
from ionet.store.manifest import FileStore
from ionet.wire import Refused


def key(text: str) -> bytes:
    return sha256(text.encode()).digest()


#: Ann has two nodes, Bea six, and everybody else one.
OWNERS = {key(f"node {n}"): key("ann" if n < 2 else "bea" if n < 8 else f"owner {n}") for n in range(20)}


def lots(count: int) -> list[bytes]:
    return [key(f"lot {n}") for n in range(count)]


def test_an_owner_is_drawn_with_all_nodes_and_by_how_many_there_are() -> None:
    drawn = Counter(OWNERS[draw_owner(OWNERS, lot, 32)[0]] for lot in lots(400))
    assert set(drawn) == {key("ann"), key("bea")}
    # Six of eight: 300 of 400, with a standard deviation of 9.
    assert abs(drawn[key("bea")] - 300) < 5 * 9
    for lot in lots(20):
        nodes = draw_owner(OWNERS, lot, 32)
        assert {node for node, owner in OWNERS.items() if owner == OWNERS[nodes[0]]} == set(nodes)


def test_of_an_owner_with_more_nodes_than_are_asked_others_come_each_time() -> None:
    many = {key(f"node {n}"): key("ann") for n in range(50)}
    groups = [draw_owner(many, lot, 8) for lot in lots(40)]
    assert {len(group) for group in groups} == {8}
    assert len(set().union(*groups)) == 50


def test_where_nobody_has_several_nodes_no_owner_is_drawn() -> None:
    assert draw_owner({key("a"): key("ann"), key("b"): key("bea")}, bytes(32), 8) == ()


def test_a_cohort_is_of_anybodys_nodes() -> None:
    nodes = tuple(OWNERS)
    assert sorted(draw_cohort(nodes, bytes(32), 99)) == sorted(nodes)
    assert len({draw_cohort(nodes, lot, 4) for lot in lots(20)}) == 20


def test_every_processor_of_every_node_has_a_seed_of_its_own() -> None:
    seeds = {item.seed for node in OWNERS for item in number_challenges(node, 8, bytes(32), 64, 256)}
    assert len(seeds) == 20 * 8
    with pytest.raises(ChallengeError, match=r"9 processors; a node has 1\.\.8"):
        number_challenges(bytes(32), 9, bytes(32), 64, 256)


@pytest.mark.parametrize(
    ("nodes", "rounds"), [(0, 1), (1, 1), (768, 1), (769, 2), (20_000, 27), (330_000, 64)]
)
def test_so_many_groups_are_asked_that_each_node_is_asked_about_once_a_day(nodes: int, rounds: int) -> None:
    assert rounds_an_hour(nodes, 32) == rounds


class Asking(NumberChallenges):
    """Notes which groups would be asked, and at what time."""

    groups: list[tuple[int, tuple[bytes, ...]]]

    async def count(self, nodes: Sequence[bytes]) -> dict[bytes, Verdict]:
        self.groups.append((await self._chain.now(), tuple(nodes)))
        return {}


class Chain(FakeChain):
    async def node(self, address: bytes) -> NodeView | None:
        return NodeView(bytes(32), 1, "gpu", address != key("node 3"), OWNERS[address], 1)


async def asked(leased: list[bytes] | None) -> list[tuple[int, tuple[bytes, ...]]]:
    chain, nothing = Chain(), None
    chain.clock = chain.first_hour + HOUR
    seat = Asking(chain, nothing, nothing, nothing, Policy(), lambda: list(OWNERS), lambda: leased)  # type: ignore[arg-type]
    seat.groups = []
    start = chain.clock
    while chain.clock < start + 3 * HOUR:
        await seat.look()
        chain.clock += 60
    return [(at - start, nodes) for at, nodes in seat.groups]


async def test_each_hour_has_an_owner_and_a_cohort_at_moments_of_its_own() -> None:
    leased = [key("node 5")]
    groups = await asked(leased)
    assert len(groups) == 2 * 3
    by_hour = [[(at % HOUR, nodes) for at, nodes in groups if at // HOUR == hour] for hour in range(3)]
    assert {len(hour) for hour in by_hour} == {2}
    assert len({at for hour in by_hour for at, _ in hour}) > 1
    for hour in by_hour:
        of_one_owner = [nodes for _, nodes in hour if len({OWNERS[node] for node in nodes}) == 1]
        assert len(of_one_owner) == 1
        # Neither the leased node nor the one that is not in the market is asked.
        assert max(len(nodes) for _, nodes in hour) == 18
    assert not {key("node 5"), key("node 3")} & {node for _, nodes in groups for node in nodes}


async def test_nobody_is_asked_while_it_is_not_known_who_is_leased() -> None:
    assert await asked(None) == []


class Absent:
    """Nodes' agents that are not there; they remember who was to be kept."""

    def __init__(self) -> None:
        self.reserved: list[bytes] = []

    async def reserve(self, node: bytes) -> None:
        self.reserved.append(node)
        raise NodeUnreachable("nobody is there")


async def test_a_node_that_is_leased_between_two_rounds_is_not_judged(tmp_path: Path) -> None:
    chain, agents, journal = Chain(), Absent(), Journal(tmp_path / "journal.sqlite3")
    challenger = Challenger(chain, agents, FileStore(tmp_path / "store"), journal, Policy(), lambda _: None)  # type: ignore[arg-type]
    leased: list[bytes] = []

    class Later(NumberChallenges):
        """Has its next round at once, when the node is leased."""

        async def _pause(self, since: int) -> None:
            leased.append(key("node 1"))

    seat = Later(chain, agents, challenger, journal, Policy(), list, lambda: leased)  # type: ignore[arg-type]
    verdicts = await seat.count([key("node 1"), key("node 2")])
    assert {node: verdict.reason for node, verdict in verdicts.items()} == {
        key("node 2"): Reason.UNANSWERED,
    }
    assert [item[0] for item in journal.verdicts(0, 2**40)] == [key("node 2")]


async def test_each_of_several_nodes_that_take_no_part_has_a_verdict(tmp_path: Path) -> None:
    """At the same second, and nothing is known of either: an owner may have one device for all of them."""
    chain, agents, journal = Chain(), Absent(), Journal(tmp_path / "journal.sqlite3")
    challenger = Challenger(chain, agents, FileStore(tmp_path / "store"), journal, Policy(), lambda _: None)  # type: ignore[arg-type]

    class Soon(NumberChallenges):
        async def _pause(self, since: int) -> None:
            pass

    seat = Soon(chain, agents, challenger, journal, Policy(), list, list)  # type: ignore[arg-type]
    nodes = [key(f"node {number}") for number in (1, 2, 4)]
    await seat.count(nodes)
    kept = {node: reason for node, _, reason, _ in journal.verdicts(0, 2**40)}
    assert kept == dict.fromkeys(nodes, ProofReason.UNANSWERED)


@pytest.mark.parametrize(
    ("kind", "error"), [("leased", NodeUnreachable), ("not-reserved", NodeUnreachable), ("tired", ProofError)]
)
async def test_a_node_that_is_leased_or_anothers_after_its_commitment_has_answered_nothing_wrong(
    kind: str, error: type[Exception]
) -> None:
    class Device:
        async def ask(self, device: bytes, *_: object, **more: object) -> None:
            raise Refused(kind, "it serves a job")

    async def device_of(node: bytes) -> bytes:
        return node

    agents = RemoteAgents(Device(), device_of)  # type: ignore[arg-type]
    with pytest.raises(error):
        await agents.open(key("node 1"), bytes(32), [0], bytes(32))


async def test_a_node_that_answers_this_seat_something_else_is_waited_for() -> None:
    chain, agents, nothing = Chain(), Absent(), None
    challenger = Challenger(chain, nothing, nothing, nothing, Policy(), lambda _: None)  # type: ignore[arg-type]
    seat = NumberChallenges(chain, agents, challenger, nothing, Policy(), list, list)  # type: ignore[arg-type]
    nodes = [key("node 1"), key("node 2")]
    views = {node: await chain.node(node) for node in nodes}
    asked = {node: _Asked(view) for node, view in views.items() if view is not None}
    async with challenger.alone(nodes[1]):
        asking = asyncio.create_task(seat._round(asked))
        for _ in range(20):
            await asyncio.sleep(0)
        assert agents.reserved == []
    assert await asking == set()
    assert set(agents.reserved) == set(nodes)
    assert not any(challenger.alone(node).locked() for node in nodes)
