"""What can go wrong between a program and its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError


class PackingError(IonetError):
    """A program cannot be packed; the message says which file is the reason, and what would be right."""


class NoNode(IonetError):
    """No node can be booked as wished; the message names the nearest, and what it lacks."""


class NotEnough(IonetError):
    """The renter has less than the deposit; the message says how much of both."""


class ClusterFileError(IonetError, ValueError):
    """A cluster file cannot be used; the message names its line, what it says, and what would be right."""


class BudgetTooSmall(IonetError):
    """Nodes cost more than the renter's budget; the message says for how long it would last.

    Attributes:
        lasts: that time in seconds; 0 if it is not enough for the shortest booking.
    """

    def __init__(self, text: str, lasts: int) -> None:
        super().__init__(text)
        self.lasts = lasts


class NoCluster(IonetError):
    """There is no such cluster, or it has ended; the message says which there are."""


class NotCancelled(IonetError):
    """A command of a cluster is not ended by this; the message says why."""


class CannotResize(IonetError):
    """A cluster cannot have so many nodes; the message says why, and what would be right."""


class CannotWatch(IonetError):
    """A cluster is not to be ended when it is idle; the message says how one is booked that is."""


class SetupFailed(IonetError):
    """A cluster's setup failed on a node; the cluster is there."""


class VolumeError(IonetError):
    """A volume cannot be used so; the message says what is wrong, and what would be right."""


class NoVolume(VolumeError):
    """There is no such volume; the message says which there are."""


class NotRun(IonetError):
    """A job's program was not run to an end, and will not be: it has no result.

    Attributes:
        job: its address.
        refused: whether its node has refused it, and the job still waits.
    """

    def __init__(self, job: Pubkey, why: str, *, refused: bool = False) -> None:
        super().__init__(f"job {job} {why}")
        self.job, self.refused = job, refused


class RunUnreachable(IonetError):
    """A result is not there yet, or cannot be had now; asking again later may help."""


class ResultError(IonetError):
    """A result cannot be read, or is not the one that it should be."""


class OutputsRefused(IonetError):
    """Some of a program's files cannot be put where they belong; the others were fetched.

    Attributes:
        refused: their names, made printable, and why.
        files: where the others are.
    """

    def __init__(self, refused: Sequence[tuple[str, str]], files: Sequence[Path]) -> None:
        shown = "; ".join(f"{name}: {why}" for name, why in refused[:5])
        more = f"; and {len(refused) - 5} more" if len(refused) > 5 else ""
        super().__init__(f"{len(refused)} of the program's files were not fetched: {shown}{more}")
        self.refused, self.files = tuple(refused), tuple(files)


class NoAccess(IonetError):
    """There is no way into a cluster's box now; the message says why."""


class NotCopied(IonetError):
    """A file or folder cannot be copied; the message says why."""


class RayDiffers(IonetError):
    """This process's Ray cannot be a client of a cluster's; the message says what would do."""
