"""What the console's API takes and answers with. Times are Unix seconds; amounts are exact, as text."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ionet.explorer._models import Error, Handed, Model, Money, Sent, Unsigned

__all__ = ["Error", "Handed", "Money", "Sent", "Unsigned"]

Key = Annotated[str, Field(min_length=32, max_length=44, pattern=r"^[1-9A-HJ-NP-Za-km-z]+$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Id = Annotated[str, Field(min_length=16, max_length=64, pattern=r"^[0-9a-f]+$")]
_Base64 = Annotated[str, Field(max_length=4_096)]
Scope = Literal["read", "files", "rent"]


class Asked(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


# -- who


class Status(Model):
    """What console this is."""

    genesis: str
    """Of its chain."""
    version: str
    currencies: tuple[str, ...]
    """That can be paid in."""
    mint_of: dict[str, str]
    """Of each currency."""
    decimals: dict[str, int]
    classes: dict[str, str]
    """Names of hardware classes, by number."""
    checkout: str
    """The host of the pages where cards are given; empty: no card is taken here."""


class Challenge(Model):
    """What a wallet is asked to sign: the input of `solana:signIn`."""

    domain: str
    statement: str
    uri: str
    version: str
    chainId: str  # noqa: N815 (the standard's names)
    nonce: str
    issuedAt: str  # noqa: N815
    expirationTime: str  # noqa: N815


class SignIn(Asked):
    """A challenge as a wallet has signed it."""

    message: _Base64
    """The text, base64."""
    signature: _Base64
    """64 bytes, base64."""


class Session(Model):
    """Who asks."""

    wallet: str
    access: str
    """The key for which the wallet books: the console reads by it what jobs print. It holds nothing."""
    expires: int
    scopes: tuple[str, ...]


class Here(Model):
    """Whether there is a session."""

    session: Session | None


class NewKey(SignIn):
    """An API key to make, with a new signature: a session alone makes none."""

    label: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    days: Annotated[int, Field(ge=1, le=365)] = 30


class ApiKey(Model):
    """An API key."""

    id: str
    label: str
    scopes: tuple[str, ...]
    made: int
    expires: int
    used: int
    """0: never."""


class MadeKey(Model):
    """An API key, this once with its text."""

    id: str
    key: str
    """`Authorization: Bearer KEY`."""


class ApiKeys(Model):
    """A wallet's API keys."""

    keys: tuple[ApiKey, ...]


class Ended(Model):
    """That something has ended."""

    ended: bool


# -- the market


class AskedOffers(Asked):
    """Which nodes."""

    class_id: Annotated[int | None, Field(ge=0, lt=1 << 16)] = None
    min_memory_gib: Annotated[int, Field(ge=0, le=1 << 20)] = 0
    min_link_mbps: Annotated[int, Field(ge=0, le=1 << 24)] = 0
    min_units: Annotated[int, Field(ge=1, le=1_024)] = 1
    region: Annotated[int | None, Field(ge=0, le=999)] = None
    """ISO 3166-1, numeric."""
    max_rate: Annotated[str | None, Field(max_length=20)] = None
    """Dollars per processor and hour."""
    min_reliability: Annotated[int, Field(ge=0, le=100)] = 0
    """Percent of leases that the node did not break off; nodes without leases are left out above 0."""
    seconds: Annotated[int | None, Field(ge=3_600, le=31_622_400)] = None
    currency: Annotated[str | None, Field(max_length=44)] = None
    booked: bool = False
    """Also nodes that are not free."""


class Offer(Model):
    """A node that can be rented."""

    node: str
    owner: str
    class_id: int
    class_name: str
    units: int
    memory_gib: int
    """0: unknown."""
    link_mbps: int
    """0: unknown."""
    region: int
    """0: unknown."""
    rate: Money
    """Per processor and hour."""
    hourly: Money
    currencies: tuple[str, ...]
    min_seconds: int
    max_seconds: int
    done: int
    """Leases to their end."""
    broken: int
    """Leases that its supplier or the node itself broke off."""
    booked_until: int
    obstacle: str
    """Why it cannot be booked; empty: it can."""


class Offers(Model):
    """Nodes, the cheapest first."""

    offers: tuple[Offer, ...]
    more: int
    """How many others would fit as well."""


# -- files and plans


class Package(Model):
    """Files that are to be sent."""

    id: str
    files: tuple[File, ...]
    size: int


class File(Model):
    """An uploaded file."""

    name: str
    size: int


class AskedFile(Asked):
    """What the body is called."""

    name: Annotated[str, Field(min_length=1, max_length=240)]


class AskedPlan(Asked):
    """What is to be run, and where."""

    package: Id
    command: Annotated[str, Field(max_length=2_000)] = ""
    """Split as a shell does, and run without one; empty: the only file is run."""
    node: Key
    seconds: Annotated[int, Field(ge=3_600, le=2_678_400)]
    currency: Annotated[str, Field(max_length=44)] = "IO"
    env: Annotated[dict[str, str], Field(max_length=64)] = {}
    pip: Annotated[list[str], Field(max_length=64)] = []
    internet: bool = False
    cpus: Annotated[int | None, Field(ge=1, le=4_096)] = None
    memory: Annotated[int | None, Field(ge=1 << 20, le=1 << 46)] = None
    """Bytes."""
    gpus: Annotated[int | None, Field(ge=0, le=1_024)] = None


