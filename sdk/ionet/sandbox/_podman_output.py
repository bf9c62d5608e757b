"""A program's output as podman shows it, while it runs and after."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from ionet.sandbox._podman import Podman

_BLOCK: Final = 1 << 16
#: Bytes that are read at once of a program that goes on.
_MOST: Final = 4 << 20
_DRAIN_SECONDS: Final = 30.0
_PAUSE: Final = 0.05


class Output:
    """Follows what a container prints.

    Args:
        podman: which podman.
        container: its name.
        since: the time from which on, as podman takes it; None for all that is still kept.

    Raises:
        OSError: podman cannot be started.
    """

    def __init__(self, podman: Podman, container: str, since: str | None = None) -> None:
        #: When it was asked, for another to go on.
        self.begun = datetime.now(UTC).isoformat()
        from_then = ("--since", since) if since else ()
        self._process = podman.open("logs", "--follow", *from_then, container)
        assert self._process.stdout is not None
        self._pipe = self._process.stdout
        os.set_blocking(self._pipe.fileno(), False)
        self.ended = False
        self._latest = b""

    @property
    def follows(self) -> bool:
        """Whether podman still waits for more of it."""
        return self._process.poll() is None

    def new(self, *, last: bool) -> Iterator[bytes]:
        """Yields what is new, a part of it if it is much; sets `ended` when podman has shown all.

        Args:
            last: whether the program has ended; then all that is left is waited for.
        """
        deadline = time.monotonic() + _DRAIN_SECONDS
        size = 0
        while last or size < _MOST:
            try:
                block = os.read(self._pipe.fileno(), _BLOCK)
            except BlockingIOError:
                if not last or time.monotonic() > deadline:
                    return
                time.sleep(_PAUSE)
                continue
            if not block:
                self.ended = True
                return
            size += len(block)
            self._latest = (self._latest + block)[-_BLOCK:]
            yield block

    def missed(self, kept: bytes) -> bytes:
        """Returns the end of what is kept that was not shown: podman may miss it where much is printed.

        Args:
            kept: all output that is still kept.
        """
        at = kept.rfind(self._latest)
        return kept if at < 0 else kept[at + len(self._latest) :]

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._pipe.close()
        self._process.wait()
