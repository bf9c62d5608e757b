"""`ionet job guard`: what it says at the command line; what it books is in tests/cloud and tests/network."""

from __future__ import annotations

from tests.cli import test_job
from tests.cli.conftest import key
from tests.cli.test_job import Desk

market, desk = test_job.market, test_job.desk
LIMITS = ("--replace", 1, "--max-rate", "2.5")


def test_it_ends_with_the_cluster(desk: Desk) -> None:
    shell, nodes = desk.shell, [desk.node() for _ in range(2)]
    line = ["job", "book", *nodes, "--for", "2h", "--manifest-hash", "07" * 32, "--currency", "USDC"]
    cluster = shell.json(*line, who="renter")["cluster"]
    jobs = [item.address for item in shell.client.jobs.cluster_jobs(key(cluster))]
    for job in jobs:
        shell.text("job", "start", job, who="alice")
    session = shell.address("session")
    shell.text("job", "cluster", cluster, "--delegate", session, "--allow", "6", who="renter")
    shell.client.as_(shell.people["attester"]).jobs.lose(jobs[0]).send()
    # The head was lost: whoever is booked now has nothing to join.
    told = shell.json("job", "guard", cluster, *LIMITS, who="session")
    assert told["replaced"] == 0
    assert told["why"] == (
        "its head, the node that was booked first, has left: there is nothing to join, and the others are"
        " paid until each is stopped"
    )
    shell.text("job", "stop", jobs[1], who="renter")
    text = shell.text("job", "guard", cluster, *LIMITS, who="session")
    assert text == "Over, after 0 of 1 replacements: none of its jobs runs any more\n"


def test_limits_are_asked_for(desk: Desk) -> None:
    said = desk.shell.run("job", "guard", desk.shell.address("session"), "--max-rate", "2.5", who="renter")
    assert said.exit_code == 2
    assert "--replace" in said.stderr
