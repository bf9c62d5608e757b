"""SSH keys and certificates for streams into a lease's boxes.

A box's SSH server has a key of its own, certified by the node's device key; a renter's SSH client has a key
of its own, certified by the key that rents. Both certificates name the job, so neither is of use for another.
Wallets and devices sign certificates and nothing else of SSH. No transaction begins as a certificate does:
read as one, it would have no signer.

Needs asyncssh, of the extras `worker` and `access`.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError

if TYPE_CHECKING:
    import asyncssh

#: What the path of a stream at a gateway begins with.
STREAM: Final = "/streams/"
#: The header with the certificate of who asks for one.
CERTIFICATE: Final = "ionet-certificate"
ALGORITHM: Final = "ssh-ed25519"


def library() -> Any:
    """Returns asyncssh.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import asyncssh
    except ImportError:
        raise ConfigError("SSH into a cluster needs asyncssh: pip install 'ionet[access]'") from None
    return asyncssh


def public_line(key: bytes) -> str:
    """Returns how OpenSSH writes an ed25519 public key of 32 bytes."""
    name = ALGORITHM.encode()
    blob = struct.pack(">I", len(name)) + name + struct.pack(">I", len(key)) + key
    return f"{ALGORITHM} {b64encode(blob).decode()}"


def user_certificate(renter: Keypair, key: Keypair, job: str) -> asyncssh.SSHCertificate:
    """Lets an SSH key into the boxes of a job, for as long as its lease stands.

    Args:
        renter: the key that rents.
        key: of the SSH client.
        job: the job's address, base58.
    """
    return ssh_key(renter).generate_user_certificate(
        ssh_key(key).convert_to_public(),
        job,
        principals=[job],
        permit_x11_forwarding=False,
        permit_agent_forwarding=False,
        permit_user_rc=False,
        comment=job,
    )


def host_name(job: str) -> str:
    """Returns what SSH calls a job's box: the address in hex, as OpenSSH makes names' letters small."""
    return bytes(Pubkey.from_string(job)).hex()


def host_certificate(device: Keypair, key: Keypair, job: str) -> asyncssh.SSHCertificate:
    """Says that a key is that of a job's box on the device's machine.

    Args:
        device: the node's key, which the chain names.
        key: of the box's SSH server.
        job: the job's address, base58.
    """
    return ssh_key(device).generate_host_certificate(
        ssh_key(key).convert_to_public(), job, principals=[host_name(job)], comment=job
    )


def known_host(device: bytes, job: str) -> str:
    """Returns the line of `known_hosts` that takes only what a device has certified for a job."""
    return f"@cert-authority {host_name(job)} {public_line(device)}\n"


def ssh_key(key: Keypair) -> asyncssh.SSHKey:
    """Returns a keypair as asyncssh has it."""
    return library().import_private_key(private_text(key))  # type: ignore[no-any-return]


def private_text(key: Keypair) -> bytes:
    """Returns a keypair as OpenSSH keeps it in a file."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.from_private_bytes(bytes(key.secret()))
    return private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def of_private_text(data: bytes) -> Keypair:
    """Reads what `private_text` has made.

    Raises:
        ValueError: it is something else.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    private = load_ssh_private_key(data, None)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError("expected a key of ed25519")
    return Keypair.from_seed(private.private_bytes_raw())


def certifier(certificate: str, key: bytes, job: str) -> bytes:
    """Returns who has certified a user's key for a job: an ed25519 key, 32 bytes.

    Args:
        certificate: the line that OpenSSH would read.
        key: the user's key, 32 bytes.
        job: the job's address, base58.

    Raises:
        ValueError: nobody has.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import (
        SSHCertificate,
        SSHCertificateType,
        load_ssh_public_identity,
    )

    try:
        read = load_ssh_public_identity(certificate.encode())
    except UnsupportedAlgorithm as bad:
        raise ValueError(str(bad)) from None
    if not isinstance(read, SSHCertificate) or read.type is not SSHCertificateType.USER:
        raise ValueError("expected a user's certificate")
    certified, by = read.public_key(), read.signature_key()
    if not isinstance(certified, Ed25519PublicKey) or not isinstance(by, Ed25519PublicKey):
        raise ValueError("expected keys of ed25519")
    if certified.public_bytes_raw() != key or list(read.valid_principals) != [job.encode()]:
        raise ValueError("the certificate is of another key, or for another job")
    try:
        read.verify_cert_signature()
    except InvalidSignature:
        raise ValueError("the certificate's signature is wrong") from None
    return by.public_bytes_raw()
