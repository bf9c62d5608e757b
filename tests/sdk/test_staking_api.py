"""The namespaces of staking and proofs: every instruction, and what a holder is told of his stake.

Alice's node is an RTX 4090: 200 IO × 1.25 = 250 IO at least, five times that at most.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

import ionet
from ionet import IO, NodeState, ProofReason, SlashState, StakingEntry, errors, pda
from ionet.cli.localnet import PEOPLE, set_up
from ionet.staking.classes import hardware_classes

ROOT = Path(__file__).resolve().parents[2]
#: Reached through `ionet.administration`, see test_administration.py.
ADMINISTRATIVE = {"set_params", "set_paused", "propose_authority", "accept_authority"}
NOW = 1_800_000_000
HOUR = 3_600
DAY = 24 * HOUR
RTX_4090 = 20
RTX_3060 = 23


@dataclass(slots=True)
class Market:
    """A market, and everybody's client."""

    deployer: ionet.Client
    people: dict[str, Keypair]

    def as_(self, name: str) -> ionet.Client:
        return self.deployer.as_(self.people[name])

    def key(self, name: str) -> Pubkey:
        return self.people[name].pubkey()

    def register(self, name: str = "alice", *, fingerprint: int = 1, class_id: int = RTX_4090) -> Pubkey:
        """A node of its own."""
        call = self.as_(name).staking.register(
            class_id=class_id,
            fingerprint=bytes([fingerprint]) * 32,
            device=Keypair(),
            attester=self.people["attester"],
            commission_bps=1_000,
            region=276,
        )
        return call.send().result

    def stake(self, name: str, node: Pubkey, amount: IO) -> None:
        """Active stake on a node without any."""
        self.as_(name).staking.stake(node, amount).send()

    def credited(self, node: Pubkey) -> None:
        """Has the node's hours credited until now, without a report."""
        network, found = self.deployer.network, self.deployer.account(node)
        assert found is not None
        data, at = bytearray(found.data), ionet.accounts.staking.Node.OFFSETS["credited_through"]
        data[at : at + 8] = network.clock.now().to_bytes(8, "little")
        network.set_account(node, lamports=found.lamports, data=bytes(data), owner=found.owner)

    def advance(self, seconds: int) -> None:
        self.deployer.network.clock.advance(seconds)


@pytest.fixture
def market() -> Market:
    people = {name: Keypair() for name in PEOPLE}
    deployer = ionet.Client.local(signer=people["deployer"], now=NOW)
    set_up(deployer, people)
    return Market(deployer, people)


# -- every instruction


@pytest.mark.parametrize(
    ("program", "reached_by_programs"),
    [
        ("staking", {"freeze_credit", "set_last_proof", "slash_disproved"}),
        # Built by `ionet.proofs.disproof`, with the signature's check before them.
        ("proofs", {"disprove_cell", "disprove_read"}),
    ],
)
def test_every_instruction_that_a_key_can_call_is_in_the_namespace(
    program: str, reached_by_programs: set[str]
) -> None:
    instructions = {
        one["name"] for one in json.loads((ROOT / f"idl/{program}.json").read_text())["instructions"]
    }
    built = set()
    for path in (ROOT / "sdk/ionet" / program / "_async").glob("*.py"):
        for one in ast.walk(ast.parse(path.read_text())):
            if isinstance(one, ast.Attribute) and ast.unparse(one.value) == f"ix.{program}":
                built.add(one.attr)
    assert built == instructions - reached_by_programs - ADMINISTRATIVE


# -- classes

#: Published multipliers of June 2025, typed in from the list.
MULTIPLIERS = {
    "B200": 30, "H200": 12, "H100": 10, "A100-80GB": 5, "RTX 6000 Ada": 4.5, "L40S": 3, "RTX 5000 Ada": 3,
    "RTX 4080": 2.75, "RTX 4070 Ti": 2.5, "A100-40GB": 2, "A6000": 2, "RTX 3090 Ti": 2, "RTX 3090": 1.75,
    "RTX 3080 Ti": 1.75, "RTX 3080": 1.5, "RTX 4070": 1.5, "A4000": 1.5, "A5000": 1.5, "RTX 5000": 1.5,
    "RTX 4090": 1.25, "RTX 3070": 1, "RTX 4060": 1, "RTX 3060": 0.75, "RTX 4000": 0.75, "T4": 0.5, "L4": 0.25,
    "Apple M3": 1, "Apple M4": 1, "Apple M3 Pro": 1.25, "Apple M4 Pro": 1.25, "Apple M3 Max": 1.5,
    "Apple M4 Max": 1.5, "Apple M1": 0.5, "Apple M2": 0.5, "AMD Ryzen": 0.1, "Other CPU": 0.1,
}  # fmt: skip


