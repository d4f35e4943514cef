"""Reliability of sources: evidence that askers sign, one Merkle root of all scores for each epoch.

Pure and in integers, so that whoever has an epoch's bundle gets the same root.

    evidence.py    one asker's signed word on what one source contributed to one answer
    epoch.py       all evidence of an epoch, capped per asker, added to what was there before
    merkle.py      the tree over the scores, as OpenZeppelin's MerkleProof verifies it
    bundle.py      everything an epoch is computed from, as canonical JSON with a hash
    transcript.py  the recomputation, every intermediate state of it, and what a committee digests
    proof.py       one score with its way to the root
    words.py       sixteen scores in one storage slot, for contracts to read
"""
