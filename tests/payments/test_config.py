"""Settings of the service, and the wallet that it watches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest

from ionet.chain.errors import ConfigError
from ionet.payments.config import load
from ionet.payments.metrics import Metrics
from ionet.payments.purse import Purse
from ionet.payments.watching import Alarms, Float

SETTINGS = """
origin = "https://console.example"
publishable_key = "pk_test_x"
[limits]
payment = "100"
card = "200"
customer = "300"
day = "400.50"
[float]
most = "2000"
least = "10"
"""
SECRETS = {"stripe_key": "rk_test_x", "hook_secret": "whsec_x", "console_key": "c" * 32}


def settle(folder: Path, text: str = SETTINGS, **secrets: str) -> Path:
    for name, secret in {**SECRETS, **secrets}.items():
        (folder / name).write_text(secret)
        (folder / name).chmod(0o600)
    (folder / "payments.toml").write_text(text)
    return folder


def test_the_least_that_has_to_be_said_is_enough(tmp_path: Path) -> None:
    config = load(settle(tmp_path))
    assert (config.terms.limits.day, config.terms.fee_bps, config.float.most) == (40_050, 0, 2_000_000_000)
    assert not config.live
    assert not any(secret in repr(config) for secret in SECRETS.values())


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ('day = "400.50"', 'day = "400.505"', "at most 2 decimals"),
        ('day = "400.50"', "day = 400", "not an integer"),
        ('least = "10"', 'least = "2000"', "below `most`"),
        ('origin = "https://console.example"', 'origin = "http://console.example"', "encrypted"),
        ('origin = "https://console.example"', 'origni = "https://console.example"', "origin: it is missing"),
        ("[limits]", "liv = true\n[limits]", "did you mean live"),
        ("[limits]", "live = true\n[limits]", "with live = true it begins with sk_live_ or rk_live_"),
        ("[limits]", 'stripe_url = "http://198.51.100.7"\n[limits]', "encrypted"),
        ("pk_test_x", "pk_live_x", "publishable_key: with live = false it begins with pk_test_"),
        # Anybody is told this key.
        ("pk_test_x", "sk_test_x", "publishable_key: with live = false it begins with pk_test_"),
    ],
)
def test_a_wrong_setting_is_named_with_what_would_be_right(
    tmp_path: Path, wrong: str, right: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        load(settle(tmp_path, SETTINGS.replace(wrong, right)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stripe_key": "sk_live_x"}, "with live = false it begins with sk_test_ or rk_test_"),
        ({"console_key": "short"}, "32 characters"),
        ({"hook_secret": ""}, "holds one line"),
        ({"hook_secret": "sk_test_x"}, "begins with whsec_"),
    ],
)
def test_a_secret_that_cannot_be_right_is_refused_without_being_shown(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as bad:
        load(settle(tmp_path, **change))
    assert "sk_live_x" not in str(bad.value)


@pytest.mark.parametrize("name", ["stripe_key", "wallet.json"])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, name: str) -> None:
    settle(tmp_path)
    (tmp_path / "wallet.json").touch(0o600)
    load(tmp_path)
    (tmp_path / name).chmod(0o644)
    with pytest.raises(ConfigError, match=f"others can read {tmp_path / name}"):
        load(tmp_path)


def test_an_alarm_of_the_wallet_is_told_once_until_it_is_over() -> None:
    told: list[Any] = []
    kept, alarms = Float(most=100, least=10, least_lamports=5), Alarms(lambda *what: told.append(what))
    for units, lamports in ((50, 5), (101, 5), (150, 5), (100, 5), (101, 4), (9, 4)):
        alarms.see("wallet", kept.alarms(units, lamports))
    assert [kind for kind, _, _ in told] == ["float-high", "fees-low", "float-high", "float-low"] or [
        kind for kind, _, _ in told
    ] == ["float-high", "float-high", "fees-low", "float-low"]
    assert alarms.on == {"float-low", "fees-low"}


def test_metrics_show_what_the_books_and_the_wallet_hold() -> None:
    metrics = Metrics()
    metrics.books({"running": 2}, Purse(card=7_670_000, booked=7_668_750, held=1_250), due=1)
    metrics.wallet(1_500_000, 2_000_000_000)
    metrics.alarms(frozenset({"float-low"}))
    metrics.messages({"forged": 3})
    shown = generate_latest(metrics.registry).decode().splitlines()
    for line in (
        'ionet_payments_payments{state="running"} 2.0',
        'ionet_payments_usd{account="card"} 7.67',
        'ionet_payments_usd{account="held"} 0.00125',
        "ionet_payments_wallet_usdc 1.5",
        "ionet_payments_wallet_sol 2.0",
        'ionet_payments_alarm{kind="float-low"} 1.0',
        'ionet_payments_alarm{kind="float-high"} 0.0',
        'ionet_payments_messages{verdict="forged"} 3.0',
        "ionet_payments_due 1.0",
    ):
        assert line in shown
