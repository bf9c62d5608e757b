"""Sign-In With Solana: who is at the other end of a browser, by a signature that moves nothing.

A service issues a challenge, the reader's wallet writes it as text and signs it (`solana:signIn` of the
Wallet Standard), and the service reads that text: every line has to be as it was issued, and the address
in it has to be the key that signed. Then a cookie stands for the session. Challenges and cookies are
authenticated by a key of this process, and end with it. Kept is only which of them were used up, until they
would have expired: whoever asks for many, or signs in with many wallets, pushes out nobody else's. Each
address signs in so many times only, and where thousands of them do, new sessions are short instead of none,
so that what is kept of those that were ended stays bounded; where they answer more challenges within minutes
than are kept, nobody signs in until some have expired. How many requests an address may send, and that a
POST comes from the service's own pages, is for what stands before the service to see to, as the explorer's
guard does.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.service.guard import Rates

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
        each: sign-ins of one address at once; as many come back evenly in the time that a session lasts.
        addresses: whose sign-ins are counted; beyond it the one that has signed in longest ago is new again.
        most: sessions that begin at once; as many come back evenly in the time that one lasts, and those
            beyond last for `patience` only. And challenges that were answered and have not expired: beyond
            it nobody signs in until some have. A million take some 100 MB; with sessions that were ended,
            two of long ones and one of short ones, four times as many may be kept.
    """

    origin: str
    chain: str
    statement: str
    patience: int = 300
    lasts: int = 12 * 3_600
    each: int = 500
    addresses: int = 100_000
    most: int = 1_000_000

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
        self._key = secrets.token_bytes(32)
        self._answered, self._ended = _UsedUp(config.most), _UsedUp(config.most)
        self._long = Rates(config.most / config.lasts, config.most, 1, clock)
        self._rates = Rates(config.each / config.lasts, config.each, config.addresses, clock)

    @property
    def domain(self) -> str:
        """Host and port that wallets are told."""
        return self._config.domain

    def challenge(self) -> dict[str, str]:
        """A new challenge: the input of a wallet's `solana:signIn`."""
        now = int(self._clock())
        words = f"{now:x}x{secrets.token_hex(8)}"
        return self._asked(now, f"{words}x{self._mac('challenge', words)}")

    def _asked(self, issued: int, nonce: str) -> dict[str, str]:
        return {
            "domain": self._config.domain,
            "statement": self._config.statement,
            "uri": self._config.origin,
            "version": "1",
            "chainId": self._config.chain,
            "nonce": nonce,
            "issuedAt": _written(issued),
            "expirationTime": _written(issued + self._config.patience),
        }

    def _mac(self, what: str, words: str) -> str:
        return hmac.new(self._key, f"{what} {words}".encode(), hashlib.sha256).hexdigest()[:32]

    def _issued(self, nonce: str) -> int | None:
        """When a challenge was issued; None: not here, or it was answered."""
        words, _, mac = nonce.rpartition("x")
        if not hmac.compare_digest(mac.encode(), self._mac("challenge", words).encode()):
            return None
        return None if nonce in self._answered else int(words.partition("x")[0], 16)

    def sign_in(
        self, source: str, message: bytes, signature: bytes, *, keep: bool = True
    ) -> tuple[SignInSession, str]:
        """Begins a session.

        Args:
            source: the address that it comes from, as the guard counts them.
            message: the text that the wallet has signed, UTF-8.
            signature: 64 bytes.
            keep: whether the session begins; not, where only this signature is wanted.

        Returns:
            The session, and the value of `Set-Cookie` that stands for it.

        Raises:
            SignInRefused: it is not the answer to a challenge of this service, or comes too late or twice, or
                too many have come from there.
        """
        address, fields = _read(message)
        now, nonce = int(self._clock()), fields.get("nonce", "")
        issued = self._issued(nonce)
        if issued is None:
            raise SignInRefused(
                "this challenge was not issued here, or was answered before: ask for a new one"
            )
        asked, until = self._asked(issued, nonce), issued + self._config.patience
        if (wait := self._rates.take(source, 1)) > 0:
            raise SignInRefused(f"too many have signed in from your address: wait {wait} s")
        # Taken whatever comes of it: a challenge is answered once.
        if not self._answered.add(nonce, until, now):
            raise SignInRefused("too many have signed in: try again in a few minutes")
        if now > until:
            raise SignInRefused("this challenge has expired: ask for a new one")
        for name in sorted(asked.keys() | fields.keys()):
            if asked.get(name) != fields.get(name):
                raise SignInRefused(
                    f"the signed text has another {name} than was asked for: sign it as it is"
                )
        if len(signature) != _SIGNATURE or not Signature(signature).verify(address, message):
            raise SignInRefused(f"the signature is not that of {address}")
        if not keep:
            return SignInSession(address, now + self._config.lasts), self._cookie("", 0)
        # Each may be ended, and is kept then until it expires: where there are many, that is soon.
        lasts = self._config.patience if self._long.take("", 1) else self._config.lasts
        session = SignInSession(address, now + lasts)
        words = f"{address}.{session.expires}.{secrets.token_hex(16)}"
        return session, self._cookie(f"{words}.{self._mac('session', words)}", lasts)

    def session(self, headers: Mapping[str, str]) -> SignInSession | None:
        """The session that a request's `Cookie` stands for; None: there is none.

        Args:
            headers: of the request.
        """
        token = self._token(headers) or ""
        words, _, mac = token.rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac("session", words).encode()):
            return None
        address, expires, _ = words.split(".")
        if self._clock() >= int(expires) or token in self._ended:
            return None
        return SignInSession(Pubkey.from_string(address), int(expires))

    def sign_out(self, headers: Mapping[str, str]) -> str:
        """Ends the session of a request, if it has one; returns the value of `Set-Cookie` that forgets it."""
        if (session := self.session(headers)) is not None:
            self._ended.add(self._token(headers) or "", session.expires, int(self._clock()), always=True)
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


class _UsedUp:
    """What is not taken again, by its hash, until it would have expired in any case.

    Args:
        most: how many of them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._until: dict[bytes, int] = {}
        #: Of all that were there when it was full, the first to expire: before that no look finds room.
        self._first = 0

    def __contains__(self, text: str) -> bool:
        return _hash(text) in self._until

    def full(self, now: int) -> bool:
        """Whether there is no room for another one."""
        if len(self._until) >= self._most and now > self._first:
            self._until = {key: until for key, until in self._until.items() if until >= now}
            self._first = min(self._until.values(), default=0)
        return len(self._until) >= self._most

    def add(self, text: str, until: int, now: int, *, always: bool = False) -> bool:
        """Remembers a text until a time; returns whether there was room for it."""
        if self.full(now) and not always:
            return False
        self._until[_hash(text)] = until
        self._first = min(self._first, until)
        return True


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
