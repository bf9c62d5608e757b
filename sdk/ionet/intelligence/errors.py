"""Why a request is not answered, in the shape that clients of OpenAI's API read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ionet.chain.errors import IonetError

_INVALID: Final = "invalid_request_error"


class ServiceRefused(IonetError):
    """A service does not do what it was asked; the text is its own sentence."""


class ServiceAway(ServiceRefused):
    """A service cannot be reached, or its answer broke off."""


class BadReceipt(IonetError):
    """A receipt that does not show what it should; the text says why."""


class Refused(Exception):
    """A request that is not answered.

    Attributes:
        status: of HTTP.
        message: a sentence: what is wrong, and what would be right.
        kind: `error.type`.
        code: `error.code`, or None.
        param: the argument it is about, or None.
        wait: seconds after which it is worth another try, or None.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = _INVALID,
        code: str | None = None,
        param: str | None = None,
        wait: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.wait = wait

    @property
    def body(self) -> dict[str, Any]:
        """What the client is sent."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}

    @property
    def headers(self) -> dict[str, str]:
        """What goes with it."""
        if self.code == _UNPAID.code:
            return {
                "x-should-retry": "false"
            }  # OpenAI's clients would try again, and nothing would have changed
        return {} if self.wait is None else {"retry-after": str(self.wait)}


@dataclass(frozen=True, slots=True)
class _Rule:
    status: int
    kind: str
    code: str


_UNPAID: Final = _Rule(429, "insufficient_quota", "insufficient_quota")
_BUSY: Final = _Rule(429, "requests", "rate_limit_exceeded")
_AWAY: Final = _Rule(503, "server_error", "engine_unavailable")


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refused:
    """A request that cannot be read, or says what this service does not do."""
    return Refused(400, message, param=param, code=code)


def unpaid(message: str) -> Refused:
    """Nothing is left to pay with."""
    return Refused(_UNPAID.status, message, kind=_UNPAID.kind, code=_UNPAID.code)


def busy(message: str, wait: int) -> Refused:
    """Too much at a time; `wait` in seconds."""
    return Refused(_BUSY.status, message, kind=_BUSY.kind, code=_BUSY.code, wait=wait)


def away(message: str, wait: int = 5) -> Refused:
    """The model's engine does not answer; nothing was charged."""
    return Refused(_AWAY.status, message, kind=_AWAY.kind, code=_AWAY.code, wait=wait)
