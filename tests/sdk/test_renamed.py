"""Names of earlier versions: still importable, with a warning that says where they are now."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings

import pytest
from solders.pubkey import Pubkey

import ionet
from ionet.chain.errors import failure


@pytest.mark.parametrize(
    ("earlier", "present"),
    [
        ("Answer", "RewardExplanation"),
        ("Cranked", "CrankResult"),
        ("Found", "KeyedAccount"),
        ("Proposal", "ReportDraft"),
        ("Room", "StakeCapacity"),
        ("Supply", "NodeCount"),
        ("Undone", "CancelledBooking"),
    ],
)
def test_a_renamed_type_warns_and_is_the_present_one(earlier: str, present: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"ionet.{earlier} is now {present}"):
        found = getattr(ionet, earlier)
    assert found is getattr(ionet, present)


@pytest.mark.parametrize(
    ("earlier", "present"),
    [
        ("ionet.bulk", "ionet.staking.bulk"),
        ("ionet.manifest", "ionet.store.manifest"),
        ("ionet.merkle", "ionet.formats.merkle"),
        ("ionet.proof", "ionet.prover"),
    ],
)
def test_a_moved_module_is_imported_from_where_it_is(earlier: str, present: str) -> None:
    code = (
        f"import warnings; warnings.simplefilter('always'); import {earlier}, {present}; "
        f"assert {earlier} is {present}; assert {present}.__spec__.name == {present!r}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"DeprecationWarning: {earlier} is now {present}" in done.stderr


@pytest.mark.parametrize("name", ["airdrop", "emission", "genesis", "governance", "supply", "vesting"])
def test_short_names_of_modules_stay_without_a_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert importlib.import_module(f"ionet.{name}") is getattr(ionet, name)


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        ("governance", "EXPIRY", 14 * 86_400),
        ("governance", "TRANSACTIONS", 16),
        ("governance", "ACCOUNTS", 32),
        ("emission", "SECONDS_PER_HOUR", 3_600),
        ("airdrop", "DOMAIN", b"ionet:airdrop"),
        ("rewards", "DOMAIN", b"ionet:reward"),
    ],
)
def test_constants_that_come_from_the_programs_now(module: str, name: str, value: object) -> None:
    with pytest.warns(DeprecationWarning, match=name):
        assert getattr(importlib.import_module(f"ionet.{module}"), name) == value


def test_a_renamed_method_warns_and_works() -> None:
    with ionet.local() as client:
        client.mint.initialize().send()
        with pytest.warns(DeprecationWarning, match=r"Mint\.config is now get_config"):
            found = client.mint.config()  # type: ignore[attr-defined]
        assert found == client.mint.get_config()
        with pytest.raises(AttributeError, match="'Mint' object has no attribute 'moon'"):
            client.mint.moon()  # type: ignore[attr-defined]


def test_a_renamed_attribute_warns_and_works() -> None:
    failed = failure("AccountInUse", compute_units=7)
    with pytest.warns(DeprecationWarning, match=r"SimulationFailed\.units is now compute_units"):
        assert failed.units == 7  # type: ignore[attr-defined]
    undecoded = ionet.Undecoded(Pubkey.default(), 2, b"", "")
    with pytest.warns(DeprecationWarning, match=r"Undecoded\.instruction is now instruction_index"):
        assert undecoded.instruction == 2  # type: ignore[attr-defined]
