"""Registering a device: a seat challenges it over the gateway, and signs its registration."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Sequence
from hashlib import sha256
from types import TracebackType
from typing import Any, Final, TypeVar

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet import AsyncClient
from ionet.chain.errors import IonetError
from ionet.wire import Peer, Refused, Role, Unreachable
from ionet.wire._link import gateway_urls
from ionet.worker._challenges import Challenges
from ionet.worker._leases import ClientChain
from ionet.worker._worker import Worker

_CONNECTING: Final = 15.0
_SIGNING: Final = 300.0
T = TypeVar("T")


class NotEnlisted(IonetError):
    """No seat has signed; the message says why, and what to do."""


class Enlisting:
    """A device that is not registered yet, connected to gateways for as long as the context lasts.

    Args:
        worker: the device; its node is not on the chain yet.
        gateways: URLs, the preferred first.
        rpc: URL of a Solana node, to see who holds a seat.
        insecure: also reach gateways on other machines without TLS.
        context: for TLS.
    """

    def __init__(
        self,
        worker: Worker,
        gateways: Sequence[str],
        rpc: str,
        *,
        insecure: bool = False,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._worker = worker
        self._urls = [gateway_urls(url, insecure=insecure)[0] for url in gateways]
        self._rpc = rpc
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="enlisting", daemon=True)
        self._client: AsyncClient | None = None
        self._peer: Peer | None = None

    def __enter__(self) -> Enlisting:
        self._thread.start()
        try:
            self._run(self._connect(), _CONNECTING + 10)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop.is_running():
            self._run(self._close(), 30.0)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    async def _connect(self) -> None:
        self._client = AsyncClient.connect(self._rpc)
        challenges = Challenges(self._worker, ClientChain(self._client).is_seat)
        self._peer = Peer(
            self._worker.key.keypair,
            Role.AGENT,
            [self._urls],
            handler=challenges.handle,
            context=self._context,
        )
        await self._peer.__aenter__()
        if not await self._peer.wait_connected(_CONNECTING):
            raise NotEnlisted("; ".join(self._peer.problems) or "no gateway answers")
        for _ in range(50):
            if self._peer.present(Role.SEAT):
                return
            await asyncio.sleep(0.1)
        raise NotEnlisted("no attester is at the gateway now; try again later, or another gateway")

    async def _close(self) -> None:
        if self._peer is not None:
            await self._peer.__aexit__()
        if self._client is not None:
            await self._client.aclose()

    def seats(self) -> list[Pubkey]:
        """The seats that are at the gateway, in an order that differs from device to device."""
        assert self._peer is not None
        mine = bytes(self._worker.key.pubkey)
        keys = self._peer.present(Role.SEAT)
        return [Pubkey(key) for key in sorted(keys, key=lambda key: sha256(mine + key).digest())]

    def attester(self, seat: Pubkey, *, owner: Pubkey, class_id: int, fingerprint: bytes) -> RemoteAttester:
        """Returns the seat as a signer of this device's registration."""
        return RemoteAttester(self, seat, owner, class_id, fingerprint)

    def sign(
        self, seat: Pubkey, message: bytes, *, owner: Pubkey, class_id: int, fingerprint: bytes
    ) -> Signature:
        """Has the seat challenge the device and sign a message.

        Raises:
            NotEnlisted: it does not sign, with the reason.
        """
        assert self._peer is not None
        wanted = {"class": class_id, "fingerprint": fingerprint.hex(), "owner": str(owner)}
        asking = self._peer.ask(bytes(seat), "sign-registration", wanted, message, seconds=_SIGNING)
        try:
            answer = self._run(asking, _SIGNING + 10)
            signature = Signature.from_bytes(answer.blob)
        except Refused as bad:
            raise NotEnlisted(f"the attester {seat} does not sign: {bad}") from bad
        except (Unreachable, TimeoutError) as bad:
            raise NotEnlisted(f"the attester {seat} gave no answer: {bad}") from bad
        except ValueError:
            raise NotEnlisted(f"the attester {seat} answered with something else than a signature") from None
        if not signature.verify(seat, message):
            raise NotEnlisted(f"the attester {seat} answered with a signature of something else")
        return signature


class RemoteAttester:
    """A seat at the gateway, as a signer: it signs once the device has passed its challenge."""

    def __init__(
        self, enlisting: Enlisting, seat: Pubkey, owner: Pubkey, class_id: int, fingerprint: bytes
    ) -> None:
        self._enlisting = enlisting
        self._seat = seat
        self._wanted: dict[str, Any] = {"owner": owner, "class_id": class_id, "fingerprint": fingerprint}

    def pubkey(self) -> Pubkey:
        """The seat's key."""
        return self._seat

    def sign_message(self, message: bytes) -> Signature:
        """Has the seat challenge the device and sign.

        Raises:
            NotEnlisted: it does not sign, with the reason.
        """
        return self._enlisting.sign(self._seat, message, **self._wanted)
