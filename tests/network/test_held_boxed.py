"""What renters do in a box that is held: notebooks, OpenSSH, and volumes that outlive its supplier."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.network.lab import needed
from tests.network.terminal import Renter
from tests.sandbox.support import catalogue_image
from websockets.sync.client import connect

from ionet.sandbox import _cgroups
from soaking import Net, localnet

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 20
FILE = """\
name: {name}
class: other cpu
hours: 8
gpus: 0
workdir: code
image: data-science
volumes: {{data: mine}}
"""
#: Stands for the server that an editor brings along: it listens inside, and is asked over SSH.
SERVER = """\
import http.server, os
os.chdir(os.path.dirname(os.path.abspath(__file__)))
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
open("port.part", "w").write(str(server.server_port)); os.rename("port.part", "port")
server.serve_forever()
"""
#: What an editor has a shell do, whose input is this: no terminal, and nothing that is not in the box.
INSTALL = """\
set -e
uname -sm; ldd --version | head -n 1; ls /usr/lib/*/libstdc++.so.6 | wc -l
cd ~; tar -xzf server.tar.gz
nohup python3 server/server.py >server/log 2>&1 </dev/null &
while [ ! -e server/port ]; do sleep 0.1; done
ps -p $! -o args= | head -n 1
echo "port $(cat server/port)"
"""


@dataclass
class Held:
    """A cluster of one node that is held, with a volume."""

    net: Net
    renter: Renter
    folder: Path
    node: str

    def exec(self, name: str, line: str) -> str:
        return self.renter.run("exec", name, "--", line).stdout

    def openssh(self, *words: object, **more: Any) -> subprocess.CompletedProcess[str]:
        """Runs a program of OpenSSH's, or one that uses it."""
        command = [str(word) for word in words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)
        assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    needed()
    catalogue_image("data-science")
    folder = tmp_path_factory.mktemp("held")
    (folder / "code").mkdir()
    (folder / "seed").mkdir()
    (folder / "seed" / "start.txt").write_text("start\n")
    for name in ("first", "second"):
        (folder / f"{name}.yaml").write_text(FILE.format(name=name))
    with pytest.MonkeyPatch.context() as patch, localnet(folder, SPEED) as net:
        patch.setenv("HOME", str(folder))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        renter = Renter(net, folder)
        renter.run("create", "mine", group="volume")
        renter.run("put", "mine", "seed", group="volume")
        (node,) = renter.json("up", "first.yaml")["nodes"]
        yield Held(net, renter, folder, node)
    assert not net.left_over()


@contextmanager
def notebook(held: Held) -> Iterator[httpx.URL]:
    """The URL that `ionet cluster notebook` shows."""
    with held.renter.start("notebook", "first", "--output", "json", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        shown = ""
        while not shown.endswith("}\n"):
            line = process.stdout.readline()
            assert line, "there is no notebook"
            shown += line
        try:
            yield httpx.URL(json.loads(shown)["notebook"])
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0


def executed(url: httpx.URL, token: str, code: str) -> str:
    """What a kernel of a notebook prints for a line of code, as a page asks it."""
    begun = httpx.post(url.copy_with(path="/api/kernels"), json={}, timeout=60)
    assert begun.status_code == 201, begun.text
    where = f"ws://127.0.0.1:{url.port}/api/kernels/{begun.json()['id']}/channels?token={token}"
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": "", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}}
    asked = {"header": {**header, "session": uuid.uuid4().hex}, "parent_header": {}, "metadata": {}}
    printed = ""
    with connect(where, open_timeout=60) as page:
        page.send(json.dumps({**asked, "content": content, "channel": "shell"}))
        while True:
            said = json.loads(page.recv(timeout=120))
            if said["msg_type"] in ("stream", "error"):
                printed += str(said["content"].get("text", said["content"]))
            if said["msg_type"] == "execute_reply":
                return printed


def test_jupyterlab_is_shown_here_and_its_kernel_finds_ray_and_the_volume(held: Held) -> None:
    with notebook(held) as url:
        token = url.params["token"]
        assert "<title>JupyterLab</title>" in httpx.get(url, timeout=60).text
        code = "import ray; ray.init(log_to_driver=False); print(len(ray.nodes()), *open('data/start.txt'))"
        assert executed(url, token, code).endswith("1 start\n\n")
        # Neither somebody without its token, nor a page whose name leads here by now.
        without = url.copy_with(path="/api/kernels", query=None)
        assert httpx.get(without, timeout=60).status_code == 403
        assert httpx.get(url, headers={"host": f"evil.example:{url.port}"}, timeout=60).status_code == 403


def test_rsync_and_an_editors_server_work_over_openssh(held: Held) -> None:
    if shutil.which("rsync") is None and not os.environ.get("CI"):
        pytest.skip("there is no rsync on this machine; scripts/setup installs it")
    written = held.renter.json("ssh", "first", "--add-config")
    host, ssh = written["host"], ("ssh", "-F", written["config"])
    shell = " ".join(map(str, ssh))
    (held.folder / "tree" / "deep").mkdir(parents=True)
    (held.folder / "tree" / "deep" / "a.bin").write_bytes(os.urandom(300_000))
    held.openssh("rsync", "-a", "-e", shell, f"{held.folder}/tree/", f"{host}:tree/")
    held.openssh("rsync", "-a", "-e", shell, f"{host}:tree/", f"{held.folder}/back/")
    sent, back = (held.folder / name / "deep" / "a.bin" for name in ("tree", "back"))
    assert back.read_bytes() == sent.read_bytes()

    # An editor copies its server in, has a shell start it, and asks it over a SOCKS port of ssh's.
    (held.folder / "server.py").write_text(SERVER)
    with tarfile.open(held.folder / "server.tar.gz", "w:gz") as archive:
        archive.add(held.folder / "server.py", "server/server.py")
    home = held.openssh(*ssh, host, "cd; pwd").stdout.strip()
    held.openssh(
        "scp", "-F", written["config"], held.folder / "server.tar.gz", f"{host}:{home}/server.tar.gz"
    )
    system, libc, libraries, server, port = held.openssh(
        *ssh, "-T", host, "bash", input=INSTALL
    ).stdout.splitlines()
    assert system == f"Linux {os.uname().machine}"
    assert tuple(map(int, libc.split()[-1].split("."))) >= (2, 28)
    assert (libraries, server) == ("1", "python3 server/server.py")
    # The shell has ended, and what it has started has not.
    with socket.create_server(("127.0.0.1", 0)) as free:
        socks = free.getsockname()[1]
    with subprocess.Popen([*ssh, "-N", "-D", f"127.0.0.1:{socks}", host]) as tunnel:
        try:
            with httpx.Client(proxy=f"socks5://127.0.0.1:{socks}", timeout=60) as editor:
                url = f"http://127.0.0.1:{port.removeprefix('port ')}/server.py"
                assert patiently(editor, url) == SERVER
        finally:
            tunnel.terminate()


def patiently(client: httpx.Client, url: str) -> str:
    """What is there, once the proxy is."""
    for _ in range(150):
        with suppress(httpx.ConnectError, httpx.ProxyError):
            return client.get(url).text
        time.sleep(0.2)
    return client.get(url).text


def test_a_volume_outlives_its_lease_and_the_supplier_who_dies(held: Held) -> None:
    assert held.exec("first", "cat data/start.txt; echo kept >data/kept.txt") == "start\n"
    assert "data is kept as " in held.renter.run("save", "first").stderr
    held.exec("first", "echo late >data/late.txt")
    number = list(held.net.told["nodes"].values()).index(held.node) + 1
    machine = held.net.processes()[f"worker-{number}"]
    (box,) = (path.name for path in held.net.folder.glob(f"network/worker-{number}/leases/*"))
    os.kill(machine, signal.SIGSTOP)
    try:
        for pid in _cgroups.processes(box):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        (node,) = held.renter.json("up", "second.yaml")["nodes"]
        assert node != held.node
        said = held.exec("second", "ls data; cat data/kept.txt; echo more >data/more.txt; rm data/start.txt")
        assert said == "kept.txt\nstart.txt\nkept\n"
        assert "data is kept as " in held.renter.run("down", "second").stderr
        held.renter.run("get", "mine", "fetched", group="volume")
        there = {path.name: path.read_text() for path in (held.folder / "fetched").glob("*.txt")}
        assert there == {"kept.txt": "kept\n", "more.txt": "more\n"}
    finally:
        os.kill(machine, signal.SIGCONT)
    held.renter.run("down", "first")
