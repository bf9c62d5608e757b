"""Exports of other networks: reading, keys, plans, and registration that can be stopped anywhere."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.sdk.test_staking_api import NOW, Market

import ionet
from ionet import AsyncClient, ConfigError, pda, types
from ionet.cli.localnet import PEOPLE, set_up
from ionet.staking.bulk import Export, ExportError, KeyFolder, Registration, SeedKeys, plan_nodes, read_export
from ionet.staking.bulk._export import class_of
from ionet.staking.bulk._wallets import wallet_error

HEAD = "device,model,count,wallet\n"
#: Examples of Filecoin's specification, a protocol each; the last is one of an Ethereum address.
FILECOIN = [
    "f01729",
    "f17uoq6tp427uzv7fztkbsnn64iwotfrristwpryy",
    "f24vg6ut43yw2h2jqydgbg2xq7x6f4kub3bg6as6i",
    "f3vvmn62lofvhjd2ugzca6sof2j2ubwok6cj4xxbfzz4yuxfkgobpihhd2thlanmsh3w2ptld2gqkn2jvlss4a",
    "f410fkkld55ioe7qg24wvt7fu6pbknb56ht7pt4zamxa",
]
NETWORK = Pubkey.from_string("So11111111111111111111111111111111111111112")


def written(folder: Path, text: str) -> Path:
    path = folder / "export.csv"
    path.write_text(text)
    return path


def wrong(folder: Path, text: str) -> list[str]:
    with pytest.raises(ExportError) as caught:
        read_export(written(folder, text))
    return [str(one) for one in caught.value.errors]


# -- reading


@pytest.mark.parametrize("wallet", [*FILECOIN, str(NETWORK)])
def test_wallets_of_both_networks_are_known(wallet: str) -> None:
    assert wallet_error(wallet) is None


@pytest.mark.parametrize("wallet", [one for one in FILECOIN if one[1] != "0"])
def test_a_filecoin_wallet_has_a_checksum(wallet: str) -> None:
    changed = wallet[:-3] + ("a" if wallet[-3] != "a" else "b") + wallet[-2:]
    assert "Filecoin address" in str(wallet_error(changed))


@pytest.mark.parametrize("wallet", ["", "x", "f0", "f01x", f"f0{2**64}", "f5aaaaaaaaaa", str(NETWORK)[:-9]])
def test_what_is_no_wallet_is_named(wallet: str) -> None:
    assert wallet_error(wallet) is not None


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("  rtx   4090 ", "RTX 4090"),
        ("NVIDIA A100-SXM4-80GB", "A100-80GB"),
        ("A100-40GB", "A100-40GB"),
        ("Apple M3 Max", "Apple M3 Max"),
        ("AMD Ryzen 9 7950X", "AMD Ryzen"),
        ("Other CPU", "Other CPU"),
    ],
)
def test_models_have_classes(model: str, name: str) -> None:
    found = class_of(model)
    assert not isinstance(found, str)
    assert found.name == name


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("A100", "model 'A100' is A100-80GB or A100-40GB: name which"),
        ("RTX 4095", "no hardware class for model 'RTX 4095'; the nearest are RTX 4090, RTX 4080, RTX 4070"),
        ("abacus", "no hardware class for model 'abacus'; see `ionet node classes list`"),
    ],
)
def test_a_model_without_a_class_says_what_comes_near(model: str, said: str) -> None:
    assert class_of(model) == said


def test_an_export_is_read_again_for_each_use_in_any_order_of_columns(tmp_path: Path) -> None:
    text = '\ufeffwallet,note,count,model,device\nf01,x,9,H100,"rack, 1"\n\nf01729,,1,T4,b\n'
    export = read_export(written(tmp_path, text))
    assert (export.rows, export.processors) == (2, 10)
    for _ in range(2):
        assert [(row.line, row.device, row.kind.name, row.count, row.wallet) for row in export] == [
            (2, "rack, 1", "H100", 9, "f01"),
            (4, "b", "T4", 1, "f01729"),
        ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["line 1: the file is empty; its first line names the columns device, model, count, wallet"]),
        ("device,model,count\n", ["line 1: the column 'wallet' is missing"]),
        ("device,model,count,wallet,count\n", ["line 1: the column 'count' is there twice"]),
        ("Device,model,count,wallet\n", ["line 1: there is no column 'Device'; is 'device' meant?"]),
        ("device,model,count,wallet,WALLET\n", ["line 1: there is no column 'WALLET'; is 'wallet' meant?"]),
        ("device;model;count;wallet\n", ["line 1: cells are separated by semicolons here"]),
        (HEAD, ["line 1: there is no device under the header"]),
        (HEAD + "a,T4,1,024,f01\n", ["line 2: 5 cells, but the header has 4; is there a comma inside"]),
        (HEAD + f"a,T4,{'1' * 5_000},f01\n", ["line 2: a count is a whole number from 1 to 1,024, not '111"]),
        (HEAD + "a,T4,1\n", ["line 2: 3 cells, but the header has 4"]),
        (HEAD + ",T4,1,f01\n", ["line 2: a device's name has 1 to 128 printable bytes, not ''"]),
        (HEAD + "a,T4,1.5,f01\n", ["line 2: a count is a whole number from 1 to 1,024, not '1.5'"]),
        (HEAD + "a,T4,-1,f01\n", ["line 2: a count is a whole number from 1 to 1,024, not '-1'"]),
        (HEAD + "a,T4,1025,f01\n", ["line 2: a count is a whole number from 1 to 1,024, not '1025'"]),
        (HEAD + "a,T4,١,f01\n", ["line 2: a count is a whole number"]),
        (HEAD + 'a,T4,1,f01\n"b,T4,1,f01\n', ["line 3: not CSV"]),
        (
            HEAD + "a,T4,1,f01\nb,T4,1,x\na,T4,1,f01\n",
            ["line 3: 'x' is no wallet", "line 4: device 'a' is already in line 2"],
        ),
    ],
)
def test_each_bad_line_is_named(tmp_path: Path, text: str, said: list[str]) -> None:
    found = wrong(tmp_path, text)
    assert len(found) == len(said)
    for one, begins in zip(found, said, strict=True):
        assert one.startswith(begins)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(HEAD.encode() + b"a\xff,T4,1,f01\n")
    with pytest.raises(ExportError, match="not UTF-8"):
        read_export(path)


def test_a_file_of_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    for encoding, said in (
        ("utf-16", "the file is UTF-16; save it as UTF-8"),
        ("latin-1", "not UTF-8 .byte 0xfc"),
    ):
        path.write_bytes((HEAD + "München,T4,1,f01\n").encode(encoding))
        with pytest.raises(ExportError, match=said):
            read_export(path)


def test_a_hundred_errors_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    with pytest.raises(ExportError) as caught:
        read_export(written(tmp_path, HEAD + "a,T4,0,f01\n" * 250))
    assert (len(caught.value.errors), caught.value.count) == (100, 250)


def test_a_file_that_changes_between_two_readings_is_found_out(tmp_path: Path) -> None:
    export = read_export(written(tmp_path, HEAD + "a,T4,1,f01\n"))
    written(tmp_path, HEAD + "a,T4,0,f01\n")
    with pytest.raises(ExportError, match="line 2: a count"):
        list(export)


# -- keys and plans


def test_keys_follow_from_the_seed_device_and_index() -> None:
    keys = SeedKeys(bytes(range(32)))
    seed = sha256(b"ionet:device-key" + bytes(range(32)) + b"\x06\0\0\0" + b"rack-1" + b"\x03\0\0\0").digest()
    assert keys.key("rack-1", 3) == Keypair.from_seed(seed)
    assert len({str(keys.key(*one).pubkey()) for one in (("a", 1), ("a", 2), ("b", 1), ("a1", 0))}) == 4
    assert "01" not in repr(keys)


def test_a_seed_file_is_made_for_its_owner_only_and_kept(tmp_path: Path) -> None:
    place = tmp_path / "seed"
    with pytest.raises(ConfigError, match="No such file"):
        SeedKeys.load(place)
    first = SeedKeys.load(place, create=True).key("a", 0)
    assert place.stat().st_mode & 0o777 == 0o600
    assert SeedKeys.load(place, create=True).key("a", 0) == first
    place.chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others; run: chmod 600"):
        SeedKeys.load(place)
    place.chmod(0o600)
    place.write_text("secret")
    with pytest.raises(ConfigError, match="not 64 hexadecimal digits") as caught:
        SeedKeys.load(place)
    assert "secret" not in str(caught.value)


def test_a_folder_of_keys_names_the_file_that_is_missing(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    with pytest.raises(ConfigError, match=r"a-0\.json: No such file"):
        keys.key("a", 0)
    with pytest.raises(ConfigError, match="derive keys from a seed"):
        keys.key("../a", 0)
    with pytest.raises(ConfigError, match="no folder of keypairs"):
        KeyFolder(tmp_path / "none")


def exported(folder: Path, rows: str) -> Export:
    return read_export(written(folder, HEAD + rows))


def test_a_machine_of_more_than_eight_processors_is_several_nodes(tmp_path: Path) -> None:
    plans = list(plan_nodes(exported(tmp_path, "a,H100,17,f01\nb,T4,8,f02\n"), NETWORK))
    assert [len(one.processors) for one in plans] == [8, 8, 1, 8]
    assert [one.processors[0].index for one in plans] == [0, 8, 16, 0]
    assert plans[1].processors[2].fingerprint == sha256(f"{NETWORK}/a/10".encode()).digest()
    assert len({one.fingerprint for plan in plans for one in plan.processors}) == 25
    # The same machine of another network is another device.
    other = next(plan_nodes(exported(tmp_path, "a,H100,17,f01\n"), Pubkey.default()))
    assert other.node != plans[0].node


# -- registering


@pytest.fixture
def market() -> Market:
    people = {name: Keypair() for name in PEOPLE}
    deployer = ionet.Client.local(signer=people["deployer"], now=NOW)
    set_up(deployer, people)
    found = Market(deployer, people)
    found.as_("bob").staking.register_network("Filecoin").send()
    return found


ARGS = types.staking.NodeArgs(500, 276, 0, 0)


def registration(market: Market, who: str = "bob") -> Registration:
    client = AsyncClient.local(network=market.deployer.network, signer=market.people[who], funds=ionet.SOL(0))
    return Registration(client, market.people["attester"], SeedKeys(bytes(32)), ARGS)


def network(market: Market, who: str = "bob") -> Pubkey:
    return pda.staking.network(market.key(who))


async def test_what_was_stopped_anywhere_is_continued(market: Market, tmp_path: Path) -> None:
    plans = list(plan_nodes(exported(tmp_path, "a,T4,8,f01\n"), network(market)))
    work = registration(market)
    (lacks,) = await work.remaining(plans)
    # Eight devices, a node, seven attached, one network.
    assert len(lacks.steps) == 8 + 1 + 7 + 1
    calls = work.calls(lacks)
    count = len(calls)
    while calls:
        await calls[0].send()
        (lacks,) = await work.remaining(plans)
        calls, before = work.calls(lacks), len(calls)
        assert len(calls) < before
    node = market.deployer.staking.get_node(plans[0].node)
    assert (node.units, node.network, node.owner) == (8, network(market), market.key("bob"))
    assert (node.commission_bps, node.region) == (500, 276)
    again = await work.run(plans)
    assert (again.nodes, again.skipped, again.transactions) == (1, 1, 0)
    assert count > 1


async def test_many_nodes_are_registered_at_the_same_time(market: Market, tmp_path: Path) -> None:
    rows = "".join(f"m{n},T4,1,f01\n" for n in range(130))
    plans = list(plan_nodes(exported(tmp_path, rows), network(market)))
    seen: list[int] = []
    done = await registration(market).run(plans, on_progress=lambda progress: seen.append(progress.nodes))
    assert (done.registered, done.failures) == (130, 0)
    assert seen == list(range(1, 131))
    assert market.deployer.staking.node_counts()[0].nodes == 130


async def test_a_device_of_somebody_else_stops_no_other(market: Market, tmp_path: Path) -> None:
    plans = list(plan_nodes(exported(tmp_path, "a,T4,1,f01\nb,T4,1,f01\n"), network(market)))
    # A squatter knows the export.
    market.as_("alice").staking.register_device(
        class_id=25,
        fingerprint=plans[0].processors[0].fingerprint,
        device=Keypair(),
        attester=market.people["attester"],
    ).send()
    done = await registration(market).run(plans)
    assert (done.registered, done.failures) == (1, 1)
    assert done.failed[0][1] == f"a/0 is registered already, and owned by {market.key('alice')}"


async def test_who_is_no_attester_registers_nothing(market: Market, tmp_path: Path) -> None:
    plans = list(plan_nodes(exported(tmp_path, "a,T4,1,f01\n"), network(market)))
    client = AsyncClient.local(
        network=market.deployer.network, signer=market.people["bob"], funds=ionet.SOL(0)
    )
    done = await Registration(client, market.people["carol"], SeedKeys(bytes(32)), ARGS).run(plans)
    assert (done.registered, done.failures) == (0, 1)
    assert "NotAttester" in done.failed[0][1]
    assert market.deployer.staking.nodes() == []
