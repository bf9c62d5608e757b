"""Where the test validator is looked for, and what is said where there is none."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest
from tests.nodes import starting

PROGRAM = b"#!/bin/sh\necho a validator\n"


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without a validator; returns where a compressed one would be."""
    monkeypatch.delenv("IONET_TEST_VALIDATOR", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    packed = tmp_path / "packed.xz"
    monkeypatch.setattr(starting, "_PACKED", packed)
    return packed


def installed(place: Path) -> Path:
    place.write_bytes(PROGRAM)
    place.chmod(0o755)
    return place


def test_where_there_is_none_tests_skip_and_say_why(nowhere: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(pytest.skip.Exception, match="no solana-test-validator: put the Solana CLI"),
        starting.validator_program(tmp_path),
    ):
        pass


def test_a_compressed_one_is_unpacked_for_as_long_as_it_is_used(nowhere: Path, tmp_path: Path) -> None:
    nowhere.write_bytes(lzma.compress(PROGRAM))
    with starting.validator_program(tmp_path) as found:
        assert found.read_bytes() == PROGRAM
        assert found.stat().st_mode & 0o111
    assert not found.exists()


def test_one_on_the_path_comes_before_a_compressed_one(nowhere: Path, tmp_path: Path) -> None:
    nowhere.write_bytes(lzma.compress(PROGRAM))
    place = installed(tmp_path / "solana-test-validator")
    with starting.validator_program(tmp_path / "elsewhere") as found:
        assert found == place


def test_the_one_that_is_named_comes_first_and_must_be_there(
    nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path / "solana-test-validator")
    named = installed(tmp_path / "mine")
    monkeypatch.setenv("IONET_TEST_VALIDATOR", str(named))
    with starting.validator_program(tmp_path) as found:
        assert found == named
    named.unlink()
    with (
        pytest.raises(AssertionError, match=f"IONET_TEST_VALIDATOR={named} is no program"),
        starting.validator_program(tmp_path),
    ):
        pass
