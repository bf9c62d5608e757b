"""Ray's own launcher and autoscaler lease from the market: up, more nodes on demand, fewer when idle.

Through the real processes: gateway, orchestrator, two workers with their boxes, and a session key.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.network.lab import needed
from tests.network.terminal import Renter
from tests.sandbox.support import prepared_image

from ionet import KeyedAccount, accounts, pda, token_account
from ionet.cloud.sessions import read
from soaking import RUN, Net, localnet, wait

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 20
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "autoscaling"
ADDED = 2


class Scaled:
    """The example, at a market of this machine."""

    def __init__(self, net: Net, folder: Path) -> None:
        self.net, self.folder, self.session = net, folder / "work", folder / "session"
        Renter(net, folder).run("--limit", "200", "--for", "7d", "--export", "session", group="login")
        shutil.copytree(EXAMPLE, self.folder)
        file = self.folder / "ray.yaml"
        content = yaml.safe_load(file.read_text())
        content |= {"max_workers": 1, "idle_timeout_minutes": 0.3}
        content["provider"] |= {"url": net.told["url"], "gateway": net.told["gateway"]}
        content["provider"]["session"] = str(self.session)
        content["available_node_types"]["head"]["node_config"]["idle"] = "1min"
        file.write_text(yaml.safe_dump(content))
        line = self.session.read_text()
        place = {"HOME": str(folder), "IONET_GATEWAY": net.told["gateway"], "IONET_SESSION": line}
        self.environment = {**os.environ, **place}
        login = read(self.session)
        assert login is not None
        self.key = login.key.pubkey()

    def start(self, *words: object, log: str) -> subprocess.Popen[bytes]:
        with self.log(log).open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-u", *map(str, words)],
                cwd=self.folder, env=self.environment, stdout=out, stderr=out,
            )  # fmt: skip

    def ray(self, command: str) -> None:
        words = ("-m", "ray.scripts.scripts", command, "--yes", "ray.yaml")
        assert self.start(*words, log=f"{command}.log").wait(300) == 0, self.said(f"{command}.log")

    def cluster(self, command: str, *more: str) -> str:
        words = [*RUN, "-u", self.net.told["url"], "--yes", "cluster", command, "autoscaling", *more]
        done = subprocess.run(
            [*map(str, words)], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + self.said("autoscaler.log")
        return done.stdout

    def log(self, name: str) -> Path:
        return self.session.with_name(name)

    def said(self, log: str) -> str:
        return self.log(log).read_text(errors="replace")[-6_000:]

    def jobs(self) -> list[KeyedAccount[accounts.jobs.Job]]:
        return self.net.client.jobs.find_jobs(renter=self.key)

    def purse(self) -> int:
        purse = token_account(self.net.client.address, pda.mint.MINT)
        return self.net.client.token_account(purse).amount


def test_ray_leases_a_node_on_demand_and_lets_it_go_when_it_is_idle(tmp_path: Path) -> None:
    needed()
    prepared_image()
    with localnet(tmp_path, SPEED) as net:
        scaled = Scaled(net, tmp_path)
        before = scaled.purse()
        scaled.ray("up")
        (head,) = scaled.jobs()
        autoscaler = scaled.start("-m", "ionet.cloud.autoscaling", "ray.yaml", log="autoscaler.log")
        try:
            # Two nodes at once, of which there is one: the work waits until Ray has leased the other.
            assert scaled.cluster("exec", "python3 burst.py 2").endswith("2262 primes, counted on 2 nodes\n")
            (new,) = (job for job in scaled.jobs() if job.account.replaces == ADDED)
            assert new.account.node != head.account.node

            def ended() -> bool:
                return all(job.address != new.address or job.account.reason for job in scaled.jobs())

            wait(180, "the idle node stays", ended)
            assert not next(job for job in scaled.jobs() if job.address == head.address).account.reason
        finally:
            autoscaler.send_signal(signal.SIGTERM)
            autoscaler.wait(30)
            print(scaled.said("autoscaler.log"))
        # Nothing uses what is left, and nothing of the renter's runs: it ends itself.
        wait(180, "it does not end itself", lambda: not any(not job.account.reason for job in scaled.jobs()))
        scaled.ray("down")
        wait(180, "not all is paid", lambda: not scaled.jobs())
        # What the wallet has less is what both leases took, of deposits that the session key never had.
        paid = 0
        for job in (head, new):
            end = net.client.jobs.ending(job.address)
            assert end is not None
            paid += job.account.price + job.account.fee - end.owed_refund
        assert before - scaled.purse() == paid
    assert not net.left_over()
