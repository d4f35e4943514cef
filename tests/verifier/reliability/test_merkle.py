"""The tree: every proof leads to the root, nothing else does, and the layout is OpenZeppelin's."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.canonical import keccak256
from verifier.errors import ReliabilityError
from verifier.reliability.merkle import Tree, leaf, process

pytestmark = pytest.mark.unit

leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True)


@given(leaves)
def test_proof__when_followed__then_it_leads_to_the_root(some):
    tree = Tree(some)
    assert len(tree.nodes) == 2 * len(some) - 1
    for each in some:
        assert process(each, tree.proof(each)) == tree.root


@given(leaves, st.integers(0, 255))
def test_proof__when_the_leaf_is_altered__then_it_does_not(some, bit):
    tree = Tree(some)
    altered = (int.from_bytes(some[0], "big") ^ 1 << bit).to_bytes(32, "big")
    assert process(altered, tree.proof(some[0])) != tree.root


@given(leaves, st.randoms())
def test_root__when_leaves_are_given_in_another_order__then_the_same(some, random):
    shuffled = list(some)
    random.shuffle(shuffled)
    assert Tree(shuffled).nodes == Tree(some).nodes


def test_tree__when_three_leaves_are_written_out__then_the_array_is_the_standard_one():
    a, b, c = sorted(hashlib.sha256(bytes([i])).digest() for i in range(3))
    # Leaves stand at the end, the smallest last; node 1 is over the last two.
    low = keccak256(a + b)
    assert Tree([b, c, a]).nodes == (keccak256(min(low, c) + max(low, c)), low, c, b, a)


def test_leaf__then_it_is_hashed_twice():
    assert leaf(b"x") == keccak256(keccak256(b"x"))


def test_tree__when_it_cannot_be__then_one_sentence_says_why():
    with pytest.raises(ReliabilityError, match="at least one leaf"):
        Tree([])
    with pytest.raises(ReliabilityError, match="leaves of 32 bytes"):
        Tree([b"short"])
    with pytest.raises(ReliabilityError, match="are the same"):
        Tree([bytes(32), bytes(32)])
    with pytest.raises(ReliabilityError, match="no such leaf"):
        Tree([bytes(32)]).proof(b"\x01" * 32)
