"""`ionet worker doctor` on this machine, against the chain and real gateways' sockets."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.cli.conftest import HOUR, Shell, write_key
from tests.sandbox.support import prepared_podman
from tests.sdk.test_notify import Hook

from ionet import accounts, pda
from ionet.chain.errors import ConfigError
from ionet.sandbox import image
from ionet.worker import (
    CannotWatch,
    Device,
    DeviceKey,
    Engine,
    Limits,
    NodeConfig,
    Probe,
    Watch,
    WorkerConfig,
    _daemon,
    probe,
)
from ionet.worker import _doctor as doctoring
from ionet.worker._daemon import Daemon
from ionet.worker._doctor import gateway_findings, machine_findings
from ionet.worker._findings import Finding, Level

CLASS: Final = "Other CPU"


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A gateway's socket that takes connections; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    taken, _ = server.accept()
                    with taken, context.wrap_socket(taken, server_side=True) if context else taken:
                        pass
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


class Place:
    """A worker's state directory, of whose nodes the chain may know."""

    def __init__(self, shell: Shell, folder: Path, gateway: str) -> None:
        self.shell, self.folder, self.gateway = shell, folder, gateway
        device = probe().devices[0]
        # The market is shared by the tests of this file; each has a device of its own there.
        self.uuid = f"{folder.parent.name} of {device.uuid}"
        self.key = Keypair()
        folder.mkdir(mode=0o700)
        write_key(folder / "key.json", self.key)
        self.config = WorkerConfig(
            path=folder / "config.toml",
            owner=shell.people["alice"].pubkey(),
            rpc=(shell.url,),
            gateways=(gateway,),
            nodes=(NodeConfig(self.uuid, 0, CLASS, folder / "key.json"),),
            limits=Limits(1, 1, 1),
            images=folder,
            boxes=folder,
        )
        self.config.save()

    @property
    def node(self) -> str:
        return str(self.config.nodes[0].address)

    def change(self, **fields: Any) -> None:
        self.config = replace(self.config, **fields)
        self.config.save()

    def register(self, device_key: Keypair | None = None, kind: str = CLASS) -> None:
        place = self.folder / "registered.json"
        write_key(place, device_key or self.key)
        line = ("node", "register", "--class", kind, "--uuid", self.uuid, "--device-key", str(place))
        self.shell.text(*line, "--attester", self.shell.key("attester"), who="alice")

    def findings(self) -> dict[str, Any]:
        return {one["check"]: one for one in self.all_findings()}

    def all_findings(self) -> list[Any]:
        done = self.shell.run("worker", "doctor", "--state", str(self.folder), "--output", "json")
        assert done.exit_code in (0, 1), done.output
        found: list[Any] = json.loads(done.stdout)["findings"]
        assert (done.exit_code == 1) == any(one["level"] == "fault" for one in found)
        return found

    def finding(self, check: str) -> tuple[str, str, str]:
        found = self.findings()[check]
        return found["level"], found["says"], found["todo"]


@pytest.fixture
def place(shell: Shell, tmp_path: Path) -> Iterator[Place]:
    with listening() as port:
        yield Place(shell, tmp_path / "worker", f"ws://127.0.0.1:{port}")


# ---- the chain


def test_before_it_is_registered_a_node_has_no_fault_on_the_chain(place: Place) -> None:
    found = place.findings()
    assert found["registered"]["level"] == "warning"
    assert found["registered"]["todo"] == "ionet worker register"
    assert found["rpc"]["level"] == found["gateway"]["level"] == found["key"]["level"] == "ok"
    assert not {"stake", "proof", "offer", "state"} & found.keys()