def test_the_table_of_classes_has_the_published_multipliers() -> None:
    table = hardware_classes()
    assert {one.name: one.multiplier_bps / 10_000 for one in table} == MULTIPLIERS
    assert {one.name for one in table if one.pool == "cpu"} == {"AMD Ryzen", "Other CPU"}
    assert len({one.id for one in table}) == len(table)


def test_classes_are_loaded_once_and_changed_only_when_told(market: Market) -> None:
    staking = market.deployer.staking
    changes = staking.class_changes()
    assert {one.kind for one in changes} == {"keep"}
    assert staking.load_classes(changes, update=True) == []
    table = [one for one in hardware_classes() if one.name in ("T4", "L4")]
    dearer = [
        type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"multiplier_bps": 7_000})
        for one in table
    ]
    changes = staking.class_changes(dearer)
    assert [(one.kind, one.differences) for one in changes] == [
        ("update", (("multiplier_bps", 5_000, 7_000),)),
        ("update", (("multiplier_bps", 2_500, 7_000),)),
    ]
    assert staking.load_classes(changes) == []
    for call in staking.load_classes(changes, update=True):
        call.send()
    assert {one.kind for one in staking.class_changes(dearer)} == {"keep"}
    assert staking.get_class(25).multiplier_bps == 7_000


def test_a_disabled_class_stays_disabled_when_the_table_is_loaded_again(market: Market) -> None:
    staking = market.deployer.staking
    now = staking.get_class(25)
    args = {
        name: getattr(now, name) for name in ("pool", "maximum", "multiplier_bps", "base_minimum", "name")
    }
    staking.set_class((25, ionet.types.staking.ClassArgs(enabled=False, **args))).send()
    assert {one.kind for one in staking.class_changes()} == {"keep"}


# -- what a holder is told


def test_room_follows_the_caps(market: Market) -> None:
    node = market.register()
    room = market.deployer.staking.get_capacity(node)
    assert (room.minimum, room.maximum, room.total, room.co) == (IO(250), IO(1_250), IO(1_250), IO(0))
    market.stake("alice", node, IO(700))
    room = market.deployer.staking.get_capacity(node)
    assert (room.total, room.co) == (IO(550), IO(550))
    market.advance(1)
    market.as_("carol").staking.stake(node, IO(500)).send()
    room = market.deployer.staking.get_capacity(node)
    # 700 + 500 of 1,250; co-stake may be 700.
    assert (room.total, room.co) == (IO(50), IO(50))
    with pytest.raises(errors.staking.MaximumStake) as caught:
        market.as_("carol").staking.stake(node, IO("50.00000001")).send()
    assert caught.value.compared == ("5000000000", "5000000001")
    market.as_("carol").staking.stake(node, IO(50)).send()


def test_the_status_shows_what_waits_and_until_when(market: Market) -> None:
    node = market.register()
    alice, carol = market.as_("alice").staking, market.as_("carol").staking
    alice.stake(node, IO(400)).send()
    status = alice.status(node)
    # Without co-stakers nothing could be taken from anybody: it need not wait.
    assert (status.is_owner, status.active, status.pending) == (True, IO(400), IO(0))
    assert not status.can_activate
    market.advance(HOUR)
    carol.stake(node, IO(100)).send()
    status = carol.status(node)
    assert (status.pending, status.can_activate) == (IO(100), False)
    # Emission began at NOW: the hour ends as she stakes, and its rewards are held back for a week.
    assert status.activates_from == NOW + HOUR + 7 * DAY
    with pytest.raises(errors.staking.StillPending):
        carol.activate(node).send()
    market.advance(14 * DAY)
    assert not carol.status(node).can_activate
    market.credited(node)
    assert carol.status(node).can_activate
    market.as_("bob").staking.settle(node).send()
    assert carol.status(node).active == IO(100)
    carol.unstake(node, IO(30)).send()
    market.advance(DAY)
    carol.unstake(node, IO(20)).send()
    status = carol.status(node)
    first = NOW + HOUR + 28 * DAY
    assert status.active == IO(50)
    assert [(one.amount, one.ready_at) for one in status.cooling] == [(IO(30), first), (IO(20), first + DAY)]
    assert (status.ready, status.worth, status.late) == (IO(0), IO(100), IO(20))
    market.advance(13 * DAY)
    assert carol.status(node).ready == IO(30)
    assert carol.withdraw(node).send().result == IO(30)
    assert carol.status(node).worth == IO(70)


