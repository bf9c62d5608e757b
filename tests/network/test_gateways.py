"""Several gateways: agents choose one by their key, whoever asks them is at all, and one may die."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.network.attacked import Attacked, Chain, echo, keypair, node_of, until

from ionet.chain.errors import IonetError
from ionet.wire import Answer, Peer, Request, Role, Unreachable
from ionet.wire import _link as link_module


async def asked(seat: Peer, agent: Peer, number: int, seconds: float = 15.0) -> Answer:
    """Asks until it is answered, as whoever asks does: requests may be repeated."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await seat.ask(agent.address, "add", {"number": number}, seconds=3, presence=1)
        except Unreachable:
            assert time.monotonic() < deadline


async def test_when_a_gateway_dies_its_agents_go_to_another_and_nothing_is_lost(tmp_path: Path) -> None:
    chain, done = Chain(), Counter[tuple[bytes, int]]()

    def handler(device: bytes) -> object:
        async def add(request: Request) -> Answer:
            done[device, request.arguments["number"]] += 1
            await asyncio.sleep(0.01)
            return await echo(request)

        return add

    with Attacked(tmp_path / "1", chain) as first, Attacked(tmp_path / "2", chain) as second:
        urls = [first.peers, second.peers]
        async with AsyncExitStack() as stack:
            agents = []
            for number in range(12):
                device = chain.add(keypair(100 + number), Role.AGENT)
                agent = Peer(
                    device,
                    Role.AGENT,
                    [urls],
                    node=node_of(device),
                    handler=handler(bytes(device.pubkey())),  # type: ignore[arg-type]
                )
                agents.append(await stack.enter_async_context(agent))
            seats = [
                await stack.enter_async_context(
                    Peer(chain.add(keypair(number), Role.SEAT), Role.SEAT, [[url] for url in urls])
                )
                for number in (1, 2)
            ]
            for seat in seats:
                for agent in agents:
                    assert await seat.wait_for(agent.address, 60)
            # Each gateway has some of them.
            assert 2 <= first.hub.connected(Role.AGENT) <= 10
            assert first.hub.connected(Role.AGENT) + second.hub.connected(Role.AGENT) == 12

            async def asking(seat: Peer, agent: Peer) -> float:
                longest = 0.0
                for number in range(80):
                    start = time.monotonic()
                    answer = await asked(seat, agent, number)
                    assert answer.arguments["got"] == {"number": number}
                    longest = max(longest, time.monotonic() - start)
                    await asyncio.sleep(0.02)
                return longest

            work = [asyncio.create_task(asking(seats[0], agent)) for agent in agents]
            await asyncio.sleep(0.4)
            await asyncio.to_thread(first.kill)
            longest = max(await asyncio.gather(*work))
            assert longest < 6
            assert second.hub.connected(Role.AGENT) == 12
            # Every request was done, and only those again whose answers were lost.
            assert len(done) == 12 * 80
            assert sum(done.values()) < 12 * 80 + 24


async def test_agents_come_back_to_their_first_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "_HOME", 0.5)
    chain = Chain()
    device = chain.add(keypair(100), Role.AGENT)
    first, second = Attacked(tmp_path / "1", chain), Attacked(tmp_path / "2", chain)
    with first, second:
        urls = [first.peers, second.peers]
        async with Peer(device, Role.AGENT, [urls], node=node_of(device)) as agent:
            await until(lambda: first.hub.connected(Role.AGENT) + second.hub.connected(Role.AGENT) == 1)
            home, other = (first, second) if first.hub.connected(Role.AGENT) else (second, first)
            await asyncio.to_thread(home.__exit__)
            await until(lambda: other.hub.connected(Role.AGENT) == 1)
            home.__enter__()
            await until(lambda: home.hub.connected(Role.AGENT) == 1)
            await until(lambda: other.hub.connected(Role.AGENT) == 0)
            assert agent.connected


async def test_a_renter_finds_an_agent_at_whichever_gateway(tmp_path: Path) -> None:
    chain = Chain()
    with Attacked(tmp_path / "1", chain) as first, Attacked(tmp_path / "2", chain) as second:
        device, renter = chain.add(keypair(100), Role.AGENT), chain.add(keypair(5), Role.RENTER)
        urls = [first.peers, second.peers]
        async with (
            Peer(device, Role.AGENT, [urls], node=node_of(device), handler=echo) as agent,
            Peer(renter, Role.RENTER, [[url] for url in urls]) as asker,
        ):
            assert await asker.wait_connected(5)
            assert await agent.wait_connected(5)
            assert (await asked(asker, agent, 1)).arguments["got"] == {"number": 1}


async def test_concurrent_requests_over_several_gateways_reach_each_in_order(tmp_path: Path) -> None:
    """A gateway ends a connection whose numbers do not grow, however many requests go at once."""
    chain = Chain()
    with Attacked(tmp_path / "1", chain) as first, Attacked(tmp_path / "2", chain) as second:
        urls = [first.peers, second.peers]
        seat, other = chain.add(keypair(1), Role.SEAT), chain.add(keypair(2), Role.SEAT)
        async with (
            Peer(seat, Role.SEAT, [[url] for url in urls], handler=echo) as asker,
            Peer(other, Role.SEAT, [[url] for url in urls[::-1]], handler=echo) as answerer,
        ):
            await until(lambda: first.hub.connected(Role.SEAT) + second.hub.connected(Role.SEAT) == 4)

            async def ask(number: int) -> None:
                blob = bytes(number % 7 * 50_000)
                for _ in range(50):
                    try:
                        answer = await asker.ask(answerer.address, "echo", {"n": number}, blob, seconds=10)
                        break
                    except IonetError as bad:
                        # Four are answered at once, and 32 wait.
                        if "busy" not in str(bad):
                            raise
                        await asyncio.sleep(0.05)
                assert answer.blob == blob

            await asyncio.gather(*(ask(number) for number in range(120)))
            for gateway in (first, second):
                assert not gateway.hub.counters.dropped
