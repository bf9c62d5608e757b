"""The settings of a console."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ionet.service.bounds import Bounds


@dataclass(frozen=True, slots=True)
class Limits:
    """What a console keeps for those who use it.

    Attributes:
        file: bytes of an uploaded file.
        files: of one package.
        package: bytes of one package.
        packages: of one wallet, that are not forgotten yet.
        disk: bytes of all uploads together, and of what prepared bookings have packed.
        keeps: seconds after which uploads are forgotten.
        upload_seconds: in which a file has to come.
        plans: prepared bookings at a time, of all.
        plans_each: of one wallet; of more the oldest goes.
        plan_seconds: after which one is forgotten, unless it was booked.
        keys: API keys of one wallet.
        part: bytes of a log in one answer.
        fetched: bytes of files that jobs have left, on their way through here at a time.
    """

    file: int = 128 << 20
    files: int = 1_000
    package: int = 512 << 20
    packages: int = 20
    disk: int = 20 << 30
    keeps: int = 86_400
    upload_seconds: float = 600.0
    plans: int = 500
    plans_each: int = 10
    plan_seconds: int = 3_600
    keys: int = 20
    part: int = 256 << 10
    fetched: int = 8 << 30


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """The settings of a console.

    Attributes:
        gateway: URL of the gateway at which the nodes are.
        state: folder of its secret, its database and uploads.
        origin: of its pages, as browsers see it; empty: where it listens.
        host, port: where it listens; port 0: any.
        proxies: addresses or networks of proxies whose X-Forwarded-For is believed.
        ledger: a ledger's file or URL, for receipts of long ago; None: the node's history.
        explorer: URL of an explorer, for what nodes earned hour by hour; None: that is not said.
        payments: URL of a payments host, for cards; None: no card is taken.
        payments_key: what both share; at least 32 bytes.
        checkout: the host of the pages where cards are given.
        session: seconds that a sign-in lasts.
        insecure: also take a gateway at ``http://`` elsewhere.
        bounds: what it takes from strangers.
        limits: what it keeps for them.
    """

    gateway: str
    state: Path
    origin: str = ""
    host: str = "127.0.0.1"
    port: int = 8482
    proxies: tuple[str, ...] = ()
    ledger: str | None = None
    explorer: str | None = None
    payments: str | None = None
    payments_key: bytes = field(default=b"", repr=False)
    checkout: str = "checkout.stripe.com"
    session: int = 4 * 3_600
    insecure: bool = False
    bounds: Bounds = field(default_factory=lambda: Bounds(body=16_384))
    limits: Limits = field(default_factory=Limits)
