"""`ionet worker init`: on a machine with three GPUs (a driver's library that plays them), and on this one."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from solders.pubkey import Pubkey
from tests.cli.conftest import Shell

from ionet.chain.errors import ConfigError
from ionet.executor._boxed import RAY_MEMORY
from ionet.staking.bulk import SeedKeys
from ionet.worker import DeviceKey, NodeConfig, WorkerConfig, probe
from ionet.worker._config import GIB
from ionet.worker._daemon import node_spec
from ionet.worker._podman import PodmanError, PodmanMachine, podman_machine
from ionet.worker._setup import usable

OWNER: Final = str(Pubkey(bytes([7]) * 32))
NETWORK: Final = Pubkey(bytes([8]) * 32)
GATEWAY: Final = "wss://gateway.example"
UUIDS: Final = [f"GPU-2dee1e25-b3b5-007e-2b55-79f2d0f2ebe{number}" for number in range(3)]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of a driver with three H100."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("driver")
    source = Path(__file__).parents[1] / "sdk/fake_nvml.c"
    command = [compiler, "-shared", "-fPIC", "-o", str(folder / "libnvidia-ml.so.1"), str(source)]
    subprocess.run(command, check=True)
    return folder


class Rig:
    """A machine with three GPUs and a worker's state directory."""

    def __init__(self, library: Path, state: Path) -> None:
        self.library, self.state = library, state

    def run(self, *options: str, faults: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from ionet.cli import main; main()", "worker", "init", *options],
            env={
                **os.environ,
                "LD_LIBRARY_PATH": str(self.library),
                "FAULTS": faults,
                "IONET_WORKER_STATE": str(self.state),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def init(self, *options: str, faults: str = "") -> Any:
        done = self.run(*options, "--output", "json", faults=faults)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def first(self, *options: str, faults: str = "") -> Any:
        return self.init("--owner", OWNER, "--gateway", GATEWAY, "-u", "devnet", *options, faults=faults)

    @property
    def config(self) -> WorkerConfig:
        return WorkerConfig.load(self.state, environment={})


@pytest.fixture
def rig(library: Path, tmp_path: Path) -> Rig:
    return Rig(library, tmp_path / "worker")


def test_each_device_becomes_a_node_with_a_key_of_its_own(rig: Rig) -> None:
    said = rig.first()
    config = rig.config
    assert [node.uuid for node in config.nodes] == UUIDS
    assert {node.hardware_class for node in config.nodes} == {"H100"}
    assert (str(config.owner), config.gateways) == (OWNER, (GATEWAY,))
    assert config.rpc == ("https://api.devnet.solana.com",)
    keys = {str(DeviceKey.load(node.key).pubkey) for node in config.nodes}
    assert len(keys) == 3
    assert {node["key"] for node in said["nodes"]} == keys
    assert [node["node"] for node in said["nodes"]] == [str(node.address) for node in config.nodes]
    for path, mode in ((rig.state, 0o700), (rig.state / "config.toml", 0o600), (config.nodes[0].key, 0o600)):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_second_run_changes_what_is_said_and_no_key(rig: Rig) -> None:
    rig.first("--commission", "5", "--notify", "https://hook.example", "--internet")
    before = rig.config
    keys = [node.key.read_bytes() for node in before.nodes]
    rig.init("--cpus", "3", "--gateway", "wss://other.example")
    after = rig.config
    limits = replace(before.limits, cpus=3)
    assert after == replace(before, gateways=("wss://other.example",), limits=limits)
    assert [node.key.read_bytes() for node in after.nodes] == keys
    rig.init("--notify", "")
    assert rig.config == replace(after, notify=None)


def test_only_the_chosen_device_is_set_up_until_another_is_named(rig: Rig) -> None:
    rig.first("--device", UUIDS[1])
    assert [node.uuid for node in rig.config.nodes] == [UUIDS[1]]
    done = rig.run("--cpus", "1")
    assert f"Not set up: {UUIDS[0]}; add it by --device {UUIDS[0]}" in done.stderr
    assert [node.uuid for node in rig.config.nodes] == [UUIDS[1]]
    rig.init("--device", UUIDS[0])
    assert [node.uuid for node in rig.config.nodes] == [UUIDS[1], UUIDS[0]]


def test_a_device_that_cannot_be_used_is_named_with_the_reason_and_its_node_stays(rig: Rig) -> None:
    rig.first()
    before = rig.config
    done = rig.run(faults="lost")
    assert done.returncode == 0
    assert "Not usable: device 1: it has fallen off the bus" in done.stderr
    assert "not here now" in done.stdout
    assert rig.config == before


def test_a_device_that_is_not_there_is_refused_with_those_that_are(rig: Rig) -> None:
    done = rig.run("--owner", OWNER, "--gateway", GATEWAY, "--device", "GPU-none")
    assert done.returncode == 2
    assert f"no usable device 'GPU-none'; there are {UUIDS[0]}" in done.stderr
    assert not rig.state.exists()


def test_a_dry_run_writes_nothing(rig: Rig) -> None:
    said = rig.first("--dry-run")
    assert [node["uuid"] for node in said["nodes"]] == UUIDS
    assert not rig.state.exists()


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--gateway", GATEWAY], 2, "say by --owner who owns the nodes"),
        (["--owner", OWNER], 2, "say by --gateway where the worker connects to"),
        (["--owner", OWNER, "--gateway", "http://a.example"], 3, "gateways: a gateway's URL is encrypted"),
        (
            ["--owner", OWNER, "--gateway", GATEWAY, "--notify", "ftp://a"],
            3,
            "notify: a URL for events begins",
        ),
        (["--seed", "secret"], 2, "a fleet's machine has a --number"),
        (["--number", "1", "--machine", "a"], 2, "by --number or by --machine, not by both"),
        (["--owner", OWNER, "--gateway", GATEWAY, "--number", "1"], 2, "give the fleet's secret by --seed"),
    ],
)
def test_what_is_missing_or_wrong_is_said(rig: Rig, options: list[str], status: int, said: str) -> None:
    done = rig.run(*options)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert not (rig.state / "config.toml").exists()


