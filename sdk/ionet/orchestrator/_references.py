"""By what speeds a seat judges classes: the chain's, which a proposal changes, or else a table of its own."""

from __future__ import annotations

from collections.abc import Iterable

from ionet.prover import Reference, residency
from ionet.staking.references import ClassAccount, with_the_chains
from ionet.staking.speeds import Speeds


class ClassReferences:
    """The references of classes; they change while a process runs.

    Args:
        own: the seat's table, for classes of which the chain says nothing.

    Attributes:
        products: how fast classes answer with products, by the class's number, in any sizes.
        memories: the same for chains of reads.
    """

    def __init__(self, own: Speeds) -> None:
        self._own = own
        self._digest = b""
        self.products: dict[int, tuple[Reference, ...]] = {}
        self.memories: dict[int, tuple[residency.Reference, ...]] = {}
        self.take(())

    def take(self, classes: Iterable[ClassAccount]) -> bool:
        """Takes what the chain says; returns whether it is something else than before.

        Args:
            classes: all there are.
        """
        speeds = with_the_chains(self._own, classes)
        if speeds.digest == self._digest:
            return False
        self._digest = speeds.digest
        self.products.clear()
        self.memories.clear()
        for item in speeds.classes:
            self.products[item.class_id] = tuple(
                Reference(speed.m, speed.k, speed.nanoseconds, speed.slack_bps, speed.grace_ns)
                for speed in item.rate
            )
            self.memories[item.class_id] = tuple(
                residency.Reference(
                    residency.Sizes(speed.blocks, speed.rounds, speed.chains, speed.reads),
                    speed.nanoseconds,
                    speed.slack_bps,
                    speed.grace_ns,
                )
                for speed in item.memory
            )
        return True
