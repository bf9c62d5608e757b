"""A websocket with faults, and a node that lags: between a watch and the embedded network.

What goes wrong is drawn from a seed. Messages are cut off with their connection, late, repeated (at once, or
much later), swapped, or no longer sent at all; answers over HTTP are those of some time ago, as honest about
their slot as those of a node that lags.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self

from tests.faults import PASS, Asked, Mode
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import WebSocketException

from ionet import LocalNetwork


@dataclass(frozen=True, slots=True)
class Faults:
    """How often what goes wrong, of each message from the node.

    Attributes:
        cut: the connection ends, and what is on its way is gone.
        repeat: it comes twice, at once or behind later ones.
        swap: it comes behind the next one.
        late: it takes up to so many seconds.
        mute: nothing comes any more, and the connection stays.
        refuse: of connections: it is not made.
    """

    cut: float = 0.0
    repeat: float = 0.0
    swap: float = 0.0
    late: float = 0.0
    mute: float = 0.0
    refuse: float = 0.0


class SocketProxy:
    """Passes websockets on to a node, with faults.

    Attributes:
        url: where.
        happened: how often each fault did; and `opened` and `passed`.
    """

    def __init__(self, target: str, faults: Faults = Faults(), seed: int = 0) -> None:
        self.happened: Counter[str] = Counter()
        self.faults = faults
        self._target = target
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._open: set[ServerConnection] = set()
        self._server = self._loop.run_until_complete(self._listen())
        self.url = f"ws://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def _listen(self) -> Any:
        return await serve(self._pass, "127.0.0.1", 0, compression=None, close_timeout=0.1)

    def _happens(self, what: str) -> bool:
        if self._random.random() >= getattr(self.faults, what):
            return False
        self.happened[what] += 1
        return True

    async def _pass(self, client: ServerConnection) -> None:
        if self._happens("refuse"):
            client.transport.abort()
            return
        self.happened["opened"] += 1
        self._open.add(client)
        try:
            async with connect(self._target, compression=None, close_timeout=0.1) as node:
                back = asyncio.create_task(self._back(node, client))
                try:
                    async for text in client:
                        await node.send(text)
                finally:
                    back.cancel()
        except (WebSocketException, OSError):
            client.transport.abort()
        finally:
            self._open.discard(client)

    async def _back(self, node: Any, client: ServerConnection) -> None:
        """From the node to the client."""
        held: list[str] = []
        old: list[str] = []
        muted = False
        try:
            async for text in node:
                if not self._is_news(text):
                    await client.send(text)
                    continue
                muted = muted or self._happens("mute")
                if muted:
                    continue
                if self._happens("cut"):
                    client.transport.abort()
                    return
                if self.faults.late:
                    await asyncio.sleep(self._random.uniform(0, self.faults.late))
                if self._happens("swap"):
                    held.append(text)
                    continue
                old = [*old[-20:], text]
                again = [self._random.choice(old)] if self._happens("repeat") else []
                for one in (text, *held, *again):
                    self.happened["passed"] += 1
                    await client.send(one)
                held.clear()
        except (WebSocketException, OSError):
            pass
        client.transport.abort()

    @staticmethod
    def _is_news(text: str) -> bool:
        return "method" in json.loads(text)

    def cut(self) -> None:
        """Ends all connections."""

        def end() -> None:
            for one in self._open:
                one.transport.abort()

        self._loop.call_soon_threadsafe(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        async def end() -> None:
            self._server.close(close_connections=False)
            for one in tuple(self._open):
                one.transport.abort()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


#: Methods whose old answers a node that lags gives.
_ASKED_OF_THE_PAST: Final = frozenset(
    {
        "getAccountInfo",
        "getMultipleAccounts",
        "getProgramAccounts",
        "getSignatureStatuses",
        "getSignaturesForAddress",
        "getSlot",
        "getTransaction",
    }
)


def lagging(network: LocalNetwork, seed: int, often: float = 0.5, slots: int = 40) -> Mode:
    """A node of which some answers are those of up to `slots` slots ago."""
    source = random.Random(seed)
    before: dict[str, list[tuple[int, Any]]] = {}

    def mode(asked: Asked) -> Any:
        if asked.method not in _ASKED_OF_THE_PAST:
            return PASS
        params = [dict(one) if isinstance(one, dict) else one for one in asked.body["params"]]
        least = 0
        for one in params:
            if isinstance(one, dict):
                least = one.pop("minContextSlot", 0)
        now = network.clock.slot
        answers = before.setdefault(json.dumps([asked.method, params]), [])
        answers[:] = [(slot, answer) for slot, answer in answers if slot >= now - slots]
        if answers and source.random() < often:
            slot, answer = source.choice(answers)
            if slot < least:
                return asked.error(-32016, "Minimum context slot has not been reached")
            return {**answer, "id": asked.body["id"]}
        answer = asked.forward()
        if "result" in answer:
            answers.append((now, answer))
        return answer

    return mode


def until(done: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether something becomes true within some seconds."""
    over = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if done():
            return True
        over.wait(0.01)
    return done()
