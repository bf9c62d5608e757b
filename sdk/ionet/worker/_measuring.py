"""Measures what lies between two nodes, through a gateway's pipe; both sign it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, NoReturn

import httpx
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.chain.rpc.tls import tls
from ionet.overlay import APART, Measurement, MeasurementError
from ionet.wire._link import PIPE, gateway_name
from ionet.worker._piping import NoPipe, at_most, open_pipe

#: Round trips, bytes of each half of one, and bytes of what is sent in each direction at most.
_TRIPS: Final = 16
_HALF: Final = 16
_BLOCK: Final = 64 << 10
_BLOCKS: Final = 64
#: Seconds for which bytes are sent at most, and for all of it.
_SENDING: Final = 3.0
_WHOLE: Final = 40.0
_PATIENCE: Final = 20.0
_LINE: Final = 4_096
#: Bytes of what a gateway tells of links.
_ANSWER: Final = 64 << 20
_MORE: Final = b"\x01"
_LAST: Final = b"\x00"


#: What the lines of the other end, or of the gateway, can lead to.
_BROKEN: Final = (
    OSError,
    httpx.HTTPError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)
#: Letters of what is told of that.
_WORDS: Final = 500


class NotMeasured(IonetError):
    """The two nodes have no statement of each other; the message says why."""


@dataclass(frozen=True, slots=True)
class Links:
    """What a node needs to measure.

    Attributes:
        device: its key.
        node: its address, 32 bytes.
        gateways: URLs of the gateways that it goes to, ``https://…``, and to no others.
        now: the chain's time, Unix seconds.
    """

    device: Keypair
    node: bytes
    gateways: Sequence[str]
    now: Callable[[], int]

    async def measure(self, other: bytes, url: str) -> Measurement:
        """Measures with another device that does so at the same time, and has the gateway keep the outcome.

        Args:
            other: its key, 32 bytes.
            url: the gateway's; one of this node's.

        Raises:
            NotMeasured: the other did not come, or does not sign what this one has measured.
        """
        if url not in self.gateways:
            raise NotMeasured(f"{url[:200]} is none of this node's gateways")
        try:
            async with asyncio.timeout(_WHOLE):
                return await self._measured(other, url)
        except TimeoutError:
            raise NotMeasured(f"it took longer than {_WHOLE:.0f} s") from None
        except _BROKEN as bad:
            raise NotMeasured(f"the pipe at {url} broke: {bad!r}"[:_WORDS]) from None

    async def _measured(self, other: bytes, url: str) -> Measurement:
        path = f"{PIPE}{Pubkey(other)}/{Pubkey(self.node)}"
        async with httpx.AsyncClient(verify=tls(), timeout=_PATIENCE, follow_redirects=False) as client:
            try:
                reader, writer = await open_pipe(self.device, url, path, client)
            except NoPipe as bad:
                raise NotMeasured(str(bad)) from None
            try:
                said = await _Exchange(
                    self.device, other, gateway_name(url), self.now(), reader, writer
                ).run()
            finally:
                writer.close()
                with contextlib.suppress(OSError, ssl.SSLError):
                    await writer.wait_closed()
            said.verify()
            if said.first == bytes(self.device.pubkey()):
                async with client.stream("PUT", f"{url}/links", json=said.to_dict()) as answer:
                    answer.raise_for_status()
            return said


class _Exchange:
    """One measurement; both sides run it, and the lower key begins.

    Args:
        device: this side's key.
        other: the other's, 32 bytes.
        by: the gateway's name.
        at: the chain's time.
        reader: from the other.
        writer: to the other.
    """

    def __init__(
        self,
        device: Keypair,
        other: bytes,
        by: str,
        at: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._device, self._own, self._other = device, bytes(device.pubkey()), other
        self._by, self._at, self._reader, self._writer = by, at, reader, writer
        self._transcript = sha256()
        #: Whether what was received last began with its proof.
        self._proven = False

    async def run(self) -> Measurement:
        """Returns what both have signed.

        Raises:
            NotMeasured: the other says something else than was measured here.
        """
        return await (self._first() if self._own < self._other else self._second())

    async def _first(self) -> Measurement:
        trips = []
        for _ in range(_TRIPS):
            asked, began = os.urandom(_HALF), time.perf_counter_ns()
            self._writer.write(asked)
            answered = await self._reader.readexactly(_HALF)
            trips.append(time.perf_counter_ns() - began)
            self._transcript.update(asked + answered)
        trip, began = int(statistics.median(trips)), time.perf_counter_ns()
        count = await self._send()
        back, came = await self._receive(self._transcript.digest())
        its = await self._line()
        forth = (int(its["bytes"]), int(its["nanoseconds"]))
        # It sends when it has received all: until its first block was here, which took its time as well.
        seen = came - began - trip - back[1] * (_BLOCK + 1) // back[0]
        if not self._proven:
            await self._refuse("the other has sent before it had received all, or something else")
        if min(forth) < 1 or forth[0] > count or not _is_possible(forth[1], seen):
            await self._refuse("the other says that it has received more, or faster, than this node has sent")
        said = Measurement(
            self._own,
            self._other,
            self._by,
            max(1, trip // 1_000),
            forth,
            back,
            self._at,
            self._transcript.digest(),
        )
        said = replace(said, signatures=(bytes(self._device.sign_message(said.text)), bytes(64)))
        self._tell(said.to_dict())
        its = await self._line()
        if "refused" in its:
            raise NotMeasured(f"the other node does not sign: {str(its['refused'])[:300]}")
        return replace(said, signatures=(said.signatures[0], bytes.fromhex(its["signature"])))

    async def _second(self) -> Measurement:
        trips, sent_at = [], 0
        for _ in range(_TRIPS):
            asked = await self._reader.readexactly(_HALF)
            if sent_at:
                trips.append(time.perf_counter_ns() - sent_at)
            answered, sent_at = os.urandom(_HALF), time.perf_counter_ns()
            self._writer.write(answered)
            self._transcript.update(asked + answered)
        forth, _ = await self._receive()
        began = time.perf_counter_ns()
        count = await self._send(self._transcript.digest())
        self._tell({"bytes": forth[0], "nanoseconds": forth[1]})
        its = await self._line()
        if "refused" in its:
            raise NotMeasured(f"the other node does not sign: {str(its['refused'])[:300]}")
        said = Measurement.from_dict(its)
        took = time.perf_counter_ns() - began
        expected = Measurement(
            self._other, self._own, self._by, said.round_trip, forth, said.back, said.at,
            self._transcript.digest(), said.signatures,
        )  # fmt: skip
        why = None
        if said != expected or not said.signed_by(self._other):
            why = "it is not what this node has received"
        elif not _is_like(said.round_trip, int(statistics.median(trips)) // 1_000):
            why = "this node has measured another round trip"
        elif said.back[0] > count or said.back[1] > took or abs(said.at - self._at) > APART:
            why = "this node has sent other bytes, or at another time"
        elif not _is_possible(said.back[1], took - 1_000 * said.round_trip):
            why = "this node has not sent so fast"
        if why is not None:
            await self._refuse(why)
        signature = bytes(self._device.sign_message(said.text))
        self._tell({"signature": signature.hex()})
        await self._writer.drain()
        return replace(said, signatures=(said.signatures[0], signature))

    async def _refuse(self, why: str) -> NoReturn:
        """Tells the other that nothing is signed here.

        Raises:
            NotMeasured: always.
        """
        self._tell({"refused": why})
        await self._writer.drain()
        raise NotMeasured(f"nothing is signed here: {why}")

    async def _send(self, proof: bytes = b"") -> int:
        """Sends for some seconds, or so many bytes; returns how many.

        Args:
            proof: what the first block begins with: who has it has received all that was sent before.
        """
        began = time.monotonic()
        for number in range(_BLOCKS):
            last = number == _BLOCKS - 1 or time.monotonic() - began > _SENDING
            start = b"" if number else proof
            block = (_LAST if last else _MORE) + start + os.urandom(_BLOCK - len(start))
            self._transcript.update(block)
            self._writer.write(block)
            await self._writer.drain()
            if last:
                break
        return (number + 1) * (_BLOCK + 1)

    async def _receive(self, proof: bytes = b"") -> tuple[tuple[int, int], int]:
        """Returns the bytes that came after the first block, and the nanoseconds in which they did; and when.

        Of one block alone: its own, from the moment on when it was waited for. When: the moment at which the
        first block was here, nanoseconds of this process.
        """
        began, since, count = time.perf_counter_ns(), 0, 0
        for _ in range(_BLOCKS):
            block = await self._reader.readexactly(_BLOCK + 1)
            came = time.perf_counter_ns()
            self._transcript.update(block)
            self._proven = self._proven if since else block.startswith(proof, 1)
            if since:
                count += len(block)
            if block[:1] == _LAST:
                if count:
                    return (count, max(1, came - since)), since
                return (len(block), max(1, came - began)), came
            since = since or came
        raise NotMeasured("the other node sends without an end")

    def _tell(self, values: dict[str, Any]) -> None:
        self._writer.write(json.dumps(values).encode() + b"\n")

    async def _line(self) -> dict[str, Any]:
        """Reads an object.

        Raises:
            ValueError: it is none.
        """
        line = await self._reader.readuntil(b"\n")
        value = json.loads(line) if len(line) <= _LINE else None
        if not isinstance(value, dict):
            raise ValueError("expected a short JSON object")
        return value


def _is_like(said: int, own: int) -> bool:
    """Whether two medians of the same round trips can be: within a factor of two and some milliseconds."""
    return own // 2 - 5_000 <= said <= 2 * own + 5_000


def _is_possible(said: int, seen: int) -> bool:
    """Whether a receiver's nanoseconds can be, beside the sender's: a quarter and 250 ms less at least.

    What is on its way, in buffers, and a busy machine make the sender's longer; nothing makes them shorter.
    """
    return 4 * said + 250_000_000 >= seen


async def measured_at(url: str, devices: Sequence[bytes]) -> list[Measurement]:
    """What a gateway knows of the links among some devices; only what both nodes have signed.

    Args:
        url: the gateway's, ``https://…``.
        devices: their keys, 32 bytes each, at most 256.

    Raises:
        httpx.HTTPError: it does not answer.
        ValueError: its answer cannot be read.
    """
    body = {"devices": [str(Pubkey(device)) for device in devices]}
    async with (
        httpx.AsyncClient(verify=tls(), timeout=20.0, follow_redirects=False) as client,
        client.stream("POST", f"{url}/links/find", json=body) as answer,
    ):
        answer.raise_for_status()
        data = await at_most(answer, _ANSWER)
    try:
        value = json.loads(data)
    except RecursionError:
        raise ValueError("the gateway's answer is nested too deep") from None
    told = value.get("measured") if isinstance(value, dict) else None
    if not isinstance(told, list):
        raise ValueError("the gateway answers without measurements")
    known = []
    for item in told:
        try:
            said = Measurement.from_dict(item)
            said.verify()
        except MeasurementError:
            continue
        known.append(said)
    return known
