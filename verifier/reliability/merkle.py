"""Merkle trees as OpenZeppelin's StandardMerkleTree builds them and its MerkleProof verifies them.

A leaf is keccak256(keccak256(abi.encode(values))): hashed twice, so that no inner node passes for
one. Leaves are sorted; a node is keccak256 of its two children, the smaller first, so proofs need
no sides. n leaves fill the last n places of an array of 2n − 1 nodes from the end; node i has the
children 2i + 1 and 2i + 2, and the root is node 0.
"""

from collections.abc import Sequence

from verifier.canonical import keccak256
from verifier.errors import ReliabilityError

__all__ = ["Tree", "leaf", "process"]

NODE_BYTES = 32


def leaf(encoded: bytes) -> bytes:
    """The leaf of an abi-encoded value."""
    return keccak256(keccak256(encoded))


def process(leaf_hash: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that `proof`, from the leaf upwards, leads to."""
    node = leaf_hash
    for sibling in proof:
        node = _parent(node, sibling)
    return node


class Tree:
    """A tree over `leaves`: 32-byte hashes, at least one, all different."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        ordered = sorted(leaves)
        if not ordered or any(len(each) != NODE_BYTES for each in ordered):
            raise ReliabilityError("A tree needs at least one leaf, and leaves of 32 bytes.")
        if len(set(ordered)) != len(ordered):
            raise ReliabilityError("Two leaves of the tree are the same; state each score once.")
        count = len(ordered)
        nodes = [b""] * (count - 1) + ordered[::-1]
        for index in range(count - 2, -1, -1):
            nodes[index] = _parent(nodes[2 * index + 1], nodes[2 * index + 2])
        self.nodes: tuple[bytes, ...] = tuple(nodes)
        self._places = {each: 2 * count - 2 - index for index, each in enumerate(ordered)}

    @property
    def root(self) -> bytes:
        """The root, 32 bytes."""
        return self.nodes[0]

    def proof(self, leaf_hash: bytes) -> list[bytes]:
        """The siblings from `leaf_hash` up to the root.

        Raises:
            ReliabilityError: there is no such leaf.
        """
        place = self._places.get(leaf_hash)
        if place is None:
            raise ReliabilityError("There is no such leaf in the tree.")
        siblings = []
        while place:
            siblings.append(self.nodes[place + 1 if place % 2 else place - 1])
            place = (place - 1) // 2
        return siblings


def _parent(a: bytes, b: bytes) -> bytes:
    return keccak256(a + b if a < b else b + a)
