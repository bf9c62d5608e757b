"""What nodes sign that they give, and which of them are chosen by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import USD, Listing
from ionet.cloud.choosing import image_named, that_give
from ionet.cloud.errors import NoNode
from ionet.executor import NodeSpec
from ionet.executor._capacity import APART, HOLDS, Capacity, CapacityError, in_force
from ionet.store.manifest import Command, Manifest, Resources

AT = 1_800_000_000
GIB = 1 << 30
KEY = Keypair()
TRAINING, OLDER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
SPEC = NodeSpec(bytes(range(32)), 8, 1, 16 * GIB, internet=True, internet_rate=12_500_000, disk=GIB)


def capacity(at: int = AT, node: int = 0, images: dict[str, str] | None = None, **spec: Any) -> Capacity:
    made = replace(SPEC, node=bytes([node]) * 32, **spec)
    return Capacity.of(made, bytes(KEY.pubkey()), images or {}, 5 * GIB, at).signed(KEY)


def manifest(image: str | None = None, **resources: Any) -> Manifest:
    return Manifest(Command(("true",)), Resources(**resources), image=image)


def listing(node: int) -> Listing:
    key = Pubkey(bytes([node]) * 32)
    return Listing(key, key, 1, 1, 0, 0, 0, USD("1"), USD("1"), (), False, 3_600, 7_200, 0, "")


def test_what_a_device_has_signed_is_read_as_it_was_and_nothing_of_it_can_be_changed() -> None:
    said = capacity(images={"training": TRAINING})
    read = Capacity.from_dict(said.to_dict())
    read.verify()
    assert read == said
    assert f"image {TRAINING} training".encode() in said.text
    for name in ("cpus", "gpus", "memory", "disk", "processes", "internet", "own_images", "at", "until"):
        other = replace(said, **{name: getattr(said, name) - 1})
        with pytest.raises(CapacityError, match="not signed by the device"):
            other.verify()
    for changed in (replace(said, images=(("training", OLDER),)), replace(said, node=bytes(32), cpus=9)):
        with pytest.raises(CapacityError, match="not signed by the device"):
            changed.verify()


@pytest.mark.parametrize(
    "change",
    [
        {"cpus": 0},
        {"cpus": True},
        {"memory": -1},
        {"memory": "16GiB"},
        {"until": AT + HOLDS + 1},
        {"until": AT},
        {"images": {"a\nuntil 9": TRAINING}},
        {"images": {"training": "latest"}},
        {"images": [1]},
        {"signature": "00"},
        {"node": "x"},
        {"device": None},
    ],
)
def test_what_is_no_statement_is_not_read(change: dict[str, Any]) -> None:
    with pytest.raises(CapacityError):
        Capacity.from_dict({**capacity().to_dict(), **change})


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (manifest(cpus=9), "resources.cpus: this node gives jobs 8 cores"),
        (manifest(gpus=2), "resources.gpus"),
        (manifest(memory=17 * GIB), "resources.memory"),
        (manifest(disk=2 * GIB), "resources.disk"),
        (manifest(processes=3_073), "resources.processes"),
        (
            manifest(internet=True, internet_mbps=101),
            "resources.internet_mbps: this node gives jobs 100 Mbit/s",
        ),
        (manifest(OLDER), "image: this node does not have"),
    ],
)
def test_a_renter_is_told_by_the_nodes_own_rule_what_it_gives_less_of(asked: Manifest, word: str) -> None:
    assert word in (capacity(images={"training": TRAINING}).lacks(asked) or "")


def test_a_node_gives_what_it_has_signed_and_no_internet_where_it_has_signed_none() -> None:
    said = capacity(images={"training": TRAINING})
    whole = manifest(
        TRAINING, cpus=8, gpus=1, memory=16 * GIB, disk=GIB, processes=3_072, internet=True, internet_mbps=100
    )
    assert said.lacks(whole) is None
    assert said.lacks(manifest(f"oci:{'3' * 64}")) is None
    assert "takes no images" in (replace(said, own_images=0).lacks(manifest(f"oci:{'3' * 64}")) or "")
    assert "does not allow" in (capacity(internet=False).lacks(manifest(internet=True)) or "")


def test_what_holds_for_a_booking_is_the_newest_before_it_and_what_was_replaced_just_then() -> None:
    first, second, third = capacity(AT), capacity(AT + 10_000, cpus=4), capacity(AT + 20_000, cpus=2)
    known = [third, first, second]
    assert in_force(known, AT + 9_000) == [first]
    assert in_force(known, AT + 10_000 + APART - 1) == [first, second]
    assert in_force(known, AT + 10_000 + APART + 1) == [second]
    assert in_force(known, AT + 30_000) == [third]
    assert in_force([first], AT + HOLDS) == []
    assert in_force([first], AT - APART - 1) == []


def test_nodes_that_give_less_are_not_chosen_and_those_that_say_nothing_come_last() -> None:
    small, silent, large = listing(1), listing(2), listing(3)
    given = {small.node: capacity(node=1, cpus=2), large.node: capacity(node=3)}
    asked = manifest(cpus=8)
    assert that_give([small, silent, large], given, asked, named=False) == [large]
    assert that_give([small, silent], given, asked, named=False) == [silent]
    assert that_give([small, silent, large], given, manifest(), named=False) == [small, large, silent]
    with pytest.raises(NoNode, match=f"the node {small.node}: resources.cpus: this node gives jobs 2 cores"):
        that_give([small], given, asked, named=False)


def test_a_node_is_chosen_for_an_image_only_if_it_has_signed_that_it_has_it() -> None:
    silent, having = listing(2), listing(3)
    given = {having.node: capacity(node=3, images={"training": TRAINING})}
    asked = manifest(TRAINING)
    assert that_give([silent, having], given, asked, named=False) == [having]
    with pytest.raises(NoNode, match="none of the 1 nodes has signed that it has sha256:1"):
        that_give([silent], {}, asked, named=False)
    assert that_give([silent], {}, asked, named=True) == [silent]


def test_a_name_of_the_catalogue_is_the_image_that_most_nodes_have_by_it() -> None:
    nodes = [listing(number) for number in range(1, 5)]
    images = [OLDER, TRAINING, TRAINING]
    given = {
        item.node: capacity(node=number, images={"training": image})
        for number, (item, image) in enumerate(zip(nodes, images, strict=False), 1)
    }
    assert image_named(nodes, given, "training") == TRAINING
    with pytest.raises(NoNode, match="no such node has an image 'data'; there are: training"):
        image_named(nodes, given, "data")
    with pytest.raises(NoNode, match="none says which it has"):
        image_named(nodes, {}, "data")
