"""Processes of the explorer's own for work that would take answers their turn, lock or memory."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from struct import Struct
from typing import Any, Final

_SERVE: Final = "import sys; from {module} import serve; serve(int(sys.argv[1]))"

#: Seconds that a process may go on with a question once it is told to end.
_ENDING: Final = 5.0
#: Before each message of a pipe, as `Connection` writes it.
_LENGTH: Final = Struct("!i")


class Gone(Exception):
    """The process has ended while it was asked, or could not be started."""


class Apart:
    """A process, started for the first question; one thread asks at a time.

    Args:
        module: whose function `serve` is given the number of the file that a pipe is; see `answers`.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Any = None

    def ask(self, question: object) -> Any:
        """What it answers.

        Args:
            question: can be pickled.

        Raises:
            Gone: there is no process; the next question starts one.
        """
        try:
            if self._pipe is None:
                self._pipe, its = Pipe()
                self._process = _started(self._module, its)
            self._pipe.send(question)
            return self._pipe.recv()
        except (EOFError, OSError) as bad:
            self.stop()
            raise Gone from bad

    @property
    def pid(self) -> int | None:
        """The process's number; None: there is none."""
        return None if self._process is None else self._process.pid

    def stop(self) -> None:
        """Ends it, once it has answered what it was asked."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.wait()
        self._process = self._pipe = None


class AsyncApart:
    """A process, started for the first question, that many tasks ask at the same time; it answers in turn.

    The next question is there before an answer is taken, so that it does not wait for this process.

    Args:
        module: see `Apart`.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._asked = 0
        self._begins = asyncio.Lock()
        self._reads: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many questions it has not answered yet."""
        return self._asked

    async def ask(self, question: object) -> Any:
        """What it answers; see `Apart.ask`."""
        self._asked += 1
        try:
            return await self._ask(pickle.dumps(question))
        finally:
            self._asked -= 1

    async def _ask(self, raw: bytes) -> Any:
        async with self._begins:
            if self._writer is None:
                try:
                    await self._begin()
                except OSError as bad:
                    raise Gone from bad
        assert self._writer is not None
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._writer.write(_LENGTH.pack(len(raw)) + raw)
        return await answer

    @property
    def pid(self) -> int | None:
        """The process's number; None: there is none."""
        return None if self._process is None else self._process.pid

    async def stop(self) -> None:
        """Ends it; a question that it works on has some seconds."""
        if self._reads is not None:
            self._reads.cancel()
            await asyncio.wait([self._reads])

    async def _begin(self) -> None:
        ours, its = socket.socketpair()
        self._process = _started(self._module, its)
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._reads = asyncio.create_task(self._read(reader, self._writer, self._process))

    async def _read(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, process: subprocess.Popen[bytes]
    ) -> None:
        try:
            while True:
                (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
                answer = pickle.loads(await reader.readexactly(length))  # noqa: S301  # of our own process
                if not (waits := self._waiting.popleft()).done():
                    waits.set_result(answer)
        except (EOFError, OSError):
            pass
        finally:
            waiting, self._waiting = self._waiting, deque()
            self._writer = self._process = self._reads = None
            for each in waiting:
                if not each.done():
                    each.set_exception(Gone())
            writer.close()
            await asyncio.shield(asyncio.to_thread(_ended, process))


def _ended(process: subprocess.Popen[bytes]) -> None:
    """Waits until a process has ended to which nobody listens any more; it may work on something long."""
    try:
        process.wait(_ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _started(module: str, its: Connection | socket.socket) -> subprocess.Popen[bytes]:
    """A process that is given one end of a pipe, which is closed here."""
    try:
        # Nothing of the folder that it is started in is imported.
        command = (sys.executable, "-P", "-c", _SERVE.format(module=module), str(its.fileno()))
        return subprocess.Popen(command, pass_fds=(its.fileno(),), stdin=subprocess.DEVNULL)
    finally:
        its.close()


def answers(number: int, answer: Callable[[Any], object], nice: int = 0) -> None:
    """Answers questions until nobody asks any more.

    Args:
        number: of the file that a pipe is.
        answer: to a question; what it raises ends the process.
        nice: how much less urgent it is than others.
    """
    # Whoever asks ends it, also where all processes of a service are told to end.
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.SIG_IGN)
    if nice:
        # Not by nothing: whoever may not change how urgent they are is ended for trying, too.
        os.nice(nice)
    with suppress(EOFError, OSError), Connection(number) as asked:
        while True:
            asked.send(answer(asked.recv()))
