"""What a member signs to be admitted to an overlay, and what the head's agent signs in return. Pure.

Both are UTF-8 text of lines, without a newline at the end, signed by an ed25519 key that the chain knows::

    ionet:overlay join                        ionet:overlay grant
    lease <address of the cluster or job>     request <sha256 of the request's text>
    job <address of the job>                  key <address that signs: the head's device>
    key <address that signs>                  authority <sha256 of its certificate's text>
    public <X25519, hex>                      certificate <sha256 of its text>
    seal <X25519, hex>                        relay <ADDRESS:PORT>
                                              secret <sha256 of its ciphertext>

They name the lease, so neither means anything elsewhere. A request that comes again gets a certificate over
the same public key again, which is of no use to who has not its private half. No transaction begins so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.errors import IonetError
from ionet.chain.signers import Signer
from ionet.overlay._plan import Place

PREFIX: Final = "ionet:overlay"
_LONGEST: Final = 4096


class DocumentError(IonetError, ValueError):
    """A request or a grant cannot be read, or is not signed by whom it says."""


@dataclass(frozen=True, slots=True)
class Request:
    """A member's request for a certificate. Addresses and keys are 32 bytes.

    Attributes:
        lease: the cluster, or the job if it has one node.
        job: the member's own; for the renter, any of the lease.
        key: who signs: the node's device key, the renter's wallet or its session key.
        public: the X25519 key that is to be certified.
        seal: the X25519 key for which the lease's secret is sealed; made for this request.
        signature: 64 bytes.
    """

    lease: bytes
    job: bytes
    key: bytes
    public: bytes
    seal: bytes
    signature: bytes = bytes(64)

    @property
    def text(self) -> bytes:
        """What is signed."""
        names = (f"lease {Pubkey(self.lease)}", f"job {Pubkey(self.job)}", f"key {Pubkey(self.key)}")
        keys = (f"public {self.public.hex()}", f"seal {self.seal.hex()}")
        return "\n".join((f"{PREFIX} join", *names, *keys)).encode()

    @property
    def digest(self) -> bytes:
        """sha256 of the text, 32 bytes."""
        return sha256(self.text).digest()

    @classmethod
    def sign(cls, signer: Signer, lease: bytes, job: bytes, public: bytes, seal: bytes) -> Request:
        """Makes a signed request."""
        bare = cls(lease, job, bytes(signer.pubkey()), public, seal)
        return cls(lease, job, bare.key, public, seal, bytes(signer.sign_message(bare.text)))

    def verify(self) -> None:
        """Raises `DocumentError` unless its key has signed it."""
        if not Signature(self.signature).verify(Pubkey(self.key), self.text):
            raise DocumentError("the request is not signed by the key that it names")

    def to_dict(self) -> dict[str, str]:
        """Returns what travels: hex by name."""
        return {name: getattr(self, name).hex() for name in _REQUEST}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Request:
        """Reads a request and checks its signature.

        Raises:
            DocumentError: it is none.
        """
        request = cls(**{name: _bytes(values, name, size) for name, size in _REQUEST.items()})
        request.verify()
        return request


_REQUEST: Final = {"lease": 32, "job": 32, "key": 32, "public": 32, "seal": 32, "signature": 64}


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer of the head's agent.

    Attributes:
        request: digest of the request, 32 bytes.
        key: the head's device key, 32 bytes.
        authority: certificate of the lease's authority, PEM.
        certificate: the member's, PEM.
        relay: where the lease's relay is reached.
        secret: what the lease's members share and nobody else knows, sealed for the request's `seal`.
        signature: 64 bytes.
    """

    request: bytes
    key: bytes
    authority: str
    certificate: str
    relay: Place
    secret: bytes
    signature: bytes = bytes(64)

    @property
    def text(self) -> bytes:
        """What is signed."""
        lines = (
            f"{PREFIX} grant",
            f"request {self.request.hex()}",
            f"key {Pubkey(self.key)}",
            f"authority {sha256(self.authority.encode()).hexdigest()}",
            f"certificate {sha256(self.certificate.encode()).hexdigest()}",
            f"relay {self.relay}",
            f"secret {sha256(self.secret).hexdigest()}",
        )
        return "\n".join(lines).encode()

    @classmethod
    def sign(
        cls,
        signer: Signer,
        request: Request,
        authority: str,
        certificate: str,
        relay: Place,
        secret: bytes = b"",
    ) -> Grant:
        """Makes a signed grant."""
        bare = cls(request.digest, bytes(signer.pubkey()), authority, certificate, relay, secret)
        return replace(bare, signature=bytes(signer.sign_message(bare.text)))

    def verify(self, request: Request, head: bytes) -> None:
        """Checks that it answers this request, and comes from the head's device.

        Args:
            request: what was asked.
            head: the device key of the lease's head as the chain has it, 32 bytes.

        Raises:
            DocumentError: it does not, or from another.
        """
        if self.request != request.digest:
            raise DocumentError("the grant answers another request")
        if self.key != head or not Signature(self.signature).verify(Pubkey(head), self.text):
            raise DocumentError("the grant is not signed by the device of the lease's head")

    def to_dict(self) -> dict[str, str]:
        """Returns what travels."""
        return {
            "authority": self.authority,
            "certificate": self.certificate,
            "key": self.key.hex(),
            "relay": str(self.relay),
            "request": self.request.hex(),
            "secret": self.secret.hex(),
            "signature": self.signature.hex(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Grant:
        """Reads a grant; `verify` says whether it holds.

        Raises:
            DocumentError: it is none.
        """
        texts = [values.get(name) for name in ("authority", "certificate", "relay")]
        if not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts):
            raise DocumentError("a grant has the texts of two certificates and the relay's place")
        authority, certificate, relay = map(str, texts)
        try:
            place = Place.parse(relay)
        except ValueError as bad:
            raise DocumentError(f"a grant's relay: {bad}") from None
        secret = values.get("secret")
        if not isinstance(secret, str) or len(secret) > _LONGEST:
            raise DocumentError(f"a grant's secret is hex of at most {_LONGEST} digits")
        return cls(
            _bytes(values, "request", 32),
            _bytes(values, "key", 32),
            authority,
            certificate,
            place,
            _bytes(values, "secret", len(secret) // 2),
            _bytes(values, "signature", 64),
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A leased node. Addresses and keys are 32 bytes.

    Attributes:
        job: the job that leases it.
        node: its address.
        device: its device key.
    """

    job: bytes
    node: bytes
    device: bytes


@dataclass(frozen=True, slots=True)
class LeaseFacts:
    """What the chain says of a lease, as its head's agent has just read it.

    Attributes:
        lease: the cluster, or the job if it has one node; 32 bytes.
        renters: keys of the renter: the wallet, and the session key if there is one.
        members: the nodes whose lease stands and whose job has not ended; the head first.
        ends_at: when the last of them ends, Unix seconds of the chain.
        started: whether one of them runs: all were there once.
    """

    lease: bytes
    renters: frozenset[bytes]
    members: tuple[Member, ...]
    ends_at: int
    started: bool = False

    @property
    def head(self) -> Member | None:
        """The node whose agent has the authority; None once all is over."""
        return self.members[0] if self.members else None


def objection(request: Request, facts: LeaseFacts | None, now: int) -> str | None:
    """Returns why a request is not granted; None if it is. Its signature was checked.

    Args:
        request: what is asked.
        facts: of the chain; None where it knows no such lease.
        now: the chain's time, Unix seconds.
    """
    if facts is None or request.lease != facts.lease:
        return "it is for another lease"
    if not facts.members or now >= facts.ends_at:
        return "the lease is over"
    member = next((member for member in facts.members if member.job == request.job), None)
    if member is None:
        return "its job is not of this lease, or has ended"
    if request.key != member.device and request.key not in facts.renters:
        return "its key is neither the device's of that job's node nor the renter's"
    return None


def _bytes(values: Mapping[str, Any], name: str, size: int) -> bytes:
    text = values.get(name)
    try:
        data = bytes.fromhex(text) if isinstance(text, str) and len(text) == 2 * size else b""
    except ValueError:
        data = b""
    if len(data) != size:
        raise DocumentError(f"{name} must be {size} bytes in hex")
    return data
