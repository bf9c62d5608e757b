"""What the console's API takes and answers with about clusters. Times and amounts are as in `_models`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ionet.console import _models as m
from ionet.explorer._models import Model

#: Nodes of a cluster that is booked here: two fit into a transaction.
MOST: int = 32


class AskedClusterPlan(m.Asked):
    """What is to be run, and on which nodes: those that are named, or so many of a class, the cheapest."""

    nodes: Annotated[tuple[m.Key, ...], Field(max_length=MOST)] = ()
    count: Annotated[int | None, Field(ge=1, le=MOST)] = None
    class_id: Annotated[int | None, Field(ge=0, lt=1 << 16)] = None
    region: Annotated[int | None, Field(ge=0, le=999)] = None
    max_rate: Annotated[str | None, Field(max_length=20)] = None
    """Dollars per processor and hour."""
    min_memory_gib: Annotated[int, Field(ge=0, le=1 << 20)] = 0
    hold: Annotated[str | None, Field(max_length=32)] = None
    """The name of a cluster that waits for commands (`ionet cluster ssh NAME`); null: it runs `command`."""
    setup: Annotated[str, Field(max_length=2_000)] = ""
    """Run by the shell on each node of a cluster that waits for commands, before it is ready."""
    package: m.Id | None = None
    """Null: nothing is sent, which a cluster that waits for commands does not need."""
    command: Annotated[str, Field(max_length=2_000)] = ""
    """Split as a shell does, and run without one on the first node, as a job of Ray's; of a cluster that
    waits for commands by the shell, once it is ready."""
    on_loss: Literal["end", "continue"] = "continue"
    """What becomes of it when one of its nodes is lost."""
    seconds: Annotated[int, Field(ge=3_600, le=2_678_400)]
    currency: Annotated[str, Field(max_length=44)] = "IO"
    env: Annotated[dict[str, str], Field(max_length=64, default_factory=dict)]
    pip: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    internet: bool = False
    cpus: Annotated[int | None, Field(ge=1, le=4_096)] = None
    """Of each node; so are `memory` and `gpus`."""
    memory: Annotated[int | None, Field(ge=1 << 20, le=1 << 46)] = None
    """Bytes."""
    gpus: Annotated[int | None, Field(ge=0, le=1_024)] = None


class PlannedNode(Model):
    """A node of a cluster that is prepared."""

    node: str
    usd: m.Money
    deposit: m.Money
    limit: m.Money
    """The most that its booking may take."""


class PlannedCluster(Model):
    """A cluster that is prepared. Nothing is paid yet. Amounts are those of all nodes together."""

    plan: str
    cluster: str
    """The account that its jobs will have in common."""
    id: str
    """From which that account follows, hex."""
    nodes: tuple[PlannedNode, ...]
    gives: tuple[str, ...]
    """What each node has signed that a job gets of it."""
    reasons: tuple[str, ...]
    """What is known of the links between them."""
    seconds: int
    usd: m.Money
    price: m.Money
    fee: m.Money
    deposit: m.Money
    limit: m.Money
    balance: m.Money
    mint: str
    renter: str
    """The cluster's own access key."""
    manifest: str
    """What is to be run; its SHA-256 is what each booking names."""
    title: str


class AskedClusterCall(m.AskedCall):
    """What is to be done with a cluster's jobs."""

    but: Annotated[tuple[m.Key, ...], Field(max_length=MOST)] = ()
    """Jobs that it is not to be done with: those that earlier transactions were about."""


class ClusterCall(Model):
    """A transaction about jobs of a cluster, to be checked and signed; there may be more to follow."""

    transaction: str
    """Base64. The cluster's key has signed it already, where it has to."""
    since: int
    """A slot at which its blockhash was known."""
    cluster: str
    jobs: tuple[str, ...]
    """The jobs that it makes or is about."""
    nodes: tuple[str, ...]
    """Their nodes."""
    left: int
    """How many jobs the next transaction or transactions are about; ask again once this one has landed."""
    most: m.Money | None
    """The most that it takes from the wallet, besides the network's fee and rent."""
    mosts: tuple[m.Money, ...]
    """Of it for each of the jobs; empty: they take nothing."""


class Cluster(Model):
    """A cluster of the wallet's, as one."""

    cluster: str
    name: str
    """How commands call it; empty: it runs a program, or was not booked here."""
    title: str
    state: str
    """`booked`, `running`, `ended`, `closed`: of the job that has got least far."""
    size: int
    """How many nodes start together; 0: its account is closed."""
    missing: int
    """How many of them are still to be booked before any can start."""
    summary: str
    renter: str
    mine: bool
    """Whether it was booked from here, so that its log can be read and its access be given."""
    head: str
    """The job of its first node, whose log and result are the cluster's; empty: there is none."""
    jobs: tuple[m.Job, ...]
    booked_at: int
    seconds: int
    currency: str
    deposit: m.Money
    """Of all jobs; so is the cost."""
    cost: m.Cost
    rent: m.Money
    """What the cluster's account and its key hold of the wallet's SOL."""
    closable: bool
    """Whether that can be taken back now."""
    now: int


class Clusters(Model):
    """The clusters of a wallet, the latest first."""

    clusters: tuple[Cluster, ...]


class AskedClusterAccess(m.SignIn):
    """Access to a cluster, with a new signature: a session alone gets none."""


class ClusterAccess(Model):
    """A cluster's access: whoever has it enters the cluster, and none other. It spends nothing."""

    session: str
    """What IONET_SESSION takes: a secret."""
    key: str
    """Its address."""
    gateway: str
    """What IONET_GATEWAY takes."""
    commands: tuple[str, ...]
