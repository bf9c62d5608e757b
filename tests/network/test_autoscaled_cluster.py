"""Ray's own launcher and autoscaler lease from the market: up, more nodes on demand, fewer when idle.

Through the real processes: gateway, orchestrator, two workers with their boxes, and a session key that the
first node's box has in memory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from tests.network import passing
from tests.network.lab import needed
from tests.network.outside import package, public
from tests.network.terminal import Renter
from tests.sandbox.support import prepared_image
from tests.sandbox.world import World, world

from ionet import KeyedAccount, accounts, pda, token_account
from ionet.cloud.sessions import read
from ionet.workloads import driver
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
        content["available_node_types"]["head"]["node_config"] |= {"idle": "1min", "internet": True}
        file.write_text(yaml.safe_dump(content))
        line = self.session.read_text()
        place = {"HOME": str(folder), "IONET_GATEWAY": net.told["gateway"], "IONET_SESSION": line}
        self.environment = {**os.environ, **place}
        login = read(self.session)
        assert login is not None
        self.secret, self.key = login.key, login.key.pubkey()

    def start(self, *words: object, log: str) -> subprocess.Popen[bytes]:
        with self.log(log).open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-u", *map(str, words)],
                cwd=self.folder, env=self.environment, stdout=out, stderr=out,
            )  # fmt: skip

    def ray(self, command: str) -> None:
        words = ("-m", "ray.scripts.scripts", command, "--yes", "ray.yaml")
        assert self.start(*words, log=f"{command}.log").wait(300) == 0, self.said(f"{command}.log")

    def scale(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ionet.cloud.autoscaling", "ray.yaml", *words],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def begin_here(self) -> None:
        """Runs it on the renter's machine, until it has looked at the cluster."""
        process = self.start("-m", "ionet.cloud.autoscaling", "ray.yaml", log="autoscaler.log")
        try:
            wait(120, "it finds no Ray", lambda: "Autoscaler status" in self.said("autoscaler.log"))
        finally:
            process.terminate()
            process.wait(30)
            print(self.said("autoscaler.log"))

    def using(self, line: str) -> subprocess.Popen[bytes]:
        words = ("-u", self.net.told["url"], "--yes", "cluster", "exec", "autoscaling", line)
        return self.start(*RUN[1:], *words, log="using.log")

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


@dataclass(frozen=True)
class Head:
    """The first node's box, by SSH."""

    scaled: Scaled

    def run(self, line: str, data: bytes = b"") -> str:
        words = [*RUN, "-u", self.scaled.net.told["url"], "cluster", "ssh", "autoscaling", "--", line]
        done = subprocess.run(
            [*map(str, words)], cwd=self.scaled.folder, env=self.scaled.environment,
            capture_output=True, input=data, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def install(self) -> None:
        """Puts the package where the cluster file's `pip` would: no registry of packages is reached here."""
        packed = BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
            for path, name in package("access"):
                archive.add(path, str(name))
        self.run(f"mkdir -p {driver.PACKAGES} && tar -xz -C {driver.PACKAGES}", packed.getvalue())

    def reach_market(self, there: World, ports: Sequence[int]) -> None:
        """Its programs find the market by the names that it has on this machine."""
        self.run("cat > passing.py", Path(passing.__file__).read_bytes())
        numbers = " ".join(map(str, ports))
        self.run(f"nohup python3 passing.py {there.public} {numbers} >passing.log 2>&1 </dev/null &")

    def with_session(self) -> str:
        """What of the box has the session's key: files, arguments and variables; first, what looks for it."""
        session = self.scaled.session.read_text().strip()
        places = "/job /in /tmp /dev/shm /proc/[0-9]*/environ /proc/[0-9]*/cmdline"
        line = f"cat > look; grep -rlsF -D skip -f look {places} || true"
        return self.run(line, f"{session[:60]}\n{str(self.scaled.secret)[:40]}\n".encode())


def test_ray_on_its_first_node_leases_another_on_demand_and_lets_it_go_when_it_is_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed()
    prepared_image()
    monkeypatch.setenv("IONET_WORKER_INTERNET", "true")
    place = tmp_path / "world"
    place.mkdir()
    with world(place) as there, localnet(tmp_path, SPEED) as net:
        ports = [int(urlsplit(net.told[name]).port or 0) for name in ("url", "gateway")]
        scaled = Scaled(net, tmp_path)
        before = scaled.purse()
        with public(there, ports):
            scaled.ray("up")
            # So that it is in use until all is prepared, however long that takes.
            using = scaled.using("until test -e prepared; do sleep 1; done")
            (head,) = scaled.jobs()
            box = Head(scaled)
            box.install()
            box.reach_market(there, ports)
            scaled.begin_here()
            began = scaled.scale("--head")
            assert "the autoscaler runs on the first node, as process" in began.stdout, began.stderr
            box.run("touch prepared")
            assert using.wait(120) == 0, scaled.said("using.log")
            try:
                # Two nodes at once, of which there is one: the work waits until Ray has leased the other.
                said = scaled.cluster("exec", "python3 burst.py 2")
                assert said.endswith("2262 primes, counted on 2 nodes\n")
                (new,) = (job for job in scaled.jobs() if job.account.replaces == ADDED)
                assert new.account.node != head.account.node

                def ended() -> bool:
                    return all(job.address != new.address or job.account.reason for job in scaled.jobs())

                wait(180, "the idle node stays", ended)
                assert not next(job for job in scaled.jobs() if job.address == head.address).account.reason
                # The session's key is in no file, argument or variable of the box.
                assert box.with_session() == "/job/work/look\n"
                assert "Permission denied" in box.run("ls /proc/$(cat .autoscaler)/fd 2>&1 || true")
                again = scaled.scale("--head")
                assert "the autoscaler runs there already; end it first: kill" in again.stderr
            finally:
                print(box.run("cat autoscaler.log passing.log"))
            # Nothing uses what is left, and nothing of the renter's runs: it ends itself.
            wait(180, "it does not end itself", lambda: all(job.account.reason for job in scaled.jobs()))
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
