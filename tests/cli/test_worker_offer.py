"""`ionet worker offer`: fixed rates, and rates that follow the market of a class."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

import pytest
from tests.cli.conftest import Shell, key

from ionet import USD
from ionet.worker import Limits, NodeConfig, WorkerConfig

CLASS: Final = "L4"


@pytest.fixture(scope="module")
def market(shell: Shell) -> dict[str, str]:
    """Nodes of one class: alice's two, and bob's and carol's, which can be booked at 40 and 60 cents."""
    nodes = {}
    for who, uuid in (("alice", "a1"), ("alice", "a2"), ("bob", "b"), ("carol", "c")):
        nodes[uuid] = shell.register(uuid, who=who, class_=CLASS)
        shell.stake(nodes[uuid], "200", who=who)
        shell.show_verdict(nodes[uuid])
    for who, uuid, rate in (("bob", "b", "0.4"), ("carol", "c", "0.6")):
        shell.text("worker", "offer", nodes[uuid], "--rate", rate, who=who)
    return nodes


FOLLOWING: Final[Sequence[str]] = ("--floor", "0.3", "--ceiling", "0.9")


def rate(shell: Shell, node: str) -> USD:
    return USD.from_base(shell.client.jobs.get_offer(key(node)).rate)


def test_a_rate_is_fixed_or_follows_the_class(shell: Shell, market: dict[str, str]) -> None:
    node = market["a1"]
    shell.text("worker", "offer", node, "--rate", "0.35", "--max", "7d", who="alice")
    assert rate(shell, node) == USD("0.35")
    done: Any = shell.json("worker", "offer", node, *FOLLOWING, who="alice")
    assert rate(shell, node) == USD("0.5")
    assert (done["offers"][0]["max_seconds"], done["kept"]) == (7 * 86_400, [])
    done = shell.json("worker", "offer", node, *FOLLOWING, who="alice")
    assert (done["offers"], done["kept"]) == ([], [node])
    shell.text("worker", "offer", node, *FOLLOWING, "--follow", "lowest", who="alice")
    assert rate(shell, node) == USD("0.4")
    shell.text("worker", "offer", node, *FOLLOWING, "--closed", "--step", "50", who="alice")
    offered = shell.client.jobs.get_offer(key(node))
    assert (offered.rate, offered.open) == (USD("0.4").base, 0)


def test_the_nodes_of_the_settings_are_offered_and_the_owner_may_sign_elsewhere(
    shell: Shell, market: dict[str, str], tmp_path: Any
) -> None:
    nodes = tuple(NodeConfig(uuid, 0, CLASS, tmp_path / f"{uuid}.json") for uuid in ("a1", "a2"))
    assert [str(node.address) for node in nodes] == [market["a1"], market["a2"]]
    place = tmp_path / "worker" / "config.toml"
    WorkerConfig(
        place, key(shell.address("alice")), ("devnet",), ("ws://[::1]",), nodes, Limits(1, 1, 1)
    ).save()
    shell.cold("worker", "offer", "--rate", "0.7", "--state", str(place.parent), who="alice")
    assert [rate(shell, market[name]) for name in ("a1", "a2")] == [USD("0.7")] * 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "say what to ask: --rate, or --floor and --ceiling; `ionet job offer NODE` shows an offer"),
        (("--floor", "1"), "to follow the market takes both --floor and --ceiling"),
        (
            ("--floor", "1", "--ceiling", "2", "--rate", "1"),
            "a rate is fixed by --rate, or follows the market",
        ),
        (("--floor", "2", "--ceiling", "1"), "the floor is above zero, and at most the ceiling"),
        (("--rate", "1", "--watch"), "--watch follows the market: say --floor and --ceiling"),
        ((*FOLLOWING, "--watch", "--dry-run"), "--watch goes on sending"),
    ],
)
def test_what_does_not_go_together_is_refused(
    shell: Shell, market: dict[str, str], options: Sequence[str], said: str
) -> None:
    assert shell.fails(2, "worker", "offer", market["a1"], *options, who="alice").startswith(said)


def test_a_watch_follows_the_market_until_it_is_stopped(shell: Shell, market: dict[str, str]) -> None:
    node = market["a2"]
    shell.text("worker", "offer", node, "--rate", "0.5", who="alice")
    line = [sys.executable, "-u", "-c", "from ionet.cli import main; main()", "-u", shell.url]
    line += [
        "-k",
        shell.key("alice"),
        "worker",
        "offer",
        node,
        *FOLLOWING,
        "--watch",
        "--every",
        "1s",
        "--max",
        "2d",
    ]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        try:
            assert "0.5 USD per processor and hour" in watch.stdout.readline(), "what is said besides"
            shell.text("worker", "offer", market["c"], "--rate", "0.8", who="carol")
            assert watch.stdout.readline().startswith(f"{node}: 0.6 USD per processor and hour")
        finally:
            watch.send_signal(signal.SIGINT)
            _, errors = watch.communicate(timeout=20)
    assert "Traceback" not in errors
    assert rate(shell, node) == USD("0.6")
    assert shell.client.jobs.get_offer(key(node)).max_seconds == 2 * 86_400