def test_a_nodes_way_to_the_market_is_told_step_by_step(place: Place) -> None:
    place.register()
    found = place.findings()
    assert (found["registered"]["level"], found["state"]["level"]) == ("ok", "ok")
    assert (found["stake"]["level"], found["stake"]["todo"]) == ("fault", f"ionet stake add {place.node} 200")
    assert (found["proof"]["level"], found["proof"]["says"]) == ("warning", "none yet")
    assert found["offer"]["todo"] == f"ionet worker offer {place.node} --rate USD"
    place.shell.stake(place.node, "200")
    assert place.finding("stake")[0] == "ok"
    place.shell.text("job", "offer", place.node, "--rate", "0.5", "--currency", "IO", who="alice")
    assert "nobody can book it, as it has not passed a compute proof" in place.finding("offer")[1]
    place.shell.show_verdict(place.node)
    assert place.finding("proof")[0] == "ok"
    assert place.finding("offer") == ("ok", "0.5 USD per processor and hour; can be booked", "")
    place.shell.advance(7 * HOUR)
    assert place.finding("proof")[:2] == ("fault", "passed 7 h ago")
    place.shell.text("job", "offer", place.node, "--closed", who="alice")
    assert place.finding("offer")[0] == "warning"
    place.shell.text("node", "retire", place.node, who="alice")
    level, says, todo = place.finding("state")
    assert (level, todo) == ("fault", "ionet node reopen")
    assert says.startswith("retired ")


def test_a_compute_proof_of_the_report_at_the_head_may_be_two_days_old(place: Place) -> None:
    place.register()
    place.shell.show_verdict(place.node)
    client, config = place.shell.client, accounts.proofs.Config
    before = client.account(pda.proofs.CONFIG)
    assert before is not None
    data, end = bytearray(before.data), client.time().to_bytes(8, "little")
    data[(at := config.OFFSETS["head_period_end"]) : at + len(end)] = end
    place.shell.advance(7 * HOUR)
    assert place.finding("proof")[0] == "fault"
    client.cheats.set_account(
        pda.proofs.CONFIG, data=bytes(data), owner=before.owner, lamports=before.lamports
    )
    assert place.finding("proof")[:2] == ("ok", "passed 7 h ago")
    client.cheats.set_account(
        pda.proofs.CONFIG, data=bytes(before.data), owner=before.owner, lamports=before.lamports
    )


def test_that_nobody_has_measured_a_class_is_said(place: Place) -> None:
    place.register(kind="RTX 4090")
    level, says, todo = place.finding("speed")
    assert (level, todo) == ("ok", "")
    assert "Nobody has measured how fast the class RTX 4090 answers proofs" in says
    assert "judged by right answers alone" in says


def test_that_a_class_has_been_measured_is_said(place: Place) -> None:
    place.register()
    assert place.finding("speed") == ("ok", "the class has been measured", "")


def test_a_key_that_the_chain_does_not_know_is_a_fault(place: Place) -> None:
    other = Keypair()
    place.register(other)
    level, says, _ = place.finding("registered")
    assert level == "fault"
    assert says == f"it is registered with the key {other.pubkey()}; here is {place.key.pubkey()}"


def test_a_node_of_several_processors_is_compared_with_the_chain(place: Place) -> None:
    place.register()
    shell, first = place.shell, place.config.nodes[0]
    more = NodeConfig(f"GPU-{place.uuid}", 1, CLASS, place.folder / "key-2.json")
    write_key(more.key, Keypair())
    line = ("node", "device", "register", "--class", CLASS, "--uuid", more.uuid)
    shell.text(*line, "--device-key", str(more.key), "--attester", shell.key("attester"), who="alice")
    shell.text("node", "attach", place.node, str(more.device), who="alice")
    level, says, todo = place.finding("processors")
    assert (level, says) == ("fault", "the chain counts 2, the settings have 1")
    assert "part_of" in todo
    place.change(nodes=(first, more))
    of_more = [one for one in place.all_findings() if one["node"] == more.uuid]
    assert "by part_of" in next(one["todo"] for one in of_more if one["check"] == "registered")


def test_somebody_elses_device_is_a_fault(place: Place) -> None:
    place.register()
    place.change(owner=Pubkey(bytes([9]) * 32))
    level, says, _ = place.finding("registered")
    assert level == "fault"
    assert says.startswith(f"the device belongs to {place.shell.address('alice')}, not to")


