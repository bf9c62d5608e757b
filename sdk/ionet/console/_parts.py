"""What a console's answers come from."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, cast

import httpx
from fastapi import Depends, Request

from ionet import AsyncClient
from ionet.console._access import Access
from ionet.console._config import ConsoleConfig
from ionet.console._kept import Kept
from ionet.console._shelf import Shelf
from ionet.console._uploads import Uploads
from ionet.jobs.receipt import JobHistory
from ionet.service.signin import SignIns

if TYPE_CHECKING:
    from ionet.console._alerts import Alerts
    from ionet.console._paying import Cards
    from ionet.console._planning import Plans
    from ionet.console._reading import Runs
    from ionet.console._several import Several


@dataclass(slots=True)
class Parts:
    """A console's parts.

    Attributes:
        config: its settings.
        client: of the chain's node; it signs nothing.
        genesis: the chain's.
        signins: challenges and sessions.
        access: the keys by which it reads for wallets.
        kept: its database.
        uploads: files that are to be sent.
        plans: bookings that are prepared.
        several: clusters that are prepared, and those that were booked here.
        runs: connections to nodes.
        alerts: about wallets' nodes.
        explorer: says what nodes earned, or None.
        shelf: the market's listings.
        ledger: knows jobs of long ago, or None.
        cards: takes cards, or None.
        clock: Unix seconds.
    """

    config: ConsoleConfig
    client: AsyncClient
    genesis: str
    signins: SignIns
    access: Access
    kept: Kept
    uploads: Uploads
    plans: Plans
    several: Several
    runs: Runs
    alerts: Alerts
    explorer: httpx.AsyncClient | None = None
    shelf: Shelf = field(default_factory=Shelf)
    ledger: JobHistory | None = None
    cards: Cards | None = None
    clock: Callable[[], float] = time.time


def parts_of(request: Request) -> Parts:
    """The parts of the application that a request came to."""
    return cast("Parts", request.app.state.parts)


Have = Annotated[Parts, Depends(parts_of)]
