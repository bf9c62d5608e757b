"""Merkle trees as the programs check them."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionet.formats.merkle import Tree, empty_hash, leaf_hash, root_from_proof

DOMAIN = b"ionet:test"


def _hash(data: bytes) -> bytes:
    return sha256(data).digest()


def _leaves(count: int) -> list[bytes]:
    return [leaf_hash(DOMAIN, n.to_bytes(4, "little")) for n in range(count)]


def test_three_leaves_are_completed_with_the_empty_leaf() -> None:
    a, b, c = _leaves(3)
    empty = _hash(b"\x02" + DOMAIN)
    root = _hash(b"\x01" + _hash(b"\x01" + a + b) + _hash(b"\x01" + c + empty))
    tree = Tree([a, b, c], DOMAIN)
    assert tree.root == root
    assert tree.proof(2) == (empty, _hash(b"\x01" + a + b))


def test_five_leaves_are_completed_with_empty_subtrees_of_each_height() -> None:
    leaves = _leaves(5)
    e0 = _hash(b"\x02" + DOMAIN)
    e1 = _hash(b"\x01" + e0 + e0)
    tree = Tree(leaves, DOMAIN)
    assert tree.depth == 3
    assert tree.proof(4)[:2] == (e0, e1)
    assert (empty_hash(DOMAIN), empty_hash(DOMAIN, 1)) == (e0, e1)


def test_one_leaf_is_its_own_root_without_a_proof() -> None:
    (leaf,) = _leaves(1)
    tree = Tree([leaf], DOMAIN)
    assert (tree.root, tree.depth, tree.proof(0)) == (leaf, 0, ())


@given(st.integers(1, 70))
def test_every_leaf_is_proved_and_none_at_another_index(count: int) -> None:
    leaves = _leaves(count)
    tree = Tree(leaves, DOMAIN)
    assert tree.depth == (count - 1).bit_length()
    for index, leaf in enumerate(leaves):
        proof = tree.proof(index)
        assert len(proof) == tree.depth
        assert root_from_proof(leaf, index, proof) == tree.root
        if count > 1:
            assert root_from_proof(leaf, index ^ 1, proof) != tree.root


@given(st.integers(2, 40), st.data())
def test_a_subtree_is_proved_by_its_own_root(count: int, data: st.DataObject) -> None:
    tree = Tree(_leaves(count), DOMAIN)
    height = data.draw(st.integers(0, tree.depth))
    node = data.draw(st.integers(0, (count - 1) >> height))
    part = _leaves(count)[node << height : (node + 1) << height]
    part += [empty_hash(DOMAIN)] * ((1 << height) - len(part))
    assert root_from_proof(Tree(part, DOMAIN).root, node, tree.proof(node, height)) == tree.root


def test_an_inner_node_is_never_a_leaf() -> None:
    a, b = _leaves(2)
    assert Tree([a, b], DOMAIN).root != leaf_hash(DOMAIN, a + b)


def test_indices_outside_the_tree_are_refused() -> None:
    tree = Tree(_leaves(3), DOMAIN)
    for index in (-1, 3, 4):
        with pytest.raises(IndexError):
            tree.proof(index)
    with pytest.raises(ValueError, match="depth 2"):
        root_from_proof(bytes(32), 4, [bytes(32), bytes(32)])


@pytest.mark.parametrize("leaves", [b"", b"x" * 31, []])
def test_a_tree_needs_whole_hashes(leaves: bytes | list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Tree(leaves, DOMAIN)
