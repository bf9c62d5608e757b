"""The cluster file: what it says, what is wrong with it, and what files of others say here."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ionet import USD
from ionet.cloud import ClusterFile, ClusterFileError, ClusterSpec
from ionet.cloud.spec import parse

FULL = """\
name: digits
nodes: 3
any_of:
  - RTX 4090
  - RTX 3090
region: 276
memory: 64GiB
cpus: 8
gpus: 1
bandwidth: 1Gbit/s
latency: 20ms
max_rate: 0.60
budget: 12.000000001
pay: USDC
hours: 1.5
workdir: code
files:
  data/train.csv: ~/train.csv
env: {EPOCHS: 3, COUNTRY: NO, CODE: 010}
pip: [xgboost==3.0.0]
requirements: more.txt
internet: yes
setup: |
  make data
  make more
run: python3 train.py
on_loss: end
ports: [8000, 6006]
image: sha256:1111111111111111111111111111111111111111111111111111111111111111
"""
SKY = """\
name: train
resources:
  accelerators: {A100: 2, H100: 2}
  cpus: 16+
  memory: 32+
  use_spot: false
  cloud: aws
  disk_size: 100
num_nodes: 2
workdir: .
envs:
  EPOCHS: 3
file_mounts:
  data: ./data
  /mnt/big: s3://bucket/big
  ~/out: ./out
setup: pip install -r requirements.txt
run: |
  python train.py
service:
  replicas: 2
"""
RAY = """\
cluster_name: tune
max_workers: 4
provider:
  type: aws
  region: us-west-2
head_node_type: head
available_node_types:
  head:
    resources: {CPU: 4}
    node_config: {InstanceType: m5.large}
  gpu:
    min_workers: 2
    max_workers: 4
    resources: {CPU: 8, GPU: 1, memory: 34359738369}
    node_config:
      InstanceType: p3.2xlarge
setup_commands:
  - pip install xgboost
  - make data
initialization_commands: []
head_start_ray_commands:
  - ray stop