# ---- fleets


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    place = tmp_path / "seed"
    SeedKeys.load(place, create=True)
    return place


def test_a_fleets_machine_has_the_keys_that_its_import_has(rig: Rig, seed: Path) -> None:
    rig.first("--seed", str(seed), "--machine", "rack-7", "--network", str(NETWORK))
    derived = SeedKeys.load(seed)
    for number, node in enumerate(rig.config.nodes):
        assert DeviceKey.load(node.key).keypair == derived.key("rack-7", number)
        assert (node.network, node.machine, node.number) == (NETWORK, "rack-7", number)
        assert node.registered_id == f"{NETWORK}/rack-7/{number}"
    seed.unlink()
    before = rig.config
    rig.init("--cpus", "1")
    assert rig.config.nodes == before.nodes, "the secret is not needed any more"


def test_an_imported_machine_has_the_node_and_the_key_that_are_on_the_chain(
    shell: Shell, rig: Rig, tmp_path: Path
) -> None:
    export, seed = tmp_path / "export.csv", tmp_path / "seed"
    export.write_text(f"device,model,count,wallet\nrack-7,H100,3,{OWNER}\n")
    network = shell.json("node", "network", "register", "Filecoin", who="carol")["network"]
    line = ("node", "network", "import", export, "--attester", shell.key("attester"), "--seed", seed)
    assert shell.json(*line, who="carol")["registered"] == 1
    rig.first("--seed", str(seed), "--machine", "rack-7", "--network", network)
    (on_chain,) = shell.client.staking.nodes(network=Pubkey.from_string(network))
    (served,) = rig.config.served
    assert served.address == on_chain.address
    assert DeviceKey.load(served.key).pubkey == on_chain.account.device_key
    assert len(rig.config.processors(served)) == on_chain.account.units


