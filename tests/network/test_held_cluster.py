"""A cluster that is held for commands: the whole of `ionet cluster`, on two real workers and Ray."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.network.lab import needed
from tests.network.terminal import Renter
from tests.sandbox.support import prepared_image

from soaking import localnet

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 20
FILE = """\
name: digits
nodes: 2
class: other cpu
hours: 3
gpus: 0
workdir: code
files: {data/one.txt: one.txt}
env: {GREETING: hello}
setup: |
  echo prepares
  cp data/one.txt prepared
"""
#: Says of each node whether it was set up, and what it was sent.
PROGRAM = """\
import json, os, pathlib
import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy as On

@ray.remote(num_cpus=1)
def look():
    return ray.util.get_node_ip_address(), pathlib.Path("/job/work/prepared").read_text()

ray.init(log_to_driver=False)
group = placement_group([{"CPU": 1}] * 2, strategy="STRICT_SPREAD")
ray.get(group.ready())
seen = ray.get([look.options(scheduling_strategy=On(group, number)).remote() for number in range(2)])
pathlib.Path(os.environ["IONET_OUTPUT"], "seen.json").write_text(json.dumps(seen))
print(os.environ["GREETING"], len({address for address, _ in seen}), {text for _, text in seen})
"""


def test_a_cluster_is_rented_used_and_ended_by_its_name(tmp_path: Path) -> None:
    needed()
    prepared_image()
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "look.py").write_text(PROGRAM)
    (tmp_path / "one.txt").write_text("one\n")
    (tmp_path / "cluster.yaml").write_text(FILE)
    with localnet(tmp_path, SPEED) as net:
        renter = Renter(net, tmp_path)
        up = renter.json("up")
        assert (up["name"], len(up["nodes"])) == ("digits", 2)
        (listed,) = renter.json("list")
        assert (listed["name"], listed["state"], listed["cluster"]) == ("digits", "running", up["cluster"])

        done = renter.run("exec", "digits", "--", "python3", "look.py")
        # Ray says before where it has connected to.
        assert done.stdout.endswith("\nhello 2 {'one\\n'}\n")
        # A line for the shell, whose output has no end of a line, and whose status is the command's.
        done = renter.run("exec", "digits", "--", "printf begun; exit 3", status=3)
        assert done.stdout == "begun"
        # One that is interrupted goes on, until it is ended by its id, and is not ended twice.
        line, pipe = "echo it runs; sleep 600", subprocess.PIPE
        with renter.start("exec", "digits", "--", line, stdout=pipe, stderr=pipe) as begun:
            assert begun.stdout is not None
            assert begun.stdout.readline() == "it runs\n"
            begun.send_signal(signal.SIGINT)
            said = begun.communicate(timeout=60)[1]
        assert begun.returncode == 130
        (number,) = re.findall(r"the command goes on; end it: ionet cluster exec digits --cancel (\w+)", said)
        assert f"{number} of digits has ended" in renter.run("exec", "digits", "--cancel", number).stdout
        for other, why in ((number, "it has ended before"), ("0" * 15 + "1", "there was no such command")):
            assert why in renter.run("exec", "digits", "--cancel", other, status=1).stderr
        log = renter.run("logs", "digits").stdout
        assert log.count("] prepares\n") == 2, log

        # Into both boxes by SSH, where Ray finds both nodes; and from here by Ray's client.
        nodes = "import ray; ray.init(log_to_driver=False); print(len(ray.nodes()))"
        done = renter.run("ssh", "digits", "--", f"cat prepared; python3 -c '{nodes}'")
        assert done.stdout == "one\n2\n"
        assert renter.run("ssh", "digits", "--node", "2", "--", "cat prepared").stdout == "one\n"
        done = renter.run("address", "digits", "--", sys.executable, "-c", nodes)
        assert done.stdout == "2\n"

        deposit = int(up["quote"]["deposit"]["raw"])
        status = renter.json("status", "digits")
        assert int(status["paid"]["raw"]) + int(status["refund"]["raw"]) == deposit
        down = renter.json("down", "digits", "-o", "out")
        assert down["files"] == ["out/seen.json"]
        assert len(json.loads((tmp_path / "out" / "seen.json").read_text())) == 2
        assert int(down["paid"]["raw"]) + int(down["refund"]["raw"]) == deposit
        assert int(down["refund"]["raw"]) > 0
        assert renter.json("list") == []
        done = renter.run("exec", "digits", "--", "true", status=4)
        assert "you have no cluster 'digits'; you have none" in done.stderr
    assert not net.left_over()
