"""Settings of an orchestrator: what is read is what was written, and what is wrong is said."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from ionet import ConfigError, TransportError
from ionet.orchestrator import Policy
from ionet.orchestrator._config import CONFIG_FILE, POLICY, OrchestratorConfig
from ionet.orchestrator._rpc import Nodes
from ionet.orchestrator._status import OrchestratorStatus, StatusError
from ionet.prover.residency import sizes_of


def config(folder: Path) -> OrchestratorConfig:
    return OrchestratorConfig(
        path=folder / CONFIG_FILE,
        rpc=("https://one.example/key", "devnet"),
        gateways=("https://gateway.example",),
        keypair=folder / "seat.json",
        payer=Path("/keys/payer.json"),
        genesis="EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG",
        metrics=("::1", 9_000),
        json_logs=True,
        place="https://evidence.example",
        policy={"takeover": 60, "interval_ms": 500},
    )


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    written = config(tmp_path)
    written.save()
    assert OrchestratorConfig.load(tmp_path, {}) == written
    assert "one.example" not in repr(written)
    assert (written.made_policy().takeover, written.made_policy().interval) == (60, 0.5)


def test_variables_override_the_file(tmp_path: Path) -> None:
    config(tmp_path).save()
    variables = {
        "IONET_ORCHESTRATOR_GATEWAYS": "https://a.example, https://b.example",
        "IONET_ORCHESTRATOR_REPORTS_BUILD": "false",
        "IONET_ORCHESTRATOR_POLICY_CHALLENGE_M": "256",
    }
    found = OrchestratorConfig.load(tmp_path, variables)
    assert (found.gateways, found.reports) == (("https://a.example", "https://b.example"), False)
    assert found.made_policy().challenge_m == 256


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("payer =", "payr =", "payr: no such setting; did you mean payer"),
        ("takeover = 60", "takeover = 0", "policy.takeover: it is an integer, from 1"),
        ('"[::1]:9000"', '"0.0.0.0:9000"', "served to this machine only"),
        ('log = "json"', 'log = "loud"', "it is text or json"),
        ("https://gateway.example", "http://gateway.example", "is not encrypted"),
        ('genesis = "Et', 'genesis = "0t', "is no hash"),
        ("low_sol = 100000000", "low_sol = true", "low_sol: it is lamports, not true or false"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    config(tmp_path).save()
    path = tmp_path / CONFIG_FILE
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigError, match=said):
        OrchestratorConfig.load(tmp_path, {})


def test_an_unknown_variable_is_refused(tmp_path: Path) -> None:
    config(tmp_path).save()
    with pytest.raises(ConfigError, match="did you mean IONET_ORCHESTRATOR_PAYER"):
        OrchestratorConfig.load(tmp_path, {"IONET_ORCHESTRATOR_PAYR": "x"})


def test_each_part_of_the_policy_is_one() -> None:
    assert POLICY.keys() - {field.name for field in fields(Policy)} == {"interval_ms"}


def test_nobody_is_asked_for_memory_by_a_seat_that_begins_no_hours(tmp_path: Path) -> None:
    asking = replace(config(tmp_path), policy={"hour_memory_mib": 64, "hour_most": 0})
    with pytest.raises(ConfigError, match="hour_memory_mib needs an hour_most above 0"):
        asking.made_policy()
    made = replace(asking, policy={"hour_memory_mib": 64, "hour_most": 1}).made_policy()
    # The shipped reference of class 61, other CPUs, is for more, which takes longer to fill than to read.
    (reference,) = made.memory_references[61]
    assert reference.sizes == sizes_of(512)
    assert reference.limit_ns == -(-1_506_924_529 * 3 // 2) + 500_000_000


def test_a_seat_takes_part_in_compute_proofs_unless_its_file_says_that_it_does_not(tmp_path: Path) -> None:
    def proofs(**said: int) -> tuple[bool, bool, bool]:
        made = replace(config(tmp_path), policy=said).made_policy()
        return made.hour_most > 0, made.hour_memory_mib > 0, made.hour_disprove == 1

    assert proofs() == (True, True, True)
    assert proofs(hour_memory_mib=0) == (True, False, True)
    assert proofs(hour_most=0) == (False, False, True)
    assert proofs(hour_disprove=0) == (True, True, False)


def test_without_a_file_it_is_said_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ionet orchestrator init"):
        OrchestratorConfig.load(tmp_path, {})
    assert OrchestratorStatus.load(tmp_path) is None


def test_a_status_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text("{}")
    with pytest.raises(StatusError, match="no orchestrator's status"):
        OrchestratorStatus.load(tmp_path)


class Node:
    """A node that answers, or does not."""

    def __init__(self, name: str) -> None:
        self.name, self.away, self.asked = name, False, 0

    async def request(self, method: str, params: object = ()) -> str:
        self.asked += 1
        if self.away:
            raise TransportError("no answer", url=self.name)
        return self.name

    async def aclose(self) -> None:
        """Nothing is open."""


async def test_the_next_node_answers_while_the_preferred_one_is_away() -> None:
    time, first, second = [0.0], Node("first"), Node("second")
    nodes = Nodes([first, second], ["first", "second"], lambda: time[0])
    assert await nodes.request("getSlot") == "first"
    first.away = True
    assert [await nodes.request("getSlot") for _ in range(3)] == ["second"] * 3
    assert first.asked == 2, "it is not asked again at once"
    first.away, second.away = False, True
    assert await nodes.request("getSlot") == "first"
    second.away, time[0] = False, 60.0
    assert await nodes.request("getSlot") == "first"
    first.away = second.away = True
    with pytest.raises(TransportError):
        await nodes.request("getSlot")
    assert (nodes.requests["getSlot"], nodes.errors["first"]) == (7, 2)
