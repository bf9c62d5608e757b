"""What the package shows, how fast it loads, keypairs, clusters and the pytest plugin."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from solders.keypair import Keypair

import ionet
from ionet import ConfigError
from ionet.chain.signers import cluster_url, solana_config

pytest_plugins = ["pytester"]


def test_every_public_name_exists_and_is_listed() -> None:
    for name in ionet.__all__:
        assert getattr(ionet, name) is not None
    assert set(ionet.__all__) <= set(dir(ionet))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(ionet, "nothing")  # noqa: B009


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, ionet; "
        "heavy = {'solders', 'httpx', 'solana', 'construct', 'asyncio', 'pytest'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_client_of_a_node_loads_neither_the_runtime_nor_solana_py() -> None:
    code = (
        "import sys, ionet; ionet.connect('localhost'); "
        "heavy = {'solana', 'construct', 'ionet.chain.rpc.local'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("d", "https://api.devnet.solana.com"),
        ("devnet", "https://api.devnet.solana.com"),
        ("mainnet", "https://api.mainnet-beta.solana.com"),
        ("m", "https://api.mainnet-beta.solana.com"),
        ("l", "http://127.0.0.1:8899"),
        ("https://example.com/x", "https://example.com/x"),
    ],
)
def test_clusters_have_the_names_of_the_command_line(given: str, url: str) -> None:
    assert cluster_url(given) == url


def test_an_unknown_cluster_says_which_there_are() -> None:
    with pytest.raises(
        ConfigError, match=r"'moon' is not a cluster; give a URL .* or one of mainnet-beta, testnet"
    ):
        ionet.connect("moon")


def test_a_keypair_file_of_the_command_line_is_read(tmp_path: Path) -> None:
    pair, place = Keypair(), tmp_path / "id.json"
    place.write_text(json.dumps(list(bytes(pair))))
    place.chmod(0o600)
    assert ionet.load_keypair(place) == pair
    assert ionet.Client.local(signer=place, shipped=False).address == pair.pubkey()


def test_a_keypair_that_others_can_read_is_warned_about(tmp_path: Path) -> None:
    place = tmp_path / "id.json"
    place.write_text(json.dumps(list(bytes(Keypair()))))
    place.chmod(0o644)
    with pytest.warns(UserWarning, match="can be read by others; run: chmod 600"):
        ionet.load_keypair(place)


@pytest.mark.parametrize(
    "content", ["", "[1, 2]", "{}", "[" + ", ".join(["300"] * 64) + "]", "[" + "7," * 63 + "7]"]
)
def test_a_broken_keypair_file_is_refused_without_its_content(tmp_path: Path, content: str) -> None:
    place = tmp_path / "id.json"
    place.write_text(content)
    with pytest.raises(ConfigError, match="not a JSON array of 64 numbers") as caught:
        ionet.load_keypair(place)
    assert "7,7" not in str(caught.value)
    with pytest.raises(ConfigError, match="No such file"):
        ionet.load_keypair(tmp_path / "absent.json")


def test_the_command_lines_configuration_is_read(tmp_path: Path) -> None:
    place = tmp_path / "config.yml"
    place.write_text(
        '---\njson_rpc_url: "https://api.devnet.solana.com"\n'
        "websocket_url: ''\nkeypair_path: /keys/a.json\n"
    )
    found = solana_config(place)
    assert found["json_rpc_url"] == "https://api.devnet.solana.com"
    assert found["keypair_path"] == "/keys/a.json"
    assert found["commitment"] == "confirmed"
    assert solana_config(tmp_path / "absent.yml")["json_rpc_url"] == "https://api.mainnet-beta.solana.com"


def test_a_signer_may_be_anything_that_signs() -> None:
    from solders.pubkey import Pubkey
    from solders.signature import Signature
    from solders.system_program import TransferParams, transfer

    pair = Keypair()

    class Hardware:
        def pubkey(self) -> Pubkey:
            return pair.pubkey()

        def sign_message(self, message: bytes) -> Signature:
            return pair.sign_message(message)

    client = ionet.local(signer=Hardware(), shipped=False)
    sent = client.send(
        transfer(TransferParams(from_pubkey=client.address, to_pubkey=Pubkey.new_unique(), lamports=10**6))
    )
    assert sent.fee == 5000


def test_the_local_networks_tools_are_not_there_on_a_node() -> None:
    client = ionet.connect("localhost")
    assert not client.is_local
    with pytest.raises(ConfigError, match=r"can only be set through client\.cheats"):
        client.network  # noqa: B018


def test_the_plugin_gives_other_projects_a_network(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from ionet import SOL

        def test_first(ionet_local, ionet_keypair):
            assert ionet_local.balance(ionet_keypair(SOL(3)).pubkey()) == SOL(3)
            assert ionet_local.network.clock.advance(10) == ionet_local.time()

        async def test_second(ionet_local, ionet_local_async):
            assert await ionet_local_async.time() == ionet_local.time()
            assert len(ionet_local.network._history) == 1
        """
    )
    pytester.makeini("[pytest]\nasyncio_mode = auto\naddopts = -p no:pytest_anchorpy\n")
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
