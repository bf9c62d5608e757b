"""What nodes and the store say of jobs: logs, results, files; asked for with the wallet's access key."""

from __future__ import annotations

import asyncio
import codecs
import time
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import AsyncClient
from ionet.cloud import AsyncRun, NotRun, RunUnreachable, Verdict
from ionet.console._config import ConsoleConfig
from ionet.console._uploads import Full
from ionet.executor import StoredOutput
from ionet.explorer._market import Absent
from ionet.formats.text import printable
from ionet.jobs.receipt import JobHistory

#: Connections that are kept, and for how many seconds nobody has to ask by them.
_MOST: Final = 64
_IDLE: Final = 120.0


class _Enough(Exception):
    """The answer is full."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a log.

    Attributes:
        text: what prints of it.
        next: the byte that the next part begins with.
        grows: whether there is or may be more.
        why: why there is none yet; empty: there is.
    """

    text: str
    next: int
    grows: bool
    why: str = ""


@dataclass(slots=True)
class _Open:
    run: AsyncRun
    used: float


class Runs:
    """Connections to the nodes of jobs that somebody looks at.

    Args:
        config: of the console.
        client: of the chain's node.
        ledger: knows jobs of long ago, or None.
    """

    def __init__(self, config: ConsoleConfig, client: AsyncClient, ledger: JobHistory | None) -> None:
        self._config, self._client, self._ledger = config, client, ledger
        self._runs: OrderedDict[tuple[Pubkey, Pubkey], _Open] = OrderedDict()
        self._opening = asyncio.Lock()
        #: Bytes of files on their way.
        self._passing = 0

    async def close(self) -> None:
        """Ends all."""
        for kept in list(self._runs.values()):
            await kept.run.__aexit__(None, None, None)
        self._runs.clear()

    async def run(self, job: Pubkey, key: Keypair) -> AsyncRun:
        """A job's run, by an access key."""
        now, name = time.monotonic(), (job, key.pubkey())
        async with self._opening:
            kept = self._runs.get(name)
            if kept is None:
                run = AsyncRun(
                    self._client,
                    self._config.gateway,
                    job,
                    key=key,
                    insecure=self._config.insecure,
                    ledger=self._ledger,
                )
                kept = self._runs[name] = _Open(await run.__aenter__(), now)
            kept.used = now
            self._runs.move_to_end(name)
            while len(self._runs) > _MOST or next(iter(self._runs.values())).used < now - _IDLE:
                _, oldest = self._runs.popitem(last=False)
                await oldest.run.__aexit__(None, None, None)
        return kept.run

    async def log(self, job: Pubkey, key: Keypair, start: int) -> Part:
        """A part of a job's log, from a byte on."""
        run, raw = await self.run(job, key), bytearray()

        def take(part: bytes) -> None:
            raw.extend(part)
            if len(raw) >= self._config.limits.part:
                raise _Enough

        try:
            grows = await run.log(take, start)
        except _Enough:
            grows = True
        except RunUnreachable as bad:
            return Part("", start, True, str(bad))
        except NotRun as bad:
            return Part("", start, False, str(bad))
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(bytes(raw), final=not grows)
        # A letter that has come in part comes whole with the next part.
        left = len(decoder.getstate()[0])
        return Part(printable(text.replace("\t", "    "), lines=True), start + len(raw) - left, grows)

    async def verdict(self, job: Pubkey, key: Keypair) -> Verdict:
        """How the program ended.

        Raises:
            RunUnreachable: that is not known yet.
            NotRun: it has ended without a result.
        """
        return await (await self.run(job, key)).result()

    def hold(self, size: int, folder: object) -> None:
        """Takes room for a file until its folder is no more.

        Raises:
            Full: so much is on its way already: nodes say how large files are, and strangers ask for them.
        """
        if self._passing + size > self._config.limits.fetched:
            raise Full(
                "too much is being fetched at present; try again in some minutes, or by ionet job fetch"
            )
        self._passing += size
        weakref.finalize(folder, self._let_go, size)

    def _let_go(self, size: int) -> None:
        self._passing -= size

    async def file(
        self, job: Pubkey, key: Keypair, digest: str, folder: TemporaryDirectory[str]
    ) -> StoredOutput:
        """Fetches one of a job's files.

        Args:
            job: its address.
            key: the access key.
            digest: hex sha256 of the file.
            folder: in which it becomes `file`.

        Raises:
            Absent: the job has left no such file.
            Full: there is no room for it.
            StoreError: the store does not have it now.
        """
        run = await self.run(job, key)
        verdict = await run.result()
        for output in verdict.outputs:
            if output.sha256.hex() == digest:
                self.hold(output.size, folder)
                await run._store.get(output.sha256, Path(folder.name) / "file", most=output.size)
                return output
        raise Absent("the job has left no such file")
