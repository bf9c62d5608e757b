"""What a running orchestrator says of itself: `status.json` in its state directory, every few seconds.

The file is for people and their tools on the same machine. Nothing relies on it: the chain is what counts.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ionet import __version__
from ionet.chain.errors import IonetError
from ionet.chain.files import replace_secret
from ionet.worker._status import process_mark

STATUS_FILE: Final = "status.json"
#: The file is written at least this often, seconds.
WRITE_EVERY: Final = 5.0
#: After this many seconds without a word the process counts as hanging.
STALE_AFTER: Final = 60
_FORMAT: Final = 1


class StatusError(IonetError):
    """The file is there and cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """One connection.

    Attributes:
        url: the gateway's, without secrets.
        connected: whether it has welcomed this seat.
        problem: why not, or None.
    """

    url: str
    connected: bool
    problem: str | None


@dataclass(frozen=True, slots=True)
class OrchestratorStatus:
    """An orchestrator's process.

    Attributes:
        version: of the package.
        pid: its process.
        process: what tells it from a later one of the same number.
        started_at: Unix seconds by the machine's clock.
        written_at: Unix seconds by the machine's clock.
        address: the seat's key, base58.
        seat: its number in the attester set; None while it holds none.
        seats: how many seats have a key.
        payer: who pays the fees, base58.
        lamports: what the payer holds; None before it was read.
        chain_time: the chain's time as last read, Unix seconds; None before.
        behind: seconds by which that is behind the machine's clock.
        gateways: the connections.
        agents: how many nodes' agents are connected.
        jobs: how many jobs there are, by phase.
        waits: how many leases wait, by what they wait for.
        passed_at: when the last pass over all jobs ended, Unix seconds by the machine's clock.
        pass_seconds: how long it took.
        uploads: files that wait for their upload.
        report: number of the latest hour that this seat reported or approved; None before.
        problems: what the operator should know, by what it is about.
    """

    version: str
    pid: int
    process: str
    started_at: int
    written_at: int
    address: str
    seat: int | None
    seats: int
    payer: str
    lamports: int | None
    chain_time: int | None
    behind: int | None
    gateways: tuple[GatewayStatus, ...]
    agents: int
    jobs: Mapping[str, int]
    waits: Mapping[str, int]
    passed_at: int | None
    pass_seconds: float | None
    uploads: int
    report: int | None
    problems: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_this_process(cls, **values: Any) -> OrchestratorStatus:
        """Returns the status of this process, written now."""
        pid = os.getpid()
        return cls(
            version=__version__, pid=pid, process=process_mark(pid), written_at=int(time.time()), **values
        )

    def save(self, state: Path) -> None:
        """Replaces the file in a state directory, so that readers see the old or the new one, whole.

        Raises:
            OSError: it cannot be written.
        """
        document = {"format": _FORMAT, **asdict(self)}
        replace_secret(state / STATUS_FILE, json.dumps(document, indent=1) + "\n")

    @classmethod
    def load(cls, state: Path) -> OrchestratorStatus | None:
        """Reads the file in a state directory; None if no orchestrator has ever run there.

        Raises:
            StatusError: it cannot be read, or another version wrote it.
        """
        path = state / STATUS_FILE
        try:
            document: Any = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as bad:
            raise StatusError(f"{path} cannot be read: {bad.strerror}") from None
        except ValueError:
            raise StatusError(f"{path} is not JSON; it is written anew when an orchestrator runs") from None
        try:
            if document.pop("format") != _FORMAT:
                raise StatusError(f"{path} is of another version: update both to the same one")
            gateways = tuple(GatewayStatus(**gateway) for gateway in document.pop("gateways"))
            return cls(**document, gateways=gateways)
        except (AttributeError, KeyError, TypeError):
            raise StatusError(
                f"{path} is no orchestrator's status; it is written anew when it runs"
            ) from None

    def gone(self, now: float | None = None) -> str | None:
        """Returns why the process that wrote this does not run any more; None if it does.

        Args:
            now: Unix seconds by the machine's clock; by default now.
        """
        age = int((time.time() if now is None else now) - self.written_at)
        mine = process_mark(os.getpid())
        # Where the process has numbers of its own, as in a container, only its file tells.
        same_numbers = mine and self.process and mine.partition("/")[0] == self.process.partition("/")[0]
        if same_numbers and process_mark(self.pid) != self.process:
            return f"its process {self.pid} has ended"
        if age > STALE_AFTER:
            return f"it has not written its status for {age} s; the process {self.pid} may hang"
        return None
