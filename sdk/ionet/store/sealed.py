"""Files for one wallet's eyes: the format age (age-encryption.org/v1) with an `ssh-ed25519` recipient.

A Solana address is an ed25519 key, as are SSH's, so that this is exactly what age does for those: the
address is taken to X25519, a key of the file's own is wrapped for it, and the content follows in chunks of
64 KiB, each sealed with its number and whether it is the last. The tools `age` and `rage` read and write the
same files, given the key as SSH writes it (`ssh_public`, `ssh_private`). docs/store.md has the bytes. Needs
the extra `sealed`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError
from ionet.store.errors import StoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

VERSION: Final = b"age-encryption.org/v1"
#: What the names of sealed files end with.
SEALED: Final = ".age"
#: Content bytes of a chunk, and what sealing adds.
CHUNK: Final = 64 << 10
_TAG: Final = 16
_LABEL: Final = b"age-encryption.org/v1/ssh-ed25519"
_SSH: Final = b"ssh-ed25519"
_PRIME: Final = 2**255 - 19
#: A header, of a file for several recipients, is not longer.
_HEADER: Final = 64 << 10
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]*")


class NotSealed(StoreError):
    """Not a sealed file, or sealed for another key, cut short, or changed."""


def seal(source: BinaryIO, target: BinaryIO, *recipients: Pubkey) -> None:
    """Encrypts what is read from `source` to addresses; only who has the key of one of them can read it.

    Each sealing is different, as is the hash of what it makes.

    Args:
        source: the content, read in pieces.
        target: gets the sealed file.
        recipients: wallets' addresses; no program's.

    Raises:
        ConfigError: an address is no key, or the extra is not installed.
        NotSealed: an address is a key that every secret fits.
    """
    if not recipients:
        raise ConfigError("a file is sealed for at least one address")
    key = secrets.token_bytes(16)
    head = VERSION + b"\n" + b"".join(_stanza(key, recipient) for recipient in recipients) + b"---"
    target.write(head + b" " + _text(_header_mac(key, head)) + b"\n")
    nonce = secrets.token_bytes(16)
    target.write(nonce)
    target.writelines(_sealed(key, nonce, _chunks(source, CHUNK)))


def unseal(source: BinaryIO, target: BinaryIO, keypair: Keypair) -> None:
    """Decrypts a sealed file. What was written to `target` is to be thrown away if this raises.

    Args:
        source: the sealed file, read in pieces.
        target: gets the content.
        keypair: of one of its recipients.

    Raises:
        NotSealed: it is not a sealed file, not for this key, cut short, or changed.
        ConfigError: the extra is not installed.
    """
    key = _header(source, keypair)
    nonce = source.read(16)
    if len(nonce) != 16:
        raise NotSealed("the sealed file ends after its header")
    target.writelines(_opened(key, nonce, _chunks(source, CHUNK + _TAG)))


def seal_file(source: Path, target: Path, *recipients: Pubkey) -> None:
    """`seal` from one path to another, which is new or replaced."""
    with source.open("rb") as content, target.open("wb") as file:
        seal(content, file, *recipients)


def unseal_file(source: Path, target: Path, keypair: Keypair) -> None:
    """`unseal` from one path to another; the target has all of it, or is left as it was."""
    temporary = target.parent / f".{target.name[:100]}.{secrets.token_hex(4)}"
    try:
        with source.open("rb") as file, _private(temporary) as content:
            unseal(file, content, keypair)
            content.flush()
            os.fsync(content.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def is_sealed(path: Path) -> bool:
    """Whether a file begins as a sealed one does, for whomever it is."""
    with path.open("rb") as file:
        return file.read(len(VERSION) + 1) == VERSION + b"\n"


def ssh_public(address: Pubkey) -> str:
    """An address as SSH writes public keys: a recipient for the tools `age` and `rage`."""
    return f"ssh-ed25519 {b64encode(_ssh_wire(bytes(address))).decode()}"


def ssh_private(keypair: Keypair) -> str:
    """A keypair as SSH writes private keys: an identity for the tools. It is as secret as the keypair.

    Raises:
        ConfigError: the extra is not installed.
    """
    ed25519, serialization = _library("ed25519"), _serialization()
    private = ed25519.Ed25519PrivateKey.from_private_bytes(keypair.secret())
    text: bytes = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return text.decode()


# -- the header


def _stanza(key: bytes, recipient: Pubkey) -> bytes:
    theirs = _montgomery(recipient)
    private = _library("x25519").X25519PrivateKey.generate()
    share = private.public_key().public_bytes_raw()
    shared = _exchange(private, theirs)
    wrapped = _aead(_wrapping_key(shared, share, theirs, recipient)).encrypt(bytes(12), key, None)
    tag = hashlib.sha256(_ssh_wire(bytes(recipient))).digest()[:4]
    return b"-> ssh-ed25519 %b %b\n%b\n" % (_text(tag), _text(share), _text(wrapped))


def _header(source: BinaryIO, keypair: Keypair) -> bytes:
    """The file's key, from its header, which is checked."""
    head = bytearray(_line(source, 0))
    if head != VERSION + b"\n":
        raise NotSealed("not a sealed file: it does not begin with age-encryption.org/v1")
    key: bytes | None = None
    while True:
        line = _line(source, len(head))
        if line.startswith(b"---"):
            break
        head += line
        if not line.startswith(b"-> "):
            raise NotSealed("the sealed file's header is not as it must be")
        words, body = line[3:-1].split(b" "), bytearray()
        # A stanza's lines have 64 letters, the last one fewer.
        while True:
            line = _line(source, len(head))
            head += line
            body += line[:-1]
            if len(line) < 65:
                break
        if key is None and len(words) == 3 and words[0] == _SSH:
            key = _unwrapped(words[1], words[2], bytes(body), keypair)
    if key is None:
        raise NotSealed(f"the file is not sealed for {keypair.pubkey()}")
    head += b"---"
    if not line.startswith(b"--- ") or not hmac.compare_digest(
        _header_mac(key, bytes(head)), _bytes(line[4:-1], 32)
    ):
        raise NotSealed("the sealed file's header was changed")
    return key