def test_another_class_than_the_chains_is_said(place: Place) -> None:
    place.register()
    place.change(nodes=(replace(place.config.nodes[0], hardware_class="RTX 4090"),))
    level, says, _ = place.finding("registered")
    assert level == "warning"
    assert says.endswith("of class Other CPU, and this device of RTX 4090")


async def refused(place: Place, why: str) -> None:
    """Runs the worker until it says why its node is not served."""
    daemon, stop = Daemon(place.config, unsafe_plain=True), asyncio.Event()
    running = asyncio.create_task(daemon.run(stop))
    async with asyncio.timeout(60):
        while why not in "".join(daemon.status().nodes[0].problems):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert daemon.status().connected_since is None, "nobody reaches it"
    stop.set()
    await running


def test_a_processor_that_is_registered_as_a_gpu_is_a_fault_and_is_not_served(place: Place) -> None:
    place.uuid = probe().devices[0].uuid
    place.change(nodes=(replace(place.config.nodes[0], uuid=place.uuid, hardware_class="RTX 4090"),))
    place.register(kind="RTX 4090")
    level, says, todo = place.finding("registered")
    assert level == "fault"
    assert says.endswith(
        "the class on the chain is of GPUs, and this device is a processor, so it is not served"
    )
    assert todo == "release it and register it anew, in a class of its kind"
    asyncio.run(refused(place, "is not served"))


def test_a_device_whose_users_nobody_can_tell_is_not_served_and_its_owner_is_told_why(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.register()
    device = replace(probe().devices[0], uuid=place.uuid)
    monkeypatch.setattr(_daemon, "probe", lambda: replace(probe(), devices=(device,)))
    why = "the driver names the process 7, which this system does not have"

    def watch(*devices: Device) -> Watch:
        assert devices == (device,)
        raise CannotWatch(why)

    monkeypatch.setattr(_daemon, "watch_for", watch)

    async def told() -> list[dict[str, Any]]:
        hook = Hook()
        await hook.start()
        place.change(notify=hook.url)
        await refused(place, why)
        await hook.until(1)
        hook.server.close()
        return hook.told

    first = asyncio.run(told())[0]
    assert (first["event"], first["node"], first["text"]) == ("problem", place.node, why)


def test_a_banned_device_is_a_fault_without_a_remedy(place: Place) -> None:
    place.register()
    device = str(pda.staking.device(place.config.nodes[0].fingerprint))
    place.shell.text("node", "device", "evict", device, "--ban", who="resolver")
    assert place.finding("state")[:2] == ("fault", "its device is banned")


def test_the_clock_is_compared_with_the_chains(place: Place) -> None:
    """A local network has a time of its own, which is no fault."""
    level, says, _ = place.finding("clock")
    assert level == "warning"
    assert says.endswith(("ahead", "behind"))


def test_solana_nodes_that_do_not_answer_are_named(place: Place) -> None:
    place.change(rpc=("http://127.0.0.1:1",))
    found = place.findings()
    assert found["rpc"]["level"] == "fault"
    assert found["nodes"]["says"] == "not looked at, as no Solana node answers"
    place.change(rpc=("http://127.0.0.1:1", place.shell.url))
    done = place.shell.run("worker", "doctor", "--state", str(place.folder), "--output", "json")
    levels = [one["level"] for one in json.loads(done.stdout)["findings"] if one["check"] == "rpc"]
    assert levels == ["warning", "ok"]


def test_the_text_has_rule_and_remedy_of_what_is_not_well(place: Place) -> None:
    done = place.shell.run("worker", "doctor", "--state", str(place.folder))
    assert done.exit_code == 1
    lines = [line.split() for line in done.stdout.splitlines()]
    at = next(number for number, words in enumerate(lines) if words[:2] == ["fault", "image"])
    assert lines[at + 1][:3] == ["rule:", "The", "image"]
    assert lines[at + 2][0] == "do:"
    assert "to repair" in done.stderr


def test_without_settings_it_says_how_to_make_them(shell: Shell, tmp_path: Path) -> None:
    said = shell.fails(3, "worker", "doctor", "--state", str(tmp_path / "none"))
    assert said.endswith("make one with: ionet worker init")


# ---- the machine


def findings(config: WorkerConfig, machine: Probe) -> dict[str, Finding]:
    return {found.check: found for found in machine_findings(config, machine, platform="linux")}


def test_leases_may_not_use_more_than_there_is(place: Place) -> None:
    machine = replace(probe(), cpus=2, memory=4 << 30)
    place.change(limits=replace(place.config.limits, cpus=3, memory_gib=5, disk_gib=1 << 19))
    found = findings(place.config, machine)
    assert (found["cores"].level, found["cores"].todo) == (Level.FAULT, "ionet worker init --cpus 2")
    assert (found["memory"].level, found["memory"].todo) == (Level.FAULT, "ionet worker init --memory 4")
    assert found["disk"].level is Level.WARNING


def test_a_device_that_is_gone_is_a_fault(place: Place) -> None:
    found = findings(place.config, probe())
    assert found["device"].level is Level.FAULT
    assert found["time-lock"].level is Level.WARNING
    device = replace(probe().devices[0], uuid=place.uuid)
    assert findings(place.config, replace(probe(), devices=(device,)))["device"].level is Level.OK


def test_a_gpu_that_cannot_be_watched_is_a_fault(place: Place) -> None:
    """Here is no driver that knows it."""
    place.change(nodes=(replace(place.config.nodes[0], uuid="GPU-1"),))
    gpu = Device(0, "GPU-1", "NVIDIA L4", "gpu", 24 << 30, None)
    found = findings(place.config, replace(probe(), devices=(gpu,), driver="580"))
    assert found["time-lock"].level is Level.FAULT
    assert found["driver"] == replace(found["driver"], level=Level.OK, says="580")


@pytest.mark.parametrize(
    ("version", "level"),
    [
        (None, Level.FAULT),
        ((1, 1, 15), Level.WARNING),
        ((1, 2, 7), Level.WARNING),
        ((1, 2, 8), Level.OK),
        ((1, 3, 2), Level.WARNING),
        ((1, 3, 3), Level.OK),
        ((1, 4, 0), Level.OK),
    ],
)
def test_versions_of_runc_that_may_lack_fixes_are_said(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...] | None, level: Level
) -> None:
    monkeypatch.setattr(doctoring, "runc_version", lambda: version)
    assert doctoring._runc().level is level