class Planned(Model):
    """A booking that is prepared. Nothing is paid yet."""

    plan: str
    node: str
    gives: tuple[str, ...]
    """What the node has signed that a job gets of it."""
    seconds: int
    usd: Money
    price: Money
    fee: Money
    deposit: Money
    """Price and fee, which go into the job's escrow."""
    limit: Money
    """The most that the booking may take, if the price of the currency moves."""
    balance: Money
    """What the wallet has."""
    mint: str
    renter: str
    """The access key, as which the console reads logs."""
    manifest: str
    """What is to be run; its SHA-256 is what the booking names."""
    title: str


class AskedBooking(Asked):
    """Which plan."""

    plan: Id


class AskedCall(Asked):
    """What is to be done with a job."""

    seconds: Annotated[int | None, Field(ge=1, le=31_622_400)] = None
    """How much longer; of `extend` only."""
    evidence: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$")] = None
    """SHA-256 of the evidence, hex; of `dispute` only."""


class Call(Model):
    """A transaction to be checked and signed."""

    transaction: str
    """Base64."""
    since: int
    """A slot at which its blockhash was known."""
    job: str
    """The job that it makes or is about; of `claim` the node."""
    most: Money | None
    """The most that it takes from the wallet, besides the network's fee and rent."""


class Signed(Asked):
    """A transaction to send."""

    transaction: Annotated[str, Field(max_length=1_644)]
    """With its signature, base64."""


class AskedSent(Asked):
    """About a transaction that was sent."""

    blockhash: Key
    since: Annotated[int, Field(ge=0, lt=1 << 63)]


# -- jobs


class Cost(Model):
    """What a job comes to if it is ended now, or came to."""

    paid: Money
    refund: Money
    first_hour: bool
    """Whether less than an hour was used, which is paid in any case."""
    used: int
    """Seconds since the start."""


class Job(Model):
    """A job of the wallet's."""

    job: str
    title: str
    node: str
    state: str
    """`booked`, `running`, `ended`, `closed`."""
    summary: str
    mine: bool
    """Whether it was booked from here, so that its log can be read."""
    card: str
    """The payment by card that has booked it; empty: a wallet has."""
    booked_at: int
    started_at: int
    ends_at: int
    stopped_at: int
    """When it was ended before its time was over; 0: it was not. Until that is attested it is `running`."""
    seconds: int
    extensions: int
    currency: str
    deposit: Money
    cost: Cost
    frozen_until: int
    start_by: int
    renter: str
    refund_to: str
    """The wallet that gets what is not used."""
    payer: str
    """The wallet that gets the SOL of its accounts."""
    cluster: str
    """The cluster that it is of; empty: it stands alone."""
    bond: Bond | None = None
    """Of a dispute of the wallet's; null: there is none, or nothing is left of it. Not in lists."""
    now: int


class Bond(Model):
    """What a dispute takes from a wallet, and gives back."""

    amount: Money
    """What is held back, or can be taken back."""
    rent: Money
    """SOL that can be taken back."""
    until: int
    """When it is over at the latest; 0: it is, and what there is can be taken back."""
    lost: bool
    """Whether the decision takes the bond."""


class Jobs(Model):
    """The jobs of a wallet, the latest first."""

    jobs: tuple[Job, ...]


class AskedLog(Asked):
    """From where."""

    start: Annotated[int, Field(ge=0, lt=1 << 40)] = 0


class Log(Model):
    """A part of what a job has printed."""

    text: str
    next: int
    grows: bool
    why: str
    """Why there is none yet; empty: there is."""


class Output(Model):
    """A file that a job has left."""

    name: str
    size: int
    sha256: str


class Result(Model):
    """How a program ended."""

    known: bool
    ok: bool
    summary: str
    status: int
    """An exit status."""
    files: tuple[Output, ...]


class Receipt(Model):
    """What became of a job's money. What is owed is null until the job has ended."""

    job: str
    node: str
    supplier: str
    payer: str
    currency: str
    usd: Money
    deposit: Money
    price: Money
    fee: Money
    due: Money | None
    """The part of the price that is owed."""
    renter_fees: Money | None
    """The part of the deposit that is kept as fees."""
    paid_refund: Money
    held: Money
    """What the escrow holds."""
    booked_at: int
    started_at: int
    ended_at: int
    good: int
    """Seconds that count, as enough attesters agree."""
    reason: str
    adds_up: bool
    """Whether every sum holds, and no event is missing."""


# -- suppliers


class Supplied(Model):
    """A node of the wallet's."""

    node: str
    class_name: str
    units: int
    state: str
    active: Money
    minimum: Money
    claimable: Money
    rate: Money | None
    open: bool
    booked_until: int
    credited_until: int
    """Up to when it was credited."""
    findings: tuple[Finding, ...]
    """What is well with it, and what is not."""


class Finding(Model):
    """One thing that was looked at."""

    check: str
    level: str
    """`ok`, `warning`, `fault`: nothing can be rented as long as it is so."""
    says: str
    rule: str
    todo: str
    """Empty if it is well."""


class Supply(Model):
    """The nodes of a wallet."""

    nodes: tuple[Supplied, ...]
    hours: bool
    """Whether this console knows what they earned hour by hour."""


class NewHook(Asked):
    """Where alerts are to go."""

    url: Annotated[str, Field(min_length=12, max_length=500)]


class MadeHook(Model):
    """A URL that alerts go to, this once with its secret."""

    id: str
    secret: str
    """By which each alert is signed (Standard Webhooks)."""


class Hook(Model):
    """A URL that alerts go to."""

    id: str
    url: str
    problem: str
    """Why the latest alert could not be delivered; empty: it could."""


class Hooks(Model):
    """Where a wallet's alerts go."""

    hooks: tuple[Hook, ...]


Package.model_rebuild()
Supplied.model_rebuild()
