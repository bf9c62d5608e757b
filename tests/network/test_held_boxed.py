"""What renters do in a box that is held: notebooks, OpenSSH, and volumes that outlive its supplier."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from tests.network.editor import SERVER, Editor, answer
from tests.network.lab import needed
from tests.network.terminal import Renter
from tests.sandbox.support import catalogue_image
from tests.store import test_s3 as buckets
from tests.store.test_s3 import KEY, SECRET
from websockets.sync.client import connect

from ionet.sandbox import _cgroups
from soaking import Net, localnet

pytestmark = [pytest.mark.ray, pytest.mark.slow]

endpoint = buckets.endpoint
SPEED = 20
FILE = """\
name: {name}
class: other cpu
hours: 8
gpus: 0
workdir: code
image: data-science
ports: [8123]
volumes: {{data: mine}}
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
def shown(held: Held, command: str) -> Iterator[dict[str, str]]:
    """What a command shows as JSON that opens ports, while it runs."""
    with held.renter.start(command, "first", "--output", "json", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            line = process.stdout.readline()
            assert line, "nothing is shown"
            text += line
        try:
            yield json.loads(text)
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
    with shown(held, "notebook") as told:
        url = httpx.URL(told["notebook"])
        token = url.params["token"]
        assert "<title>JupyterLab</title>" in httpx.get(url, timeout=60).text
        code = "import ray; ray.init(log_to_driver=False); print(len(ray.nodes()), *open('data/start.txt'))"
        assert executed(url, token, code).endswith("1 start\n\n")
        # Neither somebody without its token, nor a page whose name leads here by now.
        without = url.copy_with(path="/api/kernels", query=None)
        assert httpx.get(without, timeout=60).status_code == 403
        assert httpx.get(url, headers={"host": f"evil.example:{url.port}"}, timeout=60).status_code == 403


def test_rsync_finds_its_other_half_in_the_image(held: Held) -> None:
    if shutil.which("rsync") is None and not os.environ.get("CI"):
        pytest.skip("there is no rsync on this machine; scripts/setup installs it")
    written = held.renter.json("ssh", "first", "--add-config")
    (held.folder / "tree").mkdir()
    (held.folder / "tree" / "a.bin").write_bytes(data := os.urandom(300_000))
    for source, target in (("tree/", "first.ionet:tree/"), ("first.ionet:tree/", "back/")):
        words = ["rsync", "-a", "-e", f"ssh -F {written['config']}", source, target]
        subprocess.run(words, check=True, timeout=120, cwd=held.folder)
    assert (held.folder / "back" / "a.bin").read_bytes() == data


def test_ports_that_the_file_names_are_opened_without_naming_them_again(held: Held) -> None:
    serve = "nohup python3 -m http.server -b 127.0.0.1 8123 >/dev/null 2>&1 </dev/null &"
    held.renter.run("ssh", "first", "--", f"echo served >named.txt; {serve}")
    with shown(held, "proxy") as told:
        assert answer(f"http://{told['8123']}/named.txt") == "served\n"
        assert told["dashboard"].startswith("http://127.0.0.1:")


def test_an_editor_finds_in_a_box_what_its_remote_ssh_needs(held: Held, tmp_path: Path) -> None:
    config = Path(held.renter.json("ssh", "first", "--add-config")["config"])
    editor = Editor(config, "first.ionet", tmp_path)
    process, port = editor.begin()
    assert editor.asked(port) == SERVER
    assert editor.asked_directly(port) == SERVER
    with editor.shared() as connection:
        for number in range(5):
            assert editor.run(f"echo {number}", *connection) == f"{number}\n"
    assert editor.speaks("one", "two") == ["ONE", "TWO"]
    assert editor.copied(data := os.urandom(3_000_000), "copied.bin") == data
    # The server is where the first shell left it, and ends when it is told to.
    editor.run(f"kill {process}")
    assert editor.run("ls copied.bin 2>&1; cat editor/log | tail -n 1; true").count("GET /server.py") == 1


def test_a_volume_outlives_its_lease_and_the_supplier_who_dies(held: Held) -> None:
    assert held.exec("first", "cat data/start.txt; echo kept >data/kept.txt") == "start\n"
    assert "Data is kept as " in held.renter.run("save", "first").stderr
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
        assert "Data is kept as " in held.renter.run("down", "second").stderr
        held.renter.run("get", "mine", "fetched", group="volume")
        there = {path.name: path.read_text() for path in (held.folder / "fetched").glob("*.txt")}
        assert there == {"kept.txt": "kept\n", "more.txt": "more\n"}
    finally:
        os.kill(machine, signal.SIGCONT)
    held.renter.run("down", "first")


def test_a_volume_in_a_bucket_goes_into_a_cluster_and_comes_back(
    held: Held, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "IONET_VOLUMES": f"s3://files/volumes?endpoint={quote(endpoint, safe='')}",
    }.items():
        monkeypatch.setenv(name, value)
    held.renter.run("create", "mine", group="volume")
    held.renter.run("put", "mine", "seed", group="volume")
    (held.folder / "third.yaml").write_text(FILE.format(name="third"))
    held.renter.run("up", "third.yaml")
    assert held.exec("third", "cat data/start.txt; echo new >data/new.txt") == "start\n"
    assert "Data is kept as " in held.renter.run("down", "third").stderr
    held.renter.run("get", "mine", "bucket", group="volume")
    there = {path.name: path.read_text() for path in (held.folder / "bucket").glob("*.txt")}
    assert there == {"new.txt": "new\n", "start.txt": "start\n"}
