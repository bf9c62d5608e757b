"""The embedded network as a node: it answers JSON-RPC, in this process or over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ionet.chain.errors import RpcError
from ionet.chain.rpc import methods
from ionet.chain.rpc.embedded import EmbeddedChain, NetworkClock, shipped_programs
from ionet.chain.rpc.parameters import request_id
from ionet.chain.rpc.pubsub import Hub, Session
from ionet.chain.rpc.server import LocalServer
from ionet.chain.rpc.types import Json

if TYPE_CHECKING:
    from solders.account import Account as RawAccount
    from solders.pubkey import Pubkey

__all__ = ["LocalNetwork", "NetworkClock", "shipped_programs"]


class LocalNetwork(EmbeddedChain):
    """A Solana network in this process, with the clock under control, that answers as a node does.

    It keeps every transaction, so that `getTransaction` and `getSignaturesForAddress` answer as a node
    does; fees, rent, compute budget, log limit and blockhash expiry are those of mainnet. One slot holds one
    transaction. Not picklable; safe to use from several threads.

    Args:
        programs: program id to path of an ELF, besides those shipped with the package.
        upgrade_authority: who may upgrade (and so initialise) the programs; None: nobody.
        now: Unix seconds at the start; default: the current time.
        shipped: load the programs shipped with the package.

    Attributes:
        clock: see `NetworkClock`.
        programs: id of each loaded program by name (the path's stem for those given by path).
    """

    def request(self, method: str, params: Sequence[Any] = ()) -> Json:
        """Answers a JSON-RPC call as a node does.

        Raises:
            RpcError: with the code that a node would return.
        """
        return methods.answer(self, method, params)

    def program_accounts(
        self, program_id: Pubkey, filters: Sequence[Mapping[str, Any]]
    ) -> list[tuple[Pubkey, RawAccount]]:
        """Returns what `getProgramAccounts` answers, before it is written as JSON.

        Raises:
            RpcError: with the code that a node would return, for filters that it refuses.
        """
        try:
            return methods.program_accounts(self, program_id, filters)
        except RpcError as bad:
            bad.method = "getProgramAccounts"
            raise

    def handle(self, request: Json) -> Json:
        """Returns the JSON-RPC response to a request object, or to a batch of them."""
        if isinstance(request, list):
            return [self._respond(single) for single in request]
        return self._respond(request)

    def _respond(self, request: Json) -> Json:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Invalid request"}}
        response: dict[str, Any] = {"jsonrpc": "2.0", "id": request_id(request)}
        params = request.get("params")
        try:
            response["result"] = self.request(request["method"], () if params is None else params)
        except RpcError as bad:
            error = {"code": bad.code, "message": bad.message}
            response["error"] = error if bad.data is None else {**error, "data": bad.data}
        return response

    def open_session(self, wake: Callable[[], None]) -> Session:
        """Somebody who subscribes to what happens here, as over a websocket.

        Args:
            wake: called when there is something to `take`; from any thread, and it must not block.
        """
        with self._lock:
            if self._observer is None:
                self._observer = Hub(self)
            assert isinstance(self._observer, Hub)
            return self._observer.open(wake)

    def serve(self, port: int = 0) -> LocalServer:
        """Answers JSON-RPC on 127.0.0.1 until the result is closed: HTTP, and websockets on the next port.

        Args:
            port: 0 for any free one; the result's `url` and `ws_url` have them.

        Raises:
            OSError: one of the two ports is taken.
        """
        return LocalServer(self.handle, port, sessions=self.open_session)
