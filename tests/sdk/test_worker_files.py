"""A worker's settings and its status: what is written is read again, and what is wrong is named."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from solders.pubkey import Pubkey

from ionet import ConfigError, pda
from ionet.worker import (
    Activity,
    Engine,
    Limits,
    NodeConfig,
    NodeStatus,
    StatusError,
    WorkerConfig,
    WorkerStatus,
)
from ionet.worker._config import default_engine
from ionet.worker._status import STALE_AFTER, process_mark

OWNER: Final = Pubkey(bytes([7]) * 32)
NETWORK: Final = Pubkey(bytes([8]) * 32)
TEXT: Final = f"""
owner = "{OWNER}"
rpc = ["devnet", "https://rpc.example/secret-key"]
gateways = ["wss://gateway.example"]

[limits]
cpus = 8
memory_gib = 64
disk_gib = 500

[[nodes]]
uuid = "GPU-1"
class = "RTX 4090"
key = "keys/one.json"
"""


def written(folder: Path, text: str = TEXT) -> Path:
    place = folder / "config.toml"
    place.write_text(text)
    place.chmod(0o600)
    return place


def load(folder: Path, text: str = TEXT, **environment: str) -> WorkerConfig:
    return WorkerConfig.load(written(folder, text), environment=environment)


def full(folder: Path) -> WorkerConfig:
    return WorkerConfig(
        path=folder / "state" / "config.toml",
        owner=OWNER,
        rpc=("http://127.0.0.1:8899",),
        gateways=("https://a.example", "ws://[::1]:99"),
        nodes=(
            NodeConfig("GPU-1", 0, "RTX 4090", folder / "state/keys/one.json", 500),
            NodeConfig(
                "box/AMD Ryzen 9 – é", 1, "AMD Ryzen", Path("/keys/two.json"), 0, NETWORK, "rack-7", 3
            ),
            NodeConfig("GPU-3", 2, "L4", Path("/keys/three.json"), machine="17", number=2),
        ),
        limits=Limits(
            4, 16, 100, internet=True, resolvers=("8.8.4.4",), closed=("203.0.113.0/24",), internet_mbps=7
        ),
        notify="https://hook.example/token",
        images=Path("/images"),
        boxes=folder / "state" / "boxes",
    )


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    config = full(tmp_path)
    config.save()
    assert WorkerConfig.load(config.path, environment={}) == config
    assert WorkerConfig.load(config.state, environment={}) == config
    assert 'key = "keys/one.json"' in config.path.read_text()


def test_the_file_and_its_directory_are_of_their_owner_alone(tmp_path: Path) -> None:
    config = full(tmp_path)
    before = os.umask(0)
    try:
        config.save()
        config.save()
    finally:
        os.umask(before)
    assert stat.S_IMODE(config.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.state.stat().st_mode) == 0o700
    assert [one.name for one in config.state.iterdir()] == ["config.toml"]


def test_a_config_that_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    config = full(tmp_path)
    config.save()
    before = config.path.read_bytes()
    for wrong in (
        {"rpc": ()},
        {"notify": "ftp://a"},
        {"images": Path("/a\x7fb")},
        {"images": Path("/a\udcff")},
    ):
        with pytest.raises(ConfigError):
            replace(config, **wrong).save()
    assert config.path.read_bytes() == before


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert config.notify is None
    assert config.limits == Limits(8, 64, 500, internet=False)
    assert config.limits.memory == 64 << 30
    assert config.limits.disk == 500 << 30
    assert config.images == Path("/var/lib/ionet/images")
    assert config.boxes == Path("/var/lib/ionet/boxes")
    assert config.nodes == (NodeConfig("GPU-1", 0, "RTX 4090", tmp_path / "keys/one.json"),)


def test_a_nodes_address_follows_from_the_id_it_is_registered_by(tmp_path: Path) -> None:
    own, imported, seeded = full(tmp_path).nodes
    assert seeded.fingerprint == sha256(b"GPU-3").digest()
    assert own.address == pda.staking.node(pda.staking.device(sha256(b"GPU-1").digest()))
    assert imported.fingerprint == sha256(f"{NETWORK}/rack-7/3".encode()).digest()


def test_urls_are_not_shown(tmp_path: Path) -> None:
    shown = repr(full(tmp_path)) + repr(load(tmp_path))
    assert "hook.example" not in shown
    assert "secret-key" not in shown


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f'owner = "{OWNER}"', "", "owner: it is missing; it is the address of the nodes' owner"),
        (str(OWNER), "nobody", "owner: 'nobody' is no address"),
        ("gateways", "gateway", "gateways: it is missing"),
        ("[limits]", "color = 1\n[limits]", "color: no such setting; there are owner, rpc"),
        ("[limits]", 'notfy = "a"\n[limits]', "notfy: no such setting; did you mean notify?"),
        ('"devnet", ', '"devnett", ', "rpc: 'devnett' is not a cluster"),
        ('"devnet", ', "5, ", "rpc: each in the list is a text; an integer is none"),
        ('"devnet", ', '"https://rpc.example/secret-key", ', "rpc: one of them is there twice"),
        ("wss://gateway.example", "ws://gateway.example", "gateways: a gateway's URL is encrypted unless"),
        (
            "wss://gateway.example",
            "gateway.example",
            "gateways: a gateway's URL names a host: wss://HOST:PORT",
        ),
        ("wss://gateway.example", "wss://gateway.example:99999", "gateways: a gateway's URL cannot be read"),
        ('["wss://gateway.example"]', "[]", "gateways: the list is empty"),
        ('["wss://gateway.example"]', '"wss://a"', "gateways: it is a list of gateways' URLs, not a text"),
        ("[limits]", 'notify = "http://hook.example"\n[limits]', "notify: a URL for events is encrypted"),
        ("[limits]", 'images = ""\n[limits]', "images: it is the directory of images"),
        ("cpus = 8", "cpus = 0", "limits.cpus: it is a number of cores, from 1 to 4,096, not 0"),
        ("cpus = 8", "cpus = true", "limits.cpus: it is a number of cores, not true or false"),
        ("cpus = 8", "cpus = 1.5", "limits.cpus: it is a number of cores, not a decimal number"),
        ("cpus = 8", "cores = 8", "limits.cpus: it is missing"),
        ("disk_gib = 500", "disk_gib = 500\ninternet = 1", "limits.internet: it is true or false"),
        (
            "disk_gib = 500",
            'disk_gib = 500\nresolvers = ["192.168.1.1"]',
            "limits.resolvers: '192.168.1.1' is no public IPv4 address",
        ),
        (
            "disk_gib = 500",
            'disk_gib = 500\nclosed = ["fd00::/8"]',
            "limits.closed: 'fd00::/8' is no IPv4 network",
        ),
        (
            "disk_gib = 500",
            "disk_gib = 500\ndisk = 1",
            "limits.disk: no such setting; did you mean disk_gib?",
        ),
        ('class = "RTX 4090"', "", "nodes[0].class: it is missing; it is a hardware class's name"),
        ('uuid = "GPU-1"', 'uuid = ""', "nodes[0].uuid: it is the device's own id"),
        ("[[nodes]]", "[[nodes]]\ncommission_bps = 10001", "nodes[0].commission_bps: it is basis points"),
        ("[[nodes]]", "[[nodes]]\nnumber = 1", "nodes[0].machine: it is missing"),
        ("[[nodes]]", f"[[nodes]]\nnetwork = '{NETWORK}'", "nodes[0].machine: it is missing"),
        ("[[nodes]]", "[nodes]", "nodes: it is a list of tables, each begun by [[nodes]], not a table"),
    ],
)
def test_a_wrong_field_is_named_with_what_would_be_right(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert TEXT.count(old)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, TEXT.replace(old, new))
    assert str(caught.value).startswith(f"{tmp_path / 'config.toml'}: {said}"), caught.value
    assert "secret-key" not in str(caught.value)


@pytest.mark.parametrize("shared", ["uuid", "key"])
def test_two_nodes_do_not_share_a_device_or_a_key(tmp_path: Path, shared: str) -> None:
    second = {"uuid": "GPU-2", "key": "keys/two.json"} | (
        {"uuid": "GPU-1"} if shared == "uuid" else {"key": "keys/one.json"}
    )
    more = f'[[nodes]]\nuuid = "{second["uuid"]}"\nclass = "L4"\nkey = "{second["key"]}"\n'
    with pytest.raises(ConfigError, match=rf"nodes\[1\]\.{shared}: another node has the same"):
        load(tmp_path, TEXT + more)


def test_a_file_that_is_no_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make one with: ionet worker init"):
        WorkerConfig.load(tmp_path, environment={})
    with pytest.raises(ConfigError, match="is not TOML"):
        load(tmp_path, "a = = 1")
    place = written(tmp_path)
    place.chmod(0o666)
    with pytest.raises(ConfigError, match=r"others can write to .*; run: chmod 600"):
        WorkerConfig.load(place, environment={})


def test_variables_override_the_file(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        IONET_WORKER_RPC="localhost, testnet",
        IONET_WORKER_GATEWAYS="ws://127.0.0.1:7000",
        IONET_WORKER_OWNER=str(NETWORK),
        IONET_WORKER_NOTIFY="http://localhost:1/a",
        IONET_WORKER_CPUS="2",
        IONET_WORKER_INTERNET="true",
        IONET_WORKER_BOXES="/boxes",
        IONET_WORKER_STATE="/elsewhere",
        HOME="/root",
    )
    assert config.rpc == ("localhost", "testnet")
    assert config.gateways == ("ws://127.0.0.1:7000",)
    assert config.owner == NETWORK
    assert config.notify == "http://localhost:1/a"
    assert config.limits == Limits(2, 64, 500, internet=True)
    assert config.boxes == Path("/boxes")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CPUS", "many", "IONET_WORKER_CPUS: it is a number of cores, not a text"),
        ("INTERNET", "yes", "IONET_WORKER_INTERNET: it is true or false, not a text"),
        ("GATEWAYS", "", "IONET_WORKER_GATEWAYS: the list is empty"),
        ("GATEWAY", "wss://a", "IONET_WORKER_GATEWAY: no such setting; did you mean IONET_WORKER_GATEWAYS?"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, **{f"IONET_WORKER_{variable}": value})
    assert str(caught.value).startswith(said)


def test_the_state_directory_is_named_by_a_variable(tmp_path: Path) -> None:
    written(tmp_path)
    config = WorkerConfig.load(environment={"IONET_WORKER_STATE": str(tmp_path)})
    assert config.state == tmp_path


# ---- status

NODE: Final = NodeStatus(
    node=NETWORK,
    device="GPU-1",
    state=Activity.LEASED,
    since=1_800_000_000,
    job=OWNER,
    samples=12,
    good_samples=11,
    last_sample_at=1_800_000_600,
    last_challenge_at=1_800_000_300,
    last_challenge_ms=1_250,
    log_bytes=4_096,
    problems=("a stranger is on the device",),
)


def status(**more: object) -> WorkerStatus:
    made = WorkerStatus.of_this_process(
        started_at=1_800_000_000,
        gateway="wss://gateway.example",
        connected_since=1_800_000_001,
        nodes=(NODE, NodeStatus(OWNER, "GPU-2")),
        problems=("the disk is nearly full",),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_saved_status_is_loaded_again(tmp_path: Path) -> None:
    assert WorkerStatus.load(tmp_path) is None
    said = status()
    said.save(tmp_path)
    said.save(tmp_path)
    assert WorkerStatus.load(tmp_path) == said
    assert [one.name for one in tmp_path.iterdir()] == ["status.json"]


def test_a_worker_that_runs_is_not_gone(tmp_path: Path) -> None:
    assert status().gone() is None


def test_a_worker_that_is_silent_is_gone(tmp_path: Path) -> None:
    said = status()
    assert said.gone(said.written_at + STALE_AFTER) is None
    assert "has not written its status for" in (said.gone(said.written_at + STALE_AFTER + 1) or "")


def test_a_worker_whose_process_has_ended_is_gone_at_once() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    said = status(pid=process.pid, process=process_mark(process.pid))
    assert said.gone() is None
    process.communicate()
    assert said.gone() == f"its process {process.pid} has ended"


def test_another_process_with_the_same_number_is_not_the_worker() -> None:
    mark = process_mark(os.getpid()).rpartition("/")[0] + "/1"
    assert status(process=mark).gone() == f"its process {os.getpid()} has ended"


def test_of_a_worker_in_another_namespace_only_the_file_tells() -> None:
    namespace, _, rest = process_mark(os.getpid()).partition("/")
    said = status(pid=1, process=f"{int(namespace) + 1}/{rest}")
    assert said.gone() is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a worker's status"),
        ('{"format": 1}', "is not a worker's status"),
        ('{"format": 2}', "of another version of the worker"),
    ],
)
def test_a_damaged_status_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "status.json").write_text(text)
    with pytest.raises(StatusError, match=said):
        WorkerStatus.load(tmp_path)


def test_a_status_with_an_unknown_state_is_refused(tmp_path: Path) -> None:
    status().save(tmp_path)
    document = json.loads((tmp_path / "status.json").read_text())
    document["nodes"][0]["state"] = "dreaming"
    (tmp_path / "status.json").write_text(json.dumps(document))
    with pytest.raises(StatusError):
        WorkerStatus.load(tmp_path)


# ---- engines


CPU: Final = TEXT.replace("GPU-", "cpu-")


def test_the_engine_is_runc_and_on_a_mac_podman(tmp_path: Path) -> None:
    assert default_engine("linux") is Engine.RUNC
    assert default_engine("darwin") is Engine.PODMAN
    assert load(tmp_path).engine is default_engine()
    assert load(tmp_path, 'engine = "podman"\n' + CPU).engine is Engine.PODMAN
    assert load(tmp_path, CPU, IONET_WORKER_ENGINE="podman").engine is Engine.PODMAN


def test_an_engine_of_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"IONET_WORKER_ENGINE: it is runc or podman, not 'docker'$"):
        load(tmp_path, IONET_WORKER_ENGINE="docker")


def test_podman_has_neither_the_internet_nor_gpus(tmp_path: Path) -> None:
    config = replace(full(tmp_path), engine=Engine.PODMAN)
    with pytest.raises(ConfigError, match=r"limits\.internet: .* do not reach the internet; say false$"):
        config.save()
    config = replace(config, limits=replace(config.limits, internet=False))
    with pytest.raises(ConfigError, match=r"nodes\[0\]\.uuid: .* only; a GPU needs the engine runc$"):
        config.save()
    assert not config.path.exists()
    replace(config, nodes=config.nodes[1:2]).save()
    assert WorkerConfig.load(config.path, environment={}).engine is Engine.PODMAN
