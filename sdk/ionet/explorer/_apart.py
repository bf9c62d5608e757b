"""Processes of the explorer's own for work that would take answers their turn, lock or memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any, Final

_SERVE: Final = "import sys; from {module} import serve; serve(int(sys.argv[1]))"


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
                self._start()
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

    def _start(self) -> None:
        self._pipe, its = Pipe()
        try:
            # Nothing of the folder that it is started in is imported.
            command = (sys.executable, "-P", "-c", _SERVE.format(module=self._module), str(its.fileno()))
            self._process = subprocess.Popen(command, pass_fds=(its.fileno(),), stdin=subprocess.DEVNULL)
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
    os.nice(nice)
    with suppress(EOFError, OSError), Connection(number) as asked:
        while True:
            asked.send(answer(asked.recv()))
