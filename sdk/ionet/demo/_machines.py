"""The suppliers' machines of a demo: a process each, with the device's worker, which can be switched off."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ionet.orchestrator._agents import NodeUnreachable
from ionet.worker import Device, DeviceKey, Worker

if TYPE_CHECKING:
    from ionet.prover import Challenge, Commitment, Opening
    from ionet.rewards import Statement
    from ionet.worker import Sample

#: The program of the process; it is told the number of its end of the pipe.
_RUN: Final = (
    "import sys; from multiprocessing.connection import Connection; from ionet.demo._machines import serve;"
    "serve(Connection(int(sys.argv[1])))"
)


class Machine:
    """A worker in a process of its own, which alone signs for its device from then on.

    Args:
        node: the node's address, 32 bytes.
        key: keypair file of the device.
        state: the worker's directory.
        device: what it serves.
    """

    def __init__(self, node: bytes, key: Path, state: Path, device: Device) -> None:
        self.node = node
        self._turn = threading.Lock()
        self._pipe, theirs = Pipe()
        with theirs:
            # A new interpreter: a copy of this process would hold all keys of the market.
            command = [sys.executable, "-c", _RUN, str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )
        self._pipe.send((node, key, state, device))

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def switch_off(self) -> int:
        """Kills the process, as a power cut would; returns the signal that has ended it."""
        self._process.kill()
        return -self._process.wait()

    def begin(self, job: bytes, roots: Iterable[int] = ()) -> None:
        """See `Worker.begin`."""
        self._call("begin", job, tuple(roots))

    def sample(self, at: int) -> Sample:
        """See `Worker.sample`."""
        sample: Sample = self._call("sample", at)
        return sample

    def samples(self, since: int = 0) -> tuple[Sample, ...]:
        """See `Worker.samples`."""
        samples: tuple[Sample, ...] = self._call("samples", since)
        return samples

    def commit(self, challenge: Challenge) -> Commitment[Challenge]:
        """See `Worker.commit`."""
        commitment: Commitment[Challenge] = self._call("commit", challenge)
        return commitment

    def open(self, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        """See `Worker.open`."""
        opening: Opening = self._call("open", root, rows, randomness)
        return opening

    def statement(self, **said: Any) -> Statement:
        """See `Worker.statement`."""
        statement: Statement = self._call("statement", **said)
        return statement

    def end(self, job: bytes | None = None) -> None:
        """See `Worker.end`."""
        self._call("end", job)

    def _call(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Has the process do something.

        Raises:
            NodeUnreachable: it has ended.
        """
        with self._turn:
            try:
                self._pipe.send((method, arguments, named))
                good, value = self._pipe.recv()
            except (EOFError, OSError) as error:
                raise NodeUnreachable(f"the process of the node {self.node.hex()} has ended") from error
        if not good:
            raise value
        return value


def serve(pipe: Connection) -> None:
    """Does what comes by the pipe, until its other end is gone."""
    # Whoever interrupts the demo interrupts its other processes, too: this one ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    node, key, state, device = pipe.recv()
    worker = Worker(node, DeviceKey.load(key), state, device=device)
    while True:
        try:
            method, arguments, named = pipe.recv()
        except EOFError:
            return
        try:
            answer = True, getattr(worker, method)(*arguments, **named)
        except Exception as error:  # whatever it is, whoever asked is told
            answer = False, error
        pipe.send(answer)
