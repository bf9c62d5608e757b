"""What seats approve from a terminal: the hardware of a device, and the class that a node goes down to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import DAY, Shell, io

from ionet import IO
from ionet.orchestrator._config import OrchestratorConfig
from ionet.staking.hardware import hardware_classes
from ionet.staking.speeds import ClassSpeeds, RateSpeed, Speeds

DIGEST = "0123456789abcdef" * 4
_IDS = {kind.name: kind.id for kind in hardware_classes()}


def devices(shell: Shell, node: str) -> Any:
    (device,) = shell.json("node", "device", "list", "--node", node)
    return device


def test_a_seat_says_what_hardware_a_device_is_and_takes_it_back(shell: Shell) -> None:
    node = shell.register("GPU-identity")
    device = devices(shell, node)["address"]
    assert DIGEST not in shell.text("node", "device", "list", "--node", node)
    said = shell.json("node", "device", "identify", device, DIGEST, who="attester")
    assert (said["identity"], said["weight"], said["threshold"]) == (DIGEST, 1, 1)
    assert DIGEST in shell.text("node", "device", "list", "--node", node)
    assert "has no certificate now" in shell.text(
        "node", "device", "identify", device, "--none", who="attester"
    )
    assert not any(bytes.fromhex(devices(shell, node)["identity"]))


@pytest.mark.parametrize("digest", ["", "12", "zz" * 32, "00" * 32, "ab" * 33])
def test_what_is_no_digest_is_refused(shell: Shell, digest: str) -> None:
    said = shell.fails(2, "node", "device", "identify", shell.address("alice"), digest, who="attester")
    assert f"{digest!r} is no digest: 64 hex digits, or --none" in said


def test_who_holds_no_seat_approves_nothing(shell: Shell) -> None:
    node = shell.register("GPU-no-seat", class_="H100")
    device = devices(shell, node)["address"]
    said = shell.fails(1, "node", "device", "identify", device, DIGEST, who="alice")
    assert "seat" in said
    said = shell.fails(1, "node", "lower", node, "--class", "RTX 4090", who="alice")
    assert "seat" in said


def test_a_node_is_taken_down_a_day_after_its_seats_have_approved_it(shell: Shell) -> None:
    node = shell.register("GPU-lower", class_="H100")
    approved = shell.text("node", "lower", node, "--class", "RTX 4090", who="attester")
    assert "Approved with weight 1 of 1" in approved
    said = shell.fails(1, "node", "lower", node, "--class", "RTX 4090", "--due", who="bob")
    assert "told less than a day ago" in said
    shell.advance(DAY)
    lowered = shell.json("node", "lower", node, "--class", "RTX 4090", "--due", who="bob")
    assert lowered["class_"] == _IDS["RTX 4090"]
    # 200 IO at a multiplier of 1.25.
    assert io(lowered["minimum"]) == IO(250)
    assert "RTX 4090" in shell.text("node", "show", node)


def test_what_was_measured_is_what_a_class_is_judged_by(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "speeds.json"
    node = shell.register("GPU-timed", class_="A100-80GB")
    assert "Nobody has measured" in shell.text("node", "why", node)
    speeds = Speeds((ClassSpeeds(_IDS["A100-80GB"], "a test", (RateSpeed(64, 256, 5),), ()),))
    file.write_text(json.dumps(speeds.document()))
    shell.fails(1, "node", "classes", "reference", file, who="alice")
    shell.text("node", "classes", "reference", file, who="deployer")
    assert shell.json("node", "why", node)["untimed"] is None
    assert "measured" in shell.text("node", "classes", "list")
    said = shell.fails(2, "node", "classes", "reference", tmp_path / "none.json", who="deployer")
    assert "cannot be read" in said


def test_a_new_seat_takes_part_in_compute_proofs(shell: Shell, tmp_path: Path) -> None:
    gateway = "https://gateway.example"
    shell.text("orchestrator", "init", "--gateway", gateway, "--state", tmp_path, who="attester")
    made = OrchestratorConfig.load(tmp_path).made_policy()
    assert made.hour_most > 0
    assert made.hour_memory_mib > 0
    assert made.hour_disprove == 1
