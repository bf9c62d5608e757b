"""What a running worker says of itself: `status.json` in its state directory, written every few seconds.

The file is for people and their tools on the same machine. Nothing relies on it: the chain and the signed
samples are what counts.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import __version__
from ionet.chain.errors import IonetError
from ionet.chain.files import replace_secret

STATUS_FILE: Final = "status.json"
#: A worker writes at least this often, seconds.
WRITE_EVERY: Final = 10
#: After this many seconds without a word it counts as gone.
STALE_AFTER: Final = 60
_FORMAT: Final = 1


class StatusError(IonetError):
    """The file is there and cannot be used; the message says why."""


class Activity(StrEnum):
    """What a node is doing."""

    IDLE = "idle"
    PREPARING = "preparing"
    LEASED = "leased"
    ENDING = "ending"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node. Times are Unix seconds of the chain.

    Attributes:
        node: its address.
        device: its device's own id.
        state: what it is doing.
        since: since when, or None if that is not known.
        job: the job whose lease it serves, or None.
        samples: how many samples of this lease are signed and kept.
        good_samples: those of them that show nobody else on the device.
        last_sample_at: when the newest was taken.
        last_challenge_at: when a seat's compute challenge was last answered.
        last_challenge_ms: how long that took, milliseconds.
        log_bytes: size of the job's log.
        problems: what its owner should know, a sentence each.
    """

    node: Pubkey
    device: str
    state: Activity = Activity.IDLE
    since: int | None = None
    job: Pubkey | None = None
    samples: int = 0
    good_samples: int = 0
    last_sample_at: int | None = None
    last_challenge_at: int | None = None
    last_challenge_ms: int | None = None
    log_bytes: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker process. Make it with `of_this_process`.

    Attributes:
        version: of the package.
        pid: its process.
        process: what tells this process from a later one with the same number; see `process_mark`.
        started_at: Unix seconds by the machine's clock.
        written_at: Unix seconds by the machine's clock.
        gateway: URL of the gateway that it is connected to, without secrets, or None.
        connected_since: Unix seconds by the machine's clock, or None.
        nodes: its nodes.
        problems: what concerns all of them, a sentence each.
    """

    version: str
    pid: int
    process: str
    started_at: int
    written_at: int
    gateway: str | None = None
    connected_since: int | None = None
    nodes: tuple[NodeStatus, ...] = ()
    problems: tuple[str, ...] = ()

    @classmethod
    def of_this_process(
        cls,
        *,
        started_at: int,
        gateway: str | None = None,
        connected_since: int | None = None,
        nodes: tuple[NodeStatus, ...] = (),
        problems: tuple[str, ...] = (),
    ) -> WorkerStatus:
        """Returns the status of this process, written now."""
        return cls(
            version=__version__,
            pid=os.getpid(),
            process=process_mark(os.getpid()),
            started_at=started_at,
            written_at=int(time.time()),
            gateway=gateway,
            connected_since=connected_since,
            nodes=nodes,
            problems=problems,
        )

    def save(self, state: Path) -> None:
        """Replaces the file in a state directory, so that readers see the old or the new one, whole.

        Raises:
            OSError: it cannot be written.
        """
        document = {"format": _FORMAT, **asdict(self)}
        replace_secret(state / STATUS_FILE, json.dumps(document, default=str, indent=1) + "\n")

    @classmethod
    def load(cls, state: Path) -> WorkerStatus | None:
        """Reads the file in a state directory; None if no worker has ever run there.

        Raises:
            StatusError: it cannot be read, or another version of the worker wrote it.
        """
        path = state / STATUS_FILE
        try:
            document: Any = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as bad:
            raise StatusError(f"{path} cannot be read: {bad.strerror}") from None
        except ValueError:
            raise StatusError(f"{path} is not JSON; the worker writes it anew when it runs") from None
        try:
            if document.pop("format") != _FORMAT:
                raise StatusError(f"{path} is of another version of the worker: update both to the same one")
            nodes = tuple(_node(node) for node in document.pop("nodes"))
            problems = tuple(map(str, document.pop("problems")))
            return cls(**document, nodes=nodes, problems=problems)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise StatusError(f"{path} is not a worker's status; it is written anew when one runs") from None

    def gone(self, now: float | None = None) -> str | None:
        """Returns why the worker that wrote this does not run any more; None if it does.

        Args:
            now: Unix seconds by the machine's clock; by default now.
        """
        age = int((time.time() if now is None else now) - self.written_at)
        mine = process_mark(os.getpid())
        # Where the worker has process numbers of its own, as in a container, only its file tells.
        if mine and self.process and _namespace(mine) == _namespace(self.process):
            mark = process_mark(self.pid)
            if mark != self.process:
                return f"its process {self.pid} has ended"
        if age > STALE_AFTER:
            return f"it has not written its status for {age} s; the process {self.pid} may hang"
        return None


def _node(values: Mapping[str, Any]) -> NodeStatus:
    job = values["job"]
    return NodeStatus(
        **{
            **values,
            "node": Pubkey.from_string(values["node"]),
            "job": None if job is None else Pubkey.from_string(job),
            "state": Activity(values["state"]),
            "problems": tuple(map(str, values["problems"])),
        }
    )


def process_mark(pid: int) -> str:
    """Returns `<pid namespace>/<boot>/<begin>` of a process; empty if there is none, or no /proc.

    Numbers of processes come back; with the tick at which it began and the machine's boot they do not.
    """
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # The name of the process, in parentheses, may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return f"{namespace}/{boot}/{fields[19]}"
    except (OSError, IndexError):
        return ""


def _namespace(mark: str) -> str:
    return mark.partition("/")[0]
