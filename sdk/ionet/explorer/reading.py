"""An explorer in the place of a node: accounts of the programs, as the events say what they hold.

So what reads a market's accounts reads an explorer's, too. It knows no accounts of other programs, no history
and no transactions; what no event says of an account is zero.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Final

from ionet.chain.ids import CLOCK
from ionet.explorer import _models as m
from ionet.explorer.client import ExplorerClient
from ionet.explorer.errors import ExplorerError
from ionet.ledger.replay.compare import types

_OWNER: Final = "Sysvar1111111111111111111111111111111111111"
#: A request has 2,048 bytes at most.
_AT_ONCE: Final = 30
#: A node's answer says how large an account is; of these it is only asked whether they are there.
_PROGRAMS: Final = frozenset(str(kind.PROGRAM_ID) for kind in types().values())


class ExplorerTransport:
    """Answers a client's requests for accounts from an explorer.

    Args:
        explorer: is asked.
    """

    def __init__(self, explorer: ExplorerClient) -> None:
        self._explorer = explorer

    def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The result of a call.

        Raises:
            ExplorerError: an explorer does not know such things, or cannot be read.
        """
        match method:
            case "getAccountInfo":
                (value,) = self._accounts([str(params[0])])
                return self._told(value)
            case "getMultipleAccounts":
                return self._told(self._accounts([str(key) for key in params[0]]))
            case "getProgramAccounts":
                return self._found(str(params[0]), params[1].get("filters", ()))
        raise ExplorerError(f"the explorer {self._explorer.host} does not say this: a node has to be asked")

    def close(self) -> None:
        """Nothing: the explorer's connections are whose it is."""

    def _told(self, value: Any) -> dict[str, Any]:
        return {"context": {"slot": self._explorer.status().as_of.slot}, "value": value}

    def _accounts(self, addresses: list[str]) -> list[dict[str, Any] | None]:
        found: dict[str, dict[str, Any] | None] = {}
        for address in addresses:
            if address == str(CLOCK):
                found[address] = _entry(_OWNER, self._clock())
            elif address in _PROGRAMS:
                found[address] = _entry(_OWNER, b"", executable=True)
        wanted = [address for address in dict.fromkeys(addresses) if address not in found]
        for start in range(0, len(wanted), _AT_ONCE):
            for record in self._explorer.records(address=wanted[start : start + _AT_ONCE]):
                found[record.account] = _entry(record.program, self._data(record))
        return [found.get(address) for address in addresses]

    def _clock(self) -> bytes:
        at = self._explorer.status().as_of
        return at.slot.to_bytes(8, "little") + bytes(24) + at.time.to_bytes(8, "little", signed=True)

    def _found(self, program: str, filters: Sequence[Any]) -> list[dict[str, Any]]:
        wanted = [(each["memcmp"]["offset"], b64decode(each["memcmp"]["bytes"])) for each in filters]
        kind = next(
            (
                name
                for name, its in types().items()
                if str(its.PROGRAM_ID) == program and (0, its.DISCRIMINATOR) in wanted
            ),
            "",
        )
        told = []
        for record in self._explorer.records(kind=kind):
            data = self._data(record)
            if all(data[at : at + len(value)] == value for at, value in wanted):
                told.append({"pubkey": record.account, "account": _entry(record.program, data)})
        return told

    def _data(self, record: m.Record) -> bytes:
        try:
            return bytes.fromhex(record.data)
        except ValueError:
            raise ExplorerError(
                f"the explorer {self._explorer.host} answers with something else than an account"
            ) from None


def _entry(program: str, data: bytes, *, executable: bool = False) -> dict[str, Any]:
    """An account as a node has it in its answers."""
    return {
        "data": [b64encode(data).decode(), "base64"],
        "executable": executable,
        "lamports": 1,
        "owner": program,
        "rentEpoch": 0,
        "space": len(data),
    }


__all__ = ["ExplorerTransport"]
