"""The Solana command line's configuration and keypair files, in whatever shape they are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from solders.keypair import Keypair

from ionet import ConfigError, load_keypair
from ionet.chain.signers import solana_config

DEVNET = "https://api.devnet.solana.com"


@pytest.mark.parametrize(
    "text",
    [
        f"json_rpc_url: {DEVNET}\n",
        f"---\njson_rpc_url: {DEVNET}\n",
        f"json_rpc_url: {DEVNET}  # my own\n",
        f"# a comment\njson_rpc_url: {DEVNET}\n",
        f"  json_rpc_url: {DEVNET}\n",
        f'json_rpc_url: "{DEVNET}"\n',
        f"json_rpc_url: '{DEVNET}'\n",
        f"'json_rpc_url': {DEVNET}\n",
        f'"json_rpc_url" : "{DEVNET}"\n',
        f"json_rpc_url:    {DEVNET}   \n",
        f"\ufeffjson_rpc_url: {DEVNET}\n",
        f"json_rpc_url: {DEVNET}\r\nwebsocket_url: ''\r\n",
        f"json_rpc_url: >-\n  {DEVNET}\n",
        f"{{json_rpc_url: {DEVNET}}}",
        f"json_rpc_url:\n  {DEVNET}\n",
        f"address_labels:\n  '11111111111111111111111111111111': System Program\njson_rpc_url: {DEVNET}\n",
    ],
)
def test_every_way_of_writing_yaml_names_the_same_network(tmp_path: Path, text: str) -> None:
    place = tmp_path / "config.yml"
    place.write_bytes(text.encode())
    assert solana_config(place)["json_rpc_url"] == DEVNET


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"json_rpc_url: [1, 2]\n", "json_rpc_url must be text, not list"),
        (b"json_rpc_url: 5\n", "json_rpc_url must be text, not int"),
        (b"- json_rpc_url\n", "not `name: value` lines"),
        (b"json_rpc_url https://x\n", "not `name: value` lines"),
        (b"json_rpc_url: 'https://x\n", "line 2: not YAML"),
        (b"json_rpc_urI: https://x\n", "there is no setting 'json_rpc_urI'; is json_rpc_url meant?"),
        (b"JSON_RPC_URL: https://x\n", "is json_rpc_url meant?"),
        (b"\xff\xfej\0", "not UTF-8"),
        (b"json_rpc_url: !!python/object/apply:os.system ['true']\n", "not YAML"),
    ],
)
def test_what_cannot_be_read_is_refused_and_never_mainnet(tmp_path: Path, content: bytes, said: str) -> None:
    place = tmp_path / "config.yml"
    place.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        solana_config(place)
    assert said in str(caught.value)


def test_an_empty_file_is_like_none(tmp_path: Path) -> None:
    place = tmp_path / "config.yml"
    place.write_text("---\n")
    assert solana_config(place)["json_rpc_url"] == "https://api.mainnet-beta.solana.com"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps([1, 2, 3]), "a keypair, but one of 3"),
        (json.dumps([0] * 64), "its two halves do not match"),
        (json.dumps([256] * 64), "not a JSON array of 64 numbers"),
        (json.dumps([True] * 64), "not a JSON array of 64 numbers"),
        (json.dumps({"a": 1}), "not a JSON array of 64 numbers"),
        ("[" * 3_000, "not a JSON array of 64 numbers"),
        ("1" * 4_000, "not a JSON array of 64 numbers"),
        ("[" + "1" * 4_300 + "]", "too long for a keypair"),
        ("", "not a JSON array of 64 numbers"),
        ("abandon ability able", "not a JSON array of 64 numbers"),
    ],
)
def test_a_file_that_is_no_keypair_says_why_and_not_what_it_holds(
    tmp_path: Path, content: str, said: str
) -> None:
    place = tmp_path / "id.json"
    place.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_keypair(place)
    assert said in str(caught.value)
    assert "abandon" not in str(caught.value)


def test_a_keypair_whose_halves_do_not_match_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "id.json"
    place.write_text(json.dumps([*bytes(Keypair())[:32], *bytes(Keypair())[32:]]))
    with pytest.raises(ConfigError, match="halves"):
        load_keypair(place)


def test_a_file_without_an_end_is_no_keypair() -> None:
    with pytest.raises(ConfigError, match="too long for a keypair"):
        load_keypair("/dev/zero")