def test_all_of_a_holders_stake_is_found(market: Market) -> None:
    mine, other = market.register("bob", fingerprint=1), market.register("alice", fingerprint=2)
    market.stake("bob", mine, IO(300))
    market.stake("alice", other, IO(300))
    market.as_("bob").staking.stake(other, IO(50)).send()
    found = market.as_("bob").staking.stakes()
    assert [(one.node, one.is_owner, one.active, one.pending) for one in found] == [
        (mine, True, IO(300), IO(0)),
        (other, False, IO(0), IO(50)),
    ]
    assert market.as_("carol").staking.stakes() == []


# -- slashes


def test_a_slash_takes_its_way_through_the_namespace(market: Market) -> None:
    node = market.register()
    market.stake("alice", node, IO(1_000))
    other = market.register("bob", fingerprint=9, class_id=3)
    market.stake("bob", other, IO(9_000))
    slasher, resolver = market.as_("slasher").staking, market.as_("resolver").staking
    first = slasher.propose_slash(node, IO(60), bytes(32)).send().result
    second = slasher.propose_slash(node, IO(30), b"\1" * 32).send().result
    assert first == pda.staking.slash(node, 0)
    assert second == pda.staking.slash(node, 1)
    assert [one.address for one in market.deployer.staking.slashes(node=node)] == [first, second]
    market.as_("alice").staking.appeal(first).send()
    assert market.deployer.staking.get_slash(first).state == SlashState.APPEALED
    decided = resolver.resolve_slash(first, IO(40)).send().result
    assert (decided.amount, decided.freed) == (IO(40).base, IO(20).base)
    before = market.deployer.mint.supply()
    slashed = market.as_("carol").staking.execute_slash(first).send().result
    # It is set apart in the same transaction, and burned within the limit.
    assert (slashed.amount, slashed.left, slashed.by_decision) == (IO(40).base, 0, True)
    assert market.deployer.mint.supply() == before - IO(40)
    market.as_("carol").staking.close_slash(first).send()
    assert [one.address for one in market.deployer.staking.slashes(node=node)] == [second]
    # The lowest number that is free again.
    third = slasher.propose_slash(node, IO(1), bytes(32)).send().result
    assert third == first


def test_fraud_stops_credit_and_a_slash_can_be_taken_back(market: Market) -> None:
    node = market.register()
    market.stake("alice", node, IO(1_000))
    slasher, carol = market.as_("slasher").staking, market.as_("carol").staking
    fraud = slasher.propose_slash(node, IO(100), bytes(32), fraud=True).send().result
    assert carol.get_node(node).stopped_since == market.deployer.time()
    market.advance(30 * DAY)
    apart = carol.set_apart_slash(fraud).send().result
    assert (apart.amount, apart.left) == (IO(100).base, 0)
    with pytest.raises(errors.staking.SlashOpen):
        carol.close_slash(fraud).send()
    back = market.deployer.staking.cancel_slash(fraud).send().result
    assert (back.freed, back.returned) == (0, IO(100).base)
    carol.close_slash(fraud).send()
    assert carol.get_node(node).stopped == 30 * DAY


def test_what_a_slash_holds_back_is_said(market: Market) -> None:
    node = market.register()
    market.stake("alice", node, IO(400))
    alice = market.as_("alice").staking
    alice.unstake(node, IO(300)).send()
    market.as_("slasher").staking.propose_slash(node, IO(200), bytes(32)).send()
    market.advance(14 * DAY)
    status = alice.status(node)
    # 100 are active, 300 ready, and 200 have to stay.
    assert (status.active, status.ready) == (IO(100), IO(300))
    assert status.blocked == "open slash proposals hold back 200 IO"
    with pytest.raises(errors.staking.Frozen):
        alice.withdraw(node).send()


# -- devices, networks, roles


def test_devices_change_nodes_and_owners(market: Market) -> None:
    node = market.register()
    alice = market.as_("alice").staking
    attester = market.people["attester"]
    print_ = b"\2" * 32
    device = (
        alice.register_device(class_id=RTX_4090, fingerprint=print_, device=Keypair(), attester=attester)
        .send()
        .result
    )
    assert alice.attach_device(node, device).send().result == 2
    assert [one.address for one in alice.devices(node=node)].count(device) == 1
    assert alice.detach_device(device).send().result == 1
    alice.release_device(device).send()
    bob = market.as_("bob").staking
    bob.claim_device(print_, class_id=RTX_4090, device=Keypair(), attester=attester).send()
    assert bob.get_device(device).owner == market.key("bob")
    market.as_("resolver").staking.evict_device(device, ban=True).send()
    assert bob.get_device(device).banned == 1


