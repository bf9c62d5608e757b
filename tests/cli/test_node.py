"""`ionet node`: classes, devices, nodes, and why a node earned nothing."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import DAY, HOUR, Shell, io, key

from ionet import IO, ProofReason, types
from ionet.staking.classes import hardware_classes


def test_classes_are_listed_with_their_minimum(shell: Shell) -> None:
    rows = shell.text("node", "classes", "list").splitlines()
    assert rows[0].split() == ["ID", "CLASS", "POOL", "MULTIPLIER", "MINIMUM", "IO", "MAXIMUM", "SPEED"]
    assert rows[3].split() == ["3", "H100", "gpu", "10", "2,000", "5", "×"]
    found = shell.json("node", "classes", "list")
    assert len(found) == len(hardware_classes())
    assert io(next(one for one in found if one["name"] == "T4")["minimum_stake"]) == IO(200)


def test_loading_classes_twice_changes_nothing(shell: Shell) -> None:
    found = shell.json("node", "classes", "load", who="deployer")
    assert {one["action"] for one in found["classes"]} == {"unchanged"}
    assert found["signatures"] == []


def test_a_class_that_differs_is_shown_and_changed_only_when_told(shell: Shell) -> None:
    staking, now = shell.client.staking, shell.client.staking.get_class(26)
    fields = {name: getattr(now, name) for name in ("pool", "maximum", "base_minimum", "name")}
    staking.set_class((26, types.staking.ClassArgs(enabled=True, multiplier_bps=9_999, **fields))).send()

    def l4(*more: str) -> tuple[str, list[list[object]]]:
        found = shell.json("node", "classes", "load", *more, who="deployer")["classes"]
        one = next(one for one in found if one["name"] == "L4")
        return one["action"], one["differences"]

    difference = [["multiplier_bps", 9_999, 2_500]]
    assert l4() == ("differs", difference)
    assert l4("--update", "--dry-run") == ("would be updated", difference)
    assert staking.get_class(26).multiplier_bps == 9_999
    assert l4("--update") == ("updated", difference)
    assert staking.get_class(26).multiplier_bps == 2_500
    assert l4() == ("unchanged", [])


def test_only_the_authority_loads_classes(shell: Shell) -> None:
    staking, now = shell.client.staking, shell.client.staking.get_class(25)
    fields = {name: getattr(now, name) for name in ("pool", "maximum", "base_minimum", "name")}
    staking.set_class((25, types.staking.ClassArgs(enabled=True, multiplier_bps=1, **fields))).send()
    done = shell.run("node", "classes", "load", "--update", who="carol")
    assert done.exit_code == 1
    assert "error: the signer is not the authority (staking.NotAuthority)" in done.stderr
    shell.text("node", "classes", "load", "--update", who="deployer")


def test_a_node_is_registered_shown_and_found(shell: Shell) -> None:
    node = shell.register("GPU-a", who="bob", commission="12.5", region=276, memory=24)
    row = shell.json("node", "show", node)
    assert (row["owner"], row["class"], row["units"], row["state"]) == (
        shell.address("bob"), "RTX 4090", 1, "live",
    )  # fmt: skip
    assert (row["commission_bps"], row["region"]) == (1_250, 276)
    assert io(row["room"]["minimum"]) == IO(250)
    assert row["notes"] == ["active stake is 250 IO below the minimum: it earns nothing"]
    for filters in (
        ("--owner", shell.address("bob")),
        ("--class", "rtx 4090", "--region", "276"),
        ("--state", "live", "--class", "20", "--region", "276", "--owner", shell.address("bob")),
    ):
        assert node in [one["node"] for one in shell.json("node", "list", *filters)]
    for filters in (("--region", "840"), ("--class", "H100"), ("--state", "retired")):
        assert node not in [one["node"] for one in shell.json("node", "list", *filters)]
    assert node in shell.text("node", "list", "--mine", who="bob")
    assert shell.text("node", "list", "--region", "4") == "No such nodes.\n"


def test_a_device_is_registered_once(shell: Shell) -> None:
    node = shell.register("GPU-b")
    line = ("node", "register", "--class", "20", "--uuid", "GPU-b", "--device-key", shell.key("x"))
    said = shell.fails(1, *line, "--attester", shell.key("attester"), who="bob")
    assert said.startswith(f"the device is registered already: owner {shell.address('alice')}, node {node}")


def test_an_unknown_class_names_the_nearest(shell: Shell) -> None:
    line = ("node", "register", "--uuid", "GPU-c", "--device-key", shell.key("x"))
    said = shell.fails(4, *line, "--class", "RTX 4099", "--attester", shell.key("attester"), who="bob")
    assert said == "no hardware class 'RTX 4099'; did you mean RTX 4090, RTX 4080, RTX 4070?"


def test_who_holds_no_seat_attests_no_device(shell: Shell) -> None:
    line = ("node", "register", "--class", "20", "--uuid", "GPU-d", "--device-key", shell.key("x"))
    said = shell.fails(1, *line, "--attester", shell.key("carol"), who="bob")
    assert said == "the signer has no seat in the attester set (staking.NotAttester)"
    said = shell.fails(2, *line, "--fingerprint", "ab" * 32, "--attester", shell.key("carol"), who="bob")
    assert said == "name the device by --uuid or by --fingerprint"


def test_processors_come_and_go(shell: Shell) -> None:
    node = shell.register("GPU-e")
    line = ("--class", "20", "--uuid", "GPU-f", "--device-key", shell.key("f"))
    device = shell.json(
        "node", "device", "register", *line, "--attester", shell.key("attester"), who="alice"
    )["device"]
    assert shell.json("node", "attach", node, device, who="alice")["units"] == 2
    assert device in shell.text("node", "device", "list", "--node", node)
    said = shell.fails(1, "node", "device", "release", device, who="alice")
    assert said == (
        "only a node's first device can be used here, and only its others can be detached"
        " (staking.NotNodeDevice)"
    )
    assert shell.json("node", "detach", device, who="alice")["units"] == 1
    shell.text("node", "device", "release", device, who="alice")
    assert "free" in shell.text("node", "device", "list", "--owner", "11111111111111111111111111111111")
    shell.text("node", "device", "claim", *line, "--attester", shell.key("attester"), who="bob")
    shell.text("node", "device", "evict", device, "--ban", who="resolver")
    said = shell.fails(1, "node", "device", "claim", *line, "--attester", shell.key("attester"), who="bob")
    assert said == "the device is banned (staking.DeviceBanned)"


def test_a_node_retires_comes_back_and_changes_its_commission(shell: Shell) -> None:
    node = shell.register("GPU-g", commission=10)
    shell.text("node", "retire", node, who="alice")
    assert "it earns nothing; `ionet node reopen` brings it back" in shell.text("node", "show", node)
    shell.text("node", "reopen", node, "--device-key", shell.key("GPU-g"), who="alice")
    said = shell.fails(1, "node", "commission", node, "20", who="alice")
    assert said == (
        "a commission may rise by at most 500 bps at once: the highest 15 %, asked for 20 %"
        " (staking.CommissionStep)"
    )
    found = shell.json("node", "commission", node, "15", who="alice")
    assert found["from_"] == shell.client.time() + 7 * DAY
    assert "10 %, 15 % from" in shell.text("node", "show", node)
    shell.text("node", "evict", node, who="resolver")
    assert shell.json("node", "show", node)["state"] == "retired"


# -- why

NEVER = "it has never passed a compute proof, and nothing is earned before the first"


def causes(shell: Shell, node: str, *more: object) -> tuple[list[str], list[str]]:
    """Codes of why it earned nothing, and of what its reward waits for."""
    found = shell.json("node", "why", node, *more)
    return [one["code"] for one in found["unpaid"]], [one["code"] for one in found["waiting"]]


def test_why_names_everything_that_is_missing(shell: Shell) -> None:
    shell.hour_begins()
    shell.advance(1)
    node = shell.register("GPU-w1")
    unpaid, waiting = causes(shell, node)
    # The latest hour was over before it was registered, and nothing before it matters.
    assert (unpaid, waiting) == (["not-registered", "no-stake", "never-proved"], [])
    shell.hour_begins()
    unpaid, waiting = causes(shell, node)
    assert (unpaid, waiting) == (["too-new", "no-stake", "never-proved"], [])
    said = shell.text("node", "why", node)
    assert f"  - {NEVER}\n    → keep the device reachable" in said
    assert f"    → stake it: `ionet stake add {node} 250`" in said


def test_why_tells_pending_from_missing_stake(shell: Shell) -> None:
    node = shell.register("GPU-w2")
    shell.text("stake", "add", node, "250", who="alice")
    shell.advance(6 * HOUR)
    assert causes(shell, node)[0] == ["never-proved"]
    shell.text("stake", "add", node, "10", who="carol")
    shell.text("stake", "unstake", node, "250", who="alice")
    shell.text("stake", "add", node, "250", who="alice")
    assert causes(shell, node)[0] == ["only-pending", "never-proved"]
    said = shell.text("node", "why", node)
    assert "its stake of 250 IO is only pending, and pending stake earns nothing" in said
    assert "each holder makes it active" in said
    shell.advance(1)
    shell.credited_until_now(node)
    said = shell.text("node", "why", node)
    assert f"→ make it active: `ionet stake activate {node} --holder {shell.address('alice')}`" in said
    shell.text("stake", "activate", node, who="alice")
    shell.text("stake", "unstake", node, "50", who="alice")
    said = shell.text("node", "why", node)
    assert (
        "its active stake is 200 IO; 250 IO of its owner's active stake are needed, 50 IO are missing" in said
    )


def test_why_tells_failed_and_later_proofs_apart(shell: Shell) -> None:
    node = shell.register("GPU-w3")
    shell.stake(node, "250")
    shell.advance(6 * HOUR)
    shell.show_verdict(node, reason=ProofReason.SLOW)
    hour = shell.hour_begins()
    assert causes(shell, node)[0] == ["proof-failed"]
    assert "failed: it was too slow for its hardware class (103 % of the class's speed)" in shell.text(
        "node", "why", node
    )
    shell.advance(1)
    shell.show_verdict(node)
    # The account keeps the latest verdict only: of the hour before, the evidence tells.
    assert causes(shell, node, "--hour", hour)[0] == []
    shell.hour_begins()
    assert causes(shell, node)[0] == []
    # The last verdict is repeated while the device is not drawn.
    shell.advance(HOUR)
    assert causes(shell, node)[0] == []


def test_why_knows_retired_nodes_and_hours_that_are_none(shell: Shell) -> None:
    node = shell.register("GPU-w4")
    shell.text("node", "retire", node, who="alice")
    shell.advance(6 * HOUR)
    assert causes(shell, node) == (["retired", "no-stake", "never-proved"], [])
    latest = shell.client.proofs.latest_hour()
    said = shell.fails(4, "node", "why", node, "--hour", latest + 1)
    assert said == f"hour {latest + 1} is not among those that are over: 1 to {latest}"
    assert "belongs to 11111111111111111111111111111111" in shell.fails(
        2, "node", "why", shell.address("alice")
    )


# -- other networks

EXPORT = """\
device,model,count,wallet
miner-1,NVIDIA GeForce RTX 4090,8,f17uoq6tp427uzv7fztkbsnn64iwotfrristwpryy
"sp-3, rack 2",H100,12,So11111111111111111111111111111111111111112
"""


def test_a_networks_devices_are_registered_in_bulk_once(shell: Shell, tmp_path: Path) -> None:
    export, seed, ledger = tmp_path / "fil.csv", tmp_path / "seed", tmp_path / "ledger.csv"
    export.write_text(EXPORT)
    line = ("node", "network", "import", export, "--attester", shell.key("attester"), "--seed", seed)
    assert "has no network yet" in shell.fails(4, *line, who="carol")
    network = shell.json("node", "network", "register", "Filecoin", who="carol")["network"]
    dry = shell.json(*line, "--dry-run", who="carol")
    # 8 in one node; 12 are a node of 8 and one of 4.
    assert (dry["machines"], dry["processors"], dry["nodes"], dry["registered"]) == (2, 20, 3, 3)
    assert not seed.exists()
    assert shell.client.staking.nodes(network=key(network)) == []
    done = shell.json(*line, "--ledger", ledger, "--region", "276", who="carol")
    assert (done["registered"], done["skipped"], done["failures"]) == (3, 0, 0)
    assert done["transactions"] == dry["transactions"]
    assert seed.stat().st_mode & 0o077 == 0
    nodes = {one.account.units: one.account for one in shell.client.staking.nodes(network=key(network))}
    assert sorted(nodes) == [4, 8]
    assert {str(one.owner) for one in nodes.values()} == {shell.address("carol")}
    again = shell.json(*line, who="carol")
    assert (again["registered"], again["skipped"], again["transactions"]) == (0, 3, 0)
    rows = ledger.read_text().splitlines()
    assert rows[0] == "device,first,processors,class,node,wallet"
    assert rows[1].startswith("miner-1,0,8,RTX 4090,")
    assert rows[1].endswith(",f17uoq6tp427uzv7fztkbsnn64iwotfrristwpryy")
    assert len(rows) == 4
    # A machine gets its own key, which is the one on the chain.
    out = tmp_path / "rack.json"
    address = shell.json(
        "node", "network", "key", "sp-3, rack 2", "--index", "8", "--seed", seed, "--out", out
    )["address"]
    assert address == str(nodes[4].device_key)
    assert out.stat().st_mode & 0o077 == 0
    assert "exists already" in shell.fails(
        3, "node", "network", "key", "miner-1", "--seed", seed, "--out", out
    )
    rows = shell.text("node", "list", "--by", "network").splitlines()
    assert rows[0].split() == ["NETWORK", "CLASS", "LIVE", "GONE", "PROCESSORS", "STAKE", "IO"]
    assert ["Filecoin", "H100", "2", "0", "12", "0.00"] in [row.split() for row in rows]
    assert any(row.split()[:3] == ["own", "RTX", "4090"] for row in rows)
    assert shell.text("node", "list", "--network", "Filecoin").count("\n") == 4
    assert "there are Filecoin" in shell.fails(4, "node", "list", "--network", "Render")


def test_an_export_with_errors_names_the_lines_and_sends_nothing(shell: Shell, tmp_path: Path) -> None:
    export = tmp_path / "bad.csv"
    export.write_text("device,model,count,wallet\na,RTX 4091,1,f01\nb,RTX 4090,0,f01\nc,RTX 4090,1,nobody\n")
    line = ("node", "network", "import", export, "--attester", shell.key("attester"))
    done = shell.run(*line, "--seed", tmp_path / "s", who="carol")
    assert done.exit_code == 3
    said = done.stderr.splitlines()
    nearest = "RTX 4090, RTX 4080, RTX 4070"
    assert said[0] == f"{export}:2: no hardware class for model 'RTX 4091'; the nearest are {nearest}"
    assert said[1] == f"{export}:3: a count is a whole number from 1 to 1,024, not '0'"
    assert said[2].startswith(f"{export}:4: 'nobody' is no wallet")
    assert said[3] == f"error: 3 lines of {export} cannot be used; nothing was sent"
    assert not (tmp_path / "s").exists()


def test_an_attester_elsewhere_signs_what_is_printed(shell: Shell, tmp_path: Path) -> None:
    export, batch = tmp_path / "one.csv", tmp_path / "batch.jsonl"
    export.write_text(
        "device,model,count,wallet\nrender-1,RTX 3090,2,So11111111111111111111111111111111111111112\n"
    )
    if not shell.run("node", "network", "register", "Render", who="renter").exit_code == 0:
        raise AssertionError("the network was not registered")
    line = ("node", "network", "import", export, "--unsigned-for", shell.address("attester"))
    for _ in range(4):
        printed = shell.run(*line, "--seed", tmp_path / "s", who="renter")
        assert printed.exit_code == 0, printed.output
        batch.write_text(printed.stdout)
        if not printed.stdout:
            break
        sent = shell.json("tx", "send", batch, who="attester")
        assert all(one["landed"] for one in sent)
    assert "Everything is registered already." in printed.stderr
    found = shell.client.staking.nodes(shell.people["renter"].pubkey())
    assert [one.account.units for one in found] == [2]