def test_gpus_of_one_class_become_one_node_if_that_is_wished(rig: Rig) -> None:
    said = rig.first("--together", "--cpus", "9", "--memory", "90")
    first, second, third = rig.config.nodes
    assert (first.part_of, second.part_of, third.part_of) == (None, UUIDS[0], UUIDS[0])
    assert rig.config.served == (first,)
    assert {node["node"] for node in said["nodes"]} == {str(first.address)}
    assert len({DeviceKey.load(node.key).pubkey for node in rig.config.nodes}) == 3
    spec = node_spec(rig.config, first)
    assert (spec.gpus, spec.devices, spec.cpus) == (3, tuple(UUIDS), 9)
    assert spec.memory == 90 * GIB - RAY_MEMORY
    assert spec.internet_rate == 12_500_000, "100 Mbit/s"
    assert spec.disk == rig.config.limits.disk
    assert spec.processes == 32_768 - 1_024
    rig.init("--cpus", "3")
    assert rig.config.processors(first) == (first, second, third), "they stay together"


def test_what_is_a_node_of_its_own_stays_one(rig: Rig) -> None:
    rig.first("--device", UUIDS[0], "--device", UUIDS[1], "--cpus", "10", "--memory", "90")
    rig.init("--device", UUIDS[2], "--together")
    first, second, third = rig.config.nodes
    assert (first.part_of, second.part_of, third.part_of) == (None, None, UUIDS[0])
    # Each processor brings its node an even part.
    assert [node_spec(rig.config, node).cpus for node in (first, second)] == [6, 3]
    memory = [node_spec(rig.config, node).memory for node in (first, second)]
    assert memory == [60 * GIB - RAY_MEMORY, 30 * GIB - RAY_MEMORY]
    config = replace(rig.config, limits=replace(rig.config.limits, internet_mbps=24))
    assert [node_spec(config, node).internet_rate for node in (first, second)] == [2_000_000, 1_000_000]


def test_an_imported_machines_processors_are_one_node(rig: Rig, seed: Path) -> None:
    rig.first("--seed", str(seed), "--machine", "rack-7", "--network", str(NETWORK), "--device", UUIDS[1])
    rig.init("--seed", str(seed), "--machine", "rack-7", "--network", str(NETWORK), "--device", UUIDS[0])
    rig.init("--seed", str(seed), "--machine", "rack-7", "--network", str(NETWORK), "--device", UUIDS[2])
    parts = {node.uuid: node.part_of for node in rig.config.nodes}
    assert parts == {UUIDS[1]: None, UUIDS[0]: None, UUIDS[2]: UUIDS[0]}, "by their numbers, 0 first"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"part_of": "GPU-unknown"}, "it is the uuid of a node's first device, which stands above"),
        ({"hardware_class": "A100-80GB"}, "a node's processors are of one class; the first one's is H100"),
        ({"uuid": "a processor"}, "only GPUs are several to a node"),
    ],
)
def test_what_cannot_be_one_node_is_refused(rig: Rig, change: dict[str, Any], said: str) -> None:
    rig.first("--together")
    first, second, third = rig.config.nodes
    wrong = replace(rig.config, nodes=(first, second, replace(third, **change)))
    with pytest.raises(ConfigError, match=f"part_of: {re.escape(said)}"):
        wrong.save()
    chained = replace(rig.config, nodes=(first, second, replace(third, part_of=UUIDS[1])))
    with pytest.raises(ConfigError, match="first device, which stands above"):
        chained.save()


def test_a_node_has_eight_processors_at_most(rig: Rig) -> None:
    rig.first("--together")
    first, second, _ = rig.config.nodes
    eight = [replace(second, uuid=f"GPU-{number}", key=rig.state / f"{number}.json") for number in range(8)]
    replace(rig.config, nodes=(first, *eight[:7])).check()
    with pytest.raises(ConfigError, match="a node has at most 8 processors"):
        replace(rig.config, nodes=(first, *eight)).check()