def test_nodes_retire_and_come_back_as_they_were(market: Market) -> None:
    alice, key = market.as_("alice").staking, Keypair()
    node = (
        alice.register(
            class_id=RTX_4090,
            fingerprint=b"\3" * 32,
            device=key,
            attester=market.people["attester"],
            commission_bps=700,
            region=276,
            memory_gib=24,
        )
        .send()
        .result
    )
    alice.retire(node).send()
    assert alice.nodes(state=NodeState.LIVE) == []
    alice.reopen(node, device=key, commission_bps=500).send()
    now = alice.get_node(node)
    assert (now.state, now.commission_bps, now.region, now.memory_gib) == (NodeState.LIVE, 500, 276, 24)
    market.as_("resolver").staking.evict_node(node).send()
    assert alice.get_node(node).state == NodeState.RETIRED


def test_a_former_owner_is_paid_out(market: Market) -> None:
    node = market.register()
    market.stake("alice", node, IO(300))
    alice = market.as_("alice").staking
    alice.retire(node).send()
    alice.release_device(alice.get_node(node).device).send()
    market.credited(node)
    market.advance(8 * DAY)
    carol, before = market.as_("carol").staking, market.as_("alice").mint.balance()
    expelled = carol.expel_owner(node).send().result
    assert (expelled.owner, expelled.amount) == (market.key("alice"), IO(300).base)
    market.advance(14 * DAY)
    assert carol.withdraw_former(node).send().result == IO(300)
    assert market.as_("alice").mint.balance() == before + IO(300)


def test_supply_is_counted_by_network_class_and_state(market: Market) -> None:
    bob = market.as_("bob").staking
    network = bob.register_network("Filecoin").send().result
    nodes = [market.register("bob", fingerprint=10 + n) for n in range(3)]
    gone = market.register("alice", fingerprint=20, class_id=RTX_3060)
    market.stake("bob", nodes[0], IO(250))
    bob.join_network(*nodes[:2]).send()
    market.as_("alice").staking.retire(gone).send()
    assert bob.get_network(market.key("bob")).name.rstrip(b"\0") == b"Filecoin"
    assert [one.address for one in bob.networks()] == [network]
    rows = {
        (one.network, one.class_id, one.state): (one.nodes, one.units, one.stake) for one in bob.node_counts()
    }
    assert rows == {
        (network, RTX_4090, NodeState.LIVE): (2, 2, IO(250)),
        (None, RTX_4090, NodeState.LIVE): (1, 1, IO(0)),
        (None, RTX_3060, NodeState.RETIRED): (1, 1, IO(0)),
    }
    assert {one.address for one in bob.nodes(network=network)} == set(nodes[:2])
    four = bob.nodes(market.key("bob"), class_id=RTX_4090, network=network, state=NodeState.LIVE, region=276)
    assert len(four) == 2
    assert bob.nodes(market.key("bob"), class_id=RTX_4090, network=network, region=840) == []


def test_a_networks_name_has_a_length(market: Market) -> None:
    with pytest.raises(ionet.EncodeError, match="1 to 32 bytes"):
        market.as_("bob").staking.register_network("é" * 17)


def test_parameters_that_are_not_named_stay(market: Market) -> None:
    staking, proofs = market.deployer.staking, market.deployer.proofs
    before = staking.get_config()
    staking.set_params(cooldown=20 * DAY).send()
    after = staking.get_config()
    assert (after.cooldown, after.appeal, after.slasher) == (20 * DAY, before.appeal, before.slasher)
    proofs.set_params(challenge_bond=IO(7), guardian=market.key("carol")).send()
    now = proofs.get_config()
    assert (now.challenge_bond, now.guardian, now.challenge_window) == (IO(7).base, market.key("carol"), DAY)


def test_entries_are_paused_by_name(market: Market) -> None:
    market.deployer.staking.set_paused(StakingEntry.REGISTERING).send()
    with pytest.raises(errors.staking.Paused):
        market.register()
    market.deployer.staking.set_paused(0).send()
    market.register()


def test_authority_passes_on_in_two_steps(market: Market) -> None:
    for name in ("staking", "proofs"):
        getattr(market.deployer, name).propose_authority(market.key("carol")).send()
        getattr(market.as_("carol"), name).accept_authority().send()
        assert getattr(market.deployer, name).config().roles.authority == market.key("carol")


def test_every_reason_of_a_proof_has_a_number() -> None:
    from ionet.orchestrator._challenge import proof_reason
    from ionet.prover import Reason

    judged = set(ProofReason) - {ProofReason.PASSED, ProofReason.DISPROVED}
    numbers = [proof_reason(one.value) for one in Reason]
    assert sorted(numbers) == sorted(judged)
    assert proof_reason(None) == 0
    assert len({one.explain() for one in ProofReason}) == len(ProofReason)
