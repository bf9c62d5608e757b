"""`ionet proof measure`, and where `ionet node why` says that nobody has measured."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from tests.cli.conftest import Shell

from ionet import ProofReason
from ionet.cli import proof
from ionet.prover.residency import _spec
from ionet.staking import speeds
from ionet.staking.hardware import hardware_classes
from ionet.staking.speeds import ClassSpeeds, RateSpeed, Speeds, parse_speeds


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "_RATES", ((64, 256), (128, 256)))
    monkeypatch.setattr(_spec, "READS", 4)
    monkeypatch.setattr(_spec, "ROUNDS", 8)


def test_a_machine_is_measured_and_written_as_attesters_read_it(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "speeds.json"
    shown = shell.json(
        "proof", "measure", "--class", 20, "--memory", 8, "--repeats", 1, "--out", file, who="alice"
    )
    read = parse_speeds(file.read_text(), file.name)
    assert shown["digest"] == read.digest.hex()
    (speeds,) = read.classes
    assert speeds.class_id == 20
    assert [(item.m, item.k) for item in speeds.rate] == [(64, 256), (128, 256)]
    # 8 MiB are 65,536 blocks of 128 bytes, and as many chains.
    assert (speeds.memory[0].blocks, speeds.memory[0].chains) == (65_536, 65_536)
    text = shell.text("proof", "measure", "--memory", 8, "--repeats", 1, who="alice")
    assert "answers are due in" in text


def test_what_cannot_be_measured_or_written_is_said(shell: Shell, tmp_path: Path) -> None:
    said = shell.fails(2, "proof", "measure", "--class", 999, who="alice")
    assert "there is no class 999; name one with --class" in said
    nowhere = tmp_path / "nowhere" / "speeds.json"
    said = shell.fails(2, "proof", "measure", "--memory", 8, "--repeats", 1, "--out", nowhere, who="alice")
    assert "cannot be written: No such file or directory" in said


def test_the_owner_of_a_class_that_nobody_measured_is_told(shell: Shell) -> None:
    gpu = shell.register("GPU-proof-1", class_="RTX 4090")
    assert "Nobody has measured how fast the class RTX 4090 answers proofs" in shell.text("node", "why", gpu)
    assert shell.json("node", "why", gpu)["untimed"]
    processor = shell.register("CPU-proof-2", class_="Other CPU")
    assert "Nobody has measured" not in shell.text("node", "why", processor)
    assert shell.json("node", "why", processor)["untimed"] is None


def test_the_owner_of_a_device_that_is_too_slow_is_told_where_it_belongs(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {kind.name: kind.id for kind in hardware_classes()}
    node = shell.register("GPU-slow-1", class_="RTX 4090")
    shell.stake(node, "500")
    shell.show_verdict(node, reason=ProofReason.SLOW)
    shell.hour_begins()
    for other, said in (
        (10_000, "it reaches the class Other CPU: give it back with `ionet node retire`"),
        (1_000, "it reaches no other class that was measured"),
    ):
        # The verdict says 103 %: with 10,300 ns for the class it had taken 10,000.
        times = ((ids["RTX 4090"], 10_300), (ids["Other CPU"], other))
        classes = [
            ClassSpeeds(number, "a test", (RateSpeed(64, 256, time, grace_ns=0),), ())
            for number, time in times
        ]
        monkeypatch.setattr(speeds, "class_speeds", partial(Speeds, tuple(classes)))
        assert said in " ".join(shell.text("node", "why", node).split())
