"""What engines on leased nodes need of whoever leases the nodes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from ionet.intelligence.orders import Order


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine is.

    Attributes:
        url: of it.
        socket: of this machine, instead of the URL's host; None: there is none.
    """

    url: str
    socket: Path | None = None


#: How a lease stands: it goes on, or ends soon and another has to take its place, or there is none any more.
Standing = Literal["goes on", "ends", "gone"]


class Lease(Protocol):
    """A node that is leased."""

    @property
    def node(self) -> str:
        """Names it."""
        ...

    @property
    def memory(self) -> int:
        """Bytes that it gives."""
        ...

    @property
    def holds(self) -> frozenset[str]:
        """Models whose weights it has."""
        ...

    @property
    def rate(self) -> int:
        """Millionths of a dollar an hour."""
        ...

    def ordered(self, model: str) -> Order | None:
        """What the node was ordered to run for a model; None: nobody knows."""
        ...

    async def serve(self, model: str) -> Address:
        """Starts a model's engine, and returns where on this machine it is."""
        ...

    async def withdraw(self, model: str) -> None:
        """Ends a model's engine."""
        ...

    async def keep(self) -> Standing:
        """Has the lease go on while it is needed; returns how it stands."""
        ...

    async def end(self) -> None:
        """Ends the lease."""
        ...


class Lessor(Protocol):
    """Leases nodes."""

    async def left(self) -> Sequence[tuple[Lease, Sequence[tuple[str, Address]]]]:
        """What an earlier process has leased, with the models that run there."""
        ...

    async def lease(self, models: Sequence[str], most: int | None, without: Collection[str] = ()) -> Lease:
        """Leases a node, and waits until it is there.

        Args:
            models: whose weights it is sent; it is for the first of them.
            most: millionths of a dollar an hour; None: whatever it costs.
            without: nodes that are not to be leased.

        Raises:
            IonetError: there is none, or it could not be had.
        """
        ...
