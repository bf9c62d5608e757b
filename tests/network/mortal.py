"""A gateway that a bomb kills at one of its effects, for the crash tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from tests.network.site import Gateway
from tests.orchestrator.killed import Bomb, Wired

from ionet.wire import Kind, Message


class Named:
    """Names messages by what they ask, and answers by what they answer."""

    def __init__(self) -> None:
        self._asked: dict[bytes, str] = {}

    def name(self, data: bytes) -> str:
        message = Message.from_bytes(data)
        if message.kind is Kind.ANSWER:
            return f"answer-{self._asked[message.context]}"
        method = self._asked[message.digest] = str(message.arguments["method"])
        return f"pass-{method}"


def wire(gateway: Gateway, bomb: Bomb) -> None:
    """Has a bomb kill a gateway that has been started: all its connections break, and it does nothing more.

    Its effects are whom it admits, which message it passes on, and what it does to its files.
    """
    hub, doors, keeper = gateway.hub, gateway.service.doors, gateway.service.keeper
    assert doors is not None
    assert keeper is not None
    loop, here, named = asyncio.get_running_loop(), threading.get_ident(), Named()

    def cut() -> None:
        doors.enter = lambda transport: transport.abort()  # type: ignore[method-assign]
        doors.close()

    def went() -> None:
        if threading.get_ident() == here:
            cut()
        else:
            loop.call_soon_threadsafe(cut)

    def effect(real: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            what = name(*arguments)
            bomb.tick(f"before {what}")
            answer = real(*arguments)
            bomb.tick(f"after {what}")
            return answer

        return call

    bomb.went = went
    hub._join = effect(hub._join, lambda *_: "admit")  # type: ignore[method-assign]
    hub._queue = effect(hub._queue, lambda peer, data, sender: named.name(data))  # type: ignore[method-assign]
    keeper._ledger = Wired(keeper._ledger, bomb, "open", "adding", "finish")  # type: ignore[assignment]
    keeper._backend = Wired(keeper._backend, bomb, "read", "add")
