"""Speeds of classes: the packaged table, files of others, and how attesters judge by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ionet.chain.errors import ConfigError
from ionet.orchestrator import Policy
from ionet.orchestrator._config import OrchestratorConfig
from ionet.orchestrator._references import ClassReferences
from ionet.prover import median, residency
from ionet.staking.hardware import hardware_classes
from ionet.staking.speeds import ClassSpeeds, MemorySpeed, RateSpeed, Speeds, class_speeds, parse_speeds

FAST, SLOW = RateSpeed(1024, 4096, 1_000_000), RateSpeed(1024, 4096, 400_000_000)


def table(*speeds: ClassSpeeds) -> str:
    return json.dumps(Speeds(speeds).document())


def test_every_packaged_speed_is_of_a_class_and_says_where_it_is_from() -> None:
    classes = {kind.id for kind in hardware_classes()}
    assert class_speeds().classes, "at least one class has been measured"
    for item in class_speeds().classes:
        assert item.class_id in classes
        assert "measure" in item.source
        assert item.rate
        for memory in item.memory:
            residency.Sizes(memory.blocks, memory.rounds, memory.chains, memory.reads)


def test_a_table_is_the_same_after_it_was_written_and_read() -> None:
    speeds = Speeds((ClassSpeeds(61, "a test", (SLOW,), (MemorySpeed(4096, 2048, 64, 8, 5),)),))
    read = parse_speeds(json.dumps(speeds.document()), "here")
    assert read == speeds
    assert read.digest == speeds.digest
    assert read.digest != Speeds(()).digest


def bad(change: Any) -> str:
    document = json.loads(table(ClassSpeeds(61, "a test", (SLOW,), ())))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "f is no table of speeds"),
        (bad(lambda d: d.update(version=2)), "f has the version 2; this program reads 1"),
        (bad(lambda d: d["classes"].append(d["classes"][0])), "f names a class twice: \\[61, 61\\]"),
        (bad(lambda d: d["classes"][0].update(source=" ")), "says where its speeds are from"),
        (bad(lambda d: d["classes"][0]["rate"][0].update(nanoseconds=0)), "lets nobody pass"),
        (bad(lambda d: d["classes"][0]["rate"][0].update(slack_bps=9_999)), "lets nobody pass"),
        (bad(lambda d: d["classes"][0]["rate"][0].update(m=1.5)), "something else than numbers"),
        (bad(lambda d: d["classes"][0]["rate"][0].update(n=1)), "f is no table of speeds"),
    ],
)
def test_what_is_no_table_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_speeds(text, "f")


def test_an_orchestrator_judges_by_the_packages_table_or_by_its_own_file(tmp_path: Path) -> None:
    config = OrchestratorConfig(tmp_path / "config.toml", ("localnet",), ("http://x",), tmp_path / "key")
    assert config.made_policy().references == ClassReferences(class_speeds()).products
    file = tmp_path / "speeds.json"
    own = OrchestratorConfig(config.path, config.rpc, config.gateways, config.keypair, speeds=file)
    with pytest.raises(ConfigError, match="cannot be read"):
        own.made_policy()
    file.write_text(table(ClassSpeeds(1, "a test", (FAST,), ())))
    (reference,) = own.made_policy().references[1]
    # 1.5 times a millisecond, and half a second for the way.
    assert reference.limit_ns == 1_500_000 + 500_000_000


def test_a_time_reaches_the_fastest_class_that_it_is_in_time_for() -> None:
    speeds = Speeds((ClassSpeeds(1, "a", (FAST,), ()), ClassSpeeds(61, "b", (SLOW,), ())))
    policy = Policy(references=ClassReferences(speeds).products)
    assert policy.reached(501_500_000) == 1
    assert policy.reached(501_500_001) == 61
    assert policy.reached(1_100_000_000) == 61
    assert policy.reached(1_100_000_001) is None


def test_of_two_times_the_later_counts_and_of_three_the_middle_one() -> None:
    assert (median([5]), median([5, 9]), median([9, 1, 5])) == (5, 9, 5)


#: Answers of these classes are late after 1.5, 3 and 6 ms.
THREE = Speeds(
    tuple(
        ClassSpeeds(number, "a test", (RateSpeed(64, 256, time, grace_ns=0),), ())
        for number, time in ((1, 1_000_000), (2, 2_000_000), (3, 4_000_000))
    )
)


@pytest.mark.parametrize(
    ("score_bps", "reached"),
    [
        # 2.5 ms, 3 ms, 3.003 ms, 6 ms, 6.002 ms.
        (4_000, 2),
        (3_334, 2),
        (3_330, 3),
        (1_667, 3),
        (1_666, None),
        (0, None),
    ],
)
def test_a_device_reaches_the_fastest_class_in_whose_time_it_answers(
    score_bps: int, reached: int | None
) -> None:
    found = THREE.reached(1, score_bps)
    assert (None if found is None else found.class_id) == reached


def test_nothing_is_reached_from_a_class_or_by_a_size_that_nobody_measured() -> None:
    assert THREE.reached(4, 5_000) is None
    other = ClassSpeeds(4, "a test", (RateSpeed(128, 256, 9_000_000),), ())
    assert Speeds((THREE.classes[0], other)).reached(1, 5_000) is None
