"""Sign-In With Solana: who is at the other end of a browser, by a signature that moves nothing.

A service issues a challenge, the reader's wallet writes it as text and signs it (`solana:signIn` of the
Wallet Standard), and the service reads that text: every line has to be as it was issued, and the address
in it has to be the key that signed. Then a cookie stands for the session. Both are kept in this process,
and are forgotten when it ends. How many challenges an address may ask for, and that a POST comes from the
service's own pages, is for what stands before the service to see to, as the explorer's guard does.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from typing import Final, TypeVar

from solders.pubkey import Pubkey
from solders.signature import Signature

K = TypeVar("K")
V = TypeVar("V")

_ASKS: Final = " wants you to sign in with your Solana account:"
_FIELDS: Final = {
    "URI": "uri",
    "Version": "version",
    "Chain ID": "chainId",
    "Nonce": "nonce",
    "Issued At": "issuedAt",
    "Expiration Time": "expirationTime",
}
#: Bytes of a signature.
_SIGNATURE: Final = 64
#: Characters of a text that is looked at.
_LONGEST: Final = 2_048


class SignInRefused(Exception):
    """A sign-in that is not taken; the text says why, and what would be right."""


@dataclass(frozen=True, slots=True)
class SignInConfig:
    """What a service asks wallets to sign.

    Attributes:
        origin: of its pages, such as `https://console.io.net`; wallets compare it with where they are.
        chain: `mainnet`, `testnet`, `devnet` or `localnet`.
        statement: what signing means, one line of ASCII.
        patience: seconds for which a challenge can be answered.
        lasts: seconds of a session.
        most: challenges, and sessions, that are kept; the oldest go first.
    """

    origin: str
    chain: str
    statement: str
    patience: int = 300
    lasts: int = 12 * 3_600
    most: int = 10_000

    @property
    def domain(self) -> str:
        """Host and port."""
        return self.origin.partition("://")[2]

    @property
    def secure(self) -> bool:
        """Whether cookies travel encrypted only."""
        return self.origin.startswith("https://")


@dataclass(frozen=True, slots=True)
class SignInSession:
    """A reader who has signed in.

    Attributes:
        address: whose key has signed.
        expires: Unix seconds.
    """

    address: Pubkey
    expires: int


class SignIns:
    """Challenges that wait for their signature, and sessions.

    Args:
        config: what is asked.
        clock: Unix seconds.
    """

    def __init__(self, config: SignInConfig, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._challenges: OrderedDict[str, tuple[dict[str, str], int]] = OrderedDict()
        #: By the hash of what the cookie holds, so that what is read here opens nothing.
        self._sessions: OrderedDict[bytes, SignInSession] = OrderedDict()

    @property
    def domain(self) -> str:
        """Host and port that wallets are told."""
        return self._config.domain

    def challenge(self) -> dict[str, str]:
        """A new challenge: the input of a wallet's `solana:signIn`."""
        now = int(self._clock())
        nonce = secrets.token_hex(16)
        asked = {
            "domain": self._config.domain,
            "statement": self._config.statement,
            "uri": self._config.origin,
            "version": "1",
            "chainId": self._config.chain,
            "nonce": nonce,
            "issuedAt": _written(now),
            "expirationTime": _written(now + self._config.patience),
        }
        _keep(self._challenges, nonce, (asked, now + self._config.patience), self._config.most)
        return asked

    def sign_in(self, message: bytes, signature: bytes, *, keep: bool = True) -> tuple[SignInSession, str]:
        """Begins a session.

        Args:
            message: the text that the wallet has signed, UTF-8.
            signature: 64 bytes.
            keep: whether the session begins; not, where only this signature is wanted.

        Returns:
            The session, and the value of `Set-Cookie` that stands for it.

        Raises:
            SignInRefused: it is not the answer to a challenge of this service, or comes too late or twice.
        """
        address, fields = _read(message)
        # Taken whatever comes of it: a challenge is answered once.
        asked, until = self._challenges.pop(fields.get("nonce", ""), (None, 0))
        if asked is None:
            raise SignInRefused(
                "this challenge was not issued here, or was answered before: ask for a new one"
            )
        now = int(self._clock())
        if now > until:
            raise SignInRefused("this challenge has expired: ask for a new one")
        for name in sorted(asked.keys() | fields.keys()):
            if asked.get(name) != fields.get(name):
                raise SignInRefused(
                    f"the signed text has another {name} than was asked for: sign it as it is"
                )
        if len(signature) != _SIGNATURE or not Signature(signature).verify(address, message):
            raise SignInRefused(f"the signature is not that of {address}")
        token = secrets.token_urlsafe(32)
        session = SignInSession(address, now + self._config.lasts)
        if keep:
            _keep(self._sessions, _hash(token), session, self._config.most)
        return session, self._cookie(token, self._config.lasts)

    def session(self, headers: Mapping[str, str]) -> SignInSession | None:
        """The session that a request's `Cookie` stands for; None: there is none.

        Args:
            headers: of the request.
        """
        token = self._token(headers)
        session = None if token is None else self._sessions.get(_hash(token))
        if session is None or token is None:
            return None
        if self._clock() >= session.expires:
            del self._sessions[_hash(token)]
            return None
        return session

    def sign_out(self, headers: Mapping[str, str]) -> str:
        """Ends the session of a request, if it has one; returns the value of `Set-Cookie` that forgets it."""
        if (token := self._token(headers)) is not None:
            self._sessions.pop(_hash(token), None)
        return self._cookie("", 0)

    @property
    def _name(self) -> str:
        # Of this prefix browsers take no cookie that another host of the domain has set.
        return "__Host-ionet" if self._config.secure else "ionet"

    def _cookie(self, token: str, seconds: int) -> str:
        secure = "; Secure" if self._config.secure else ""
        return f"{self._name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"

    def _token(self, headers: Mapping[str, str]) -> str | None:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._name)
        except CookieError:
            return None
        return None if morsel is None else morsel.value


def _read(message: bytes) -> tuple[Pubkey, dict[str, str]]:
    """The address and the fields of a text, as the standard orders them; nothing else may stand in it."""
    try:
        text = message.decode("ascii")
    except UnicodeDecodeError:
        text = ""
    lines = text.split("\n") if len(text) <= _LONGEST else [""]
    if not lines[0].endswith(_ASKS) or len(lines) < 2:
        raise SignInRefused("this is no sign-in: let the wallet write it, by solana:signIn")
    try:
        address = Pubkey.from_string(lines[1])
    except ValueError:
        raise SignInRefused("the second line of a sign-in is the address of who signs") from None
    fields = {"domain": lines[0].removesuffix(_ASKS)}
    rest = lines[2:]
    if len(rest) > 2 and rest[0] == "" and rest[2] == "":
        fields["statement"] = rest[1]
        rest = rest[2:]
    for line in rest[1:]:
        name, separator, value = line.partition(": ")
        known = _FIELDS.get(name)
        if known is None or not separator or known in fields:
            raise SignInRefused("the signed text says more than was asked for: sign it as it is")
        fields[known] = value
    return address, fields


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
