"""Results of booking several nodes together."""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError, TransactionUnknown


@dataclass(frozen=True, slots=True)
class ClusterBooking:
    """Nodes that are booked together.

    Attributes:
        cluster: the cluster's account.
        jobs: in the order of the nodes.
        signatures: of the transactions that booked them.
    """

    cluster: Pubkey
    jobs: tuple[Pubkey, ...]
    signatures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancelledBooking:
    """A job that was cancelled because its cluster could not be booked completely.

    Attributes:
        job: its address.
        signature: of the transaction that cancelled and refunded it; None if that failed.
        error: why it is still booked, or None.
    """

    job: Pubkey
    signature: str | None
    error: str | None


class ClusterNotBooked(IonetError):
    """One of several nodes could not be booked, so the others were cancelled.

    Attributes:
        cluster: the cluster's account.
        nodes: those whose transaction failed.
        signatures: of the bookings that had landed.
        undone: the cancellations of those bookings.
        cause: why the booking failed.
    """

    def __init__(
        self,
        cluster: Pubkey,
        nodes: tuple[Pubkey, ...],
        signatures: tuple[str, ...],
        undone: tuple[CancelledBooking, ...],
        cause: Exception,
    ) -> None:
        failed = [f"{booking.job} ({booking.error})" for booking in undone if booking.error is not None]
        outcome = "nothing was booked"
        if failed:
            outcome = f"of {len(undone)} other jobs, {len(undone) - len(failed)} were cancelled and refunded"
            outcome += f", {len(failed)} may still be booked: {', '.join(failed)}; cancel cluster {cluster}"
        elif undone:
            outcome = f"the other {len(undone)} booked jobs were cancelled and refunded"
        names = ", ".join(map(str, nodes))
        super().__init__(f"the booking of {names} failed ({cause}); {outcome}")
        self.cluster = cluster
        self.nodes = nodes
        self.signatures = signatures
        self.undone = undone
        self.cause = cause

    @property
    def is_undone(self) -> bool:
        """Whether nothing is booked any more."""
        return all(booking.error is None for booking in self.undone)


class ClusterUnknown(TransactionUnknown):
    """Whether some of several nodes are booked is unknown; nothing was cancelled.

    Attributes:
        cluster: the cluster's account, which shows later what is booked.
        nodes: those that may or may not be booked.
        signatures: of the bookings that have landed.
        jobs: the jobs known to be booked.
    """

    def __init__(
        self,
        cluster: Pubkey,
        nodes: tuple[Pubkey, ...],
        signatures: tuple[str, ...],
        jobs: tuple[Pubkey, ...],
        unknown: TransactionUnknown,
    ) -> None:
        super().__init__(unknown.signature, seen=unknown.seen, cause=unknown.cause)
        standing = f"booked jobs: {', '.join(map(str, jobs))}" if jobs else "no other node is booked"
        names = ", ".join(map(str, nodes))
        self.args = (
            f"it is unknown whether {names} are booked in cluster {cluster} ({unknown}); {standing}",
        )
        self.cluster = cluster
        self.nodes = nodes
        self.signatures = signatures
        self.jobs = jobs
        self.last_valid_block_height = unknown.last_valid_block_height
