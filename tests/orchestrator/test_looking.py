"""What fails in one look is done again in the next; what runs beside ends with the looks."""

from __future__ import annotations

import asyncio

import pytest

from ionet.orchestrator._chain import ChainError
from ionet.orchestrator._looking import Looking, in_turn


class Looks(Looking[int]):
    """Fails as it is told, look by look, and begins a question in its first one."""

    def __init__(self, *failures: Exception | None) -> None:
        super().__init__("nothing is asked")
        self.failures = list(failures)
        self.asked: asyncio.Task[None] | None = None

    async def look(self) -> None:
        if self.asked is None:
            self.asked = self._under_way[0] = asyncio.create_task(asyncio.sleep(60))
        failure = self.failures.pop(0)
        if failure is not None:
            raise failure


async def test_a_look_that_fails_is_followed_by_the_next_and_said(caplog: pytest.LogCaptureFixture) -> None:
    looks = Looks(ChainError("away"), OSError("full"), None, LookupError("a fault of ours"))
    with pytest.raises(LookupError):
        await looks.run(0)
    assert looks.failures == []
    assert [record.getMessage() for record in caplog.records] == [
        "nothing is asked: away",
        "nothing is asked: full",
    ]
    assert looks.asked is not None
    assert looks.asked.cancelled()


def test_each_node_is_the_last_of_an_hour_by_chance_and_none_in_all() -> None:
    nodes = [bytes([number, *bytes(31)]) for number in (250, 251, 252, 253, 10, 200)]
    orders = [in_turn(nodes, bytes([lot, *bytes(31)])) for lot in range(256)]
    assert all(sorted(order) == sorted(nodes) for order in orders)
    assert {order[-1] for order in orders} == set(nodes)
    assert in_turn(nodes, nodes[1])[0] == nodes[1]
    assert in_turn([], bytes(32)) == []
