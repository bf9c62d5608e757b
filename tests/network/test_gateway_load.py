"""What one more agent costs a gateway, by the bench of 5,000 with fewer of them: never by the time of day."""

from __future__ import annotations

from typing import Final

import pytest
from bench import gateway as bench

from ionet.formats.when import MINUTE

#: What the first of them cost is the gateway's own, such as what it imports when somebody comes.
FEW: Final = 60
AGENTS: Final = 200
#: Of whom one core and 1 GiB have to be enough, each asked once a minute.
PROMISED: Final = 5_000
#: What they may take of these here, a few times what they do: nobody has to be near the end to see a change.
MEMORY: Final = bench.ROOM / 2
CORE: Final = 0.06
#: Seconds by which processor time is known.
TICK: Final = 0.01


async def test_what_agents_cost_a_gateway_lets_5000_of_them_have_a_core_and_a_gibibyte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, seconds in (("SETTLED", 0.2), ("IDLE", 0.2), ("FLAT_OUT", 1.0)):
        monkeypatch.setattr(bench, name, seconds)
    server = bench.Served("gateway", AGENTS)
    try:
        few = await bench.measured(server, bench.Agent, FEW, seconds=1)
        many = await bench.measured(server, bench.Agent, AGENTS, seconds=1)
    finally:
        server.end()
    memory = few.memory + (PROMISED - FEW) * (many.memory - few.memory) / (AGENTS - FEW)
    # A question and its answer are two messages; both numbers are by the time that it was tried.
    core_seconds_a_question = 2 * (many.busy + TICK / bench.FLAT_OUT) / many.rate
    assert few.memory < memory < MEMORY
    assert PROMISED * core_seconds_a_question / MINUTE < CORE
