"""Settings of the service: `payments.toml`, and files of secrets beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from ionet.chain.errors import ConfigError
from ionet.payments.amounts import CENT, MOST
from ionet.payments.desk import Terms
from ionet.payments.limits import Limits
from ionet.payments.tokens import SHORTEST_KEY
from ionet.payments.watching import Float
from ionet.service.settings import Table, check_notify, checked_url, read

_NONE: Final = "no settings in {folder}: write payments.toml there, as docs/payments.md shows it"
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "test": ("sk_test_", "rk_test_"),
    "live": ("sk_live_", "rk_live_"),
}
_PUBLISHABLE: Final[dict[str, tuple[str, ...]]] = {"test": ("pk_test_",), "live": ("pk_live_",)}


@dataclass(frozen=True, slots=True)
class PaymentsConfig:
    """The settings.

    Attributes:
        state: the folder.
        host, port: where it listens; port 0: any.
        metrics: address and port for Prometheus.
        books: file or URL of the database.
        wallet: keypair file of the wallet that pays.
        live: whether real money is moved.
        stripe_key, hook_secret, console_key: secrets.
        stripe_url: of Stripe's API, for tests; None: Stripe's own.
        terms: for customers.
        float: what the wallet may hold.
        notify: where the operator is told, or None.
    """

    state: Path
    host: str
    port: int
    metrics: tuple[str, int]
    books: str
    wallet: Path
    live: bool
    stripe_url: str | None
    terms: Terms
    float: Float
    notify: str | None
    stripe_key: str = field(repr=False)
    hook_secret: str = field(repr=False)
    console_key: bytes = field(repr=False)


def load(state: Path) -> PaymentsConfig:
    """Reads the settings in a state directory.

    Raises:
        ConfigError: there are none, or one is wrong; the message says where, and what would be right.
    """
    path = state / "payments.toml"
    table = Table(path, read(path, _NONE), {})
    live = table.take("live", bool, "true or false: whether real money is moved", False)
    host, port = _place(table, "listen", "127.0.0.1:8492")
    stripe_url = table.text("stripe_url", "a URL for tests", "") or None
    if stripe_url is not None:
        with table.about("stripe_url"):
            checked_url(stripe_url, {"https": "http"}, "Stripe's URL")
    notify = table.text("notify", "a URL for notices", "") or None
    if notify is not None:
        with table.about("notify"):
            check_notify(notify)
    wallet = table.folder("wallet", "the wallet's keypair file", state / "wallet.json")
    if wallet.exists():
        _only_its_owners(table, "wallet", wallet, wallet.stat().st_mode)
    config = PaymentsConfig(
        state=state,
        host=host,
        port=port,
        metrics=_place(table, "metrics", "127.0.0.1:9492"),
        books=_books(table, state),
        wallet=wallet,
        live=live,
        stripe_url=stripe_url,
        stripe_key=_stripe_key(table, state, live),
        terms=_terms(table, live),
        float=_float(table.table("float")),
        notify=notify,
        hook_secret=_hook_secret(table, state),
        console_key=_secret(table, "console_key", state).encode(),
    )
    table.finish()
    if len(config.console_key) < SHORTEST_KEY:
        raise ConfigError(f"{path}: console_key: the key in its file has {SHORTEST_KEY} characters at least")
    return config


def _place(table: Table, name: str, default: str) -> tuple[str, int]:
    given = table.text(name, "an address and a port", default)
    host, _, port = given.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise table.wrong(name, f"it is an address and a port, such as {default}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _books(table: Table, state: Path) -> str:
    given = table.text("books", "a file, or the URL of a PostgreSQL database", "books.db")
    return given if "://" in given else str(state / given)


def _cents(table: Table, name: str, right: str, default: str | None = None) -> int:
    text = table.text(name, right, default)
    try:
        exact = Decimal(text) * 100
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or exact != exact.to_integral_value() or not 0 <= exact <= MOST:
        raise table.wrong(name, f'it is {right}, in dollars as a text with at most 2 decimals, such as "250"')
    return int(exact)


def _terms(table: Table, live: bool) -> Terms:
    origin = table.text("origin", "of the console's pages, such as https://console.example.org")
    with table.about("origin"):
        checked_url(origin, {"https": "http"}, "an origin")
    limits = table.table("limits")
    chosen = Limits(
        payment=_cents(limits, "payment", "the most that one payment may be"),
        card=_cents(limits, "card", "the most that one card may pay in 24 hours"),
        customer=_cents(limits, "customer", "the most that one customer may pay in 24 hours"),
        day=_cents(limits, "day", "the most that all may pay in 24 hours"),
    )
    limits.finish()
    bps, fixed = 0, 0
    if table.has("fee"):
        fee = table.table("fee")
        bps = fee.integer("bps", 0, 1_000, "ten thousandths of a charge", 0)
        fixed = _cents(fee, "fixed", "the fee for each charge", "0")
        fee.finish()
    publishable = table.text("publishable_key", "Stripe's key for browsers")
    # Anybody is told it: a secret key in its place would be everybody's.
    _begins(table, "publishable_key", publishable, _PUBLISHABLE, live)
    return Terms(chosen, bps, fixed, origin.rstrip("/"), publishable)


def _float(table: Table) -> Float:
    chosen = Float(
        most=_cents(table, "most", "what the wallet holds at most") * CENT,
        least=_cents(table, "least", "what the wallet holds at least") * CENT,
        least_lamports=table.integer("least_lamports", 0, 10**12, "lamports for fees and rent", 100_000_000),
    )
    table.finish()
    if chosen.least >= chosen.most:
        raise table.wrong("least", "it is below `most`")
    return chosen


def _stripe_key(table: Table, state: Path, live: bool) -> str:
    key = _secret(table, "stripe_key", state)
    _begins(table, "stripe_key", key, _KEYS, live)
    return key


def _begins(table: Table, name: str, key: str, begins: dict[str, tuple[str, ...]], live: bool) -> None:
    """Refuses a key of the other mode, or of another kind, without showing it."""
    wanted = begins["live" if live else "test"]
    if not key.startswith(wanted):
        raise table.wrong(name, f"with live = {str(live).lower()} it begins with {' or '.join(wanted)}")


def _hook_secret(table: Table, state: Path) -> str:
    secret = _secret(table, "hook_secret", state)
    if not secret.startswith("whsec_"):
        raise table.wrong("hook_secret", "the secret of the endpoint at Stripe begins with whsec_")
    return secret


def _secret(table: Table, name: str, state: Path) -> str:
    """A secret, of a file that only its owner reads."""
    file = table.folder(name, "a file with a secret", state / name)
    try:
        with file.open() as opened:
            mode, text = os.fstat(opened.fileno()).st_mode, opened.read(4_096).strip()
    except (OSError, UnicodeDecodeError) as bad:
        why = bad.strerror if isinstance(bad, OSError) else "it is no text"
        raise table.wrong(name, f"the file {file} cannot be read: {why}") from None
    _only_its_owners(table, name, file, mode)
    if not text or not text.isprintable():
        raise table.wrong(name, f"the file {file} holds one line with the secret")
    return text


def _only_its_owners(table: Table, name: str, file: Path, mode: int) -> None:
    if mode & 0o077:
        raise table.wrong(name, f"others can read {file}; run: chmod 600 {file}")
