"""Settings that make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.intelligence.conftest import ADDRESS

from ionet.chain.errors import ConfigError
from ionet.intelligence.config import load


def test_one_account_is_no_till_of_two_currencies(tmp_path: Path) -> None:
    settings = f"""
[[models]]
id = "small"
engine = "url"
url = "http://127.0.0.1:1"
context = 512
prompt = "1"

[deposits]
usdc = "{ADDRESS}"
io = "{ADDRESS}"
"""
    (tmp_path / "intelligence.toml").write_text(settings)
    with pytest.raises(ConfigError, match="one currency"):
        load(tmp_path)


@pytest.mark.parametrize("listen", ["8490", ":8490", "here:", "here:65536", "here:٣", "here:" + "9" * 5_000])
def test_a_place_to_listen_has_a_host_and_a_port(tmp_path: Path, listen: str) -> None:
    (tmp_path / "intelligence.toml").write_text(f'listen = "{listen}"')
    with pytest.raises(ConfigError, match=r"listen: it is HOST:PORT, as in 127\.0\.0\.1:8490"):
        load(tmp_path)
