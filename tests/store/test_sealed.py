"""Sealed files against other implementations of age: rage, and the tool itself where it is installed."""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError
from ionet.store.sealed import (
    CHUNK,
    NotSealed,
    seal,
    seal_file,
    ssh_private,
    ssh_public,
    unseal,
    unseal_file,
)

SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17]


def sealed(data: bytes, *recipients: Pubkey) -> bytes:
    out = io.BytesIO()
    seal(io.BytesIO(data), out, *recipients)
    return out.getvalue()


def opened(data: bytes, keypair: Keypair) -> bytes:
    out = io.BytesIO()
    unseal(io.BytesIO(data), out, keypair)
    return out.getvalue()


@pytest.fixture(scope="module")
def wallet() -> Keypair:
    return Keypair()


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_here_is_opened_by_rage(wallet: Keypair, size: int) -> None:
    data = os.urandom(size)
    identity = pyrage.ssh.Identity.from_buffer(ssh_private(wallet).encode())
    assert pyrage.decrypt(sealed(data, wallet.pubkey()), [identity]) == data


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_by_rage_is_opened_here(wallet: Keypair, size: int) -> None:
    data, other = os.urandom(size), Keypair()
    recipients = [pyrage.ssh.Recipient.from_str(ssh_public(key.pubkey())) for key in (other, wallet)]
    assert opened(pyrage.encrypt(data, recipients), wallet) == data


def test_the_tool_age_reads_and_writes_the_same(wallet: Keypair, tmp_path: Path) -> None:
    age = shutil.which("age")
    if age is None:
        pytest.skip("age is not installed; rage stands for it above")
    key, data = tmp_path / "key", os.urandom(CHUNK + 5)
    key.write_text(ssh_private(wallet))
    key.chmod(0o600)
    run = subprocess.run(
        [age, "-d", "-i", str(key)], input=sealed(data, wallet.pubkey()), capture_output=True, check=True
    )
    assert run.stdout == data
    run = subprocess.run(
        [age, "-r", ssh_public(wallet.pubkey())], input=data, capture_output=True, check=True
    )
    assert opened(run.stdout, wallet) == data


def test_several_may_read_and_others_not() -> None:
    first, second, other = Keypair(), Keypair(), Keypair()
    box = sealed(b"words", first.pubkey(), second.pubkey())
    assert opened(box, first) == opened(box, second) == b"words"
    with pytest.raises(NotSealed, match=f"not sealed for {other.pubkey()}"):
        opened(box, other)


def test_each_sealing_is_different(wallet: Keypair) -> None:
    assert sealed(b"words", wallet.pubkey()) != sealed(b"words", wallet.pubkey())


def test_nothing_is_opened_that_was_changed(wallet: Keypair) -> None:
    box = sealed(b"words" * 3, wallet.pubkey())
    for place in range(len(box)):
        changed = bytearray(box)
        changed[place] ^= 1 << random.randrange(8)
        with pytest.raises(NotSealed):
            opened(bytes(changed), wallet)


def test_nothing_is_opened_that_was_cut_or_made_longer(wallet: Keypair) -> None:
    box = sealed(os.urandom(2 * CHUNK + 9), wallet.pubkey())
    start = len(box) - (2 * CHUNK + 9) - 3 * 16
    sealed_chunk = CHUNK + 16
    cuts = [start, start + 1, start + sealed_chunk, start + 2 * sealed_chunk, len(box) - 1, start - 1, 10]
    for cut in cuts:
        with pytest.raises(NotSealed):
            opened(box[:cut], wallet)
    with pytest.raises(NotSealed):
        opened(box + b"x", wallet)


def test_nothing_is_opened_whose_chunks_change_places(wallet: Keypair) -> None:
    box = sealed(os.urandom(3 * CHUNK), wallet.pubkey())
    size = CHUNK + 16
    head, chunks = box[: -3 * size], [box[-3 * size : -2 * size], box[-2 * size : -size], box[-size:]]
    for order in ([1, 0, 2], [0, 2, 1], [0, 0, 2], [0, 2], [2]):
        with pytest.raises(NotSealed):
            opened(head + b"".join(chunks[number] for number in order), wallet)


@pytest.mark.parametrize(
    "rubbish", [b"", b"words", b"age-encryption.org/v1\n", b"age-encryption.org/v1\n-> " + b"x" * 100_000]
)
def test_what_was_never_sealed(wallet: Keypair, rubbish: bytes) -> None:
    with pytest.raises(NotSealed):
        opened(rubbish, wallet)


def test_an_address_that_nobody_has_the_key_of_is_refused() -> None:
    program_address, _ = Pubkey.find_program_address([b"x"], Pubkey.default())
    with pytest.raises(ConfigError, match="no wallet's address"):
        sealed(b"words", program_address)
    with pytest.raises(ConfigError, match="at least one"):
        sealed(b"words")
    # The neutral point: what is sealed for it, everybody could open.
    with pytest.raises((ConfigError, NotSealed)):
        sealed(b"words", Pubkey(b"\1" + bytes(31)))


def test_a_file_that_cannot_be_opened_leaves_no_trace(wallet: Keypair, tmp_path: Path) -> None:
    source, box, target = tmp_path / "source", tmp_path / "box", tmp_path / "target"
    source.write_bytes(os.urandom(CHUNK + 1))
    seal_file(source, box, wallet.pubkey())
    unseal_file(box, target, wallet)
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o600
    box.write_bytes(box.read_bytes()[:-1])
    with pytest.raises(NotSealed):
        unseal_file(box, tmp_path / "other", wallet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["box", "source", "target"]