def test_a_directory_of_boxes_that_others_cannot_pass_is_a_fault(place: Place) -> None:
    found = findings(place.config, probe())["boxes"]
    assert (found.level, found.todo) == (Level.FAULT, f"chmod o+x {place.folder}")


def test_an_image_that_is_there_is_named(place: Place) -> None:
    assert findings(place.config, probe())["image"].level is Level.FAULT
    (place.folder / "latest/rootfs").mkdir(parents=True)
    assert findings(place.config, probe())["image"].level is Level.OK


@pytest.mark.parametrize(
    ("lacking", "level", "says"),
    [
        ([], Level.OK, "memory, cpu, pids"),
        (["memory"], Level.FAULT, "memory cannot be limited"),
        (OSError(30, "Read-only file system"), Level.FAULT, "cannot be made: Read-only file system"),
    ],
)
def test_control_groups_are_tried(
    monkeypatch: pytest.MonkeyPatch, lacking: list[str] | OSError, level: Level, says: str
) -> None:
    def tried() -> list[str]:
        if isinstance(lacking, OSError):
            raise lacking
        return lacking

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(doctoring, "unlimited", tried)
    found = doctoring._cgroups()
    assert found.level is level
    assert says in found.says


def test_control_groups_of_both_versions_are_read(tmp_path: Path) -> None:
    old = "30 20 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct"
    assert {"cpu", "cpuacct"} <= doctoring._controllers(old)
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    new = f"30 20 0:1 / {tmp_path} rw - cgroup2 cgroup2 rw"
    assert doctoring._controllers(new) == {"cpuset", "cpu", "io", "memory", "pids"}