"""


def test_a_file_says_all_that_a_cluster_is_to_be() -> None:
    read = parse(FULL)
    assert read.spec == ClusterSpec(
        name="digits",
        nodes=3,
        classes=("RTX 4090", "RTX 3090"),
        region=276,
        memory_gib=64,
        cpus=8,
        gpus=1,
        min_bits=10**9,
        max_microseconds=20_000,
        max_rate=USD("0.6"),
        budget=Decimal("12.000000001"),
        pay="USDC",
        seconds=5_400,
        workdir="code",
        files={"data/train.csv": "~/train.csv"},
        # As written: neither false nor eight.
        env={"EPOCHS": "3", "COUNTRY": "NO", "CODE": "010"},
        pip=("xgboost==3.0.0",),
        requirements="more.txt",
        internet=True,
        setup="make data\nmake more\n",
        run="python3 train.py",
        on_loss="end",
        ports=(8000, 6006),
        image=f"sha256:{'1' * 64}",
    )
    assert (read.kind, read.unread) == ("ionet", ())


def test_the_least_is_a_class_and_the_file_names_the_cluster(tmp_path: Path) -> None:
    path = tmp_path / "My digits_2.yaml"
    path.write_text("class: RTX 4090\n")
    read = ClusterFile.load(path)
    assert read.spec == ClusterSpec(name="my-digits-2", classes=("RTX 4090",), seconds=3_600)
    assert read.folder == tmp_path


@pytest.mark.parametrize(
    ("text", "seconds"), [("8", 28_800), ("90min", 5_400), ("2d", 172_800), ("1.25", 4_500)]
)
def test_a_length_is_hours_or_has_its_unit(text: str, seconds: int) -> None:
    assert parse(f"hours: {text}").spec.seconds == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("volumes: {data: My data}", "c.yaml:1: volumes.data: a volume's name is 1 to 32 of a-z, 0-9"),
        ("volumes: {../x: mine}", "c.yaml:1: volumes.../x: on the nodes it is a path below the working"),
        ("files: {data/a: a}\nvolumes: {data: mine}", "c.yaml:2: volumes: files puts something at data, too"),
        ("class: A100\nnodse: 2", "c.yaml:2: nodse: no such key; did you mean nodes?"),
        ("class: A100\n\ncount: 2", "c.yaml:3: count: no such key; did you mean nodes?"),
        ("price: 2", "c.yaml:1: price: no such key; did you mean max_rate?"),
        ("xyz: 2", "c.yaml:1: xyz: no such key; there are name, nodes, class,"),
        ("nodes: two", "nodes: it is how many nodes, an integer from 1 to 255, not 'two'"),
        ("nodes: 0", "an integer from 1 to 255, not 0"),
        ("nodes: 2.0", "not a decimal number"),
        ("nodes: yes", "not true or false"),
        ("nodes:", "not nothing"),
        ("nodes: 2\nclass: A100\nnodes: 3", "c.yaml:3: nodes: it is in line 1, too; write it once"),
        ("class: [A100]", "class: it is a hardware class, such as RTX 4090, not a list"),
        ("class: A100\nany_of: [H100]", "c.yaml:2: any_of: class is in line 1, too; write one of them"),
        ("memory: 64GB", "memory is in whole GiB, as 64 or 64GiB, not '64GB'"),
        ("nodes: 2\nbandwidth: fast", "'fast' is no bandwidth: write 80Mbit/s or 1Gbit/s"),
        ("bandwidth: 1Gbit/s", "it is for several nodes; leave it out, or write `nodes: 2`"),
        ("max_rate: 0.0000001", "dollars per processor and hour: "),
        ("max_rate: -1", "a number above zero, not -1"),
        ("budget: .inf", "a number above zero, not .inf"),
        ("budget: 12 IO", "a number above zero, not 12 IO"),
        ("hours: 0.5", "it is from 1 h to 31 d, in whole seconds, not 0.5"),
        ("hours: 1.00001", "in whole seconds, not 1.00001"),
        ("hours: soon", "how long, in hours, or as 90min or 2d, not 'soon'"),
        ("internet: 1", "true or false, not an integer"),
        ("internet: false\npip: [a==1]", "pip needs it"),
        ("pip: [numpy]", "'numpy' is not pinned; write it as name==version"),
        ("env: {RAY_ADDRESS: x}", "env.RAY_ADDRESS: this name is reserved for the host of the job"),
        ("env: {A: }", "env.A: a variable is a text, not nothing"),
        ("env:\n  - A=1", "it is a table of `NAME: value`, not 'A=1'"),
        ("files: {/etc/passwd: x}", "on the nodes it is a path below the working directory"),
        ("files: {../x: x}", "on the nodes it is a path below the working directory"),
        ("name: My Cluster", "a name is 1 to 32 of a-z, 0-9 and dashes inside, not 'My Cluster'"),
        ("nodes: 2\non_loss: stop", "it is end or continue, not 'stop'"),
        ("image: my/image", "c.yaml:1: image: 'my/image' names no image; write sha256: and the digest"),
        (f"image: sha256:{'A' * 64}", "64 lower-case hex digits"),
        ("ports: [80, 70000]", "c.yaml:1: ports[1]: it is a port, an integer from 1 to 65535, not 70000"),
        ("ports: {8000: 80}", "c.yaml:1: ports: it is a list of ports, not a table"),
        (f"ports: {list(range(1, 34))}", "a file names 32 ports at most"),
        ("a: &x [1]\nb: *x", "c.yaml:2: *x: references are not read; write it out"),
        ("nodes: [", "c.yaml:1: this is not YAML"),
        ("- nodes", "a cluster file is a table of `key: value` lines, not a list"),
        ("[a]: 1", "c.yaml:1: a key is a word, and not a list or a table"),
        ("", "c.yaml is empty; the least is a class: `class: RTX 4090`"),
        ("a: " + "x" * 300_000, "a cluster file has 262144 at most"),
        ("[" * 5_000, "not YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(ClusterFileError) as raised:
        parse(text, "c.yaml")
    assert message in str(raised.value)


def test_skypilots_file_is_read_where_it_says_the_same() -> None:
    read = parse(SKY, "sky.yaml")
    assert read.kind == "SkyPilot"
    assert read.spec == ClusterSpec(
        name="train",
        nodes=2,
        classes=("A100", "H100"),
        memory_gib=32,
        cpus=16,
        gpus=2,
        workdir=".",
        files={"data": "./data"},
        env={"EPOCHS": "3"},
        setup="pip install -r requirements.txt",
    )
    assert [note.split(": ")[:2] for note in read.unread] == [
        ["sky.yaml:7", "resources.cloud"],
        ["sky.yaml:8", "resources.disk_size"],
        ["sky.yaml:15", "file_mounts./mnt/big"],
        ["sky.yaml:16", "file_mounts.~/out"],
        ["sky.yaml:18", "run"],
        ["sky.yaml:20", "service"],
    ]


@pytest.mark.parametrize(
    ("text", "run", "why"),
    [
        ("num_nodes: 1\nrun: python train.py", "python train.py", ""),
        ("num_nodes: 2\nrun: python train.py", "", "t:2: run: it would be run on each node there"),
        ("num_nodes: 1\nrun: torchrun --nnodes $SKYPILOT_NUM_NODES", "", "t:2: run: there are no variables"),
        ("num_nodes: 1\nsetup: echo $SKYPILOT_NODE_IPS\nrun: make", "make", "t:2: setup: there are no var"),
    ],
)
def test_a_script_of_skypilots_that_would_do_something_else_here_is_named(
    text: str, run: str, why: str
) -> None:
    read = parse(text, "t")
    assert (read.kind, read.spec.run, read.spec.setup) == ("SkyPilot", run, "")
    assert [note[: len(why)] for note in read.unread] == [why] * bool(why)


@pytest.mark.parametrize(
    ("text", "ports", "idle", "unread"),
    [
        ("ports: 8080", (8080,), None, 0),
        ("ports: ['8080', 9000], autostop: 10", (8080, 9000), 600, 0),
        ("ports: ['10052-10100', 8080]", (8080,), None, 1),
        ("autostop: {idle_minutes: 5, down: true}", (), 300, 0),
        ("autostop: 20m", (), 1_200, 0),
        ("autostop: {idle_minutes: 5, down: false}", (), 300, 1),
        ("autostop: true", (), None, 1),
    ],
)
def test_skypilots_ports_and_idle_minutes_are_read(
    text: str, ports: tuple[int, ...], idle: int | None, unread: int
) -> None:
    read = parse(f"resources: {{{text}}}")
    assert (read.spec.ports, read.spec.idle, len(read.unread)) == (ports, idle, unread)


@pytest.mark.parametrize(
    ("text", "classes", "gpus"),
    [
        ("accelerators: A100:4", ("A100",), 4),
        ("accelerators: A100", ("A100",), 1),
        ("accelerators: [A100:2, 'H100:2']", ("A100", "H100"), 2),
        ("any_of: [{accelerators: A100}, {accelerators: H100}]", ("A100", "H100"), 1),
    ],
)
def test_skypilots_accelerators_are_classes(text: str, classes: tuple[str, ...], gpus: int) -> None:
    spec = parse(f"resources: {{{text}}}").spec
    assert (spec.classes, spec.gpus) == (classes, gpus)


def test_other_numbers_of_gpus_would_be_other_clusters() -> None:
    with pytest.raises(ClusterFileError, match="the same number of GPUs here: 2, and not 4"):
        parse("resources: {accelerators: {A100: 2, H100: 4}}")


def test_rays_cluster_file_is_read_where_it_says_the_same() -> None:
    read = parse(RAY, "ray.yaml")
    assert read.kind == "Ray"
    # The head and two workers, each with the most that one of them has; memory is rounded up.
    assert read.spec == ClusterSpec(
        name="tune", nodes=3, cpus=8, gpus=1, memory_gib=33, setup="pip install xgboost\nmake data"
    )
    assert [note.split(": ")[:2] for note in read.unread] == [
        ["ray.yaml:2", "max_workers"],
        ["ray.yaml:3", "provider"],
        ["ray.yaml:10", "available_node_types.head.node_config.InstanceType"],
        ["ray.yaml:13", "available_node_types.gpu.max_workers"],
        ["ray.yaml:16", "available_node_types.gpu.node_config.InstanceType"],
        ["ray.yaml:21", "head_start_ray_commands"],
    ]


def test_a_head_that_there_is_not_is_named() -> None:
    with pytest.raises(ClusterFileError, match=r"r\.yaml:1: head_node_type: there is no node type 'x'"):
        parse("head_node_type: x\navailable_node_types: {y: {}}", "r.yaml")
