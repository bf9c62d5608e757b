"""The certificate authority of one lease, at the agent of its head."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from pathlib import Path
from typing import Final

from solders.pubkey import Pubkey

from ionet.chain.signers import Signer
from ionet.overlay import _certificates, _homes, _plan
from ionet.overlay._documents import Grant, LeaseFacts, Request, objection
from ionet.overlay._homes import OverlayError
from ionet.overlay._plan import Place, Subnet, next_number
from ionet.wire import SealError, seal

_KEY: Final = "ca.key"
_CERTIFICATE: Final = "ca.crt"
_NUMBERS: Final = "numbers.json"
_SHARED: Final = "shared"
_RELAY: Final = "relay"
#: Hours; longer than any lease with its extensions. What it signs ends with the lease.
_HOURS: Final = 24 * 800
#: Seconds of one certificate at most: a longer lease gets new ones, as an extended one does.
_LONGEST: Final = 40 * 86_400


class NotAdmitted(OverlayError):
    """A request for a certificate is not granted; the message says why."""


class Authority:
    """Admits members. Its key is made here, lies in memory, and goes with the lease.

    Args:
        lease: the cluster, or the job if it has one node; 32 bytes.
        name: of the lease on this machine, 1 to 32 of `a-z0-9`.
        state: a directory in memory that only this user reads.
    """

    def __init__(self, lease: bytes, name: str, state: Path = _homes.OVERLAYS) -> None:
        if not _homes.NAME.fullmatch(name):
            raise OverlayError(f"a lease's name is 1 to 32 of a-z and 0-9, not {name!r}")
        self.lease = lease
        self.subnet = Subnet.of(lease)
        self._home = state.resolve() / f"{name}{_homes.AUTHORITY}"
        #: Members ask at the same time, and no two may get one number.
        self._one = threading.RLock()

    @property
    def relayed_by(self) -> str | None:
        """The URL of the gateway that has the lease's relay, as was noted last; None if none was."""
        try:
            return (self._home / _RELAY).read_text()
        except OSError:
            return None

    def note_relay(self, url: str) -> None:
        """Notes which gateway has the lease's relay, for the processes to come.

        Raises:
            OverlayError: it cannot be noted.
        """
        try:
            part = self._home / f"{_RELAY}.new"
            part.write_text(url)
            part.replace(self._home / _RELAY)
        except OSError as bad:
            raise OverlayError(f"the lease's relay cannot be noted: {bad}") from bad

    def open(self) -> str:
        """Returns the authority's certificate, PEM; makes it where there is none.

        Raises:
            OverlayError: it cannot be made.
        """
        try:
            with self._one:
                self._home.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
                self._home.mkdir(mode=0o700, exist_ok=True)
                if not (self._home / _CERTIFICATE).exists():
                    self._make()
                return (self._home / _CERTIFICATE).read_text()
        except OSError as bad:
            raise OverlayError(f"the lease's authority cannot be made: {bad}") from bad

    def _make(self) -> None:
        (self._home / _KEY).unlink(missing_ok=True)
        _certificates.run(
            self._home,
            "ca",
            *("-name", str(Pubkey(self.lease)), "-duration", f"{_HOURS}h"),
            *("-groups", f"{_plan.MEMBERS},{_plan.RELAYS}", "-ips", str(self.subnet.network)),
            *("-out-key", _KEY, "-out-crt", f"{_CERTIFICATE}.new"),
        )
        secret = self._home / _SHARED
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_hex(32))
        (self._home / f"{_CERTIFICATE}.new").rename(self._home / _CERTIFICATE)

    def secret(self) -> str:
        """Returns what the lease's members share and nobody else knows: 64 hex digits."""
        self.open()
        return (self._home / _SHARED).read_text()

    def admit(
        self, request: Request, facts: LeaseFacts | None, now: int, relay: Place, signer: Signer
    ) -> Grant:
        """Answers a member's request.

        Args:
            request: with a signature that was checked.
            facts: what the chain says of the lease.
            now: the chain's time, Unix seconds.
            relay: where the lease's relay is.
            signer: the head's device key.

        Raises:
            NotAdmitted: it is not a member's.
            OverlayError: no certificate can be made.
        """
        if (why := objection(request, facts, now)) is not None:
            raise NotAdmitted(why)
        assert facts is not None
        try:
            sealed = seal(request.seal, self.secret().encode())
        except SealError as bad:
            raise NotAdmitted("its key for the secret is not an X25519 key") from bad
        renter = request.key in facts.renters
        with self._one:
            number = self._number(request.key if renter else request.job, renter=renter, facts=facts)
        seconds = facts.ends_at - now
        certificate = self._sign(str(Pubkey(request.key)), number, _plan.MEMBERS, request.public, seconds)
        return Grant.sign(signer, request, self.open(), certificate, relay, sealed)

    def certify_relay(self, public: bytes, seconds: int) -> str:
        """Returns a certificate for the gateway's process, PEM; it lacks the members' group.

        Args:
            public: the process's X25519 key, 32 bytes.
            seconds: until the lease ends.
        """
        return self._sign("relay", _plan.RELAY, _plan.RELAYS, public, seconds)

    def address(self, job: bytes) -> str | None:
        """Returns the address that a member has; None before it was admitted."""
        number = self._numbers().get(job.hex())
        return None if number is None else self.subnet.address(number)

    def close(self) -> None:
        """Removes the key and all else; nothing can be certified any more."""
        _homes.remove(self._home)

    def _number(self, who: bytes, *, renter: bool, facts: LeaseFacts) -> int:
        """The number of a member: the head has the first, others as they come; each keeps its own."""
        numbers = self._numbers()
        if (known := numbers.get(who.hex())) is not None:
            return known
        allowed = _plan.RENTERS if renter else _plan.NODES
        if not numbers and facts.head is not None:
            numbers[facts.head.job.hex()] = _plan.NODES[0]
        number = numbers.get(who.hex()) or next_number(numbers.values(), allowed)
        if number is None:
            raise NotAdmitted("the lease has no address left")
        numbers[who.hex()] = number
        temporary = self._home / f"{_NUMBERS}.new"
        self.open()
        temporary.write_text(json.dumps(numbers))
        temporary.replace(self._home / _NUMBERS)
        return number

    def _numbers(self) -> dict[str, int]:
        with contextlib.suppress(FileNotFoundError):
            return {str(key): int(n) for key, n in json.loads((self._home / _NUMBERS).read_text()).items()}
        return {}

    def _sign(self, name: str, number: int, group: str, public: bytes, seconds: int) -> str:
        self.open()
        label = secrets.token_hex(8)
        given, made = self._home / f"{label}.pub", self._home / f"{label}.crt"
        try:
            given.write_text(_certificates.public_text(public))
            _certificates.run(
                self._home,
                "sign",
                *("-ca-crt", _CERTIFICATE, "-ca-key", _KEY, "-in-pub", given.name, "-out-crt", made.name),
                *("-name", name, "-ip", self.subnet.interface(number), "-groups", group),
                *("-duration", f"{max(1, min(seconds, _LONGEST))}s"),
            )
            return made.read_text()
        except OSError as bad:
            raise OverlayError(f"no certificate can be made: {bad}") from bad
        finally:
            given.unlink(missing_ok=True)
            made.unlink(missing_ok=True)