def test_a_fleet_has_one_file_and_each_machine_its_number(rig: Rig, library: Path, seed: Path) -> None:
    rig.first("--seed", str(seed), "--number", "1", "--commission", "3", "--disk", "7")
    other = Rig(library, rig.state.with_name("other"))
    other.init("--from", str(rig.state / "config.toml"), "--seed", str(seed), "--number", "2")
    first, second = rig.config, other.config
    assert second.limits == first.limits
    assert (second.owner, second.gateways, second.rpc) == (first.owner, first.gateways, first.rpc)
    assert DeviceKey.load(second.nodes[2].key).keypair == SeedKeys.load(seed).key("2", 2)
    assert [node.registered_id for node in second.nodes] == UUIDS


def test_a_devices_number_stays_when_the_driver_counts_anew(rig: Rig, seed: Path) -> None:
    rig.first("--seed", str(seed), "--number", "1")
    first, middle, last = rig.config.nodes
    # As if the driver had named the devices the other way round when they were set up.
    swapped = replace(first, number=2, key=last.key), middle, replace(last, number=0, key=first.key)
    replace(rig.config, nodes=swapped).save()
    rig.init("--seed", str(seed), "--number", "1")
    assert [(node.index, node.number) for node in rig.config.nodes] == [(0, 2), (1, 1), (2, 0)]
    assert rig.config.nodes == swapped


def test_a_seed_does_not_replace_a_key_that_is_there(rig: Rig, seed: Path) -> None:
    rig.first()
    before = [node.key.read_bytes() for node in rig.config.nodes]
    done = rig.run("--seed", str(seed), "--number", "1")
    assert done.returncode == 3
    assert "has another key" in done.stderr
    assert [node.key.read_bytes() for node in rig.config.nodes] == before


# ---- Macs


PODMAN: Final = """#!/bin/sh
[ "$*" = "machine inspect" ] || exit 9
echo '[{"Name": "podman-machine-default", "State": "running",
  "Resources": {"CPUs": 6, "DiskSize": 100, "Memory": 8192}}]'
"""


def script(folder: Path, text: str) -> str:
    place = folder / "podman"
    place.write_text(text)
    place.chmod(0o755)
    return str(place)


def test_podmans_machine_is_read(tmp_path: Path) -> None:
    machine = podman_machine(script(tmp_path, PODMAN))
    assert machine == PodmanMachine("podman-machine-default", True, 6, 8 << 30, 100 << 30)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "#!/bin/sh\necho 'no such VM' >&2; exit 125",
            r"no machine \(no such VM\); make one: podman machine",
        ),
        ("#!/bin/sh\necho '[{}]'", "words that are not known here"),
    ],
)
def test_a_machine_that_podman_cannot_describe_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PodmanError, match=said):
        podman_machine(script(tmp_path, text))
    with pytest.raises(PodmanError, match="brew install podman"):
        podman_machine(str(tmp_path / "none"))


def test_on_a_mac_the_chip_is_a_processor() -> None:
    machine = probe()
    chip = replace(machine.devices[0], name="Apple M3 Max", pool="gpu")
    devices, _ = usable(replace(machine, devices=(chip,)), platform="darwin")
    (device,) = devices
    assert device.hardware_class is not None
    assert (device.pool, device.hardware_class.pool) == ("cpu", "cpu")


def test_a_device_of_no_class_cannot_be_registered() -> None:
    machine = probe()
    odd = replace(machine.devices[0], name="Voodoo 2", hardware_class=None)
    devices, faults = usable(replace(machine, devices=(odd,)), platform="linux")
    assert devices == []
    assert [fault.reason for fault in faults] == [
        "no hardware class takes Voodoo 2; see `ionet node classes list`"
    ]


def test_a_node_of_a_network_is_registered_by_its_names_there() -> None:
    node = NodeConfig("GPU-1", 0, "L4", Path("key"), machine="a", number=1)
    assert node.registered_id == "GPU-1"
    assert replace(node, network=NETWORK).registered_id == f"{NETWORK}/a/1"
