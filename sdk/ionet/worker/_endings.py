"""What a renter has signed so that their cluster can end itself: kept beside the lease's record, and sent."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet.chain.files import replace_secret
from ionet.executor import FailureReason
from ionet.jobs.endings import Ending, read_ending
from ionet.wire import Refused
from ionet.worker._leases import Leased, NodeChain
from ionet.worker._record import Outcome

#: Transactions for a lease: two for each of as many nodes as a cluster has, and as many that came later.
MOST: Final = 1_024


class Endings:
    """The transactions that end a lease's jobs, in a file that only the worker reads.

    Args:
        folder: where it is.
        job: the lease's own job.
    """

    def __init__(self, folder: Path, job: bytes) -> None:
        self._path, self._job = folder / f"{job.hex()}.ends", job
        self._held: dict[tuple[bytes, bool], Ending] | None = None

    def take(self, given: Iterable[Ending], renter: bytes) -> None:
        """Keeps more of them; of the same job and kind the newest counts.

        Args:
            given: of jobs of the lease; see `read_endings`.
            renter: who has signed them, 32 bytes.

        Raises:
            ValueError: they are too many; nothing is kept.
            OSError: they cannot be kept.
        """
        held = {**self._all(), **{(ending.job, ending.stops): ending for ending in given}}
        if len(held) > MOST:
            raise ValueError(f"a cluster has at most {MOST} such transactions")
        texts = [b64encode(ending.raw).decode() for ending in held.values()]
        replace_secret(self._path, json.dumps({"renter": renter.hex(), "ends": texts}))
        self._held = held

    def _all(self) -> dict[tuple[bytes, bool], Ending]:
        if self._held is None:
            self._held = {}
            try:
                kept: Any = json.loads(self._path.read_bytes())
                read = read_endings(json.dumps(kept["ends"]).encode(), bytes.fromhex(kept["renter"]))
                self._held = {(ending.job, ending.stops): ending for ending in read}
            except (OSError, ValueError, KeyError, TypeError):
                # Nothing, or nothing that can be read: the cluster then ends when its renter says so.
                pass
        return self._held

    def __bool__(self) -> bool:
        return bool(self._all())

    @property
    def jobs(self) -> list[bytes]:
        """Whose ends are here, the lease's own last: with it this agent's part is over."""
        jobs = list(dict.fromkeys(job for job, _ in self._all()))
        return sorted(jobs, key=lambda job: job == self._job)

    def of(self, job: bytes, *, running: bool) -> bytes | None:
        """The transaction that ends a job that runs, or one that has not started."""
        ending = self._all().get((job, running))
        return None if ending is None else ending.raw

    def drop(self) -> None:
        """Forgets them."""
        self._held = {}
        self._path.unlink(missing_ok=True)


def read_endings(blob: bytes, renter: bytes) -> list[Ending]:
    """Reads transactions that end jobs of a renter's.

    Args:
        blob: a JSON array of transactions in base64.
        renter: who must have signed them, 32 bytes.

    Raises:
        ValueError: they are something else.
    """
    try:
        texts = json.loads(blob)
    except (ValueError, RecursionError):
        texts = None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("they are no JSON array of transactions in base64")
    if len(texts) > MOST:
        raise ValueError(f"a cluster has at most {MOST} such transactions")
    return [read_ending(b64decode(text, validate=True), renter) for text in texts]


async def check_together(chain: NodeChain, leased: Leased, jobs: set[bytes]) -> None:
    """Sees to it that jobs are of one lease: a node reads none of other leases because somebody says so.

    Args:
        chain: as the worker reads it.
        leased: a job of the lease.
        jobs: the addresses of all.

    Raises:
        Refused: one is not, or is not shown.
        IonetError: the chain cannot be read.
    """
    facts = await chain.lease(leased.job)
    members = () if facts is None else facts.members
    for job in jobs - {leased.job, *(member.job for member in members)}:
        # What has ended is no member any more.
        other = await chain.job(job)
        if other is None:
            raise Refused("no-such-job", f"the chain does not show the job {Pubkey(job)} now")
        if other.alone or other.cluster != leased.cluster:
            raise Refused("bad-ends", f"the job {Pubkey(job)} is not of the cluster that is to end it")


def nobody_uses(outcome: Outcome) -> bool:
    """Whether a held cluster's program has ended by itself, so that nothing will use its nodes any more.

    Where its renter has ended it, they end its jobs, too.
    """
    if outcome.reason is not None:
        return outcome.reason != FailureReason.OUT_OF_TIME.value
    return isinstance(outcome.value, dict) and bool(outcome.value.get("idle"))