def _line(source: BinaryIO, before: int) -> bytes:
    line = source.readline(_HEADER)
    if before + len(line) > _HEADER or not line.endswith(b"\n"):
        raise NotSealed("not a sealed file: it has no whole header")
    return line


def _unwrapped(tag: bytes, share: bytes, body: bytes, keypair: Keypair) -> bytes | None:
    """The file's key, from a stanza for this keypair; None from one for another."""
    address = keypair.pubkey()
    if _bytes(tag, 4) != hashlib.sha256(_ssh_wire(bytes(address))).digest()[:4]:
        return None
    secret = hashlib.sha512(keypair.secret()).digest()[:32]
    private: X25519PrivateKey = _library("x25519").X25519PrivateKey.from_private_bytes(secret)
    theirs = _bytes(share, 32)
    shared = _exchange(private, theirs)
    key = _wrapping_key(shared, theirs, private.public_key().public_bytes_raw(), address)
    # Another key may have the same four bytes of a tag.
    return _decrypted(key, bytes(12), _bytes(body, 32))


def _wrapping_key(shared: bytes, share: bytes, recipient: bytes, address: Pubkey) -> bytes:
    tweak = _hkdf(b"", _ssh_wire(bytes(address)), _LABEL)
    private = _library("x25519").X25519PrivateKey.from_private_bytes(tweak)
    return _hkdf(_exchange(private, shared), share + recipient, _LABEL)


def _header_mac(key: bytes, head: bytes) -> bytes:
    return hmac.digest(_hkdf(key, b"", b"header"), head, "sha256")


def _ssh_wire(key: bytes) -> bytes:
    return len(_SSH).to_bytes(4, "big") + _SSH + len(key).to_bytes(4, "big") + key


def _montgomery(address: Pubkey) -> bytes:
    """The X25519 key of an ed25519 one: u = (1 + y) / (1 - y)."""
    if not address.is_on_curve():
        raise ConfigError(f"{address} is no wallet's address: nobody has a key to open what is sealed for it")
    y = int.from_bytes(bytes(address), "little") & ((1 << 255) - 1)
    u = (1 + y) * pow(1 - y, -1, _PRIME) % _PRIME if y != 1 else 0
    return u.to_bytes(32, "little")


def _exchange(private: X25519PrivateKey, public: bytes) -> bytes:
    try:
        return bytes(private.exchange(_library("x25519").X25519PublicKey.from_public_bytes(public)))
    except ValueError:
        # The result would be zero whoever asks: a key of small order.
        raise NotSealed("a key in the file, or the address, is none that a secret could come from") from None


# -- the content


def _sealed(key: bytes, nonce: bytes, chunks: Iterable[tuple[int, bytes, bool]]) -> Iterator[bytes]:
    cipher = _aead(_hkdf(key, nonce, b"payload"))
    for number, chunk, last in chunks:
        yield cipher.encrypt(_place(number, last), chunk, None)


def _opened(key: bytes, nonce: bytes, chunks: Iterable[tuple[int, bytes, bool]]) -> Iterator[bytes]:
    payload = _hkdf(key, nonce, b"payload")
    for number, chunk, last in chunks:
        content = _decrypted(payload, _place(number, last), chunk)
        if content is None:
            raise NotSealed(f"the sealed file was cut or changed at chunk {number}")
        if last and not content and number:
            raise NotSealed("the sealed file ends with an empty chunk")
        yield content


def _place(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _chunks(source: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes, and whether it is the last; at least one."""
    number, chunk = 0, _whole(source, size)
    while True:
        following = _whole(source, size) if len(chunk) == size else b""
        yield number, chunk, not following
        if not following:
            return
        number, chunk = number + 1, following


def _whole(source: BinaryIO, size: int) -> bytes:
    parts, left = [], size
    while left and (part := source.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


# -- the library


def _hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869), 32 bytes: one block."""
    extracted = hmac.digest(salt or bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\1", "sha256")


def _decrypted(key: bytes, nonce: bytes, data: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag

    try:
        return bytes(_aead(key).decrypt(nonce, data, None))
    except InvalidTag:
        return None


def _aead(key: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    except ImportError:
        raise _missing() from None
    return ChaCha20Poly1305(key)


def _library(name: str) -> Any:
    """A module of `cryptography`."""
    try:
        return import_module(f"cryptography.hazmat.primitives.asymmetric.{name}")
    except ImportError:
        raise _missing() from None


def _serialization() -> Any:
    try:
        return import_module("cryptography.hazmat.primitives.serialization")
    except ImportError:
        raise _missing() from None


def _missing() -> ConfigError:
    return ConfigError("sealed files need an extra: pip install 'ionet[sealed]'")


def _text(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _bytes(text: bytes, length: int) -> bytes:
    """What canonical base64 without padding stands for."""
    if not _BASE64.fullmatch(text):
        raise NotSealed("the sealed file's header is not as it must be")
    try:
        data = b64decode(text + b"=" * (-len(text) % 4))
    except ValueError:
        raise NotSealed("the sealed file's header is not as it must be") from None
    if len(data) != length or _text(data) != text:
        raise NotSealed("the sealed file's header is not as it must be")
    return data


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
