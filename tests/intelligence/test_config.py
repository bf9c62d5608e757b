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


FLEET = """
[fleet]
gateway = "https://gateway.example.org"
keypair = "key.json"
classes = ["RTX 4090"]
memory = {node}
internet = {internet}

[[models]]
id = "large"
engine = "lease"
{weights}
memory = 14
context = 8192
prompt = "1"
"""
FETCHED = 'source = "https://example.org/large.gguf"\nsha256 = "' + "0" * 64 + '"'


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"node": "8"}, "large takes 14 GiB, and a node of .fleet. has 8"),
        ({"internet": "false"}, "write internet = true"),
        ({"weights": 'source = "ftp://example.org/large.gguf"'}, "begins with https"),
        ({"weights": 'source = "https://example.org/a"\nsha256 = "short"'}, "it is 64 hex digits"),
        ({"weights": 'runs = "sglang"'}, "runs: it is llama or vllm"),
        ({"weights": 'file = "nothing.gguf"'}, "there is no file"),
    ],
)
def test_models_that_cannot_be_on_leased_nodes_are_told(
    tmp_path: Path, changed: dict[str, str], wrong: str
) -> None:
    (tmp_path / "key.json").write_text("[]")
    settings = {"node": "24", "internet": "true", "weights": FETCHED}
    (tmp_path / "intelligence.toml").write_text(FLEET.format(**settings))
    assert load(tmp_path).models[0].model.memory == 14 << 30
    (tmp_path / "intelligence.toml").write_text(FLEET.format(**{**settings, **changed}))
    with pytest.raises(ConfigError, match=wrong):
        load(tmp_path)
