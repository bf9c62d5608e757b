"""`ionet demo`, as the person sees it who runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ionet import demo
from ionet.cli.demo import run_demo
from ionet.demo._scenario import _Scenario
from ionet.localnet.record import Recorder, Step
from ionet.orchestrator import NodeSpec, RayExecutor
from ionet.sandbox import image, missing
from ionet.store.manifest import FileStore

pytestmark = [pytest.mark.ray, pytest.mark.slow]

IO = 10**8
#: Base units of the first six hours: a month of 3,333,333.33333333 IO has 730.5 hours.
MONTH = 333_333_333_333_333
SIX_HOURS = MONTH * 12 // 1461
FIVE_HOURS = MONTH * 10 // 1461


@pytest.fixture(scope="module")
def played() -> dict[str, Any]:
    """What `ionet demo --output json` writes to standard output: JSON and nothing else."""
    command = [sys.executable, "-c", "from ionet.cli import main; main()", "demo", "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def step(played: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in played["steps"] if one["name"] == name)
    return found


def test_every_check_holds_and_shows_both_sides(played: dict[str, Any]) -> None:
    assert played["ok"] is True
    assert len(played["checks"]) >= 15
    for check in played["checks"]:
        assert check["ok"] is (check["expected"] == check["found"]) is True


def test_each_worker_is_a_process_and_the_one_whose_node_dies_is_killed(played: dict[str, Any]) -> None:
    processes, killed = step(played, "suppliers")["facts"]["processes"], step(played, "job")["facts"]
    assert len(set(processes)) == 2
    assert (killed["killed"], killed["signal"]) == (processes[1], signal.SIGKILL)
    assert not any(Path(f"/proc/{pid}").exists() for pid in processes)


def test_genesis_is_five_hundred_million_in_five_allocations(played: dict[str, Any]) -> None:
    amounts = step(played, "genesis")["amounts"]
    millions = {"community": 1000, "research": 1280, "seed": 1000, "series_a": 816, "core": 904}
    assert {name: amounts[name] for name in millions} == {
        name: tenths * 100_000 * IO for name, tenths in millions.items()
    }
    assert amounts["supply"] == 500_000_000 * IO


def test_emission_follows_the_schedule_and_the_moved_clock_is_said(played: dict[str, Any]) -> None:
    first, second = step(played, "emission_5h"), step(played, "emission_6h")
    assert first["amounts"]["emitted_total"] == FIVE_HOURS
    assert second["amounts"]["emitted_total"] == SIX_HOURS
    assert first["clock_moved"] == 5 * 3_600
    assert "clock was moved" in " ".join(first["text"])


#: Half a dollar an hour in USDC, and both sides' fees: a booking's 0.25 % and a payment's 2 %.
PRICE, FEE = 500_000, 11_250
#: Seconds for which the node that dies was attested, of an hour.
GOOD = 1_200


def test_a_cluster_of_two_is_booked_in_usdc(played: dict[str, Any]) -> None:
    booking = step(played, "booking")
    assert booking["amounts"] == {
        "deposit_usdc": 2 * (PRICE + FEE),
        "price_usdc": 2 * PRICE,
        "renter_fee_usdc": 2 * FEE,
    }
    assert len(set(booking["facts"]["jobs"])) == 2


def test_the_node_that_dies_is_paid_for_its_good_time_and_the_refund_is_exact(played: dict[str, Any]) -> None:
    job = step(played, "job")
    amounts, facts = job["amounts"], job["facts"]
    assert (facts["alice_seconds"], facts["alice_ended"]) == (3_600, "completed")
    assert (facts["bob_seconds"], facts["bob_ended"]) == (GOOD, "lost")
    assert facts["orchestrator"].count("lose") == 1
    assert (amounts["alice_usdc"], amounts["alice_fees_usdc"], amounts["alice_refund_usdc"]) == (
        PRICE - FEE,
        2 * FEE,
        0,
    )
    # A third of the price, rounded down; of it the supplier's fees, rounded up; a third of the renter's.
    gross = PRICE * GOOD // 3_600
    supplier = gross + -gross * 225 // 10_000
    kept = -(-FEE * gross // PRICE)
    assert amounts["bob_usdc"] == supplier
    assert amounts["bob_fees_usdc"] == gross - supplier + kept
    assert amounts["bob_refund_usdc"] == PRICE + FEE - gross - kept


def test_a_classifier_was_really_trained_and_its_hash_is_on_chain(played: dict[str, Any]) -> None:
    facts = step(played, "job")["facts"]
    accuracy = facts["accuracy"]
    assert accuracy["total"] == 360
    assert accuracy["correct"] > 342, "95 % is what any sound classifier of these digits reaches"
    assert len(facts["model_sha256"]) == len(facts["result_hash"]) == 64
    assert {"start", "launch", "attest", "settle", "complete", "close"} <= set(facts["orchestrator"])


def test_a_renters_program_runs_in_a_box_where_this_machine_has_them(played: dict[str, Any]) -> None:
    said = " ".join(step(played, "job")["text"])
    assert ("runs in a box" in said) != ("runs unboxed, as this user: " in said)
    if os.environ.get("CI") and (image() is not None or missing() is None):
        assert "runs in a box" in said, said


def test_where_no_sandbox_is_prepared_one_line_says_that_it_runs_unboxed_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IONET_IMAGES", str(tmp_path))
    steps: list[Step] = []
    recorder = Recorder(steps.append)
    specs, store = [NodeSpec(bytes(32), cpus=1)], FileStore(tmp_path / "store")
    executor = _Scenario(recorder, tmp_path)._executor(specs, store)
    assert isinstance(executor, RayExecutor)
    recorder.close("job", "")
    (line,) = steps[0].lines
    why = missing() or "there is no image; scripts/setup --sandbox builds it"
    assert line == f"the job runs unboxed, as this user: {why}"


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever is not root has run the demo without root already")
def test_it_needs_no_root() -> None:
    """Played by a user of no rights but one: to read, as the interpreter may lie where others do not."""
    able, only = "+dac_read_search", "-all,+dac_read_search"
    user = ["setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups"]
    rights = ["--inh-caps", able, "--ambient-caps", able, "--bounding-set", only]
    command = [sys.executable, "-B", "-c", "from ionet.cli import main; main()", "demo", "--output", "json"]
    # Of a short name, for Ray's sockets.
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as home:
        os.chown(home, 54321, 54321)
        done = subprocess.run(
            [*user, *rights, *command],
            cwd=home, env={**os.environ, "HOME": home, "TMPDIR": home},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    played = json.loads(done.stdout)
    assert played["ok"] is True
    assert "the job runs unboxed, as this user: a sandbox needs root" in " ".join(step(played, "job")["text"])


def test_rewards_are_those_of_the_hour_by_the_published_rule(played: dict[str, Any]) -> None:
    report, rewards = step(played, "report")["amounts"], step(played, "rewards")["amounts"]
    hour = SIX_HOURS - FIVE_HOURS
    assert report["hour"] == hour
    # 95 % and 5 % of the hour are rounded down; what that leaves is the next hour's carry.
    assert report["report_total"] + report["unallocated"] == hour * 95 // 100 + hour * 5 // 100
    # Who was switched off was not up, and earns nothing in this hour.
    assert "credited_bob" not in rewards
    assert rewards["credited_alice"] == report["report_total"]
    # Alone in its class it would have the whole hour: it has 96 bp of its owner's minimum of 200 IO.
    assert rewards["credited_alice"] == 192_000_000
    # Carol has a third of the active stake, less a commission of 10 %.
    assert abs(rewards["claimed_carol"] - rewards["credited_alice"] * 30 // 100) <= 1
    assert rewards["claimed_alice"] + rewards["claimed_carol"] in (
        rewards["credited_alice"],
        rewards["credited_alice"] - 1,
    )


def test_io_is_bought_with_the_fees_and_burned(played: dict[str, Any]) -> None:
    amounts, job = step(played, "buyback")["amounts"], step(played, "job")["amounts"]
    assert amounts["burned"] > 0
    assert amounts["supply_before"] - amounts["supply_after"] == amounts["burned"]
    assert 0 < amounts["sold_usdc"] <= job["alice_fees_usdc"] + job["bob_fees_usdc"]
    # IO costs two dollars, and an auction's price is within a tenth of that.
    assert amounts["burned"] * 18 <= amounts["sold_usdc"] * 1_000 <= amounts["burned"] * 22


def test_everything_is_computed_again_from_the_events(played: dict[str, Any]) -> None:
    assert step(played, "verify")["amounts"] == {"differences": 0}
    assert any(check["name"].startswith("by every event") for check in played["checks"])


def test_each_step_names_its_transactions_with_their_units(played: dict[str, Any]) -> None:
    for one in played["steps"]:
        assert one["compute_units"] == sum(sent["compute_units"] for sent in one["transactions"])
    names = [sent["what"] for sent in step(played, "job")["transactions"]]
    assert any("started" in name for name in names)
    assert any("jobclosed" in name for name in names)


def test_a_check_that_does_not_hold_makes_the_command_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = demo.Demo((), (demo.Check("supply", 1, 2), demo.Check("vault", 3, 3)))
    monkeypatch.setattr(demo, "run", lambda on_step=None: broken)
    assert run_demo(as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert [check["ok"] for check in found["checks"]] == [False, True]
    assert run_demo(as_json=False) == 1
    assert "1 of 2 checks fail" in capsys.readouterr().out