def test_a_key_that_others_can_read_is_a_fault(place: Place) -> None:
    (place.folder / "key.json").chmod(0o644)
    assert findings(place.config, probe())["key"].level is Level.FAULT
    assert place.key.pubkey() != DeviceKey.load_or_create(place.folder / "new.json").pubkey


# ---- podman


def under_podman(place: Place) -> Iterator[Finding]:
    place.change(engine=Engine.PODMAN)
    return machine_findings(place.config, probe(), platform="linux")


def test_a_podman_that_is_not_there_is_a_fault_and_runc_is_not_asked_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(place.folder))
    found = {one.check: one for one in under_podman(place)}
    assert found["sandbox"].level is Level.FAULT
    assert found["sandbox"].says.startswith("podman is not there; on Debian: apt install podman")
    assert not {"runc", "boxes", "cgroups", "image"} & found.keys()


def test_podman_and_its_image_are_well_where_they_are_set_up(place: Place) -> None:
    podman = prepared_podman(place.folder / "podman")
    found = {one.check: one for one in under_podman(place)}
    assert (found["sandbox"].level, found["image"].level) == (Level.OK, Level.OK)
    assert found["image"].says == podman.image()
    done = place.shell.run("worker", "image", "--state", str(place.folder), "--output", "json")
    root = image()
    assert root is not None
    assert json.loads(done.stdout) == {"digest": root.parent.name}


def test_an_image_that_is_not_there_is_not_given_to_podman(place: Place) -> None:
    state = ("--state", str(place.folder))
    said = place.shell.fails(2, "worker", "image", str(place.folder / "none"), *state)
    assert said.endswith(f"there is no {place.folder / 'none'}")
    said = place.shell.fails(2, "worker", "image", str(place.folder / "key.json"), "--save", "file", *state)
    assert said.endswith("--save writes a directory of scripts/image to a file, and takes no --digest")
    said = place.shell.fails(
        3, "worker", "image", str(place.folder), "--save", str(place.folder / "tar"), *state
    )
    assert said.endswith("holds no image; scripts/image builds one")
    assert not (place.folder / "tar").exists()


def test_a_worker_does_not_start_without_its_engine(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.change(engine=Engine.PODMAN)
    monkeypatch.setenv("PATH", str(place.folder))
    with pytest.raises(ConfigError, match="jobs cannot be boxed here: podman is not there"):
        Daemon(place.config)


def test_a_worker_does_not_start_without_an_image(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.change(images=place.folder / "none")
    with pytest.raises(ConfigError, match=r"jobs cannot be boxed here|there is no image in"):
        Daemon(place.config)
    assert "--unsafe-plain" not in caplog.text


def test_that_jobs_run_as_plain_processes_is_said(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.change(images=place.folder / "none")
    Daemon(place.config, unsafe_plain=True)
    assert "who can be robbed by them: --unsafe-plain" in caplog.text


# ---- gateways


def gateway(*urls: str) -> list[tuple[Level, str]]:
    return [(found.level, found.says) for found in gateway_findings(urls)]


def test_a_gateway_that_does_not_answer_is_a_fault_unless_another_does() -> None:
    with listening() as port:
        good, bad = f"ws://127.0.0.1:{port}", "ws://127.0.0.1:1"
        assert gateway(good) == [(Level.OK, f"{good} answers")]
        assert [level for level, _ in gateway(bad)] == [Level.FAULT]
        assert [level for level, _ in gateway(bad, good)] == [Level.WARNING, Level.OK]
    assert [level for level, _ in gateway("wss://nowhere.invalid")] == [Level.FAULT]


def test_a_gateways_certificate_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-days",
        "2",
    ]
    subprocess.run([*command, "-out", own, "-keyout", secret], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, secret)
    with listening(context) as port:
        ((level, says),) = gateway(f"wss://localhost:{port}")
        assert level is Level.FAULT
        assert "its certificate is not valid" in says
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
        assert gateway(f"wss://127.0.0.1:{port}/path?token=s3cret") == [
            (Level.OK, f"wss://127.0.0.1:{port} answers")
        ]
